"""Lines of a 1-Stream panel: bought with our user's credit, each purchase under a key that the panel knows.

From the vendor's documentation and public clients; nothing was run. The README says what follows from that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, ClassVar

from pydantic import BaseModel

from panelbridge.adapter import PanelAdapter
from panelbridge.capabilities import Capabilities, Extend, FindBy, PackageWrite, Verb
from panelbridge.doubt import already_sent, nothing_sent
from panelbridge.exceptions import (
    Conflict,
    ContractBroken,
    InsufficientPanelCredit,
    InvalidOrder,
    NotFound,
    OutcomeUnknown,
    PanelError,
    PermissionMissing,
    Unsupported,
)
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
    PanelBalance,
    Purchase,
    Unknown,
    VerbResult,
)
from panelbridge.order_check import check_credentials, check_order, check_package_change
from panelbridge_onestream import mapping, orders
from panelbridge_onestream.client import Answered, OneStreamClient
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
            serialise_writes=self.settings.serialise_writes,
        )

    def test_connection(self) -> Connection:
        name, balance = mapping.profile_from(self._client.profile())
        missing: tuple[str, ...] = ()
        try:
            next(self._client.lines("nobody"), None)
        except PermissionMissing:
            missing = ("list of lines",)
        return Connection(version=None, identity=name, missing_permissions=missing, balance=balance)

    def create(self, order: CreateOrder) -> VerbResult:
        check_order(orders.with_mac(order), self.capabilities)
        wish = orders.create_body(order)
        with nothing_sent():
            named = self._named(order.credentials.username)
        if named:
            return self._adopt(order, named)
        try:
            line_id = self._client.create(wish)
        except Answered as error:
            return self._after_refusal(order, error)
        with already_sent():
            line = next(
                (line for line in self._named(order.credentials.username) if line.id == line_id), None
            )
        if line is None:
            raise ContractBroken("the panel sold a line and does not list it under the name asked for")
        return self._created(order, line, Outcome.DONE)

    def _after_refusal(self, order: CreateOrder, error: Answered) -> VerbResult:
        """A repeated ``rid`` may be answered with an error although the first try was done: look by name."""
        with already_sent():
            named = self._named(order.credentials.username)
        if named:
            return self._adopt(order, named)
        raise self._why(order.package, error)

    def _adopt(self, order: CreateOrder, named: list[Line]) -> VerbResult:
        """The name is taken: ours, from an earlier try, only when password and reference are."""
        line = named[0]
        ours = (line.account.password, line.account.reference) == (
            order.credentials.password,
            order.reference,
        )
        if len(named) > 1 or not ours:
            raise Conflict("the login name is taken by a line that is not ours")
        return self._created(order, line, Outcome.ALREADY)

    def _created(self, order: CreateOrder, line: Line, outcome: Outcome) -> VerbResult:
        """``outcome``, naming the fields that the panel set otherwise than asked."""
        account, bouquets = line.account, orders.bouquets_of(order.options)
        as_asked = {
            "password": account.password == order.credentials.password,
            "reference": account.reference == order.reference,
            "package": account.package == order.package,
            "connections": order.connections in (None, account.connections),
            "mac": orders.with_mac(order).mac in (None, account.mac),
            "options": bouquets is None or line.bouquets == bouquets,
            "expires_at": mapping.expiry_fits(account.expires_at, order.until, datetime.now(UTC)),
        }
        differs = tuple(name for name, equal in as_asked.items() if not equal)
        return VerbResult(outcome=outcome, account=account, differs=differs)

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
        if change.purchase is None:
            raise InvalidOrder("this panel changes a package by a purchase", field="purchase")
        if change.purchase.package != change.package:
            raise InvalidOrder("the purchase is of another package", field="package")
        if change.connections is not None:
            with nothing_sent():
                self._check_connections(change.package, change.connections)
        line = self._buy(ref, change.purchase)
        if line.account.package != change.package:
            raise ContractBroken("the panel sold the package and did not give it")
        return VerbResult(outcome=Outcome.DONE, account=line.account)

    def _buy(self, ref: AccountRef, purchase: Purchase) -> Line:
        """One renewal, on exactly the expiry it was planned on, under a ``rid`` of its own."""
        wish = {"package": orders.package_id(purchase.package), "rid": mapping.renewal_rid(ref.id, purchase)}
        line = self._ours(ref)
        before = line.account.expires_at
        if before != purchase.before:
            raise Conflict("the expiry is not the one the purchase was planned on; nothing was bought")
        orders.check_leave(line.account, purchase)
        try:
            answered = self._client.renew(ref.id, wish)
        except Answered as error:
            with already_sent():
                after = self._ours(ref)
            if after.account.expires_at != before:
                raise OutcomeUnknown(
                    "the panel answered a purchase with an error, and moved the expiry"
                ) from None
            raise self._why(purchase.package, error) from None
        with already_sent():
            after = self._ours(ref)
        if answered != ref.id or after.account.expires_at == before:
            raise ContractBroken("the panel accepted the purchase and did not move the expiry")
        return after

    def suspend(self, ref: AccountRef, reason: str) -> VerbResult:
        del reason  # the notes hold our reference
        return self._switch(ref, "disable", lambda state: state is AccountState.SUSPENDED)

    def unsuspend(self, ref: AccountRef) -> VerbResult:
        return self._switch(ref, "enable", lambda state: state is not AccountState.SUSPENDED)

    def _switch(self, ref: AccountRef, deed: str, reached: Callable[[AccountState], bool]) -> VerbResult:
        line = self._ours(ref)
        if reached(line.account.state):
            return VerbResult(outcome=Outcome.ALREADY, account=line.account)
        doubt = _tried(lambda: self._client.switch(ref.id, deed))
        with already_sent():
            after = self._ours(ref)
        if not reached(after.account.state):
            raise doubt
        return VerbResult(outcome=Outcome.DONE, account=after.account)

    def reset_credentials(self, ref: AccountRef, credentials: Credentials) -> VerbResult:
        if not self.settings.may_edit:
            raise Unsupported("our user may not edit lines (update-advanced); see the setting may_edit")
        check_credentials(credentials, self.capabilities)
        # The journaled name may be the old one or, when an earlier try got through, already the new one.
        line = self._ours(ref, credentials.username)
        if _has(line.account, credentials):
            return VerbResult(outcome=Outcome.ALREADY, account=line.account)
        if line.account.username != credentials.username:
            with nothing_sent():
                self._check_free(credentials.username)
        wish = {"username": credentials.username, "password": credentials.password.get_secret_value()}
        doubt = _tried(lambda: self._client.update(ref.id, wish))
        with already_sent():
            after = self._ours(ref, credentials.username)
        if not _has(after.account, credentials):
            raise doubt
        moved = orders.moved_unasked(line, after)
        return VerbResult(outcome=Outcome.DONE, account=after.account, differs=moved)

    def terminate(self, ref: AccountRef) -> VerbResult:
        try:
            line = self._ours(ref)
        except NotFound:
            return VerbResult(outcome=Outcome.ALREADY, account=None)
        doubt = _tried(lambda: self._client.switch(ref.id, "terminate"))
        with already_sent():
            if any(item.id == ref.id for item in self._named(line.account.username)):
                raise doubt
        return VerbResult(outcome=Outcome.DONE, account=None)

    def get(self, ref: AccountRef) -> Lookup:
        try:
            return Found(account=self._line(ref.id, ref.username).account)
        except NotFound as error:
            return Absent(proof=error.message)
        except PanelError as error:
            return Unknown(cause=error.message)

    def find(self, *, username: str | None = None, reference: str | None = None) -> Lookup:
        if username is None:
            return Unknown(cause="this panel searches by login name only")
        try:
            named = [line.account for line in self._named(username)]
        except PanelError as error:
            return Unknown(cause=error.message)
        if not named:
            return Absent(proof="the panel lists no line of that name")
        if len(named) > 1 or reference not in (None, named[0].reference):
            return Unknown(cause=f"the panel lists {len(named)} lines of that name, and none is certainly it")
        return Found(account=named[0])

    def list_accounts(self) -> Iterator[PanelAccount]:
        return (self._read(payload).account for payload in self._client.lines())

    def list_packages(self) -> Iterator[Package]:
        return map(mapping.package_from, self._client.packages())

    def balance(self) -> PanelBalance | None:
        return mapping.profile_from(self._client.profile())[1]

    def close(self) -> None:
        self._client.close()

    def _read(self, payload: object) -> Line:
        return mapping.line_from(payload, datetime.now(UTC))

    def _named(self, username: str) -> list[Line]:
        """Lines of exactly that name: whether names are unique there is not documented."""
        if not username:
            raise InvalidOrder("a look-up needs a login name", field="username")
        lines = map(self._read, self._client.lines(username))
        return [line for line in lines if line.account.username == username]

    def _line(self, line_id: str, *names: str) -> Line:
        """The line of that id. The panel cannot be asked by id: it is sought among those names, then among
        all, for somebody may have renamed it. Raises ``NotFound`` when the whole list lacks it.
        """
        orders.check_id(line_id)
        for name in names:
            for line in self._named(name):
                if line.id == line_id:
                    return line
        for line in map(self._read, self._client.lines()):
            if line.id == line_id:
                return line
        raise NotFound("the panel's list of lines is whole and lacks it")

    def _ours(self, ref: AccountRef, *other_names: str) -> Line:
        """The line, when it still is the one ``ref`` means."""
        with nothing_sent():
            line = self._line(ref.id, ref.username, *other_names)
        account = line.account
        same_name = account.username in (ref.username, *other_names)
        if not same_name or ref.reference not in (None, account.reference):
            raise Conflict("the panel's line of this id is not ours any more")
        return line

    def _check_free(self, username: str) -> None:
        if self._named(username):
            raise Conflict("the login name is taken at the panel")

    def _check_connections(self, package_id: str, connections: int) -> None:
        """Raises ``InvalidOrder``: a renewal gives what the package has."""
        package = next((package for package in self.list_packages() if package.id == package_id), None)
        if package is None or package.connections != connections:
            raise InvalidOrder("a renewal gives the connections of its package", field="connections")

    def _why(self, package_id: str, error: Answered) -> PanelError:
        """What an error was about that had no effect: its words are not documented, our reads are."""
        with already_sent():
            package = next((item for item in self.list_packages() if item.id == package_id), None)
            balance = mapping.profile_from(self._client.profile())[1]
        if package is None:
            return InvalidOrder("the panel offers our user no package of that id", field="package")
        if package.price is not None and balance.amount < package.price:
            return InsufficientPanelCredit("our credit at the panel is below the package's price")
        return _refused(f"{error.message}; nothing was sold")


def _tried(write: Callable[[], Any]) -> PanelError:
    """Do ``write``, and say what to raise if a read does not show it done."""
    try:
        write()
    except Answered as error:
        return _refused(f"{error.message}; nothing was changed")
    return ContractBroken("the panel accepted the change and did not make it")


def _refused(message: str) -> PanelError:
    advice = "Ask the panel's provider: the reason stands in its log."
    return PanelError(message, outcome=Outcome.REFUSED, advice=advice)


def _has(account: PanelAccount, credentials: Credentials) -> bool:
    return (account.username, account.password) == (credentials.username, credentials.password)
