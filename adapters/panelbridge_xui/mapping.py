"""Panel rows to the contract's records, and orders to form fields. Pure: no clock, no call.

Facts seen on XC_VM 2025-07 unless a comment says otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from panelbridge.contract.exceptions import InvalidOrder
from panelbridge.contract.models import (
    AccountId,
    AccountState,
    CreateOrder,
    Package,
    PanelAccount,
    Term,
    Usage,
)
from panelbridge_xui.kinds import Key, Kind
from panelbridge_xui.rows import LineRow, PackageRow, ShortLineRow

Fields = list[tuple[str, str]]
OPTIONS = frozenset({"bouquets", "trial", "device"})

# Calendar months end differently here and there (31 January plus a month is 28 February or 3 March).
_TOLERANCE_SHARE = 0.12
_TOLERANCE_MOST = timedelta(days=4)
_TOLERANCE_LEAST = timedelta(hours=2)


def account_from(line: LineRow, now: datetime) -> PanelAccount:
    """A line as the contract's account."""
    return PanelAccount(
        id=line.key.account_id,
        username=line.username,
        state=state(line, now),
        expires_at=line.expires_at,
        never_expires=line.expires_at is None,
        password=line.password,
        package=None if line.package_id is None else str(line.package_id),
        connections=line.connections,
        reference=line.reseller_notes,
        trial=line.trial,
        mac=None if line.device is None else line.device.mac.upper().replace("-", ":"),
    )


def unreadable(kind: Kind, row: ShortLineRow) -> PanelAccount:
    """An account that the panel lists and of which no more than this can be read."""
    return PanelAccount(
        id=AccountId("") if row.id is None else Key(kind, row.id).account_id,
        username=row.username or "",
        state=AccountState.UNREADABLE,
    )


def usage_from(line: LineRow) -> Usage:
    """What the panel shows of a line's use: connections in use are in none of its rows."""
    seen = line.last_activity
    return Usage(
        id=line.key.account_id,
        username=line.username,
        last_seen=datetime.fromtimestamp(seen, UTC) if seen else None,
        never_seen=seen == 0,
        address=line.last_ip,
    )


def state(line: LineRow, now: datetime) -> AccountState:
    """Banned beats suspended beats expired, as the panel itself decides."""
    if not line.admin_enabled:
        return AccountState.BANNED
    if not line.enabled:
        return AccountState.SUSPENDED
    return AccountState.of_enabled(line.expires_at, now)


def package_from(row: PackageRow) -> Package:
    """A package as the contract's; one that is both trial and standard is listed as standard."""
    trial = row.trial_only
    return Package(
        id=str(row.id),
        name=row.name,
        term=term(*(row.trial_length if trial else row.length)),
        connections=row.connections,
        price=row.trial_price if trial else row.price,
        trial=trial,
        devices=frozenset(kind.value for kind in row.kinds),
    )


def term(count: int, unit: str) -> Term | None:
    """The panel's duration; ``None`` for one that is neither whole months nor whole days."""
    unit = unit.rstrip("s")
    if count <= 0:
        return None
    if unit in ("month", "year"):
        return Term(months=count * (12 if unit == "year" else 1))
    if unit in ("day", "week"):
        return Term(days=count * (7 if unit == "week" else 1))
    if unit == "hour" and count % 24 == 0:
        return Term(days=count // 24)
    return None


def bouquets_asked(options: Mapping[str, str], offered: Iterable[str] | None) -> tuple[str, ...] | None:
    """Bouquet ids of the option ``bouquets``; ``None`` when not given. Raises ``InvalidOrder``.

    ``offered`` are the package's own, where only those may be chosen.
    """
    for name in options:
        if name not in OPTIONS:
            raise InvalidOrder(
                "this option is not known; known: bouquets, trial, device", field=f"options.{name}"
            )
    if "bouquets" not in options:
        return None
    asked = tuple(dict.fromkeys(part.strip() for part in options["bouquets"].split(",")))
    if not all(part.isascii() and part.isdigit() for part in asked):
        raise InvalidOrder("bouquets are ids separated by commas, such as 1,2", field="options.bouquets")
    if offered is not None and not set(asked) <= set(offered):
        raise InvalidOrder("a bouquet asked for is not part of the package", field="options.bouquets")
    return asked


def is_trial(options: Mapping[str, str], row: PackageRow) -> bool:
    """Whether the create is a trial. Raises ``InvalidOrder`` when the package sells none."""
    trial = options.get("trial", "1" if row.trial_only else "0")
    if trial not in ("0", "1"):
        raise InvalidOrder("trial is 1 or 0", field="options.trial")
    if (trial == "1" and not row.is_trial) or (trial == "0" and row.trial_only):
        raise InvalidOrder("the package is not sold that way (trial or standard)", field="options.trial")
    return trial == "1"


def repeated(name: str, values: Iterable[str]) -> Fields:
    """PHP reads an array from repeated fields named with brackets."""
    return [(f"{name}[]", value) for value in values]


def named(order: CreateOrder) -> Fields:
    """What names the account: of a device its MAC, for the panel makes up its hidden line's login."""
    if order.mac is not None:
        return [("mac", order.mac)]
    return [
        ("username", order.credentials.username),
        ("password", order.credentials.password.get_secret_value()),
    ]


def device_echo(line: LineRow) -> Fields:
    """What an edit of a device wants beside its line's fields: the MAC, and the hardware it would forget."""
    return [] if line.device is None else [("mac", line.device.mac), *line.device.hardware]


def reseller_create(order: CreateOrder, bouquets: Iterable[str], *, trial: bool) -> Fields:
    """Fields of a reseller's create. Bouquets always go along: without them the group that may
    choose them gets an empty 200 and no line.
    """
    fields = [
        ("package", order.package),
        *named(order),
        ("reseller_notes", order.reference),
        *repeated("bouquets_selected", bouquets),
    ]
    return [*fields, ("trial", "1")] if trial else fields


def reseller_echo(line: LineRow, bouquets: Iterable[str]) -> Fields:
    """What a reseller's ``edit_line`` resets unless told again. Never ``trial``: it cuts the term."""
    fields: Fields = [
        *([] if line.member_id is None else [("member_id", str(line.member_id))]),
        ("contact", line.contact or ""),
        ("reseller_notes", line.reseller_notes or ""),
        *repeated("allowed_ips", line.allowed_ips),
        *repeated("allowed_ua", line.allowed_ua),
        *((name, "1") for name in ("bypass_ua", "is_isplock") if name in line.flags),
        *repeated("bouquets_selected", bouquets),
    ]
    return fields


def admin_create(
    order: CreateOrder, row: PackageRow, bouquets: Iterable[str], member_id: int | None
) -> Fields:
    """Fields of an admin's create; bouquets as JSON text: repeated fields empty the reply."""
    connections = row.connections if order.connections is None else order.connections
    owner = [] if member_id is None else [("member_id", str(member_id))]
    return [
        *named(order),
        ("exp_date", epoch_text(order.until)),
        ("max_connections", str(connections)),
        ("package_id", order.package),
        ("reseller_notes", order.reference),
        ("bouquets_selected", json_text(bouquets)),
        *owner,
        *repeated("access_output", row.outputs),
    ]


def admin_echo(line: LineRow, changed: Mapping[str, str], outputs: Iterable[str] | None = None) -> Fields:
    """Every field an admin's ``edit_line`` would reset, as read, with ``changed`` put over it."""
    echo: dict[str, str] = {
        "username": line.username,
        "password": line.password.get_secret_value(),
        "max_connections": str(line.connections or 0),
        "enabled": str(int(line.enabled)),
        "admin_enabled": str(int(line.admin_enabled)),
        "bouquets_selected": json_text(line.bouquets),
        "admin_notes": line.admin_notes or "",
        "reseller_notes": line.reseller_notes or "",
        "contact": line.contact or "",
        **dict(line.extras),
        **dict.fromkeys(line.flags, "1"),
    }
    if line.member_id is not None:
        echo["member_id"] = str(line.member_id)
    if line.expires_at is None:
        echo["no_expire"] = "1"
    else:
        echo["exp_date"] = epoch_text(line.expires_at)
    if "exp_date" in changed:
        echo.pop("no_expire", None)
    return [
        *{**echo, **changed}.items(),
        *repeated("access_output", line.outputs if outputs is None else outputs),
        *repeated("allowed_ips", line.allowed_ips),
        *repeated("allowed_ua", line.allowed_ua),
    ]


def epoch_text(moment: datetime) -> str:
    """The one form of a date that no time zone can change."""
    return f"@{int(moment.timestamp())}"


def json_text(ids: Iterable[str]) -> str:
    """Ids as the JSON array of numbers that the admin API wants, such as ``[1,2]``."""
    return json.dumps([int(item) for item in ids], separators=(",", ":"))


def restarts_term(present: PackageRow | None, wanted: PackageRow) -> bool:
    """Whether buying ``wanted`` for a line on ``present`` throws the remaining time away.

    ``present`` is ``None`` when the line's package is not among those we see: then it may.
    """
    if not wanted.check_compatible:
        return False
    if present is None:
        return True
    return _shape(present) != _shape(wanted)


def _shape(row: PackageRow) -> tuple[object, ...]:
    return frozenset(row.bouquets), frozenset(row.outputs), row.connections, row.traits


def expiry_fits(asked: datetime, got: datetime | None, since: datetime) -> bool:
    """Whether the expiry a package produced is the one asked for, give or take a calendar's corners."""
    if got is None:
        return False
    tolerance = min(_TOLERANCE_MOST, max(_TOLERANCE_LEAST, abs(asked - since) * _TOLERANCE_SHARE))
    return abs(asked - got) <= tolerance


def same_second(one: datetime | None, other: datetime | None) -> bool:
    """Equal as the panel keeps time: whole seconds, ``None`` for never."""
    if one is None or other is None:
        return one is other
    return int(one.timestamp()) == int(other.timestamp())
