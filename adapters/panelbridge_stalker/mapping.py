"""Payloads of REST API v1 to records and back: pure, and strict about every field used.

Seen on Stalker Portal 4.9: values are strings, except ``status``, a native 1 (on) or 0 (off).
"""

from __future__ import annotations

import hashlib
import re
from base64 import b32encode
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from panelbridge.contract.exceptions import ContractBroken
from panelbridge.contract.models import AccountId, AccountState, Package, PanelAccount, Usage
from panelbridge.contract.strict import Strict
from panelbridge_stalker import dates

_NUMBER_LENGTH = 11  # from 12 characters on some resources take an account number for a MAC
_COMMENT = re.compile(r"(.*?)(?: ?\(reset (\w+)\))?(?: ?\((suspended|unfinished)\))?", re.DOTALL)


class Mark(StrEnum):
    """What stands behind our reference in the comment: the panel has no field for either."""

    NONE = ""
    SUSPENDED = "suspended"  # by a verb of ours, and not by the panel's expiry job
    UNFINISHED = "unfinished"  # created, and its password not yet set for certain


@dataclass(frozen=True, kw_only=True)
class Comment:
    """What we keep in the account's comment."""

    reference: str | None
    reset: str | None = None  # written with the last new password, which the panel never shows
    mark: Mark = Mark.NONE

    @classmethod
    def read(cls, text: str) -> Comment:
        found = _COMMENT.fullmatch(text)
        reference, reset, mark = found.groups() if found else (text, None, None)
        return cls(
            reference=None if reference in ("", "-") else reference, reset=reset, mark=Mark(mark or "")
        )

    def written(self) -> str:
        """A dash when it would be empty: the panel ignores or keeps an empty field, as it likes."""
        reset = f"(reset {self.reset})" if self.reset else None
        mark = f"({self.mark})" if self.mark else None
        return " ".join(part for part in (self.reference, reset, mark) if part) or "-"


class _User(Strict):
    login: str | None
    account_number: str | None
    tariff_plan: str | None
    stb_mac: str | None
    status: Literal[0, 1, "0", "1"]
    comment: str | None
    subscribed: list[str]
    end_date: str | None = None  # only where internal billing is on


class _Seen(Strict):
    """What is told of an account's use; what a release leaves out is not known."""

    login: str | None
    stb_mac: str | None
    online: Literal[0, 1, "0", "1"] | None = None
    ip: str | None = None
    stb_type: str | None = None
    version: str | None = None
    last_active: str | None = None


class _OptionalPackage(Strict):
    external_id: str
    optional: Literal[0, 1, "0", "1"]


class _Tariff(Strict):
    external_id: str | None
    name: str
    packages: list[_OptionalPackage] = Field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One account as the panel shows it, and what it means."""

    account: PanelAccount
    on: bool
    comment: Comment
    tariff: str | None  # its plan, finished or not
    end_date: str | None  # as the panel prints it; None without internal billing
    number: str | None
    subscribed: frozenset[str]  # external ids of packages


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A tariff plan, and which of its packages may be chosen."""

    package: Package
    optional: frozenset[str]


def row_from(payload: Any, zone: ZoneInfo | None, now: datetime) -> Row:
    """``zone`` is the panel's, ``None`` where it keeps no expiry. Raises ``ContractBroken``."""
    wire = _User.read(payload)
    comment = Comment.read(wire.comment or "")
    end_date = None if zone is None else dates.end_date_from(wire.end_date)
    expires_at = None if zone is None or end_date is None else dates.expiry_from(end_date, zone)
    on = wire.status in (1, "1")
    mac = _mac(wire.stb_mac)
    name = wire.login or mac or f"number:{wire.account_number}"  # boxes may have no login
    account = PanelAccount(
        id=AccountId(name),
        username=name,
        state=_state(on=on, mark=comment.mark, has_expired=expires_at is not None and expires_at <= now),
        expires_at=expires_at,
        never_expires=zone is not None and expires_at is None,
        package=""
        if comment.mark is Mark.UNFINISHED
        else wire.tariff_plan,  # so a look-up sees it is not as ordered
        reference=comment.reference,
        mac=mac,
    )
    return Row(
        account=account,
        on=on,
        comment=comment,
        tariff=wire.tariff_plan,
        end_date=end_date,
        number=wire.account_number,
        subscribed=frozenset(wire.subscribed),
    )


def usage_from(payload: Any, zone: ZoneInfo) -> Usage:
    """``zone`` is the panel's. Raises ``ContractBroken``."""
    wire = _Seen.read(payload)
    name = wire.login or _mac(wire.stb_mac) or ""
    never = wire.last_active == dates.NEVER
    seen = None if never or not wire.last_active else dates.moment_from(wire.last_active, zone)
    return Usage(
        id=AccountId(name),
        username=name,
        connections=None if wire.online is None else int(wire.online),
        last_seen=seen,
        never_seen=never,
        address=wire.ip or None,
        player=" ".join(part for part in (wire.stb_type, wire.version) if part) or None,
    )


def unreadable(payload: Any) -> PanelAccount:
    """An account that the panel lists and of which no more than a name can be read."""
    row = payload if isinstance(payload, dict) else {}
    names = (row.get(name) for name in ("login", "stb_mac"))
    name = next((name for name in names if isinstance(name, str) and name), "")
    return PanelAccount(id=AccountId(name), username=name, state=AccountState.UNREADABLE)


def _mac(text: str | None) -> str | None:
    """Upper case: to the panel a MAC in another case is the same (RUN, November 2026)."""
    return text.upper().replace("-", ":") if text else None


def _state(*, on: bool, mark: Mark, has_expired: bool) -> AccountState:
    """Off without our mark and past its expiry: the panel's own job did that, it is no suspension."""
    if on or (mark is Mark.NONE and has_expired):
        return AccountState.EXPIRED if has_expired else AccountState.ACTIVE
    return AccountState.SUSPENDED


def may_be_plan(payload: Any, package: str) -> bool:
    """Whether this tariff is the one of that external id; what is wrong with another is not asked."""
    return isinstance(payload, dict) and payload.get("external_id") == package


def is_sold(payload: Any) -> bool:
    """Whether it is a plan, or what may be one: of an external id that is there and empty it is none."""
    return not isinstance(payload, dict) or payload.get("external_id", "?") not in ("", None)


def package_from(payload: Any) -> Package:
    """Raises ``ContractBroken``."""
    plan = plan_from(payload)
    if plan is None:
        raise ContractBroken("the panel's tariff has no external id", field="external_id")
    return plan.package


def plan_from(payload: Any) -> Plan | None:
    """``None`` for a plan without an external id, by which alone an account can be given one."""
    wire = _Tariff.read(payload)
    if not wire.external_id:
        return None
    optional = (item.external_id for item in wire.packages if item.optional in (1, "1"))
    return Plan(package=Package(id=wire.external_id, name=wire.name), optional=frozenset(optional))


def number_of(reference: str) -> str:
    """The account number under which the account of ``reference`` is found: a digest short enough."""
    digest = hashlib.sha256(reference.encode()).digest()
    return b32encode(digest).decode().lower()[:_NUMBER_LENGTH]
