"""The reference adapter: each verb reads, compares, writes what is missing, and checks what came of it.

Copy this folder for a new backend: verbs here speak of accounts, what is read of the panel is in ``lookups``,
the wire in ``client``, payloads in ``mapping``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

from panelbridge.contract.adapter import PanelAdapter
from panelbridge.contract.capabilities import Capabilities, Extend, FindBy, SerialiseWrites, Verb
from panelbridge.contract.exceptions import (
    Conflict,
    ContractBroken,
    InvalidOrder,
    NotFound,
    PermissionMissing,
    Unsupported,
)
from panelbridge.contract.models import (
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
    PanelBalance,
    Purchase,
    Unknown,
    VerbResult,
)
from panelbridge.contract.order_check import check_credentials, check_order, check_package_change
from panelbridge.transport import turn
from panelbridge_reference import mapping
from panelbridge_reference.client import ReferenceClient
from panelbridge_reference.lookups import Lookups
from panelbridge_reference.settings import ReferenceSettings


class ReferenceAdapter(PanelAdapter[ReferenceSettings]):
    """A panel that speaks the reference protocol 1 (see README)."""

    backend = "reference"
    settings_model = ReferenceSettings

    def __init__(self, settings: ReferenceSettings) -> None:
        super().__init__(settings)
        self._client = ReferenceClient(settings)
        self._lookups = Lookups(self._client, settings)
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
        return self._as_ordered(
            order, self._lookups.account_of(payload), Outcome.DONE if made else Outcome.ALREADY
        )

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
            account = self._lookups.ours(ref)
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
            account = self._lookups.ours(ref)
            if account.expires_at != purchase.before:
                raise Conflict("the expiry is not the one the purchase was planned on; nothing was bought")
            bought = self._lookups.same(account.id, self._client.buy(account.id, purchase.package))
        if bought.expires_at == account.expires_at:
            raise ContractBroken("the panel accepted the purchase and did not move the expiry")
        return bought

    def suspend(self, ref: AccountRef, reason: str) -> VerbResult:
        account = self._lookups.ours(ref)
        if account.state is AccountState.SUSPENDED:
            return _already(account)
        body = {"reason": reason}
        return self._changed(account, "suspension", body, lambda after: after.state.is_off)

    def unsuspend(self, ref: AccountRef) -> VerbResult:
        account = self._lookups.ours(ref)
        if account.state is AccountState.BANNED:
            raise PermissionMissing("the panel's owner banned the account; only the owner can lift that")
        if not account.state.is_off:
            return _already(account)
        after = self._lookups.same(account.id, self._client.lift_suspension(account.id))
        if after.state.is_off:
            raise ContractBroken("the panel accepted the end of the suspension and did not set it")
        return VerbResult(outcome=Outcome.DONE, account=after)

    def reset_credentials(self, ref: AccountRef, credentials: Credentials) -> VerbResult:
        def has_them(account: PanelAccount) -> bool:
            return (account.username, account.password) == (credentials.username, credentials.password)

        check_credentials(credentials, self.capabilities)
        # The journaled name may be the old one or, when an earlier try got through, already the new one.
        account = self._lookups.ours(ref, credentials.username)
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
        account = self._lookups.ours(ref)
        if has_it(account):
            return _already(account)
        body = {"package": change.package, "connections": change.connections}
        return self._changed(account, "package", body, has_it)

    def terminate(self, ref: AccountRef) -> VerbResult:
        try:
            account = self._lookups.ours(ref)
            self._client.delete(account.id)
        except NotFound:  # the documented proof, not any 404
            return VerbResult(outcome=Outcome.ALREADY, account=None)
        if not isinstance(self.get(ref), Absent):
            raise ContractBroken("the panel accepted the end of the account and did not prove it absent")
        return VerbResult(outcome=Outcome.DONE, account=None)

    def get(self, ref: AccountRef) -> Lookup:
        return self._lookups.get(ref)

    def find(self, *, username: str | None = None, reference: str | None = None) -> Lookup:
        return self._lookups.find(username, reference)

    def list_accounts(self) -> Iterator[PanelAccount]:
        return self._lookups.accounts()

    def list_packages(self) -> Iterator[Package]:
        return self._lookups.packages()

    def balance(self) -> PanelBalance | None:
        return self.test_connection().balance

    def close(self) -> None:
        self._client.close()

    def _changed(
        self,
        account: PanelAccount,
        part: str,
        body: Mapping[str, object],
        reached: Callable[[PanelAccount], bool],
    ) -> VerbResult:
        """Write one part and believe only the account that comes back."""
        after = self._lookups.same(account.id, self._client.put(account.id, part, body))
        if not reached(after):
            raise ContractBroken(f"the panel accepted the {part} and did not set it")
        return VerbResult(outcome=Outcome.DONE, account=after)

    def _same_moment(self, left: datetime | None, right: datetime) -> bool:
        granularity = timedelta(seconds=self.capabilities.expiry_granularity)
        return left is not None and abs(left - right) <= granularity


def _already(account: PanelAccount) -> VerbResult:
    return VerbResult(outcome=Outcome.ALREADY, account=account)
