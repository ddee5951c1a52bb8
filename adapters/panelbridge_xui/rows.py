"""What the panel's rows hold, read strictly: a missing field is loud, for an edit would reset it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from panelbridge.contract.exceptions import ContractBroken
from panelbridge.contract.secret import Secret
from panelbridge_xui.kinds import Key, Kind
from panelbridge_xui.wire import (
    Row,
    flag,
    integer,
    integer_or_none,
    json_list,
    moment,
    money,
    present,
    switch,
    text,
    text_or_none,
)

T = TypeVar("T")

# Presence alone means 1 on the wire (`is_trial=0` was stored as 1), so these are sent only when set.
LINE_FLAGS = ("is_trial", "is_restreamer", "is_isplock", "is_stalker", "bypass_ua")
# Columns an admin edit accepts like any other; echoed when the line has them.
LINE_EXTRAS = ("package_id", "pair_id", "force_server_id", "forced_country", "isp_desc", "as_number")


# Of a device's row, besides its own id: what is no hardware. (``device_id`` of a MAG is.)
_NO_HARDWARE = frozenset({"id", "user_id", "mac", "user", "paired"})


@dataclass(frozen=True, kw_only=True)
class DeviceRow:
    """What a device has beside its hidden line."""

    kind: Kind
    id: int
    mac: str
    hardware: tuple[tuple[str, str], ...]  # serial number, model, versions, locks: those that are set


@dataclass(frozen=True, kw_only=True)
class LineRow:
    """One full line row, as ``get_line``, ``create_line`` and ``edit_line`` answer it.

    With ``device`` it is a device's hidden line: its name and password are of the panel's making.
    """

    id: int
    username: str
    password: Secret
    expires_at: datetime | None  # None = unlimited; 0 on the wire is 1970, that is expired
    enabled: bool  # the reseller's switch
    admin_enabled: bool  # the admin's: False = banned
    package_id: int | None
    member_id: int | None  # owning panel user
    bouquets: tuple[str, ...]
    outputs: tuple[str, ...]
    connections: int | None  # 0 = unlimited
    reseller_notes: str | None  # holds our reference
    admin_notes: str | None
    contact: str | None
    allowed_ips: tuple[str, ...]
    allowed_ua: tuple[str, ...]
    flags: frozenset[str]  # those of LINE_FLAGS that are 1
    extras: tuple[tuple[str, str], ...] = field(default=())  # those of LINE_EXTRAS that are set
    created_at: datetime | None = None
    device: DeviceRow | None = None
    last_activity: int | None = None  # epoch; 0 = never, None = the panel does not tell
    last_ip: str | None = None

    @property
    def key(self) -> Key:
        return Key(Kind.LINE, self.id) if self.device is None else Key(self.device.kind, self.device.id)

    @property
    def trial(self) -> bool:
        return "is_trial" in self.flags


@dataclass(frozen=True, kw_only=True)
class ShortLineRow:
    """What list answers are searched by; the full row is read by id.

    ``None`` is what this row does not tell, or says in a way that cannot be read: one bad row is one bad
    account, and never the end of the list.
    """

    id: int | None
    username: str | None  # None too: the panel stored the literal name "null" as no name
    member_id: int | None
    reseller_notes: str | None = None
    mac: str | None = None


@dataclass(frozen=True, kw_only=True)
class PackageRow:
    """One row of ``packages`` or ``get_packages``."""

    id: int
    name: str
    kinds: frozenset[Kind]  # what it can be sold for
    is_trial: bool
    is_official: bool
    price: Decimal  # with our override price where the reseller API lists it
    trial_price: Decimal
    length: tuple[int, str]  # such as (3, "months")
    trial_length: tuple[int, str]
    bouquets: tuple[str, ...]
    outputs: tuple[str, ...]
    connections: int
    check_compatible: bool  # an extension by a differing package restarts the term
    traits: tuple[str | None, ...]  # restreamer, ISP lock, server, country, device lock

    @property
    def trial_only(self) -> bool:
        return self.is_trial and not self.is_official


@dataclass(frozen=True, kw_only=True)
class PackagesRead:
    """The panel's packages by id, and those of which only the id, if that, can be read."""

    rows: Mapping[str, PackageRow]
    unreadable: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[PackageRow]:
        return iter(self.rows.values())

    def get(self, package_id: str) -> PackageRow | None:
        """The package; ``None`` when it is not offered. Raises ``ContractBroken`` when it cannot be read."""
        if package_id in self.unreadable:
            raise ContractBroken("the panel's row of this package cannot be read", field="package")
        return self.rows.get(package_id)


@dataclass(frozen=True, kw_only=True)
class OwnUser:
    """``user_info``: who the panel says we are. The API key beside it is never read."""

    id: int
    username: str
    credits: Decimal
    permissions: dict[str, bool]  # those that read as 0 or 1; a missing one is unknown

    def may(self, permission: str) -> bool | None:
        """Whether the group has the permission; ``None`` when the panel does not tell."""
        return self.permissions.get(permission)


def as_row(payload: Any, what: str) -> Row:
    """``payload`` as an object. Raises ``ContractBroken``."""
    if not isinstance(payload, dict):
        raise ContractBroken(f"the panel's reply holds no object where {what} is promised")
    return payload


def as_items(payload: Any, what: str) -> list[Any]:
    """``payload`` as a list of anything. Raises ``ContractBroken``."""
    if not isinstance(payload, list):
        raise ContractBroken(f"the panel's reply holds no list where {what} is promised")
    return payload


def line_row(payload: Any) -> LineRow:
    """A full line row. Raises ``ContractBroken`` naming the field that is missing or unreadable."""
    row = as_row(payload, "a line")
    expires, created = integer_or_none(row, "exp_date"), integer_or_none(row, "created_at")
    return LineRow(
        id=integer(row, "id"),
        username=text(row, "username"),
        password=Secret(text(row, "password")),
        expires_at=None if expires is None else moment(expires, "exp_date"),
        enabled=switch(row, "enabled"),
        admin_enabled=switch(row, "admin_enabled"),
        package_id=integer_or_none(row, "package_id") or None,
        member_id=integer_or_none(row, "member_id"),
        bouquets=json_list(row, "bouquet"),
        outputs=json_list(row, "allowed_outputs"),
        connections=integer_or_none(row, "max_connections"),
        reseller_notes=text_or_none(row, "reseller_notes"),
        admin_notes=text_or_none(row, "admin_notes"),
        contact=text_or_none(row, "contact"),
        allowed_ips=json_list(row, "allowed_ips"),
        allowed_ua=json_list(row, "allowed_ua"),
        flags=frozenset(name for name in LINE_FLAGS if flag(row, name)),
        extras=tuple(
            (name, str(row[name])) for name in LINE_EXTRAS if row.get(name) not in (None, "", 0, "0")
        ),
        created_at=None if created is None else moment(created, "created_at"),
        last_activity=_activity(row),
        last_ip=_reported(text_or_none, row, "last_ip") or None,
    )


def _activity(row: Row) -> int | None:
    """When it was last used; 0 for never. What cannot be read is not known."""
    if "last_activity" not in row:
        return None
    try:
        return integer_or_none(row, "last_activity") or 0
    except ContractBroken:
        return None


def device_row(kind: Kind, payload: Any) -> LineRow:
    """A device with its line nested under ``user``. Raises ``ContractBroken``."""
    row = as_row(payload, "a device")
    reported = {name: value for name, value in row.items() if name not in _NO_HARDWARE | {kind.id_name}}
    hardware = ((name, str(value)) for name, value in reported.items() if isinstance(value, str | int))
    device = DeviceRow(
        kind=kind,
        id=integer(row, kind.id_name),
        mac=text(row, "mac"),
        # As with a line's flags, presence may count: what is empty or zero is not sent again.
        hardware=tuple((name, value) for name, value in hardware if value not in ("", "0", "False")),
    )
    line = line_row(present(row, "user"))
    if line.id != integer(row, "user_id"):
        raise ContractBroken("the panel's reply shows a device with another line than its own", field="user")
    return replace(line, device=device)


def short_row(kind: Kind, payload: Any) -> ShortLineRow:
    """A row of a list, as much of it as can be read."""
    row = payload if isinstance(payload, dict) else {}
    return ShortLineRow(
        id=_reported(integer, row, kind.id_name),
        username=_reported(text_or_none, row, "username") if kind is Kind.LINE else None,
        member_id=_reported(integer_or_none, row, "member_id"),
        reseller_notes=_reported(text_or_none, row, "reseller_notes"),
        mac=_reported(text_or_none, row, "mac"),
    )


def _reported(read: Callable[[Row, str], T], row: Row, name: str) -> T | None:
    try:
        return read(row, name)
    except ContractBroken:
        return None


def packages_reported(payload: Any) -> PackagesRead:
    """A list of packages: what is wrong with one is no other's trouble. Raises ``ContractBroken``."""
    rows: dict[str, PackageRow] = {}
    unreadable: list[str] = []
    for item in as_items(payload, "packages"):
        try:
            package = package_row(as_row(item, "a package"))
        except ContractBroken:
            unreadable.append(str(item.get("id") or "") if isinstance(item, dict) else "")
        else:
            rows[str(package.id)] = package
    return PackagesRead(rows=rows, unreadable=tuple(unreadable))


def package_row(row: Row) -> PackageRow:
    """A row of ``packages`` or ``get_packages``. Raises ``ContractBroken``."""
    return PackageRow(
        id=integer(row, "id"),
        name=text(row, "package_name"),
        kinds=_kinds(row),
        is_trial=switch(row, "is_trial"),
        is_official=switch(row, "is_official"),
        price=_price(row, "official_credits"),
        trial_price=_price(row, "trial_credits"),
        length=_length(row, "official_duration"),
        trial_length=_length(row, "trial_duration"),
        bouquets=json_list(row, "bouquets"),
        outputs=json_list(row, "output_formats"),
        connections=integer(row, "max_connections"),
        check_compatible=flag(row, "check_compatible"),
        traits=(
            *(str(int(flag(row, name))) for name in ("is_restreamer", "is_isplock", "lock_device")),
            *(_trait(row, name) for name in ("force_server_id", "forced_country")),
        ),
    )


def own_user(data: Any, permissions: Any) -> OwnUser:
    """``user_info``'s ``data`` and its sibling ``permissions``. Raises ``ContractBroken``."""
    row = as_row(data, "our panel user")
    granted: dict[str, bool] = {}
    if isinstance(permissions, dict):
        granted = {
            str(name): str(value) in ("1", "True")
            for name, value in permissions.items()
            if str(value) in ("0", "1", "True", "False")
        }
    return OwnUser(
        id=integer(row, "id"),
        username=text(row, "username"),
        credits=money(row, "credits"),
        permissions=granted,
    )


def _kinds(row: Row) -> frozenset[Kind]:
    switches = {
        Kind.LINE: switch(row, "is_line"),
        Kind.MAG: flag(row, "is_mag"),
        Kind.ENIGMA: flag(row, "is_e2"),
    }
    return frozenset(kind for kind, on in switches.items() if on)


def _price(row: Row, name: str) -> Decimal:
    return Decimal(0) if row.get(name) in (None, "") else money(row, name)


def _length(row: Row, name: str) -> tuple[int, str]:
    return integer_or_none(row, name) or 0, (text_or_none(row, f"{name}_in") or "").lower()


def _trait(row: Row, name: str) -> str | None:
    value = row.get(name)
    return None if value in (None, "", 0, "0") else str(value)
