"""What an adapter over records says of its panel: five requests, and what differs from panel to panel."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Generic, TypeVar

from panelbridge.contract.adapter import PanelAdapter, SettingsT
from panelbridge.contract.capabilities import Connections, Verb
from panelbridge.contract.exceptions import Conflict, InvalidOrder
from panelbridge.contract.models import AccountId, AccountRef, CreateOrder, Credentials, PanelAccount
from panelbridge.contract.secret import Secret

RecordT = TypeVar("RecordT")


@dataclass(frozen=True, kw_only=True)
class Change:
    """What shall be different; ``None`` leaves it as it is. One verb sets one of them."""

    until: datetime | None = None  # UTC
    suspended: bool | None = None
    credentials: Credentials | None = None
    package: str | None = None
    connections: int | None = None  # beside a package, where an order may name a number
    reason: str = ""  # of a suspension, where the panel has a place for it
    password: Secret | None = None  # with the end of a suspension: for panels that keep none meanwhile

    @classmethod
    def of(cls, order: CreateOrder) -> Change:
        """What a new account of ``order`` is set to."""
        return cls(
            until=order.until,
            credentials=order.credentials,
            package=order.package,
            connections=order.connections,
        )


class RecordHooks(PanelAdapter[SettingsT], Generic[SettingsT, RecordT]):
    """Reading, adding, writing and removing; the others have a default. All may raise ``PanelError``."""

    renames: ClassVar[bool] = True
    """Whether an account can get another login name."""

    @abstractmethod
    def read(self, account_id: AccountId) -> RecordT:
        """The record as it is now. ``NotFound`` only where the panel proves that it is absent, ``Conflict``
        where what bears the id is not ours, ``ContractBroken`` where another record was answered.
        """

    @abstractmethod
    def named(self, username: str) -> RecordT | None:
        """The record of exactly that login name; ``None`` only where the panel proves that there is none,
        ``Conflict`` where who bears it is not ours.
        """

    @abstractmethod
    def account_of(self, record: RecordT, /) -> PanelAccount:
        """What the record says of its account. Pure."""

    @abstractmethod
    def add(self, order: CreateOrder) -> AccountId:
        """Make it. ``Conflict`` when the name is taken, by whomsoever; ``from`` the panel's own error where
        that may mean something else, which is then reported when nobody has the name.
        """

    @abstractmethod
    def write(self, record: RecordT, change: Change, /) -> None:
        """Set what ``change`` names and nothing else."""

    @abstractmethod
    def remove(self, record: RecordT, /) -> None:
        """Delete it."""

    def offered(self, package: str) -> str:
        """The panel's own name of a package that an account shall get; ``InvalidOrder`` where it has none."""
        return package

    def is_ours(self, record: RecordT, order: CreateOrder, /) -> bool | None:
        """Whether an earlier try of this order made it; ``None`` where the panel shows nothing of that."""
        account, proofs = self.account_of(record), []
        if self.capabilities.reference_field is not None:
            proofs.append(account.reference == order.reference)
        if self.capabilities.password_readable:
            proofs.append(account.password == order.credentials.password)
        return all(proofs) if proofs else None

    def as_asked(self, record: RecordT, order: CreateOrder, /) -> dict[str, bool]:
        """By name of the field, whether the new account is what was ordered, as far as the panel shows it."""
        account = self.account_of(record)
        expires = Verb.EXTEND in self.capabilities.verbs
        return {
            "password": account.password in (None, order.credentials.password),
            "package": account.package in (None, order.package),
            "expires_at": not expires or self.ends(account, order.until),
            "reference": account.reference in (None, order.reference),
        }

    def completed(self, record: RecordT, order: CreateOrder, /) -> RecordT:
        """The record, once what a create may have left out is written: where it takes more than one write."""
        del order
        return record

    def check_package(self, package: str, connections: int | None) -> None:
        """Raises ``InvalidOrder`` for what is wrong whatever the panel says, without asking the panel."""
        del package
        if connections is not None and self.capabilities.connections is not Connections.ONE:
            raise InvalidOrder("the package decides how many connections there are", field="connections")

    def check_ours(self, record: RecordT, ref: AccountRef, /, *other_names: str) -> None:
        """Raises where the record is not, or no longer, the account ``ref`` means: ids are given out anew."""
        account = self.account_of(record)
        same_name = account.username in (ref.username, *other_names)
        kept = self.capabilities.reference_field is not None
        if not same_name or (kept and ref.reference not in (None, account.reference)):
            raise Conflict("the panel's account of this id is not ours any more")

    def has(self, record: RecordT, change: Change, /) -> bool | None:
        """Whether the record shows what ``change`` asks; ``None`` for what this panel does not show."""
        account, credentials = self.account_of(record), change.credentials
        if change.until is not None:
            return self.ends(account, change.until)
        if change.suspended is not None:
            return account.state.is_off is change.suspended
        if change.package is not None:
            same = change.connections in (None, account.connections)
            return account.package == change.package and same
        if credentials is None or account.username != credentials.username:
            return credentials is None
        return account.password == credentials.password if self.capabilities.password_readable else None

    def note(self, record: RecordT, change: Change, /) -> str | None:  # noqa: ARG002 - for subclasses
        """What a person should know of a change that was done to ``record``."""
        return None

    def check_login(self, record: RecordT, credentials: Credentials, /) -> None:
        """After a new password that cannot be read: raises ``ContractBroken`` where it lets nobody in."""

    def ends(self, account: PanelAccount, until: datetime) -> bool:
        """Whether the account ends then, as exactly as this panel can say it."""
        exact = timedelta(seconds=self.capabilities.expiry_granularity)
        return account.expires_at is not None and abs(account.expires_at - until) <= exact
