"""Everything that is read of the panel: one account, whose it is, what can be sold. Nothing here writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from panelbridge.contract.doubt import nothing_sent
from panelbridge.contract.exceptions import Conflict, ContractBroken, InvalidOrder, NotFound, PanelError
from panelbridge.contract.models import (
    Absent,
    AccountId,
    AccountRef,
    Found,
    Lookup,
    Package,
    PanelAccount,
    Unknown,
    Usage,
)
from panelbridge.contract.strict import each_package
from panelbridge_stalker import checks, mapping
from panelbridge_stalker.client import StalkerClient
from panelbridge_stalker.dates import DatesHidden
from panelbridge_stalker.mapping import Plan, Row

RENAMED = "the panel has no such login, and our account under another one"


class Lookups:
    """``zone`` is the panel's, ``None`` where it keeps no expiry. Its look-ups never raise ``PanelError``."""

    def __init__(self, client: StalkerClient, zone: ZoneInfo | None, clock_zone: ZoneInfo) -> None:
        self._client = client
        self._zone = zone
        self._clock_zone = clock_zone  # in which it prints moments, whether it keeps an expiry or not
        self._known: str | None = None  # an account that is there, to see what this panel shows of one

    def recall(self, known: Iterable[AccountId]) -> None:
        """The newest account of the books is one to look at."""
        self._known = next(iter(known), self._known)

    def read(self, identifier: str) -> Row:
        """Raises ``Conflict`` when the panel answers with an account of another name."""
        wanted = checks.address(identifier)
        payload = self._client.user(wanted)
        self._known = wanted
        row = self._row(payload)
        if wanted not in (row.account.id, row.account.mac):
            raise Conflict("the panel answers with an account of another name, such as another case of it")
        return row

    def named(self, identifier: str) -> Row | None:
        """``None`` where the panel proves that there is none."""
        try:
            return self.read(identifier)
        except NotFound:
            return None

    def ours(self, ref: AccountRef) -> Row:
        """The account, when it still is the one ``ref`` means: a login may be given out anew."""
        with nothing_sent():
            row = self.read(ref.id)
        if ref.username != row.account.username or ref.reference not in (None, row.account.reference):
            raise Conflict("the panel's account of this name is not ours any more")
        return row

    def get(self, ref: AccountRef) -> Lookup:
        try:
            return Found(account=self.read(ref.id).account)
        except NotFound as error:
            message = error.message
        except PanelError as error:
            return Unknown(cause=error.message)
        try:
            is_renamed = self.is_renamed(ref)
        except PanelError as error:
            return Unknown(cause=error.message)
        return Unknown(cause=RENAMED) if is_renamed else Absent(proof=message)

    def is_renamed(self, ref: AccountRef) -> bool:
        """Whether our account, gone by its login, is there by its number: an edit makes any login of it."""
        if ref.reference is None:
            return False
        try:
            rows, unreadable = self._numbered(ref.reference)
        except NotFound:
            return False
        if any(row.account.reference == ref.reference for row in rows):
            return True
        if unreadable is not None:
            raise unreadable
        return False

    def found(self, identifier: str) -> Lookup:
        try:
            return Found(account=self.read(identifier).account)
        except NotFound as error:
            return Absent(proof=error.message)
        except PanelError as error:
            return Unknown(cause=error.message)

    def find(self, reference: str, username: str | None) -> Lookup:
        """By the account number made of ``reference``; the comment must then hold it whole."""
        try:
            rows, unreadable = self._numbered(reference)
        except NotFound as error:
            return Absent(proof=error.message)
        except PanelError as error:
            return Unknown(cause=error.message)
        ours = [row.account for row in rows if row.account.reference == reference]
        if not ours and unreadable is not None:
            return Unknown(cause=unreadable.message)
        if len(ours) != 1 or username not in (None, ours[0].username):
            return Unknown(cause=f"the panel has {len(rows)} accounts of that number, none certainly the one")
        return Found(account=ours[0])

    def accounts(self) -> Iterator[PanelAccount]:
        """Of a row that cannot be read what can: one bad row is one bad account."""
        for payload in self._client.every_account():
            try:
                account = self._row(payload).account
            except DatesHidden:
                raise
            except ContractBroken:
                account = mapping.unreadable(payload)
            yield account

    def usages(self) -> Iterator[Usage]:
        """A row that cannot be read says nothing, and is no other's trouble."""
        for payload in self._client.every_account():
            try:
                usage = mapping.usage_from(payload, self._clock_zone)
            except ContractBroken:
                continue
            yield usage

    def usages_of(self, refs: Iterable[AccountRef]) -> Iterator[Usage]:
        """Each by its name: the list of all is built whole."""
        for ref in refs:
            try:
                usage = mapping.usage_from(self._client.user(checks.address(ref.id)), self._clock_zone)
            except (NotFound, ContractBroken):
                continue
            if ref.id in (usage.id, usage.username):
                yield usage

    def packages(self) -> Iterator[Package]:
        """A plan without an external id is none that can be sold; one that cannot be read is reported."""
        sold = (row for row in self._client.tariffs() if mapping.is_sold(row))
        return each_package(sold, mapping.package_from, "external_id")

    def plan(self, package: str, packages: frozenset[str] | None) -> Plan:
        """Raises ``InvalidOrder``: an unknown plan would silently become the panel's default one."""
        mine = (item for item in self._client.tariffs() if mapping.may_be_plan(item, package))
        plan = next((plan for plan in map(mapping.plan_from, mine) if plan is not None), None)
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
        """Whether the panel shows accounts without an expiry, as far as one is known.

        One is asked for by its name: without a name the panel builds every account before it answers.
        """
        if self._known is None:
            return False
        try:
            user = self._client.user(checks.address(self._known))
        except (NotFound, InvalidOrder):
            return False
        return isinstance(user, dict) and "end_date" not in user

    def _numbered(self, reference: str) -> tuple[list[Row], ContractBroken | None]:
        """The accounts of that reference's number, and the trouble with one that cannot be read."""
        rows: list[Row] = []
        unreadable = None
        for payload in self._client.numbered(mapping.number_of(reference)):
            try:
                rows.append(self._row(payload))
            except ContractBroken as error:
                unreadable = error
        return rows, unreadable

    def _row(self, payload: object) -> Row:
        return mapping.row_from(payload, self._zone, datetime.now(UTC))
