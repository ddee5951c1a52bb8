"""What is said in one way wherever it is said: amounts, and what was taken from a free text."""

from __future__ import annotations


def in_credits(amount: object) -> str:
    """``1 credit``, ``2.5 credits``."""
    return f"{amount} credit" if str(amount) == "1" else f"{amount} credits"


def in_connections(count: int | None) -> str:
    """``2 connections``; those of the package where nobody named a number."""
    if count is None:
        return "connections as the package says"
    return f"{count} connection{'' if count == 1 else 's'}"


def starred_note(name: str) -> str:
    """For whoever wrote the member ``name``."""
    return f"Note: {name} held an address with a password or a key; it is kept with stars in its place."
