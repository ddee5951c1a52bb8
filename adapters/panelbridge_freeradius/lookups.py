"""Everything that is read of the tables: users, groups to sell, sessions. Nothing here writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from panelbridge.contract.exceptions import ContractBroken, PanelError
from panelbridge.contract.models import (
    Absent,
    AccountId,
    AccountRef,
    AccountState,
    Found,
    Lookup,
    Package,
    PanelAccount,
    Unknown,
    Usage,
)
from panelbridge_freeradius import mapping
from panelbridge_freeradius.client import Books, RadiusDatabase
from panelbridge_freeradius.mapping import UserRows
from panelbridge_freeradius.settings import FreeRadiusSettings

_PAGE = 500


class Lookups:
    """``get`` and ``find`` never raise ``PanelError``; the others do."""

    def __init__(self, database: RadiusDatabase, settings: FreeRadiusSettings) -> None:
        self._database = database
        self._settings = settings
        self._zone = ZoneInfo(settings.time_zone)

    def get(self, ref: AccountRef) -> Lookup:
        return self._look(lambda _: [ref.id])

    def find(self, username: str | None, reference: str | None) -> Lookup:
        if username is not None:
            return self._look(lambda _: [username], reference)
        if reference is not None and self._settings.daloradius:
            return self._look(lambda books: books.by_note(reference), reference)
        return Unknown(cause="these tables keep no reference and no login name was given")

    def accounts(self) -> Iterator[PanelAccount]:
        after = ""
        while True:  # each page is a transaction of its own: nothing is held while the caller thinks
            with self._database.books() as books:
                page = books.page(after, _PAGE)
            yield from map(self._listed, page)
            if len(page) < _PAGE:
                return
            after = page[-1].username

    def packages(self) -> Iterator[Package]:
        with self._database.books() as books:
            names = sorted(books.groups() - {self._settings.reject_group})
        return (Package(id=name, name=name) for name in names)

    def usages(self) -> Iterator[Usage]:
        """Octets of every session that radacct still holds, and sessions that are open."""
        with self._database.books() as books:
            sessions = list(books.sessions())
        for name, octets, opened in sessions:
            yield Usage(id=AccountId(name), username=name, traffic_bytes=octets, connections=opened)

    def account_of(self, rows: UserRows) -> PanelAccount:
        now = datetime.now(UTC)
        return mapping.account_from(rows, reject_group=self._settings.reject_group, zone=self._zone, now=now)

    def _listed(self, rows: UserRows) -> PanelAccount:
        """One user whose rows cannot be read, such as a date of another program's, is one bad account."""
        try:
            return self.account_of(rows)
        except ContractBroken:
            name = rows.username
            return PanelAccount(id=AccountId(name), username=name, state=AccountState.UNREADABLE)

    def _look(self, names: Callable[[Books], list[str]], reference: str | None = None) -> Lookup:
        try:
            with self._database.books() as books:
                found = [rows for name in names(books) if (rows := books.user(name)).exists]
                accounts = [self.account_of(rows) for rows in found]
        except PanelError as error:
            return Unknown(cause=error.message)
        if len(accounts) > 1:
            return Unknown(cause=f"the tables have {len(accounts)} such users")
        if not accounts:
            return Absent(proof="the RADIUS tables have no row of such a user")
        if reference is not None and self._settings.daloradius and accounts[0].reference != reference:
            return Absent(proof="the user of that name has another reference")
        return Found(account=accounts[0])
