"""The adapter contract: every verb names an end state, so a repeat converges.

Money, storage and WHMCS are unknown here. A verb returns a ``VerbResult`` (done or already) or raises a
``PanelError`` whose outcome says whether anything happened. Adapters are called from several threads.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, ClassVar, Generic, Self, TypeVar

from pydantic import BaseModel

from panelbridge.contract.capabilities import Capabilities
from panelbridge.contract.exceptions import Unsupported
from panelbridge.contract.models import (
    AccountId,
    AccountRef,
    ConnectDetail,
    Connection,
    CreateOrder,
    Credentials,
    Lookup,
    Package,
    PackageChange,
    PanelAccount,
    PanelBalance,
    Purchase,
    SignOn,
    Usage,
    VerbResult,
)

SettingsT = TypeVar("SettingsT", bound=BaseModel)


class PanelAdapter(ABC, Generic[SettingsT]):
    """One panel of one backend. Cheap to build: no I/O before the first verb."""

    backend: ClassVar[str]
    """Name of the backend, equal to its entry point in ``panelbridge.adapters``."""

    settings_model: ClassVar[type[BaseModel]]
    """The pydantic model of its settings; secrets are ``SecretStr``."""

    def __init__(self, settings: SettingsT) -> None:
        self.settings = settings

    @classmethod
    def settings_model_for(cls, values: Mapping[str, Any]) -> type[BaseModel]:  # noqa: ARG003 - for subclasses
        """The model these settings are read by: ``settings_model``, unless one of them brings others along.

        Raises ``SettingsInvalid``.
        """
        return cls.settings_model

    def recall(self, known: Iterable[AccountId]) -> None:
        """Called once, before the first verb: ids of accounts that the books hold at this panel. No I/O.

        For panels on which an account is looked for among the ids near those known; a fresh process knows
        none. An id may be of an account that is gone.
        """

    @property
    @abstractmethod
    def capabilities(self) -> Capabilities:
        """What this panel can do. Declared data: no I/O."""

    @abstractmethod
    def test_connection(self) -> Connection:
        """Tell version, identity, missing permissions, clock skew and balance. Changes nothing.

        Raises ``PanelError``.
        """

    @abstractmethod
    def create(self, order: CreateOrder) -> VerbResult:
        """Make an account with this name, password, package, expiry and reference exist and work.

        A repeat finds it: ``already`` when every readable field that proves ownership (name, password,
        reference) matches, ``Conflict`` when one is somebody else's. Raises ``PanelError``.
        """

    @abstractmethod
    def extend(self, ref: AccountRef, until: datetime, purchase: Purchase | None = None) -> VerbResult:
        """Make the account's expiry ``until`` (UTC). Never changes credentials, never un-suspends.

        A repeat is ``already`` where capabilities say SET. Where they say ADD, ``purchase`` is given, one
        call buys once, and a repeat is only sent by an engine that proved the first had no effect.
        Raises ``PanelError``; ``Conflict`` (refused) when the expiry is not ``purchase.before`` any more.
        """

    @abstractmethod
    def suspend(self, ref: AccountRef, reason: str) -> VerbResult:
        """Make the account unusable, keeping it. A repeat is ``already``. Raises ``PanelError``."""

    @abstractmethod
    def unsuspend(self, ref: AccountRef) -> VerbResult:
        """Make the account usable again. A repeat is ``already``.

        Raises ``PanelError``; ``PermissionMissing`` when the panel's owner banned it.
        """

    @abstractmethod
    def reset_credentials(self, ref: AccountRef, credentials: Credentials) -> VerbResult:
        """Make these credentials work and the old ones not. A repeat is ``already``.

        ``credentials.username`` equals the present name unless a rename is asked. Raises ``PanelError``.
        """

    @abstractmethod
    def change_package(self, ref: AccountRef, change: PackageChange) -> VerbResult:
        """Give the account that package and those options; nothing else moves, except by a purchase.

        Raises ``PanelError``; ``InvalidOrder`` (refused) when a purchase would restart the term and
        ``purchase.allow_restart`` is false.
        """

    @abstractmethod
    def terminate(self, ref: AccountRef) -> VerbResult:
        """Make the account proved absent (where the panel has no delete: disabled for good, said in note).

        ``already`` when it is proved absent. Never done on unknown. Raises ``PanelError``.
        """

    @abstractmethod
    def get(self, ref: AccountRef) -> Lookup:
        """The account as it is now: found, absent (proved) or unknown. Never raises ``PanelError``."""

    @abstractmethod
    def find(self, *, username: str | None = None, reference: str | None = None) -> Lookup:
        """Look for an account by what capabilities list under ``find_by``. Never raises ``PanelError``.

        Absent only when the panel proves that no account of that name or reference exists.
        """

    @abstractmethod
    def list_accounts(self) -> Iterator[PanelAccount]:
        """Every account of ours, paged to the end. Raises ``PanelError``; never a silent part."""

    @abstractmethod
    def list_packages(self) -> Iterator[Package]:
        """Every package we may sell; of a row that cannot be read, one that says ``unreadable``.

        Raises ``PanelError``; never a silent part.
        """

    def balance(self) -> PanelBalance | None:
        """Our credit at the panel; ``None`` where it has none. Raises ``PanelError``."""
        return None

    def sign_on(self, ref: AccountRef) -> SignOn:  # noqa: ARG002 - for subclasses
        """A fresh one-time login of the account's owner. Raises ``PanelError``.

        Only where capabilities say ``single_sign_on``. Asked for on a click, never stored.
        """
        raise Unsupported("this panel has no single sign-on")

    def admin_sign_on(self) -> SignOn:
        """A fresh one-time login to the panel's own administration. Raises ``PanelError``."""
        raise Unsupported("this panel has no single sign-on for its administration")

    def admin_link(self) -> str | None:
        """Where a person administers the panel, without any secret in it; ``None`` when unknown. No I/O."""
        return None

    def usages(self) -> Iterator[Usage]:
        """What every account of ours uses, paged to the end. Raises ``PanelError``; never a silent part.

        Only where capabilities say ``usage``.
        """
        raise Unsupported("this panel does not tell what its accounts use")

    def usages_of(self, refs: Iterable[AccountRef]) -> Iterator[Usage]:
        """The same of these accounts only; one that is absent is left out.

        For panels that have no list and tell each account by its name; others read ``usages``.
        """
        wanted = {ref.id for ref in refs}
        return (usage for usage in self.usages() if usage.id in wanted)

    def connect(self, account: PanelAccount) -> tuple[ConnectDetail, ...]:
        """What a customer needs to use ``account``, in the order to show it. No I/O.

        Made of the settings and of what is known of the account; its password is the one that works, also
        where the panel does not tell it. By default what the panel said with the account.
        """
        return account.connect

    def close(self) -> None:
        """Give connections back. Safe to repeat."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
