"""What a check of ``doctor`` found: fine, worth knowing, or wrong; with cause and remedy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Weight(StrEnum):
    """How much a finding matters."""

    FINE = "ok"
    NOTE = "note"  # works, and somebody should know
    WRONG = "WRONG"  # something does not work, or will not


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of the table."""

    check: str
    weight: Weight
    cause: str
    remedy: str = ""


def fine(check: str, cause: str) -> Finding:
    return Finding(check=check, weight=Weight.FINE, cause=cause)


def note(check: str, cause: str, remedy: str) -> Finding:
    return Finding(check=check, weight=Weight.NOTE, cause=cause, remedy=remedy)


def wrong(check: str, cause: str, remedy: str) -> Finding:
    return Finding(check=check, weight=Weight.WRONG, cause=cause, remedy=remedy)
