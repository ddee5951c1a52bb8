"""What operators type: times (UTC), amounts, NAME=VALUE. Each raises ``BadParameter`` naming the option."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from panelbridge.ledger import Credits

_LENGTH = re.compile(r"([1-9][0-9]{0,4})([hd])")
_SECONDS = {"h": 3600, "d": 86_400}


def parse_moment(text: str, now: datetime, *, option: str, past: bool = False) -> datetime:
    """``2027-01-31``, ``2027-01-31T18:00``, or ``90d``, ``12h`` from now (``past``: before now)."""
    length = _LENGTH.fullmatch(text)
    if length is not None:
        step = timedelta(seconds=int(length[1]) * _SECONDS[length[2]])
        return now - step if past else now + step
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is neither a date such as 2027-01-31 nor a length such as 90d or 12h",
            param_hint=option,
        ) from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def parse_credits(text: str, *, option: str) -> Credits:
    """``50`` or ``12.5``; no sign."""
    from panelbridge.ledger import Credits, CreditsInvalid

    try:
        amount = Credits.parse(text)
    except CreditsInvalid as error:
        raise typer.BadParameter(str(error), param_hint=option) from None
    if amount < Credits(0):
        raise typer.BadParameter("an amount has no sign here", param_hint=option)
    return amount


def parse_pairs(texts: Sequence[str], *, option: str) -> dict[str, str]:
    """Names and values."""
    found = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise typer.BadParameter(f"{text!r} is not NAME=VALUE", param_hint=option)
        found[name] = value
    return found
