"""The admin dialect: writes any value, charges nothing, and resets every field an edit does not send."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from panelbridge.contract.capabilities import Capabilities, FindBy
from panelbridge.contract.doubt import nothing_sent
from panelbridge.contract.exceptions import Conflict, OutcomeUnknown, PanelError
from panelbridge.contract.models import (
    Absent,
    AccountRef,
    Connection,
    CreateOrder,
    Credentials,
    Found,
    Lookup,
    PackageChange,
    PanelBalance,
    Purchase,
    Unknown,
    VerbResult,
)
from panelbridge.contract.order_check import check_package_change
from panelbridge_xui import mapping
from panelbridge_xui.checks import create_differs, moved_fields, owned, same_password
from panelbridge_xui.client import XuiClient
from panelbridge_xui.dialect import Clock, Dialect, Listed
from panelbridge_xui.errors import ExistsIdUnknown, NameTaken
from panelbridge_xui.kinds import Key, Kind, key_of
from panelbridge_xui.rows import LineRow, PackageRow, PackagesRead
from panelbridge_xui.search import Wanted, by_text, short_rows
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
            usage=True,
            late_commit=60.0,
        )

    def test_connection(self) -> Connection:
        packages = self._fresh_packages()
        now, reported = self._clock(), self._client.panel_time()
        self._client.rows(limit=1)
        sells = any(Kind.LINE in row.kinds for row in packages)
        nothing = () if sells else ("the panel has no line package",)
        return Connection(
            version=None,
            identity="an admin of the panel",
            clock_skew=None if reported is None else round((reported - now).total_seconds()),
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
        lacking = [name for name, has in _has(line, package, bouquets, connections).items() if not has]
        if not lacking:
            return self._already(line)
        if lacking == ["connections"] and key_of(ref.id).kind is Kind.MAG and line.connections == 1:
            return self._already(
                line, ("connections",)
            )  # every edit of a MAG makes it one (RUN, November 2026)
        changed = {
            "package_id": change.package,
            "bouquets_selected": mapping.json_text(bouquets),
            "max_connections": str(connections),
        }
        after = self._edit(line, changed, outputs=package.outputs)
        return self._compared(line, after, _has(after, package, bouquets, connections))

    def find(self, username: str | None, reference: str | None) -> Lookup:
        wanted = Wanted(username=username, reference=reference)
        for text in wanted.texts:
            line = by_text(self._client, text, wanted)
            if line is not None:
                return Found(account=self._account(line))
        if username is None and reference is None:
            return Unknown(cause="neither a name nor a reference was given")
        absent = Absent(proof="the admin API's list of all lines holds no such line")
        if reference is None or not self._settings.devices:
            return absent
        found = self._devices.besides(absent, reference)
        return Found(account=self._account(found)) if isinstance(found, LineRow) else found

    def list_lines(self) -> Iterator[Listed]:
        owner = self._settings.member_id
        for kind in self._kinds:  # a device's hidden line is in no list of lines
            rows = short_rows(self._client, kind=kind)
            mine = [row for row in rows if owner is None or row.member_id in (None, owner)]
            yield from self._listed(self._client, kind, mine, owner)

    def balance(self) -> PanelBalance | None:
        return None

    def absence(self, key: Key) -> Absent:
        self._client.rows(limit=1)  # raises when our key itself is the reason
        return Absent(proof=f"the admin API knows no {key.kind} {key.number} while it answers our key")

    def _read_packages(self) -> PackagesRead:
        return self._client.get_packages()

    def _switched(self, line: LineRow) -> Key:
        """An admin's ``disable_mag`` and its kind succeed and do nothing; the line's own actions work on the
        hidden line (RUN, November 2026). Whose it is was seen when the device was read.
        """
        return Key(Kind.LINE, line.id)

    def _edit(
        self, line: LineRow, changed: Mapping[str, str], outputs: Iterable[str] | None = None
    ) -> LineRow:
        """The only safe edit: everything as read, with the change put over it."""
        return self._edited(line, mapping.admin_echo(line, changed, outputs))

    def _compared(self, before: LineRow, after: LineRow, changed: Mapping[str, bool]) -> VerbResult:
        """Done, when what was asked is there; what moved without being asked is reported as different."""
        moved = moved_fields(before, after)
        if not any(fits and name in moved for name, fits in changed.items()):
            raise OutcomeUnknown("the panel accepted the edit, but nothing that was asked can be read back")
        missing = (name for name, fits in changed.items() if not fits)
        return self._done(after, (*missing, *(name for name in moved if name not in changed)))

    def _differs(
        self, line: LineRow, order: CreateOrder, bouquets: tuple[str, ...] | None
    ) -> tuple[str, ...]:
        return create_differs(
            line, order, bouquets, expiry_fits=mapping.same_second(line.expires_at, order.until)
        )

    def _settle_taken(self, order: CreateOrder, bouquets: tuple[str, ...] | None) -> VerbResult:
        username = order.credentials.username
        try:
            found = by_text(self._client, username, Wanted(username=username))
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
        "outputs": set(line.outputs) == set(package.outputs),
    }
