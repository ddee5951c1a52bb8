"""An adapter in five requests, for panels that keep accounts as records and write absolute values.

The verbs are made here: read, compare, write what is missing, and tell done only of what was read afterwards.
A backend says how its panel reads, searches, adds, writes and removes. Panels that sell lengths, that have
several objects an account or an order of steps, write their verbs themselves.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from panelbridge.contract.adapter import SettingsT
from panelbridge.contract.capabilities import FindBy, Verb
from panelbridge.contract.doubt import already_sent, nothing_sent
from panelbridge.contract.exceptions import (
    Conflict,
    ContractBroken,
    InvalidOrder,
    NotFound,
    OutcomeUnknown,
    PanelError,
    PanelRefused,
    PermissionMissing,
    Unsupported,
)
from panelbridge.contract.models import (
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
from panelbridge.contract.order_check import (
    check_connections,
    check_credentials,
    check_order,
    check_package_change,
)
from panelbridge.contract.record_hooks import Change, RecordHooks, RecordT

__all__ = ["Change", "RecordAdapter", "RecordVerbs"]


class RecordVerbs(RecordHooks[SettingsT, RecordT]):
    """The verbs over a record of the panel's own, which may tell more than an account: whose it is, say.

    Give it ``capabilities``, ``test_connection``, the two lists and the hooks that have no default.
    """

    def create(self, order: CreateOrder) -> VerbResult:
        self._declared(Verb.CREATE)
        check_order(order, self.capabilities)
        self._check_rest(order.package, order.connections, order.options)
        try:
            account_id = self.add(order)
        except Conflict as taken:
            return self._adopted(order, taken.__cause__)
        except PanelRefused as refusal:
            self._check_not_made(order, refusal)
            raise
        with already_sent():
            record = self._read(account_id)
        if self.account_of(record).username != order.credentials.username:
            raise ContractBroken("the panel answered the create with another account")
        return self._as_ordered(order, record, Outcome.DONE)

    def extend(self, ref: AccountRef, until: datetime, purchase: Purchase | None = None) -> VerbResult:
        del purchase  # nothing is bought here: the date is written
        self._declared(Verb.EXTEND)
        return self._changed(self._ours(ref), Change(until=until))

    def suspend(self, ref: AccountRef, reason: str) -> VerbResult:
        self._declared(Verb.SUSPEND)
        return self._changed(self._ours(ref), Change(suspended=True, reason=reason))

    def unsuspend(self, ref: AccountRef) -> VerbResult:
        self._declared(Verb.UNSUSPEND)
        record = self._ours(ref)
        if self.account_of(record).state is AccountState.BANNED:
            raise PermissionMissing("the panel's owner banned the account; only the owner can lift that")
        return self._changed(record, Change(suspended=False, password=ref.password))

    def reset_credentials(self, ref: AccountRef, credentials: Credentials) -> VerbResult:
        """Where the panel does not show a password, a repeat sets the same one again."""
        self._declared(Verb.RESET_CREDENTIALS)
        check_credentials(credentials, self.capabilities)
        if not self.renames and credentials.username != ref.username:
            raise InvalidOrder("an account of this panel keeps its login name", field="username")
        record = self._ours(ref, credentials.username)
        return self._changed(record, Change(credentials=credentials))

    def change_package(self, ref: AccountRef, change: PackageChange) -> VerbResult:
        self._declared(Verb.CHANGE_PACKAGE)
        check_package_change(change)
        self._check_rest(change.package, change.connections, change.options)
        record = self._ours(ref)
        wanted = Change(package=change.package, connections=change.connections)
        if self.has(record, wanted):
            return self._result(Outcome.ALREADY, record)
        with nothing_sent():
            wanted = replace(wanted, package=self.offered(change.package))
        return self._changed(record, wanted)

    def terminate(self, ref: AccountRef) -> VerbResult:
        self._declared(Verb.TERMINATE)
        try:
            record = self._ours(ref)
        except NotFound:
            return VerbResult(outcome=Outcome.ALREADY, account=None)
        try:
            self.remove(record)
        except NotFound:
            return VerbResult(outcome=Outcome.ALREADY, account=None)
        except PanelRefused as refusal:  # some panels report a failure although the account is gone
            after = self._after_refusal(record, refusal)
            if after is not None:
                raise _as_it_was(refusal, unmoved=after == record) from None
        else:
            if not isinstance(self.get(ref), Absent):
                raise OutcomeUnknown("the panel accepted the end of the account and did not prove it absent")
        return VerbResult(outcome=Outcome.DONE, account=None)

    def get(self, ref: AccountRef) -> Lookup:
        try:
            return Found(account=self.account_of(self._read(ref.id)))
        except NotFound as error:
            return Absent(proof=error.message)
        except PanelError as error:
            return Unknown(cause=error.message)

    def find(self, *, username: str | None = None, reference: str | None = None) -> Lookup:
        if username is None or FindBy.USERNAME not in self.capabilities.find_by:
            return Unknown(cause="this panel is searched by login name only")
        try:
            record = self.named(username)
        except PanelError as error:
            return Unknown(cause=error.message)
        if record is None:
            return Absent(proof="the panel's search, or its whole list, has no such login name")
        account = self.account_of(record)
        if reference not in (None, account.reference):
            return Unknown(cause="the panel has another account of this name than the one looked for")
        return Found(account=account)

    def _declared(self, verb: Verb) -> None:
        if verb not in self.capabilities.verbs:
            raise Unsupported(f"this panel has no {verb.value}")

    def _check_rest(self, package: str, connections: int | None, options: Iterable[str]) -> None:
        if set(options) - {fact.value for fact in self.capabilities.needs}:
            raise InvalidOrder("this panel has no such options", field="options")
        check_connections(connections, self.capabilities)
        self.check_package(package, connections)

    def _read(self, account_id: AccountId) -> RecordT:
        return self.read(account_id)

    def _ours(self, ref: AccountRef, *other_names: str) -> RecordT:
        with nothing_sent():
            record = self._read(ref.id)
        self.check_ours(record, ref, *other_names)
        return record

    def _changed(self, record: RecordT, change: Change) -> VerbResult:
        """Compare, write what is missing, and believe only what is read afterwards."""
        if self.has(record, change):
            return self._result(Outcome.ALREADY, record)
        try:
            self.write(record, change)
        except PanelRefused as refusal:
            after = self._after_refusal(record, refusal)
            if after is not None and self.has(after, change):
                return self._result(Outcome.ALREADY, after)  # another caller, or our own late first try
            raise _as_it_was(refusal, unmoved=after == record) from None
        with already_sent():
            after = self._read(self.account_of(record).id)
            if self.has(after, change) is False:
                raise OutcomeUnknown("the panel accepted the change, and it cannot be read back")
            if change.credentials is not None:
                self.check_login(after, change.credentials)
        return replace(self._result(Outcome.DONE, after), note=self.note(record, change))

    def _after_refusal(self, record: RecordT, refusal: PanelRefused) -> RecordT | None:
        """The record after the panel reported a failure, which may have come half-way; ``None``: gone."""
        try:
            return self._read(self.account_of(record).id)
        except NotFound:
            return None
        except PanelError as error:
            doubt = f"{refusal.message}; and reading back failed: {error.message}"
        raise OutcomeUnknown(doubt)

    def _check_not_made(self, order: CreateOrder, refusal: PanelRefused) -> None:
        """Raises ``OutcomeUnknown`` unless there is still no such account: a create may fail half-way."""
        try:
            made = self.named(order.credentials.username)
        except PanelError as error:
            doubt = f"{refusal.message}; and looking for the account failed: {error.message}"
        else:
            if made is None:
                return
            doubt = f"the panel reports a failure, yet the account is there: {refusal.message}"
        raise OutcomeUnknown(doubt)

    def _adopted(self, order: CreateOrder, cause: BaseException | None) -> VerbResult:
        """The name is taken: ours from an earlier try, when everything readable that proves it matches."""
        try:
            record = self.named(order.credentials.username)
        except Conflict:
            raise
        except PanelError as error:
            unclear = f"the login name is taken and nobody can say by whom: {error.message}"
            raise OutcomeUnknown(unclear) from None
        if record is None and isinstance(cause, PanelError):
            raise cause
        if record is None:
            raise ContractBroken("the panel calls the login name taken and knows no such account")
        ours = self.is_ours(record, order)
        if ours is None:
            raise OutcomeUnknown("the login name is taken, and nothing shows by whom")
        if not ours:
            raise Conflict("the login name is taken by an account that is not ours")
        return self._as_ordered(order, record, Outcome.ALREADY)

    def _as_ordered(self, order: CreateOrder, record: RecordT, outcome: Outcome) -> VerbResult:
        """``outcome``, naming what the panel set otherwise than asked."""
        with already_sent():
            whole = self.completed(record, order)
        if whole is not record:
            record, outcome = whole, Outcome.DONE
        differs = tuple(name for name, same in self.as_asked(record, order).items() if not same)
        return VerbResult(outcome=outcome, account=self.account_of(record), differs=differs)

    def _result(self, outcome: Outcome, record: RecordT) -> VerbResult:
        return VerbResult(outcome=outcome, account=self.account_of(record))


class RecordAdapter(RecordVerbs[SettingsT, PanelAccount]):
    """The same for a panel whose record says no more than an account does: ``rows`` searches and lists."""

    @abstractmethod
    def rows(self, username: str | None = None) -> Iterator[PanelAccount]:
        """Every account of ours, paged to the end; or those of that login name, and perhaps others."""

    def account_of(self, record: PanelAccount) -> PanelAccount:
        return record

    def list_accounts(self) -> Iterator[PanelAccount]:
        return self.rows()

    def named(self, username: str) -> PanelAccount | None:
        rows = list(self.rows(username))
        found = [account for account in rows if account.username == username]
        if any(account.state is AccountState.UNREADABLE for account in found):
            raise ContractBroken("the panel's row of this name cannot be read")
        if not found and not all(account.username for account in rows):
            raise ContractBroken("a row of the panel's list does not tell whose it is")
        if len(found) > 1:
            raise ContractBroken("the panel has several accounts of this name")
        return found[0] if found else None

    def _read(self, account_id: AccountId) -> PanelAccount:
        account = self.read(account_id)
        if account.id != account_id:
            raise ContractBroken("the panel answered with another account than asked for")
        return account


def _as_it_was(refusal: PanelRefused, *, unmoved: bool) -> PanelError:
    """The panel's refusal, when the account reads as before it; else nobody knows how far it came."""
    if unmoved:
        return refusal
    return OutcomeUnknown(f"the panel reports a failure, but the account has changed: {refusal.message}")
