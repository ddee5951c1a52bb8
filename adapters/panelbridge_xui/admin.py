"""The admin dialect: writes any value, charges nothing, and resets every field an edit is not told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from panelbridge.capabilities import Capabilities, FindBy
from panelbridge.doubt import nothing_sent
from panelbridge.exceptions import Conflict, OutcomeUnknown, PanelError
from panelbridge.models import (
    Absent,
    AccountRef,
    Connection,
    CreateOrder,
    Credentials,
    Found,
    Lookup,
    PackageChange,
    PanelAccount,
    PanelBalance,
    Purchase,
    Unknown,
    VerbResult,
)
from panelbridge.order_check import check_package_change
from panelbridge_xui import mapping
from panelbridge_xui.client import XuiClient
from panelbridge_xui.compare import create_differs, owned, same_password
from panelbridge_xui.dialect import Clock, Dialect
from panelbridge_xui.errors import ExistsIdUnknown, NameTaken
from panelbridge_xui.kinds import Key, Kind, key_of
from panelbridge_xui.lookups import matcher
from panelbridge_xui.rows import DeviceRow, LineRow, PackageRow
from panelbridge_xui.search import by_text, short_rows
from panelbridge_xui.settings import XuiSettings


class AdminDialect(Dialect):
    """Writes through the Admin API. Its ``mysql_query`` action is never used."""

    def __init__(self, client: XuiClient, settings: XuiSettings, clock: Clock) -> None:
        super().__init__(client, settings, clock)
        self.capabilities = Capabilities(
            find_by=frozenset({FindBy.USERNAME, FindBy.REFERENCE}),
            reference_field="reseller_notes",
            list_complete=True,
            password_readable=True,
            devices=frozenset(kind.value for kind in self._kinds),
            late_commit=60.0,
        )

    def test_connection(self) -> Connection:
        packages = self._fresh_packages()
        now, told = self._clock(), self._client.panel_time()
        self._client.rows(limit=1)
        sells = any(Kind.LINE in row.kinds for row in packages.values())
        nothing = () if sells else ("the panel has no line package",)
        return Connection(
            version=None,
            identity="an admin of the panel",
            clock_skew=None if told is None else round((told - now).total_seconds()),
            warnings=nothing,
        )

    def _create_fields(
        self, order: CreateOrder, package: PackageRow
    ) -> tuple[tuple[str, ...] | None, mapping.Fields]:
        chosen = mapping.bouquets_asked(order.options, None)
        bouquets = chosen or package.bouquets
        fields = mapping.admin_create(order, package, bouquets, self._settings.member_id)
        trial = [("is_trial", "1")] if mapping.is_trial(order.options, package) else []
        return chosen, [*fields, *trial]

    def _create_line(self, order: CreateOrder) -> VerbResult:
        with nothing_sent():
            package = self._package(Kind.LINE, order.package)
        chosen, fields = self._create_fields(order, package)
        try:
            written = self._client.create_line(fields)
        except NameTaken:
            return self._settle_taken(order, chosen)
        line = self._created_line(written, order)
        return self._done(line, self._differs(line, order, chosen))

    def extend(self, ref: AccountRef, until: datetime, purchase: Purchase | None) -> VerbResult:
        del purchase  # nothing is bought here: the date is written
        line = self._own_line(ref)
        if mapping.same_second(line.expires_at, until):
            return self._already(line)
        after = self._edit(line, {"exp_date": mapping.epoch_text(until)})
        return self._compared(line, after, {"until": mapping.same_second(after.expires_at, until)})

    def reset_credentials(self, ref: AccountRef, credentials: Credentials) -> VerbResult:
        line = self._own_login(ref, credentials)
        if line.username == credentials.username and same_password(line, credentials):
            return self._already(line)
        password = credentials.password.get_secret_value()
        after = self._edit(line, {"username": credentials.username, "password": password})
        changed = {
            "username": after.username == credentials.username,
            "password": same_password(after, credentials),
        }
        return self._compared(line, after, changed)

    def change_package(self, ref: AccountRef, change: PackageChange) -> VerbResult:
        check_package_change(change)
        with nothing_sent():
            package = self._package(key_of(ref.id).kind, change.package)
        bouquets = mapping.bouquets_asked(change.options, None) or package.bouquets
        connections = package.connections if change.connections is None else change.connections
        line = self._own_line(ref)
        if all(_has(line, package, bouquets, connections).values()):
            return self._already(line)
        changed = {
            "package_id": change.package,
            "bouquets_selected": mapping.json_text(bouquets),
            "max_connections": str(connections),
        }
        after = self._edit(line, changed, outputs=package.outputs)
        return self._compared(line, after, _has(after, package, bouquets, connections))

    def find(self, username: str | None, reference: str | None) -> Lookup:
        for text in (username, reference):
            line = by_text(self._client, text, matcher(username, reference)) if text else None
            if line is not None:
                return Found(account=self._account(line))
        if username is None and reference is None:
            return Unknown(cause="neither a name nor a reference was given")
        absent = Absent(proof="the admin API's list of all lines holds no such line")
        if reference is None or not self._settings.devices:
            return absent
        found = self._devices.besides(absent, reference)
        return Found(account=self._account(found)) if isinstance(found, LineRow) else found

    def list_accounts(self) -> Iterator[PanelAccount]:
        owner = self._settings.member_id
        for kind in self._kinds:  # a device's hidden line is in no list of lines
            for row in short_rows(self._client, kind=kind):
                if owner is not None and row.member_id not in (None, owner):
                    continue
                line = self._client.get(Key(kind, row.id))
                if line is not None and owner in (None, line.member_id):
                    yield self._account(line)

    def balance(self) -> PanelBalance | None:
        return None

    def absence(self, key: Key) -> Absent:
        self._client.rows(limit=1)  # raises when our key itself is the reason
        return Absent(proof=f"the admin API knows no {key.kind} {key.number} while it answers our key")

    def _read_packages(self) -> tuple[PackageRow, ...]:
        return self._client.get_packages()

    def _edit(
        self, line: LineRow, changed: Mapping[str, str], outputs: Iterable[str] | None = None
    ) -> LineRow:
        """The only safe edit: everything as read, with the change put over it."""
        return self._edited(line, mapping.admin_echo(line, changed, outputs))

    def _compared(self, before: LineRow, after: LineRow, changed: Mapping[str, bool]) -> VerbResult:
        """Done, when what was asked is there; what moved without being asked is told as different."""
        kept = _kept(before, after)
        if not any(changed.values()) or all(kept.values()):
            raise OutcomeUnknown("the panel accepted the edit, but nothing that was asked can be read back")
        moved = (name for name, same in kept.items() if not same and name not in changed)
        return self._done(after, (*(name for name, fits in changed.items() if not fits), *moved))

    def _differs(
        self, line: LineRow, order: CreateOrder, bouquets: tuple[str, ...] | None
    ) -> tuple[str, ...]:
        return create_differs(
            line, order, bouquets, expiry_fits=mapping.same_second(line.expires_at, order.until)
        )

    def _settle_taken(self, order: CreateOrder, bouquets: tuple[str, ...] | None) -> VerbResult:
        username = order.credentials.username
        try:
            found = by_text(self._client, username, matcher(username, None))
        except PanelError as error:
            raise OutcomeUnknown(
                f"a line of our name exists, and looking it up failed: {error.message}"
            ) from error
        if found is None:
            raise ExistsIdUnknown("a line of our own name exists, but the panel's list does not show it")
        if not owned(found, order):
            raise Conflict("a line of this name exists at the panel with another password or reference")
        return self._already(found, self._differs(found, order, bouquets))


def _has(line: LineRow, package: PackageRow, bouquets: Iterable[str], connections: int) -> dict[str, bool]:
    return {
        "package": line.package_id == package.id,
        "options.bouquets": set(line.bouquets) == set(bouquets),
        "connections": line.connections == connections,
    }


def _kept(before: LineRow, after: LineRow) -> dict[str, bool]:
    """What an edit must leave alone unless it was asked to change it."""
    return {
        "username": before.username == after.username,
        "password": before.password == after.password,
        "until": mapping.same_second(before.expires_at, after.expires_at),
        "enabled": before.enabled == after.enabled,
        "banned": before.admin_enabled == after.admin_enabled,
        "connections": before.connections == after.connections,
        "package": before.package_id == after.package_id,
        "options.bouquets": set(before.bouquets) == set(after.bouquets),
        "reference": (before.reseller_notes or "") == (after.reseller_notes or ""),
        "trial": before.trial == after.trial,
        "device": _device_kept(before.device, after.device),
    }


def _device_kept(before: DeviceRow | None, after: DeviceRow | None) -> bool:
    """Its MAC, and every column that was set: what the box itself reports may have another value by now."""
    if before is None or after is None:
        return before is after
    return before.mac == after.mac and {name for name, _ in before.hardware} <= {
        name for name, _ in after.hardware
    }
