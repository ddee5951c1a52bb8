"""An adapter in five requests, for panels that keep accounts as records and write absolute values.

The verbs are made here: read, compare, write what is missing, and tell done only of what was read afterwards.
A backend says how its panel reads, searches, adds, writes and removes. Panels that sell lengths, that have
several objects an account or an order of steps, write their verbs themselves.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from panelbridge.adapter import PanelAdapter, SettingsT
from panelbridge.capabilities import FindBy, Verb
from panelbridge.doubt import already_sent, nothing_sent
from panelbridge.exceptions import (
    Conflict,
    ContractBroken,
    InvalidOrder,
    NotFound,
    OutcomeUnknown,
    PanelError,
    PermissionMissing,
    Unsupported,
)
from panelbridge.models import (
    Absent,
    AccountId,
    AccountRef,
    AccountState,
    CreateOrder,
    Credentials,
    Found,
    Lookup,
    Outcome,
    PackageChange,
    PanelAccount,
    Purchase,
    Unknown,
    VerbResult,
)
from panelbridge.order_check import check_credentials, check_order, check_package_change

Has = Callable[[PanelAccount], bool]


@dataclass(frozen=True, kw_only=True)
class Change:
    """What shall be different; ``None`` leaves it as it is. One verb sets one of them."""

    until: datetime | None = None  # UTC
    suspended: bool | None = None
    credentials: Credentials | None = None
    package: str | None = None

    @classmethod
    def of(cls, order: CreateOrder) -> Change:
        """What a new account of ``order`` is set to."""
        return cls(until=order.until, credentials=order.credentials, package=order.package)


class RecordAdapter(PanelAdapter[SettingsT]):
    """Give it ``capabilities``, ``test_connection``, ``list_packages`` and these; all may raise
    ``PanelError``.
    """

    @abstractmethod
    def read(self, account_id: AccountId) -> PanelAccount:
        """The account as it is now. ``NotFound`` only where the panel proves that it is absent."""

    @abstractmethod
    def rows(self, username: str | None = None) -> Iterator[PanelAccount]:
        """Every account of ours, paged to the end; or those of that login name, and perhaps others."""

    @abstractmethod
    def add(self, order: CreateOrder) -> AccountId:
        """Make it. ``Conflict`` when the name is taken, by whomsoever."""

    @abstractmethod
    def write(self, account: PanelAccount, change: Change) -> None:
        """Set what ``change`` names and nothing else."""

    @abstractmethod
    def remove(self, account: PanelAccount) -> None:
        """Delete it."""

    def create(self, order: CreateOrder) -> VerbResult:
        self._declared(Verb.CREATE)
        check_order(order, self.capabilities)
        if set(order.options) - {fact.value for fact in self.capabilities.needs}:
            raise InvalidOrder("this panel has no such options", field="options")
        if order.connections is not None:
            raise InvalidOrder("the package decides how many connections there are", field="connections")
        try:
            account_id = self.add(order)
        except Conflict:
            return self._adopted(order)
        with already_sent():
            account = self._read(account_id)
        if account.username != order.credentials.username:
            raise ContractBroken("the panel answered the create with another account")
        return self._as_ordered(order, account, Outcome.DONE)

    def extend(self, ref: AccountRef, until: datetime, purchase: Purchase | None = None) -> VerbResult:
        del purchase  # nothing is bought here: the date is written
        self._declared(Verb.EXTEND)
        return self._moved(ref, Change(until=until), lambda account: self._ends(account, until))

    def suspend(self, ref: AccountRef, reason: str) -> VerbResult:
        del reason
        self._declared(Verb.SUSPEND)
        return self._moved(ref, Change(suspended=True), lambda account: account.state.is_off)

    def unsuspend(self, ref: AccountRef) -> VerbResult:
        self._declared(Verb.UNSUSPEND)
        return self._moved(ref, Change(suspended=False), lambda account: not account.state.is_off)

    def reset_credentials(self, ref: AccountRef, credentials: Credentials) -> VerbResult:
        self._declared(Verb.RESET_CREDENTIALS)
        check_credentials(credentials, self.capabilities)

        def has_them(account: PanelAccount) -> bool:
            return (account.username, account.password) == (credentials.username, credentials.password)

        return self._moved(ref, Change(credentials=credentials), has_them, credentials.username)

    def change_package(self, ref: AccountRef, change: PackageChange) -> VerbResult:
        self._declared(Verb.CHANGE_PACKAGE)
        check_package_change(change)
        if change.options or change.connections is not None:
            raise InvalidOrder("the package decides everything here", field="options")
        return self._moved(
            ref, Change(package=change.package), lambda account: account.package == change.package
        )

    def terminate(self, ref: AccountRef) -> VerbResult:
        self._declared(Verb.TERMINATE)
        try:
            with nothing_sent():
                account = self._ours(ref)
            self.remove(account)
        except NotFound:
            return VerbResult(outcome=Outcome.ALREADY, account=None)
        if not isinstance(self.get(ref), Absent):
            raise OutcomeUnknown("the panel accepted the end of the account and did not prove it absent")
        return VerbResult(outcome=Outcome.DONE, account=None)

    def get(self, ref: AccountRef) -> Lookup:
        try:
            return Found(account=self._read(ref.id))
        except NotFound as error:
            return Absent(proof=error.message)
        except PanelError as error:
            return Unknown(cause=error.message)

    def find(self, *, username: str | None = None, reference: str | None = None) -> Lookup:
        if username is None or FindBy.USERNAME not in self.capabilities.find_by:
            return Unknown(cause="this panel is searched by login name only")
        try:
            rows = list(self.rows(username))
        except PanelError as error:
            return Unknown(cause=error.message)
        found = [account for account in rows if account.username == username]
        if any(account.state is AccountState.UNREADABLE for account in found):
            return Unknown(cause="the panel's row of this name cannot be read")
        if not found and not all(account.username for account in rows):
            return Unknown(cause="a row of the panel's list does not tell whose it is")
        if len(found) > 1 or any(reference not in (None, account.reference) for account in found):
            return Unknown(cause="the panel has other accounts of this name than the one looked for")
        return Found(account=found[0]) if found else Absent(proof="the panel's search found none")

    def list_accounts(self) -> Iterator[PanelAccount]:
        return self.rows()

    def _declared(self, verb: Verb) -> None:
        if verb not in self.capabilities.verbs:
            raise Unsupported(f"this panel has no {verb.value}")

    def _read(self, account_id: AccountId) -> PanelAccount:
        account = self.read(account_id)
        if account.id != account_id:
            raise ContractBroken("the panel answered with another account than asked for")
        return account

    def _ours(self, ref: AccountRef, *other_names: str) -> PanelAccount:
        """The account, when it still is the one ``ref`` means: ids may be given out anew."""
        account = self._read(ref.id)
        same_name = account.username in (ref.username, *other_names)
        kept = self.capabilities.reference_field is not None
        if not same_name or (kept and ref.reference not in (None, account.reference)):
            raise Conflict("the panel's account of this id is not ours any more")
        return account

    def _moved(self, ref: AccountRef, change: Change, has: Has, *other_names: str) -> VerbResult:
        with nothing_sent():
            account = self._ours(ref, *other_names)
        if account.state is AccountState.BANNED and change.suspended is False:
            raise PermissionMissing("the panel's owner banned the account; only the owner can lift that")
        if has(account):
            return VerbResult(outcome=Outcome.ALREADY, account=account)
        self.write(account, change)
        with already_sent():
            after = self._read(account.id)
        if not has(after):
            raise OutcomeUnknown("the panel accepted the change, and it cannot be read back")
        return VerbResult(outcome=Outcome.DONE, account=after)

    def _adopted(self, order: CreateOrder) -> VerbResult:
        """The name is taken: ours from an earlier try, when everything readable that proves it matches."""
        match self.find(username=order.credentials.username):
            case Found(account=account):
                proofs = []
                if self.capabilities.reference_field is not None:
                    proofs.append(account.reference == order.reference)
                if self.capabilities.password_readable:
                    proofs.append(account.password == order.credentials.password)
                if not all(proofs):
                    raise Conflict("the login name is taken by an account that is not ours")
                if not proofs:
                    raise OutcomeUnknown("the login name is taken, and nothing shows by whom")
                return self._as_ordered(order, account, Outcome.ALREADY)
            case Absent():
                raise ContractBroken("the panel calls the login name taken and knows no such account")
            case Unknown(cause=cause):
                raise OutcomeUnknown(f"the login name is taken and nobody can say by whom: {cause}")

    def _as_ordered(self, order: CreateOrder, account: PanelAccount, outcome: Outcome) -> VerbResult:
        """``outcome``, naming what the panel set otherwise than asked."""
        expires = Verb.EXTEND in self.capabilities.verbs
        asked = {
            "password": account.password in (None, order.credentials.password),
            "package": account.package in (None, order.package),
            "expires_at": not expires or self._ends(account, order.until),
            "reference": account.reference in (None, order.reference),
        }
        differs = tuple(name for name, same in asked.items() if not same)
        return VerbResult(outcome=outcome, account=account, differs=differs)

    def _ends(self, account: PanelAccount, until: datetime) -> bool:
        exact = timedelta(seconds=self.capabilities.expiry_granularity)
        return account.expires_at is not None and abs(account.expires_at - until) <= exact
