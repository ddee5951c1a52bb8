"""Everything that is read of the panel: one account, whose it is, what can be sold. Nothing here writes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from panelbridge.doubt import nothing_sent
from panelbridge.exceptions import Conflict, InvalidOrder, NotFound, PanelError
from panelbridge.models import Absent, AccountRef, Found, Lookup, PanelAccount, Unknown
from panelbridge_stalker import mapping, orders
from panelbridge_stalker.client import StalkerClient
from panelbridge_stalker.mapping import Plan, Row

RENAMED = "the panel has no such login, and our account under another one"


class Reader:
    """``zone`` is the panel's, ``None`` where it keeps no expiry. Its look-ups never raise ``PanelError``."""

    def __init__(self, client: StalkerClient, zone: ZoneInfo | None) -> None:
        self._client = client
        self._zone = zone

    def row(self, identifier: str) -> Row:
        """Raises ``Conflict`` when the panel answers with an account of another name."""
        row = self._read(self._client.user(orders.address(identifier)))
        if identifier not in (row.account.id, row.account.mac):
            raise Conflict("the panel answers with an account of another name, such as another case of it")
        return row

    def row_or_none(self, identifier: str) -> Row | None:
        """``None`` where the panel proves that there is none."""
        try:
            return self.row(identifier)
        except NotFound:
            return None

    def ours(self, ref: AccountRef) -> Row:
        """The account, when it still is the one ``ref`` means: a login may be given out anew."""
        with nothing_sent():
            row = self.row(ref.id)
        if ref.username != row.account.username or ref.reference not in (None, row.account.reference):
            raise Conflict("the panel's account of this name is not ours any more")
        return row

    def get(self, ref: AccountRef) -> Lookup:
        try:
            return Found(account=self.row(ref.id).account)
        except NotFound as error:
            told = error.message
        except PanelError as error:
            return Unknown(cause=error.message)
        try:
            is_renamed = self.is_renamed(ref)
        except PanelError as error:
            return Unknown(cause=error.message)
        return Unknown(cause=RENAMED) if is_renamed else Absent(proof=told)

    def is_renamed(self, ref: AccountRef) -> bool:
        """Whether our account, gone by its login, is there by its number: an edit makes any login of it."""
        if ref.reference is None:
            return False
        try:
            rows = [self._read(row) for row in self._client.numbered(mapping.number_of(ref.reference))]
        except NotFound:
            return False
        return any(row.account.reference == ref.reference for row in rows)

    def look_up(self, identifier: str) -> Lookup:
        try:
            return Found(account=self.row(identifier).account)
        except NotFound as error:
            return Absent(proof=error.message)
        except PanelError as error:
            return Unknown(cause=error.message)

    def find(self, reference: str, username: str | None) -> Lookup:
        """By the account number made of ``reference``; the comment must then hold it whole."""
        try:
            rows = [self._read(payload) for payload in self._client.numbered(mapping.number_of(reference))]
        except NotFound as error:
            return Absent(proof=error.message)
        except PanelError as error:
            return Unknown(cause=error.message)
        ours = [row.account for row in rows if row.account.reference == reference]
        if len(ours) != 1 or username not in (None, ours[0].username):
            return Unknown(cause=f"the panel has {len(rows)} accounts of that number, none certainly the one")
        return Found(account=ours[0])

    def accounts(self) -> Iterator[PanelAccount]:
        return (self._read(payload).account for payload in self._client.every_account())

    def plans(self) -> Iterator[Plan]:
        return filter(None, map(mapping.plan_from, self._client.tariffs()))

    def plan(self, package: str, packages: frozenset[str] | None) -> Plan:
        """Raises ``InvalidOrder``: an unknown plan would silently become the panel's default one."""
        plan = next((plan for plan in self.plans() if plan.package.id == package), None)
        if plan is None:
            raise InvalidOrder("the panel has no tariff plan of that external id", field="package")
        if packages is not None and not packages <= plan.optional:
            raise InvalidOrder("a package is none of the plan's optional ones", field="options.packages")
        return plan

    def check_number(self, row: Row) -> None:
        """Packages are subscribed by account number: only by one that we gave and nobody shares."""
        number = mapping.number_of(row.account.reference or "")
        if row.number != number or len(self._client.numbered(number)) != 1:
            raise Conflict("the account's number is not the one we gave it, or others share it")

    def hides_dates(self) -> bool:
        """Whether the panel shows accounts without an expiry."""
        try:
            user = self._client.first_user()
        except NotFound:
            return False
        return isinstance(user, dict) and "end_date" not in user

    def _read(self, payload: object) -> Row:
        return mapping.row_from(payload, self._zone, datetime.now(UTC))
