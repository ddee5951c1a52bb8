"""A length of service: calendar months or days, never both."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Term:
    """``months`` are calendar months (28 to 31 days), ``days`` are 24 hours. Exactly one is above zero."""

    months: int = 0
    days: int = 0

    def __post_init__(self) -> None:
        if (self.months > 0) == (self.days > 0) or self.months < 0 or self.days < 0:
            msg = f"a term is either months or days, got months={self.months}, days={self.days}"
            raise ValueError(msg)

    @classmethod
    def parse(cls, text: str) -> Term:
        """``1m``, ``12m``, ``30d``. Raises ``ValueError`` naming what came and what is allowed."""
        match = re.fullmatch(r"([1-9]\d{0,3})([md])", text.strip().lower())
        if match is None:
            msg = f"a term is a number and m (calendar months) or d (days), such as 1m or 30d; got {text!r}"
            raise ValueError(msg)
        count = int(match[1])
        return cls(months=count) if match[2] == "m" else cls(days=count)

    def __str__(self) -> str:
        return f"{self.months}m" if self.months else f"{self.days}d"
