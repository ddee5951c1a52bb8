"""Lines of a 1-Stream panel: bought with our user's credit, each purchase under a key that the panel knows.

From the vendor's documentation and public clients; nothing was run. The README says what follows from that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any, ClassVar

from pydantic import BaseModel

from panelbridge.contract.adapter import PanelAdapter
from panelbridge.contract.capabilities import (
    Capabilities,
    Extend,
    FindBy,
    PackageWrite,
    SerialiseWrites,
    Verb,
)
from panelbridge.contract.connect_details import portal, xtream_login
from panelbridge.contract.doubt import already_sent, nothing_sent
from panelbridge.contract.exceptions import (
    Conflict,
    ContractBroken,
    InvalidOrder,
    NotFound,
    OutcomeUnknown,
    PanelError,
    PermissionMissing,
    Unsupported,
)
from panelbridge.contract.models import (
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
    PanelBalance,
    Purchase,
    Unknown,
    VerbResult,
)
from panelbridge.contract.order_check import check_credentials, check_order, check_package_change
from panelbridge.transport import turn
from panelbridge_onestream import checks, mapping
from panelbridge_onestream.client import Answered, OneStreamClient
from panelbridge_onestream.create import Creation
from panelbridge_onestream.lookups import Lookups, refused
from panelbridge_onestream.mapping import Line
from panelbridge_onestream.settings import OneStreamSettings

_CLOCKS = 120  # the panel counts from its own clock, and a purchase takes its time


class OneStreamAdapter(PanelAdapter[OneStreamSettings]):
    """One user of one panel."""

    backend: ClassVar[str] = "onestream"
    settings_model: ClassVar[type[BaseModel]] = OneStreamSettings

    def __init__(self, settings: OneStreamSettings) -> None:
        super().__init__(settings)
        self._client = OneStreamClient(settings)
        self._lookups = Lookups(self._client)

    @property
    def capabilities(self) -> Capabilities:
        verbs = frozenset(Verb) if self.settings.may_edit else frozenset(Verb) - {Verb.RESET_CREDENTIALS}
        return Capabilities(
            verbs=verbs,
            extend=Extend.ADD,
            change_package=PackageWrite.PURCHASE,
            find_by=frozenset({FindBy.USERNAME}),
            expiry_granularity=_CLOCKS,
            grace=False,
            reference_field="reseller_notes",
            # A rid makes buying twice unlikely; that it always does is documented, and was never seen.
            safe_repeats=verbs - {Verb.CREATE, Verb.EXTEND, Verb.CHANGE_PACKAGE},
            password_readable=True,
            devices=frozenset({"line", "mag"}),
            resend_after=self.settings.resend_after,
            serialise_writes=self.settings.serialise_writes,
        )

    def test_connection(self) -> Connection:
        name, balance = self._lookups.profile()
        missing: tuple[str, ...] = ()
        try:
            next(self._client.lines("nobody"), None)
        except PermissionMissing:
            missing = ("list of lines",)
        return Connection(version=None, identity=name, missing_permissions=missing, balance=balance)

    def create(self, order: CreateOrder) -> VerbResult:
        check_order(checks.with_mac(order), self.capabilities)
        return Creation(self._client, self._lookups).run(order)

    def extend(self, ref: AccountRef, until: datetime, purchase: Purchase | None = None) -> VerbResult:
        if purchase is None:
            raise InvalidOrder("this panel sells lengths: extend needs a purchase", field="purchase")
        line = self._buy(ref, purchase)
        fits = mapping.expiry_fits(line.account.expires_at, until, purchase.before or datetime.now(UTC))
        return VerbResult(outcome=Outcome.DONE, account=line.account, differs=() if fits else ("expires_at",))

    def change_package(self, ref: AccountRef, change: PackageChange) -> VerbResult:
        check_package_change(change)
        if change.options:
            raise InvalidOrder("a renewal of this panel takes no options", field="options")
        if change.purchase is not None and change.purchase.package != change.package:
            raise InvalidOrder("the purchase is of another package", field="package")
        if change.connections is not None:
            with nothing_sent():
                package = self._lookups.package(change.package)
            if package is None or package.connections != change.connections:
                raise InvalidOrder("a renewal gives the connections of its package", field="connections")
        line = self._lookups.ours(ref)
        if line.account.package == change.package:
            return VerbResult(outcome=Outcome.ALREADY, account=line.account)
        if change.purchase is None:
            raise InvalidOrder("this panel changes a package by a purchase", field="purchase")
        line = self._buy(ref, change.purchase)
        if line.account.package != change.package:
            raise ContractBroken("the panel sold the package and did not give it")
        return VerbResult(outcome=Outcome.DONE, account=line.account)

    def _buy(self, ref: AccountRef, purchase: Purchase) -> Line:
        """One renewal, on exactly the expiry it was planned on, under a ``rid`` of its own."""
        body = {"package": checks.package_id(purchase.package), "rid": mapping.renewal_rid(ref.id, purchase)}
        with self._turn(ref):  # of several callers with one ``before``, one buys
            line = self._lookups.ours(ref)
            before = line.account.expires_at
            if before != purchase.before:
                raise Conflict("the expiry is not the one the purchase was planned on; nothing was bought")
            checks.check_leave(line.account, purchase)
            try:
                answered = self._client.renew(ref.id, body)
            except Answered as error:
                raise self._unsold(ref, purchase, error.message) from None
        with already_sent():
            after = self._lookups.ours(ref)
        if answered != ref.id or after.account.expires_at == before:
            raise ContractBroken("the panel accepted the purchase and did not move the expiry")
        return after

    def _turn(self, ref: AccountRef) -> AbstractContextManager[None]:
        settings = self.settings
        credential = settings.api_key.get_secret_value(), settings.auth_user.get_secret_value()
        one_account = () if settings.serialise_writes is SerialiseWrites.PER_CREDENTIAL else (ref.id,)
        return turn(settings.base_url, *credential, *one_account, patience=settings.total_timeout)

    def _unsold(self, ref: AccountRef, purchase: Purchase, reported: str) -> PanelError:
        """What an error was that answered a purchase: unknown when the expiry moved all the same."""
        with already_sent():
            if self._lookups.ours(ref).account.expires_at == purchase.before:
                return self._lookups.refusal(purchase.package, reported)
        return OutcomeUnknown("the panel answered a purchase with an error, and moved the expiry")

    def suspend(self, ref: AccountRef, reason: str) -> VerbResult:
        del reason  # the notes hold our reference
        return self._switched(ref, "disable", lambda state: state is AccountState.SUSPENDED)

    def unsuspend(self, ref: AccountRef) -> VerbResult:
        return self._switched(ref, "enable", lambda state: state is not AccountState.SUSPENDED)

    def _switched(self, ref: AccountRef, deed: str, reached: Callable[[AccountState], bool]) -> VerbResult:
        line = self._lookups.ours(ref)
        if reached(line.account.state):
            return VerbResult(outcome=Outcome.ALREADY, account=line.account)
        doubt = _tried(lambda: self._client.switch(ref.id, deed))
        with already_sent():
            after = self._lookups.ours(ref)
        if not reached(after.account.state):
            raise doubt
        return VerbResult(outcome=Outcome.DONE, account=after.account)

    def reset_credentials(self, ref: AccountRef, credentials: Credentials) -> VerbResult:
        if not self.settings.may_edit:
            raise Unsupported("our user may not edit lines (update-advanced); see the setting may_edit")
        check_credentials(credentials, self.capabilities)
        # The journaled name may be the old one or, when an earlier try got through, already the new one.
        line = self._lookups.ours(ref, credentials.username)
        if _has(line.account, credentials):
            return VerbResult(outcome=Outcome.ALREADY, account=line.account)
        if line.account.username != credentials.username:
            with nothing_sent():
                taken = self._lookups.named(credentials.username)
            if taken:
                raise Conflict("the login name is taken at the panel")
        body = {"username": credentials.username, "password": credentials.password.get_secret_value()}
        doubt = _tried(lambda: self._client.update(ref.id, body))
        with already_sent():
            after = self._lookups.ours(ref, credentials.username)
        if not _has(after.account, credentials):
            raise doubt
        moved = checks.moved_unasked(line, after)
        return VerbResult(outcome=Outcome.DONE, account=after.account, differs=moved)

    def terminate(self, ref: AccountRef) -> VerbResult:
        try:
            line = self._lookups.ours(ref)
        except NotFound:
            return VerbResult(outcome=Outcome.ALREADY, account=None)
        doubt = _tried(lambda: self._client.switch(ref.id, "terminate"))
        with already_sent():
            if any(item.id == ref.id for item in self._lookups.named(line.account.username)):
                raise doubt
        return VerbResult(outcome=Outcome.DONE, account=None)

    def get(self, ref: AccountRef) -> Lookup:
        return self._lookups.get(ref)

    def find(self, *, username: str | None = None, reference: str | None = None) -> Lookup:
        if username is None:
            return Unknown(cause="this panel searches by login name only")
        return self._lookups.find(username, reference)

    def list_accounts(self) -> Iterator[PanelAccount]:
        return self._lookups.accounts()

    def list_packages(self) -> Iterator[Package]:
        return self._lookups.packages()

    def balance(self) -> PanelBalance | None:
        return self._lookups.profile()[1]

    def connect(self, account: PanelAccount) -> tuple[ConnectDetail, ...]:
        """Nothing without the setting: where players connect is reported by no call."""
        address = self.settings.player_url
        if address is None:
            return ()
        if account.mac is not None:
            return (portal(f"{address}c/"),)
        return xtream_login(address, account.username, account.password)

    def close(self) -> None:
        self._client.close()


def _tried(write: Callable[[], Any]) -> PanelError:
    """Do ``write``, and say what to raise if a read does not show it done."""
    try:
        write()
    except Answered as error:
        return refused(f"{error.message}; nothing was changed")
    return ContractBroken("the panel accepted the change and did not make it")


def _has(account: PanelAccount, credentials: Credentials) -> bool:
    return (account.username, account.password) == (credentials.username, credentials.password)
