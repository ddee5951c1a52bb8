"""Types of members on the wire. JSON Schema and validation agree on each: 1.0 is a whole number, "1" is not.

A form has text only, so there (``context={"text": True}``) digits stand for numbers and 1/0 for true/false.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    ValidationInfo,
    WithJsonSchema,
)

from panelbridge.transport.secret_text import redact_text

MAX_INT = 2**53 - 1  # the largest whole number every JSON reader keeps exactly

_DIGITS = re.compile(r"-?[0-9]{1,16}")
_BOOLEANS = {"1": True, "true": True, "0": False, "false": False, "": False}


def _from_text(info: ValidationInfo) -> bool:
    return bool(info.context and info.context.get("text"))


def whole(value: Any, info: ValidationInfo) -> Any:
    if type(value) is float and value.is_integer():
        return int(value)
    if type(value) is str and _from_text(info) and _DIGITS.fullmatch(value):
        return int(value)
    return value


def _truth(value: Any, info: ValidationInfo) -> Any:
    if type(value) is str and _from_text(info):
        return _BOOLEANS.get(value.lower(), value)
    return value


def _map(value: Any) -> Any:
    return {} if value == [] else value  # PHP writes an empty map as an empty list


class Starred(str):
    """Free text that held a secret, with stars in its place."""

    __slots__ = ()


def _without_secrets(text: str) -> str:
    kept = redact_text(text)
    return text if kept == text else Starred(kept)


# The bounds stand before ``whole``: behind it they would be checked by Python functions.
Int = Annotated[int, Strict(), Field(ge=-MAX_INT, le=MAX_INT), BeforeValidator(whole)]
Id = Annotated[int, Strict(), Field(ge=1, le=MAX_INT), BeforeValidator(whole)]
Count = Annotated[int, Strict(), Field(ge=0, le=MAX_INT), BeforeValidator(whole)]
Bool = Annotated[bool, Strict(), BeforeValidator(_truth)]

# No control characters: PostgreSQL refuses NUL, and a log or a mail must stay one line.
Line = Annotated[str, Field(max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")]
Note = Annotated[str, Field(max_length=2000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")]
# What a person writes down for others to read is kept and shown for years: no playlist address in it.
WithoutSecrets = AfterValidator(_without_secrets)
Reason = Annotated[str, Field(min_length=3, max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$"), WithoutSecrets]
Remark = Annotated[Line, WithoutSecrets]
Code = Annotated[str, Field(max_length=64, pattern=r"^[a-z0-9][a-z0-9._-]*$")]
CODE_PATTERN = r"^[a-z0-9][a-z0-9._-]*$"

Scalar = str | int | float | bool | None
ScalarMap = Annotated[
    dict[Annotated[str, Field(max_length=200)], Scalar],
    BeforeValidator(_map),
    Field(max_length=200),
    WithJsonSchema(
        {
            "anyOf": [
                {
                    "type": "object",
                    "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
                    "propertyNames": {"maxLength": 200},
                    "maxProperties": 200,
                },
                {"type": "array", "maxItems": 0},
            ]
        }
    ),
]


class Body(BaseModel):
    """A request's body or part of one: exact types, and unknown members refused by name."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Query(Body):
    """What is looked for. Where it comes as text, digits stand for numbers."""


class View(BaseModel):
    """An answer's body."""

    model_config = ConfigDict(frozen=True)

    def is_pending(self) -> bool:
        """Whether what was asked for is under way, and this no final answer."""
        return False

    def kept(self) -> Self:
        """What may be stored of it, to be answered again under the same idempotency key: no secrets."""
        return self


@dataclass(frozen=True, kw_only=True)
class TextFile:
    """An answer that is a file of text."""

    text: str
    media_type: str
    filename: str | None = None


@dataclass(frozen=True, kw_only=True)
class TextLines:
    """An answer that is a long file of text, told as it is read; nothing of it is kept in memory."""

    lines: Iterator[str]
    media_type: str
    filename: str


def starred(body: BaseModel | None) -> tuple[str, ...]:
    """The members of ``body`` from which a secret was taken: its writer is informed."""
    return tuple(name for name, value in body or () if isinstance(value, Starred))
