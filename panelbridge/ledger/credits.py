"""Credits: an integer count of ten-thousandths. A float never enters, so no sum ever drifts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

UNITS_PER_CREDIT = 10_000
# 10^12 credits. Nine hundred such amounts still fit in the database's 64-bit integer.
MAX_UNITS = 10**16
PATTERN = r"-?[0-9]{1,12}(\.[0-9]{1,4})?"


class CreditsInvalid(ValueError):
    """What came is not an amount of credits; the message names it and shows the form that is."""


@dataclass(frozen=True, order=True, slots=True)
class Credits:
    """An amount of credits; ``units`` counts ten-thousandths of one credit and may be negative.

    Raises ``CreditsInvalid`` for a count that is no integer or lies beyond ``MAX_UNITS``.
    """

    units: int = 0

    def __post_init__(self) -> None:
        if type(self.units) is not int:
            raise CreditsInvalid(f"units of credit are an integer, got {self.units!r}")
        if not -MAX_UNITS <= self.units <= MAX_UNITS:
            raise CreditsInvalid(f"an amount of credits lies within 10^12, got {self.units} units")

    @classmethod
    def parse(cls, text: str | int | Credits) -> Credits:
        """``"1.5"``, ``"-3"``, ``12``: a decimal text with at most 4 places, or whole credits.

        Floats, exponents, more places, signs other than a minus and blanks are refused by name.
        """
        if isinstance(text, Credits):
            return text
        if type(text) is int:
            return cls(text * UNITS_PER_CREDIT)
        if not isinstance(text, str):
            raise CreditsInvalid(
                f"credits are a decimal text such as '1.5', got {type(text).__name__} {text!r}"
            )
        if re.fullmatch(PATTERN, text, re.ASCII) is None:
            raise CreditsInvalid(
                f"credits are digits with at most 4 decimals, such as '1.5', got {text[:40]!r}"
            )
        whole, _, places = text.removeprefix("-").partition(".")
        units = int(whole) * UNITS_PER_CREDIT + int(places.ljust(4, "0"))
        return cls(-units if text.startswith("-") else units)

    def __str__(self) -> str:
        whole, places = divmod(abs(self.units), UNITS_PER_CREDIT)
        text = f"{whole}.{places:04d}".rstrip("0").rstrip(".")
        return f"-{text}" if self.units < 0 else text

    def __bool__(self) -> bool:
        return self.units != 0

    def __add__(self, other: Credits) -> Credits:
        return Credits(self.units + other.units) if isinstance(other, Credits) else NotImplemented

    def __sub__(self, other: Credits) -> Credits:
        return Credits(self.units - other.units) if isinstance(other, Credits) else NotImplemented

    def __neg__(self) -> Credits:
        return Credits(-self.units)

    def __mul__(self, times: int) -> Credits:
        return Credits(self.units * times) if type(times) is int else NotImplemented

    __rmul__ = __mul__

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """A text at the border, both ways: JSON numbers are floats in too many languages."""
        from pydantic_core import core_schema

        from_text = core_schema.no_info_after_validator_function(
            cls.parse, core_schema.str_schema(strict=True, max_length=18)
        )
        return core_schema.json_or_python_schema(
            json_schema=from_text,
            python_schema=core_schema.union_schema([core_schema.is_instance_schema(cls), from_text]),
            serialization=core_schema.to_string_ser_schema(),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", "pattern": f"^{PATTERN}$", "maxLength": 18, "examples": ["1.5"]}
