"""The four questions every verb answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto
from typing import Any, ClassVar, Generic, TypeVar

from panelbridge.contract.adapter import PanelAdapter
from panelbridge.contract.capabilities import Capabilities, Verb
from panelbridge.contract.models import AccountRef, PanelAccount, Purchase, Term, VerbResult
from panelbridge.contract.secret import readable
from panelbridge.provisioning.dependencies import Dependencies
from panelbridge.provisioning.keys import customer_reference, panel_key, reference
from panelbridge.provisioning.models import Attempt, Fence, Operation
from panelbridge.provisioning.port import Unit
from panelbridge.subscriptions import Subscription
from panelbridge.subscriptions.connecting import kept

CommandT = TypeVar("CommandT")


class Reading(Enum):
    """What a look-up after an unknown outcome says of the operation."""

    EQUAL = auto()  # the account is as asked: done
    UNEQUAL = auto()  # it is not; a repeat of the verb converges
    UNMOVED = auto()  # a purchase had no effect (as of this reading)
    ELSEWHERE = auto()  # it moved to where this operation cannot have moved it: a person decides


@dataclass(frozen=True, kw_only=True)
class Admission:
    """The operation a request leads to. ``joined``: it existed before this call."""

    operation: Operation
    joined: bool


class VerbRules(ABC, Generic[CommandT]):
    verb: ClassVar[Verb]

    @abstractmethod
    def intend(self, unit: Unit, deps: Dependencies, command: CommandT) -> Admission:
        """Find, join or insert the operation. Raises ``Refusal`` and changes nothing."""

    def known(self, unit: Unit, command: CommandT) -> Operation | None:
        """The operation that owns a business fact's key, asked before anything is written."""
        return None

    def decide(
        self, unit: Unit, deps: Dependencies, operation: Operation, subscription: Subscription
    ) -> Operation:
        """What it sends and costs, decided anew when its turn comes, within what was promised.

        Raises ``Refusal`` where the promise holds no more.
        """
        return operation

    def nothing_to_do(self, operation: Operation, subscription: Subscription) -> str | None:
        """Why no call is needed, asked when its turn comes; ``None`` when one is."""
        return None

    def owes_nothing(self, operation: Operation, subscription: Subscription) -> bool:
        """Whether what it was to bring was there before, so that its hold is voided, not posted."""
        return False

    def fenced(self, operation: Operation) -> bool:
        """Whether the call only adds, so that the account is read before and after."""
        return operation.target.purchase

    def prepare(
        self,
        operation: Operation,
        subscription: Subscription,
        capabilities: Capabilities,
        now: datetime,
        grace_hours: int,
    ) -> Operation:
        """Fill in what is only known when the first attempt is committed (absolute dates)."""
        return operation

    @abstractmethod
    def call(
        self,
        adapter: PanelAdapter[Any],
        operation: Operation,
        subscription: Subscription,
        deps: Dependencies,
        fence: Fence | None,
    ) -> VerbResult:
        """Make the end state true at the panel. Raises ``PanelError``."""

    @abstractmethod
    def read(
        self, operation: Operation, account: PanelAccount, attempt: Attempt, capabilities: Capabilities
    ) -> Reading:
        """Compare a found account (ours) with the target."""

    @abstractmethod
    def apply(
        self, operation: Operation, subscription: Subscription, account: PanelAccount | None, now: datetime
    ) -> Subscription:
        """The subscription after the operation is done; the caller raises its revision."""

    def ref(self, subscription: Subscription, deps: Dependencies) -> AccountRef:
        return account_ref(subscription, deps)


def account_ref(subscription: Subscription, deps: Dependencies) -> AccountRef:
    """How the panel is told which account is meant. Raises ``RuntimeError`` when there is none."""
    if subscription.account_id is None or subscription.username is None:
        msg = f"subscription {subscription.id} has no account to act on"
        raise RuntimeError(msg)
    return AccountRef(
        id=subscription.account_id,
        username=subscription.username,
        reference=_mark(subscription, deps),
        customer=customer_reference(deps.bridge, subscription),
        # Most panels need none to name an account: one that cannot be opened stops only what needs it.
        password=subscription.password if readable(subscription.password) is not None else None,
    )


def _mark(subscription: Subscription, deps: Dependencies) -> str | None:
    """What the account shows to be ours; an adopted one may show nothing, and its id must do."""
    if subscription.adopted_reference is None:
        return reference(deps.bridge, subscription)
    return subscription.adopted_reference or None


def adopt_account(subscription: Subscription, account: PanelAccount | None) -> Subscription:
    """What every settled verb learns from the account read back."""
    if account is None:
        return subscription
    return replace(
        subscription,
        panel_until=account.expires_at,
        username=account.username,
        package=account.package or subscription.package,
        password=account.password or subscription.password,
        connect=kept(account.connect) or subscription.connect,
    )


def fenced_purchase(
    operation: Operation, package: str, deps: Dependencies, fence: Fence | None
) -> Purchase | None:
    """One purchase of ``package``, built on what the fence read; ``None`` where the panel writes instead."""
    if fence is None:
        return None
    target = operation.target
    return Purchase(
        key=panel_key(deps.bridge, operation),
        package=package,
        term=Term.parse(target.add or ""),
        before=fence.before,
        allow_restart=target.allow_restart,
    )
