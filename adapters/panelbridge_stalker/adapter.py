"""Accounts of a Stalker or Ministra portal: read, compare, write what is missing, and read again.

An account's id is its login; a box without one is named by its MAC. Facts were seen on Stalker Portal 4.9;
the README lists them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from panelbridge.contract.adapter import PanelAdapter
from panelbridge.contract.capabilities import Capabilities, Connections, Extend, FindBy, Verb
from panelbridge.contract.connect_details import portal
from panelbridge.contract.doubt import already_sent, nothing_sent
from panelbridge.contract.exceptions import Conflict, ContractBroken, InvalidOrder, NotFound, Unsupported
from panelbridge.contract.models import (
    AccountId,
    AccountRef,
    AccountState,
    ConnectDetail,
    Connection,
    CreateOrder,
    Credentials,
    Lookup,
    Outcome,
    Package,
    PackageChange,
    PanelAccount,
    Purchase,
    Unknown,
    Usage,
    VerbResult,
)
from panelbridge.contract.secret import random_text
from panelbridge_stalker import checks
from panelbridge_stalker.client import Doubtful, StalkerClient
from panelbridge_stalker.create import Creation
from panelbridge_stalker.lookups import RENAMED, Lookups
from panelbridge_stalker.mapping import Mark, Row
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
        self._lookups = Lookups(self._client, self._zone, ZoneInfo(settings.time_zone))
        self._creation = Creation(self._client, self._lookups, self._zone)

    def recall(self, known: Iterable[AccountId]) -> None:
        self._lookups.recall(known)

    @property
    def capabilities(self) -> Capabilities:
        dated = self._zone is not None
        verbs = frozenset(Verb) if dated else frozenset(Verb) - {Verb.EXTEND}
        return Capabilities(
            verbs=verbs,
            extend=Extend.SET if dated else Extend.NONE,
            find_by=frozenset(FindBy),
            expiry_granularity=_HOUR,
            username=checks.NAMES,
            password=checks.NAMES,
            reference_field="comment",
            safe_repeats=verbs
            - {Verb.RESET_CREDENTIALS},  # converges, and cannot be reported as already done
            devices=frozenset({"line", "mag"}),
            connections=Connections.ONE,
            usage=True,
        )

    def test_connection(self) -> Connection:
        self._client.tariffs()
        warnings = []
        if self._client.is_open():
            warnings.append("the panel's API answers without a password: set api_auth_login there")
        if self._zone is not None and self._lookups.hides_dates():
            warnings.append("the panel shows no end_date: enable internal billing there, or unset it here")
        return Connection(version=None, identity="REST API v1", warnings=tuple(warnings))

    def create(self, order: CreateOrder) -> VerbResult:
        return self._creation.run(order)

    def extend(self, ref: AccountRef, until: datetime, purchase: Purchase | None = None) -> VerbResult:
        """Writes the date and the switch: the panel's expiry job never switches an account on again."""
        del purchase
        if self._zone is None:
            raise Unsupported("this panel keeps no expiry (internal billing is off)")
        fields = checks.dated(until, self._zone)
        row = self._lookups.ours(ref)
        if row.end_date == fields["end_date"]:
            return _already(row)
        lapsed = row.account.state is AccountState.EXPIRED and until > datetime.now(UTC)
        on = row.on or lapsed
        fields["status"] = "1" if on else "0"
        asked = (fields["end_date"], on, row.comment)
        return _done(
            self._changed(row, fields, lambda after: (after.end_date, after.on, after.comment) == asked)
        )

    def suspend(self, ref: AccountRef, reason: str) -> VerbResult:
        """Marks the account as well, so that an extend can tell this from the panel's own expiry job."""
        del reason  # the comment holds our reference and the mark
        row = self._lookups.ours(ref)
        if not row.on and row.comment.mark is not Mark.NONE:
            return _already(row)
        comment = replace(row.comment, mark=Mark.SUSPENDED)
        body = {"status": "0", "comment": comment.written()}
        return _done(self._changed(row, body, lambda after: not after.on and after.comment == comment))

    def unsuspend(self, ref: AccountRef) -> VerbResult:
        row = self._lookups.ours(ref)
        if row.comment.mark is Mark.UNFINISHED:
            raise Conflict("the account was never finished: its create must be repeated first")
        if row.comment.mark is Mark.NONE and row.account.state is not AccountState.SUSPENDED:
            return _already(row)
        # Only what has time left goes on: the panel's job may not look at a passed date again.
        lapsed = row.account.expires_at is not None and row.account.expires_at <= datetime.now(UTC)
        comment = replace(row.comment, mark=Mark.NONE)
        body = {"status": "0" if lapsed else "1", "comment": comment.written()}
        return _done(
            self._changed(row, body, lambda after: after.comment == comment and after.on is not lapsed)
        )

    def reset_credentials(self, ref: AccountRef, credentials: Credentials) -> VerbResult:
        """Set again by every repeat: no password is shown. That the panel took it is shown by a word that is
        written with it, into the comment.
        """
        if credentials.username != ref.username:
            raise InvalidOrder("an account of this panel keeps its login name", field="username")
        password = checks.check_password(credentials.password)
        row = self._lookups.ours(ref)
        comment = replace(row.comment, reset=random_text(_WORD))
        body = {"password": password, "comment": comment.written()}
        return _done(self._changed(row, body, lambda after: after.comment == comment))

    def change_package(self, ref: AccountRef, change: PackageChange) -> VerbResult:
        packages = checks.packages_of(change.options)
        checks.check_connections(change.connections)
        row = self._lookups.ours(ref)
        with nothing_sent():
            plan = self._lookups.plan(change.package, packages)
            if packages is not None:
                self._lookups.check_number(row)
        has_plan = row.account.package == change.package
        if has_plan and packages in (None, row.subscribed & plan.optional):
            return _already(row)
        if not has_plan:
            body = {"tariff_plan": change.package}
            row = self._changed(row, body, lambda after: after.account.package == change.package)
        with already_sent():
            if packages is not None:
                row = self._creation.with_packages(row, plan, packages)
        return _done(row)

    def terminate(self, ref: AccountRef) -> VerbResult:
        try:
            row = self._lookups.ours(ref)
            self._client.delete(row.account.id)
        except NotFound:  # the panel's own words, not any 404
            with nothing_sent():
                is_renamed = self._lookups.is_renamed(ref)
            if is_renamed:
                raise Conflict(RENAMED) from None
            return VerbResult(outcome=Outcome.ALREADY, account=None)
        with already_sent():
            if self._lookups.named(row.account.id) is not None:
                raise ContractBroken("the panel accepted the end of the account and still has it")
        return VerbResult(outcome=Outcome.DONE, account=None)

    def get(self, ref: AccountRef) -> Lookup:
        return self._lookups.get(ref)

    def find(self, *, username: str | None = None, reference: str | None = None) -> Lookup:
        if reference is not None:
            return self._lookups.find(reference, username)
        if username is not None:
            return self._lookups.found(username)
        return Unknown(cause="neither a login name nor a reference was given")

    def list_accounts(self) -> Iterator[PanelAccount]:
        return self._lookups.accounts()

    def list_packages(self) -> Iterator[Package]:
        return self._lookups.packages()

    def usages(self) -> Iterator[Usage]:
        return self._lookups.usages()

    def usages_of(self, refs: Iterable[AccountRef]) -> Iterator[Usage]:
        return self._lookups.usages_of(refs)

    def connect(self, account: PanelAccount) -> tuple[ConnectDetail, ...]:
        del account  # a box is known by its MAC, or asks for login and password
        own = re.sub(r"api/(v1/)?$", "c/", self.settings.base_url)
        return (portal(self.settings.portal_url or own),)

    def close(self) -> None:
        self._client.close()

    def _changed(self, row: Row, body: dict[str, str], reached: Callable[[Row], bool]) -> Row:
        """Write, and believe only the account that is read afterwards, whatever the panel said of it."""
        doubt = ContractBroken("the panel accepted the change and did not make it")
        try:
            self._client.update(row.account.id, body)
        except Doubtful as error:
            doubt = error
        with already_sent():
            after = self._lookups.read(row.account.id)
        if not reached(after):
            raise doubt
        return after


def _already(row: Row) -> VerbResult:
    return VerbResult(outcome=Outcome.ALREADY, account=row.account)


def _done(row: Row) -> VerbResult:
    return VerbResult(outcome=Outcome.DONE, account=row.account)
