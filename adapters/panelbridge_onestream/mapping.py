"""Payloads of the B2B billing API to records and back: pure, and strict about every field used.

JSON types are native there; dates are ISO 8601 with an offset.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AwareDatetime, BeforeValidator, Field

from panelbridge.contract.models import (
    AccountId,
    AccountState,
    Package,
    PanelAccount,
    PanelBalance,
    Purchase,
    Term,
)
from panelbridge.contract.secret import Secret
from panelbridge.contract.strict import Strict

_RID_LENGTH = 20  # what public clients send; how long one may be is not documented
_HOURS_A_DAY = 24
_UNEVEN = 0.12  # of the length: a panel's month may be 30 days, or end on another day than ours
_MOST_UNEVEN = timedelta(days=4)


def _iso(value: object) -> object:
    """No number, not even one in a string: it would be taken for an epoch, which the panel never sends."""
    if value is None or (isinstance(value, str) and "T" in value):
        return value
    msg = "must be an ISO 8601 date or null"
    raise ValueError(msg)


class _Line(Strict):
    line_id: str = Field(min_length=1)
    username: str = Field(min_length=1)
    password: str | None
    mac_addr: str | None
    expire_at: Annotated[AwareDatetime | None, BeforeValidator(_iso)] = Field(
        strict=False
    )  # null = unlimited
    is_enabled: bool
    is_trial: bool
    package_id: int | None
    bouquets: list[int]
    max_connections: int
    reseller_notes: str | None


class _Package(Strict):
    id: int
    name: str
    price_credits: Decimal = Field(strict=False)
    duration_hours: int
    max_connections: int


class _Profile(Strict):
    name: str
    credits: Decimal = Field(strict=False)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line as the panel shows it, and what it means."""

    account: PanelAccount
    bouquets: frozenset[int]

    @property
    def id(self) -> str:
        return self.account.id


def line_from(payload: Any, now: datetime) -> Line:
    """``now`` decides whether an enabled line has expired. Raises ``ContractBroken``."""
    wire = _Line.read(payload)
    account = PanelAccount(
        id=AccountId(wire.line_id),
        username=wire.username,
        state=_state(wire, now),
        expires_at=wire.expire_at.astimezone(UTC) if wire.expire_at else None,
        never_expires=wire.expire_at is None,
        password=None if wire.password is None else Secret(wire.password),
        package=None if wire.package_id is None else str(wire.package_id),
        connections=wire.max_connections,
        reference=wire.reseller_notes or None,
        trial=wire.is_trial,
        mac=wire.mac_addr and (mac_or_none(wire.mac_addr) or wire.mac_addr),
    )
    return Line(account=account, bouquets=frozenset(wire.bouquets))


def reported(payload: Any, name: str) -> str | None:
    """A name or an id as its row says it, ``None`` where it does not; nothing else of the row is read."""
    value = payload.get(name) if isinstance(payload, dict) else None
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else None


def unreadable(payload: Any) -> PanelAccount:
    """A line of which no more than its names can be read, if those."""
    line_id, username = reported(payload, "line_id") or "", reported(payload, "username") or ""
    return PanelAccount(id=AccountId(line_id), username=username, state=AccountState.UNREADABLE)


def _state(wire: _Line, now: datetime) -> AccountState:
    if not wire.is_enabled:
        return AccountState.SUSPENDED
    return AccountState.of_enabled(wire.expire_at, now)


def package_from(payload: Any) -> Package:
    """A length that is no whole number of days has no term. Raises ``ContractBroken``."""
    wire = _Package.read(payload)
    days, rest = divmod(wire.duration_hours, _HOURS_A_DAY)
    return Package(
        id=str(wire.id),
        name=wire.name,
        term=Term(days=days) if days > 0 and not rest else None,
        connections=wire.max_connections,
        price=wire.price_credits,
    )


def profile_from(payload: Any) -> tuple[str, PanelBalance]:
    """Who we are at the panel, and our credit there. Raises ``ContractBroken``."""
    wire = _Profile.read(payload)
    return wire.name, PanelBalance(amount=wire.credits)


def rid_of(deed: str, key: str) -> str:
    """The panel's idempotency key: the same for every try of one deed, of signs that no panel minds."""
    return hashlib.sha256(f"{deed}:{key}".encode()).hexdigest()[:_RID_LENGTH]


def renewal_rid(line_id: str, purchase: Purchase) -> str:
    """Without a journal's key, a purchase is named by the expiry it is built on: after it that has moved."""
    built_on = purchase.before.isoformat() if purchase.before else "never"
    return rid_of("renew", purchase.key or f"{line_id}:{built_on}:{purchase.package}")


def expiry_fits(after: datetime | None, until: datetime, since: datetime) -> bool:
    """Whether the bought expiry is about the one asked for: months end differently, lengths do not."""
    slack = min((until - since) * _UNEVEN, _MOST_UNEVEN)
    return after is not None and abs(after - until) <= max(slack, timedelta(minutes=2))


def mac_or_none(text: str) -> str | None:
    """``text`` in upper-case colon form; ``None`` when it is no MAC."""
    digits = re.sub(r"[:.\s-]", "", text).upper()
    if re.fullmatch("[0-9A-F]{12}", digits) is None:
        return None
    return ":".join(digits[index : index + 2] for index in range(0, 12, 2))
