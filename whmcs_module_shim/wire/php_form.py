"""Form bodies with PHP's bracket syntax: ``call[actor]=cron&items[0][pid]=7`` as nested maps and lists."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

MAX_DEPTH = 16
MAX_FIELDS = 2_000

_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_BRACKET = re.compile(r"\[([^\[\]]*)\]")


class FormInvalid(ValueError):
    """The form cannot be read; the message names the field."""


def loads(body: bytes) -> dict[str, Any]:
    """The form as nested maps; maps whose keys are 0, 1, 2 ... become lists. Values are text.

    Raises ``FormInvalid``.
    """
    root: dict[str, Any] = {}
    for name, value in _pairs(body):
        _put(root, name, value)
    return {key: _lists(value) for key, value in root.items()}


def _pairs(body: bytes) -> list[tuple[str, str]]:
    if not body.strip():
        return []
    try:
        return parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except UnicodeDecodeError as error:
        raise FormInvalid(f"the form is not percent-encoded UTF-8 (byte {error.start})") from None
    except ValueError as error:
        if "num_fields" in str(error) or "Max number" in str(error):
            raise FormInvalid(f"more than {MAX_FIELDS} fields") from None
        raise FormInvalid("the form is not name=value pairs joined by &") from None


def _put(root: dict[str, Any], name: str, value: str) -> None:
    match = _NAME.fullmatch(name)
    if match is None:
        raise FormInvalid(f"the field name {name[:80]!r} is not balanced")
    path = [match[1], *_BRACKET.findall(match[2])]
    if len(path) > MAX_DEPTH:
        raise FormInvalid(f"the field {match[1][:80]!r} is nested deeper than {MAX_DEPTH}")
    here = root
    for part in path[:-1]:
        inner = here.setdefault(_key(part, here), {})
        if not isinstance(inner, dict):
            raise FormInvalid(f"the field {name[:80]!r} is both a value and a list")
        here = inner
    last = _key(path[-1], here)
    if last in here:
        raise FormInvalid(f"the field {name[:80]!r} is given twice")
    here[last] = value


def _key(part: str, into: dict[str, Any]) -> str:
    return part or str(len(into))  # `items[]=x` appends


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {key: _lists(item) for key, item in value.items()}
    if list(inner) == [str(index) for index in range(len(inner))]:
        return list(inner.values())
    return inner
