"""What is said in one way wherever it is said: amounts, and what was taken from a free text."""

from __future__ import annotations

from collections.abc import Sequence


def in_credits(amount: object) -> str:
    """``1 credit``, ``2.5 credits``."""
    return f"{amount} credit" if str(amount) == "1" else f"{amount} credits"


def in_connections(count: int | None) -> str:
    """``2 connections``; those of the package where nobody named a number."""
    if count is None:
        return "connections as the package says"
    return f"{count} connection{'' if count == 1 else 's'}"


def sentence(text: str) -> str:
    """An error's words, which begin small and have no end, as a sentence."""
    return f"{text[:1].upper()}{text[1:]}."


def starred_note(names: Sequence[str]) -> str:
    """For whoever wrote the members ``names``."""
    *others, last = names
    named = f"{', '.join(others)} and {last}" if others else last
    return f"Note: {named} held an address with a password or a key; it is kept with stars in its place."
