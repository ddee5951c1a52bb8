"""The reference adapter: each verb reads, compares, writes what is missing, and checks what came of it.

Copy this folder for a new backend: verbs here speak of accounts, the wire is in ``client``, payloads are in
``mapping``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from panelbridge.contract.adapter import PanelAdapter
from panelbridge.contract.capabilities import Capabilities, Extend, FindBy, SerialiseWrites, Verb
from panelbridge.contract.exceptions import (
    Conflict,
    ContractBroken,
    InvalidOrder,
    NotFound,
    PanelError,
    PermissionMissing,
    Unsupported,
)
from panelbridge.contract.models import (
    Absent,
    AccountId,
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
    PanelBalance,
    Purchase,
    Unknown,
    VerbResult,
)
from panelbridge.contract.order_check import check_credentials, check_order, check_package_change
from panelbridge.contract.strict import each_package
from panelbridge.transport import turn
from panelbridge_reference import mapping
from panelbridge_reference.client import ReferenceClient
from panelbridge_reference.settings import ReferenceSettings


class ReferenceAdapter(PanelAdapter[ReferenceSettings]):
    """A panel that speaks the reference protocol 1 (see README)."""

    backend = "reference"
    settings_model = ReferenceSettings

    def __init__(self, settings: ReferenceSettings) -> None:
        super().__init__(settings)
        self._client = ReferenceClient(settings)
        self._sells = settings.extend is Extend.ADD
        self._dated = settings.extend is Extend.SET

    @property
    def capabilities(self) -> Capabilities:
        unsafe = {Verb.CREATE, Verb.EXTEND} if self._sells else set()
        verbs = frozenset(Verb)
        return Capabilities(
            verbs=verbs - {Verb.EXTEND} if self.settings.extend is Extend.NONE else verbs,
            extend=self.settings.extend,
            find_by=frozenset(FindBy),
            # A panel that sells lengths counts from its own clock, and a sale may take its time.
            expiry_granularity=120 if self._sells else 1,
            grace=self._dated,
            reference_field="reference",
            safe_repeats=verbs - unsafe,
            password_readable=True,
            late_commit=self.settings.late_commit,
            resend_after=self.settings.resend_after,
            serialise_writes=self.settings.serialise_writes,
        )

    def test_connection(self) -> Connection:
        return mapping.connection_from(self._client.panel(), datetime.now(UTC))

    def create(self, order: CreateOrder) -> VerbResult:
        check_order(order, self.capabilities)
        if order.options:
            raise InvalidOrder("this panel has no options", field="options")
        body = mapping.order_to(order, dated=self._dated)
        try:
            payload, made = self._client.create(order.credentials.username, body)
        except Conflict:
            return self._adopted(order)
        return self._as_ordered(order, self._account(payload), Outcome.DONE if made else Outcome.ALREADY)

    def _adopted(self, order: CreateOrder) -> VerbResult:
        """The name is taken: ours, from an earlier try, only when reference and password are."""
        taken = Conflict("the login name is taken by an account that is not ours")
        match self.find(username=order.credentials.username):
            case Found(account=account):
                ours = (account.reference, account.password) == (order.reference, order.credentials.password)
                if not ours:
                    raise taken
                return self._as_ordered(order, account, Outcome.ALREADY)
            case Absent():
                raise ContractBroken("the panel calls the login name taken and knows no such account")
            case Unknown(cause=cause):
                raise ContractBroken(f"the login name is taken and nobody can say by whom: {cause}")

    def _as_ordered(self, order: CreateOrder, account: PanelAccount, outcome: Outcome) -> VerbResult:
        """``outcome``, naming the fields that the panel set otherwise than asked."""
        if account.username != order.credentials.username:
            raise ContractBroken("the panel answered the create with another account")
        as_asked = {
            "package": account.package == order.package,
            "connections": order.connections in (None, account.connections),
            "expires_at": self.settings.extend is Extend.NONE
            or self._same_moment(account.expires_at, order.until),
        }
        differs = tuple(name for name, equal in as_asked.items() if not equal)
        return VerbResult(outcome=outcome, account=account, differs=differs)

    def extend(self, ref: AccountRef, until: datetime, purchase: Purchase | None = None) -> VerbResult:
        if self.settings.extend is Extend.NONE:
            raise Unsupported("this panel's accounts have no expiry")
        if not self._sells:
            account = self._ours(ref)
            if self._same_moment(account.expires_at, until):
                return _already(account)
            body = {"expires_at": mapping.moment_to(until)}
            return self._changed(
                account, "expiry", body, lambda after: self._same_moment(after.expires_at, until)
            )
        if purchase is None:
            raise InvalidOrder("this panel sells lengths: extend needs a purchase", field="purchase")
        bought = self._buy(ref, purchase)
        differs = () if self._same_moment(bought.expires_at, until) else ("expires_at",)
        return VerbResult(outcome=Outcome.DONE, account=bought, differs=differs)

    def _buy(self, ref: AccountRef, purchase: Purchase) -> PanelAccount:
        """Looked at and bought in one turn: of several callers with one ``before``, one buys."""
        settings = self.settings
        whose: tuple[str, ...] = (settings.base_url, settings.token.get_secret_value())
        if settings.serialise_writes is SerialiseWrites.NONE:
            whose = (*whose, ref.id)
        with turn(*whose, patience=settings.total_timeout):
            account = self._ours(ref)
            if account.expires_at != purchase.before:
                raise Conflict("the expiry is not the one the purchase was planned on; nothing was bought")
            bought = self._same(account.id, self._client.buy(account.id, purchase.package))
        if bought.expires_at == account.expires_at:
            raise ContractBroken("the panel accepted the purchase and did not move the expiry")
        return bought

    def suspend(self, ref: AccountRef, reason: str) -> VerbResult:
        account = self._ours(ref)
        if account.state is AccountState.SUSPENDED:
            return _already(account)
        body = {"reason": reason}
        return self._changed(account, "suspension", body, lambda after: after.state.is_off)

    def unsuspend(self, ref: AccountRef) -> VerbResult:
        account = self._ours(ref)
        if account.state is AccountState.BANNED:
            raise PermissionMissing("the panel's owner banned the account; only the owner can lift that")
        if not account.state.is_off:
            return _already(account)
        after = self._same(account.id, self._client.lift_suspension(account.id))
        if after.state.is_off:
            raise ContractBroken("the panel accepted the end of the suspension and did not set it")
        return VerbResult(outcome=Outcome.DONE, account=after)

    def reset_credentials(self, ref: AccountRef, credentials: Credentials) -> VerbResult:
        def has_them(account: PanelAccount) -> bool:
            return (account.username, account.password) == (credentials.username, credentials.password)

        check_credentials(credentials, self.capabilities)
        # The journaled name may be the old one or, when an earlier try got through, already the new one.
        account = self._ours(ref, credentials.username)
        if has_them(account):
            return _already(account)
        body = {"username": credentials.username, "password": credentials.password.get_secret_value()}
        return self._changed(account, "credentials", body, has_them)

    def change_package(self, ref: AccountRef, change: PackageChange) -> VerbResult:
        def has_it(account: PanelAccount) -> bool:
            connections = change.connections
            return account.package == change.package and connections in (None, account.connections)

        check_package_change(change)
        if change.options:
            raise InvalidOrder("this panel has no options", field="options")
        account = self._ours(ref)
        if has_it(account):
            return _already(account)
        body = {"package": change.package, "connections": change.connections}
        return self._changed(account, "package", body, has_it)

    def terminate(self, ref: AccountRef) -> VerbResult:
        try:
            account = self._ours(ref)
            self._client.delete(account.id)
        except NotFound:  # the documented proof, not any 404
            return VerbResult(outcome=Outcome.ALREADY, account=None)
        if not isinstance(self.get(ref), Absent):
            raise ContractBroken("the panel accepted the end of the account and did not prove it absent")
        return VerbResult(outcome=Outcome.DONE, account=None)

    def get(self, ref: AccountRef) -> Lookup:
        try:
            return Found(account=self._same(ref.id, self._client.account(ref.id)))
        except NotFound as error:
            return Absent(proof=error.message)
        except PanelError as error:
            return Unknown(cause=error.message)

    def find(self, *, username: str | None = None, reference: str | None = None) -> Lookup:
        wanted = {"username": username, "reference": reference}
        search = {name: value for name, value in wanted.items() if value is not None}
        if not search:
            return Unknown(cause="neither a login name nor a reference was given")
        try:
            found = [self._account(payload) for payload in self._client.accounts(**search)]
        except PanelError as error:
            return Unknown(cause=error.message)
        if any(getattr(account, name) != value for account in found for name, value in search.items()):
            return Unknown(cause="the panel's search answered with other accounts than asked for")
        if len(found) > 1:
            return Unknown(cause=f"the panel has {len(found)} such accounts")
        return Found(account=found[0]) if found else Absent(proof="the panel's search found none")

    def list_accounts(self) -> Iterator[PanelAccount]:
        return map(self._listed, self._client.accounts())

    def list_packages(self) -> Iterator[Package]:
        return each_package(self._client.packages(), mapping.package_from, "id")

    def balance(self) -> PanelBalance | None:
        return self.test_connection().balance

    def close(self) -> None:
        self._client.close()

    def _account(self, payload: object) -> PanelAccount:
        account = mapping.account_from(payload, datetime.now(UTC))
        return replace(account, never_expires=False) if self.settings.extend is Extend.NONE else account

    def _listed(self, payload: object) -> PanelAccount:
        """One bad row is one bad account: it hides no other."""
        try:
            return self._account(payload)
        except ContractBroken:
            return mapping.unreadable(payload)

    def _same(self, account_id: AccountId, payload: object) -> PanelAccount:
        """The account of that id: an answer about another one says nothing of ours."""
        account = self._account(payload)
        if account.id != account_id:
            raise ContractBroken("the panel answered with another account than asked for")
        return account

    def _ours(self, ref: AccountRef, *other_names: str) -> PanelAccount:
        """The account, when it still is the one ``ref`` means: ids may be given out anew."""
        account = self._same(ref.id, self._client.account(ref.id))
        same_name = account.username in (ref.username, *other_names)
        if not same_name or ref.reference not in (None, account.reference):
            raise Conflict("the panel's account of this id is not ours any more")
        return account

    def _changed(
        self,
        account: PanelAccount,
        part: str,
        body: Mapping[str, object],
        reached: Callable[[PanelAccount], bool],
    ) -> VerbResult:
        """Write one part and believe only the account that comes back."""
        after = self._same(account.id, self._client.put(account.id, part, body))
        if not reached(after):
            raise ContractBroken(f"the panel accepted the {part} and did not set it")
        return VerbResult(outcome=Outcome.DONE, account=after)

    def _same_moment(self, left: datetime | None, right: datetime) -> bool:
        granularity = timedelta(seconds=self.capabilities.expiry_granularity)
        return left is not None and abs(left - right) <= granularity


def _already(account: PanelAccount) -> VerbResult:
    return VerbResult(outcome=Outcome.ALREADY, account=account)
