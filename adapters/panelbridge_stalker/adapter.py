"""Accounts of a Stalker or Ministra portal: read, compare, write what is missing, and read again.

An account's id is its login; a box without one is named by its MAC. Facts were seen on Stalker Portal 4.9;
the README lists them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from panelbridge.adapter import PanelAdapter
from panelbridge.capabilities import Capabilities, Extend, FindBy, Verb
from panelbridge.doubt import already_sent, nothing_sent
from panelbridge.exceptions import Conflict, ContractBroken, InvalidOrder, NotFound, PanelError, Unsupported
from panelbridge.models import (
    Absent,
    AccountRef,
    AccountState,
    Connection,
    CreateOrder,
    Credentials,
    Found,
    Lookup,
    Outcome,
    Package,
    PackageChange,
    PanelAccount,
    Purchase,
    Unknown,
    VerbResult,
)
from panelbridge.secret import random_text
from panelbridge_stalker import mapping, orders
from panelbridge_stalker.client import Doubtful, StalkerClient
from panelbridge_stalker.mapping import Mark, Plan, Row
from panelbridge_stalker.settings import StalkerSettings

_WORD = 6
# A zone sets its clock back once a year; the panel's dates do not tell which of the two hours is meant.
_HOUR = 3600


class StalkerAdapter(PanelAdapter[StalkerSettings]):
    """A portal whose REST API v1 is switched on."""

    backend: ClassVar[str] = "stalker"
    settings_model: ClassVar[type[BaseModel]] = StalkerSettings

    def __init__(self, settings: StalkerSettings) -> None:
        super().__init__(settings)
        self._client = StalkerClient(settings)
        self._zone = ZoneInfo(settings.time_zone) if settings.internal_billing else None

    @property
    def capabilities(self) -> Capabilities:
        dated = self._zone is not None
        verbs = frozenset(Verb) if dated else frozenset(Verb) - {Verb.EXTEND}
        return Capabilities(
            verbs=verbs,
            extend=Extend.SET if dated else Extend.NONE,
            find_by=frozenset(FindBy),
            expiry_granularity=_HOUR,
            username=orders.NAMES,
            password=orders.NAMES,
            reference_field="comment",
            safe_repeats=verbs - {Verb.RESET_CREDENTIALS},  # converges, and cannot be told as already done
            devices=frozenset({"line", "mag"}),
        )

    def test_connection(self) -> Connection:
        self._client.tariffs()
        warnings = []
        if self._client.is_open():
            warnings.append("the panel's API answers without a password: set api_auth_login there")
        if self._zone is not None and self._hides_dates():
            warnings.append("the panel shows no end_date: enable internal billing there, or unset it here")
        return Connection(version=None, identity="REST API v1", warnings=tuple(warnings))

    def _hides_dates(self) -> bool:
        try:
            user = self._client.first_user()
        except NotFound:
            return False
        return isinstance(user, dict) and "end_date" not in user

    def create(self, order: CreateOrder) -> VerbResult:
        fields, packages = orders.first_fields(order, self._zone), orders.packages_of(order.options)
        name = order.credentials.username
        with nothing_sent():
            row = self._row_or_none(name)
            if row is None:
                self._plan(order.package, packages)
        if row is None:
            row = self._made(name, fields)
        return self._finish(order) if row is None else self._adopt(order, row)

    def _made(self, name: str, fields: dict[str, str]) -> Row | None:
        """Send the first write. The account that has the name already; ``None`` when the panel took ours."""
        try:
            self._client.create(fields)
        except (Conflict, Doubtful) as error:
            if error.field == "mac":
                raise
            with already_sent():
                row = self._row_or_none(name)
            if row is not None:
                return row
            if isinstance(error, Doubtful):
                raise
            raise ContractBroken("the panel calls the login name taken and knows no such account") from None
        return None

    def _adopt(self, order: CreateOrder, row: Row) -> VerbResult:
        """The name is taken: ours, from an earlier try, only when the reference is: no password is shown."""
        if row.account.reference != order.reference:
            raise Conflict("the login name is taken by an account that is not ours")
        return (
            self._finish(order)
            if row.comment.mark is Mark.UNFINISHED
            else self._created(order, row, Outcome.ALREADY)
        )

    def _finish(self, order: CreateOrder) -> VerbResult:
        """The second write, and what the account is then."""
        name, packages = order.credentials.username, orders.packages_of(order.options)
        with already_sent():
            self._client.update(name, orders.last_fields(order))
            row = self._row(name)
            if packages is not None:
                row = self._with_packages(row, self._plan(order.package, packages), packages)
        if row.comment.mark is not Mark.NONE or not row.on:
            raise ContractBroken("the panel accepted the new account and did not switch it on")
        return self._created(order, row, Outcome.DONE)

    def _created(self, order: CreateOrder, row: Row, outcome: Outcome) -> VerbResult:
        """``outcome``, naming the fields that the panel set otherwise than asked."""
        asked, packages = orders.first_fields(order, self._zone), orders.packages_of(order.options)
        as_asked = {
            "package": row.account.package == order.package,
            "expires_at": row.end_date == asked.get("end_date"),
            "mac": "stb_mac" not in asked or row.account.mac == asked["stb_mac"],
            "options": packages is None or packages <= row.subscribed,
        }
        differs = tuple(name for name, equal in as_asked.items() if not equal)
        return VerbResult(outcome=outcome, account=row.account, differs=differs)

    def extend(self, ref: AccountRef, until: datetime, purchase: Purchase | None = None) -> VerbResult:
        """Writes the date and the switch: the panel's expiry job never switches an account on again."""
        del purchase
        if self._zone is None:
            raise Unsupported("this panel keeps no expiry (internal billing is off)")
        fields = orders.dated(until, self._zone)
        row = self._ours(ref)
        if row.end_date == fields["end_date"]:
            return _already(row)
        lapsed = row.account.state is AccountState.EXPIRED and until > datetime.now(UTC)
        on = row.on or lapsed
        fields["status"] = "1" if on else "0"
        asked = (fields["end_date"], on, row.comment)
        return _done(self._put(row, fields, lambda after: (after.end_date, after.on, after.comment) == asked))

    def suspend(self, ref: AccountRef, reason: str) -> VerbResult:
        """Marks the account as well, so that an extend can tell this from the panel's own expiry job."""
        del reason  # the comment holds our reference and the mark
        row = self._ours(ref)
        if not row.on and row.comment.mark is not Mark.NONE:
            return _already(row)
        comment = replace(row.comment, mark=Mark.SUSPENDED)
        wish = {"status": "0", "comment": comment.written()}
        return _done(self._put(row, wish, lambda after: not after.on and after.comment == comment))

    def unsuspend(self, ref: AccountRef) -> VerbResult:
        row = self._ours(ref)
        if row.comment.mark is Mark.UNFINISHED:
            raise Conflict("the account was never finished: its create must be repeated first")
        if row.comment.mark is Mark.NONE and row.account.state is not AccountState.SUSPENDED:
            return _already(row)
        wish = {"status": "1", "comment": replace(row.comment, mark=Mark.NONE).written()}
        return _done(self._put(row, wish, lambda after: after.on and after.comment.mark is Mark.NONE))

    def reset_credentials(self, ref: AccountRef, credentials: Credentials) -> VerbResult:
        """Set again by every repeat: no password is shown. That the panel took it is told by a word that is
        written with it, into the comment.
        """
        if credentials.username != ref.username:
            raise InvalidOrder("an account of this panel keeps its login name", field="username")
        password = orders.check_password(credentials.password)
        row = self._ours(ref)
        comment = replace(row.comment, reset=random_text(_WORD))
        wish = {"password": password, "comment": comment.written()}
        return _done(self._put(row, wish, lambda after: after.comment == comment))

    def change_package(self, ref: AccountRef, change: PackageChange) -> VerbResult:
        packages = orders.packages_of(change.options)
        orders.check_connections(change.connections)
        row = self._ours(ref)
        with nothing_sent():
            plan = self._plan(change.package, packages)
            if packages is not None:
                self._check_number(row)
        has_plan = row.account.package == change.package
        if has_plan and packages in (None, row.subscribed & plan.optional):
            return _already(row)
        if not has_plan:
            wish = {"tariff_plan": change.package}
            row = self._put(row, wish, lambda after: after.account.package == change.package)
        with already_sent():
            if packages is not None:
                row = self._with_packages(row, plan, packages)
        return _done(row)

    def _with_packages(self, row: Row, plan: Plan, packages: frozenset[str]) -> Row:
        """The account with these optional packages, however the panel called the write: it may fail and yet
        be done.
        """
        if row.subscribed & plan.optional == packages:
            return row
        doubt = ContractBroken("the panel accepted the packages and did not set them")
        try:
            self._client.subscribe(row.number or "", packages)
        except Doubtful as error:
            doubt = error
        after = self._row(row.account.id)
        if after.subscribed & plan.optional != packages:
            raise doubt
        return after

    def _check_number(self, row: Row) -> None:
        """Packages are subscribed by account number: only by one that we gave and nobody shares."""
        number = mapping.number_of(row.account.reference or "")
        if row.number != number or len(self._client.numbered(number)) != 1:
            raise Conflict("the account's number is not the one we gave it, or others share it")

    def terminate(self, ref: AccountRef) -> VerbResult:
        try:
            row = self._ours(ref)
            self._client.delete(row.account.id)
        except NotFound:  # the panel's own words, not any 404
            return VerbResult(outcome=Outcome.ALREADY, account=None)
        with already_sent():
            if self._row_or_none(row.account.id) is not None:
                raise ContractBroken("the panel accepted the end of the account and still has it")
        return VerbResult(outcome=Outcome.DONE, account=None)

    def get(self, ref: AccountRef) -> Lookup:
        return self._look_up(ref.id)

    def find(self, *, username: str | None = None, reference: str | None = None) -> Lookup:
        if reference is None and username is not None:
            return self._look_up(username)
        if reference is None:
            return Unknown(cause="neither a login name nor a reference was given")
        try:
            rows = [self._read(payload) for payload in self._client.numbered(mapping.number_of(reference))]
        except NotFound as error:
            return Absent(proof=error.message)
        except PanelError as error:
            return Unknown(cause=error.message)
        ours = [row.account for row in rows if row.account.reference == reference]
        if len(ours) != 1 or username not in (None, ours[0].username):
            return Unknown(
                cause=f"the panel has {len(rows)} accounts of that number, and none is certainly it"
            )
        return Found(account=ours[0])

    def _look_up(self, identifier: str) -> Lookup:
        try:
            return Found(account=self._row(identifier).account)
        except NotFound as error:
            return Absent(proof=error.message)
        except PanelError as error:
            return Unknown(cause=error.message)

    def list_accounts(self) -> Iterator[PanelAccount]:
        return (self._read(payload).account for payload in self._client.every_account())

    def list_packages(self) -> Iterator[Package]:
        return (plan.package for plan in self._plans())

    def close(self) -> None:
        self._client.close()

    def _plans(self) -> Iterator[Plan]:
        return filter(None, map(mapping.plan_from, self._client.tariffs()))

    def _plan(self, package: str, packages: frozenset[str] | None) -> Plan:
        """Raises ``InvalidOrder``: an unknown plan would silently become the panel's default one."""
        plan = next((plan for plan in self._plans() if plan.package.id == package), None)
        if plan is None:
            raise InvalidOrder("the panel has no tariff plan of that external id", field="package")
        if packages is not None and not packages <= plan.optional:
            raise InvalidOrder("a package is none of the plan's optional ones", field="options.packages")
        return plan

    def _read(self, payload: object) -> Row:
        return mapping.row_from(payload, self._zone, datetime.now(UTC))

    def _row(self, identifier: str) -> Row:
        """Raises ``Conflict`` when the panel answers with an account of another name."""
        row = self._read(self._client.user(orders.address(identifier)))
        if identifier not in (row.account.id, row.account.mac):
            raise Conflict("the panel answers with an account of another name, such as another case of it")
        return row

    def _row_or_none(self, identifier: str) -> Row | None:
        try:
            return self._row(identifier)
        except NotFound:
            return None

    def _ours(self, ref: AccountRef) -> Row:
        """The account, when it still is the one ``ref`` means: a login may be given out anew."""
        with nothing_sent():
            row = self._row(ref.id)
        if ref.username != row.account.username or ref.reference not in (None, row.account.reference):
            raise Conflict("the panel's account of this name is not ours any more")
        return row

    def _put(self, row: Row, wish: dict[str, str], reached: Callable[[Row], bool]) -> Row:
        """Write, and believe only the account that is read afterwards, whatever the panel said of it."""
        doubt = ContractBroken("the panel accepted the change and did not make it")
        try:
            self._client.update(row.account.id, wish)
        except Doubtful as error:
            doubt = error
        with already_sent():
            after = self._row(row.account.id)
        if not reached(after):
            raise doubt
        return after


def _already(row: Row) -> VerbResult:
    return VerbResult(outcome=Outcome.ALREADY, account=row.account)


def _done(row: Row) -> VerbResult:
    return VerbResult(outcome=Outcome.DONE, account=row.account)
