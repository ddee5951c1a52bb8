"""What the journal needs from storage. Every call runs in the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from panelbridge.contract.capabilities import Verb
from panelbridge.ledger import ResellerId
from panelbridge.provisioning.elapsed import Tick
from panelbridge.provisioning.models import (
    Attempt,
    Operation,
    OperationId,
    OperationState,
)
from panelbridge.subscriptions import InstallationId, PanelId, SubscriptionId


class JournalStore(Protocol):
    def add(self, operation: Operation) -> Operation:
        """Insert; the record's id is ignored and the new one returned."""
        ...

    def operation(self, operation: OperationId) -> Operation | None: ...
    def by_key(self, key: str) -> Operation | None:
        """The operation that owns ``key``; refused, superseded and withdrawn ones own none."""
        ...

    def unsettled(
        self, subscription: SubscriptionId, *, before: OperationId | None = None
    ) -> Sequence[Operation]:
        """In order of admission; ``before``: only those admitted earlier than that one."""
        ...

    def done(self, subscription: SubscriptionId, generation: int) -> Sequence[Operation]:
        """What took effect for that generation, in the order it did."""
        ...

    def last(self, subscription: SubscriptionId) -> Operation | None: ...
    def search(
        self,
        *,
        installation: InstallationId | None = None,
        subscription: SubscriptionId | None = None,
        state: OperationState | None = None,
        after: OperationId | None = None,
        newest_first: bool = False,
        limit: int = 100,
    ) -> Sequence[Operation]:
        """In order of admission."""
        ...

    def counts(self) -> Sequence[tuple[Verb, OperationState, int]]:
        """How many operations of each verb are in each state: kept as they settle, not counted."""
        ...

    def add_counts_up(self, most: int = 500) -> int:
        """One row of the counts for each verb and state, when more than ``most`` came; how many came."""
        ...

    def due(
        self,
        now: datetime,
        limit: int,
        tolerance: timedelta,
        *,
        per_panel: int | None = None,
        closed: Collection[PanelId] = (),
    ) -> Sequence[Operation]:
        """What may run; also what was put off by a clock that was ahead of ``now``.

        The oldest of each panel, then the second oldest of each, and so on; ``per_panel`` of one at most.
        Without what stands behind another operation of its subscription, and what would be sent to a panel
        that is ``closed``.
        """
        ...

    def queued(self, reseller: ResellerId) -> Sequence[Operation]: ...

    def save(self, operation: Operation, *, was: Operation) -> bool:
        """Write ``operation`` when state, attempts and failures still are as in ``was``; else nothing."""
        ...

    def bring_forward(self, panel: PanelId, codes: Collection[str], now: datetime) -> int:
        """Make due what backs off, never sent or proved to have had no effect, with one of ``codes``.

        One that another transaction works on is left out. Returns how many.
        """
        ...

    def begin(self, attempt: Attempt) -> bool:
        """Insert the attempt; false when another one of that number exists."""
        ...

    def finish(self, attempt: Attempt) -> None:
        """Write what was learned of it."""
        ...

    def attempts(self, operation: OperationId) -> Sequence[Attempt]: ...
    def free_slot(self, panel: PanelId, most: int, now: datetime, tick: Tick) -> int | None:
        """A number up to ``most`` that no attempt in flight on the panel has, and nobody else is given
        meanwhile; ``None`` while there is none.

        In flight, in all processes: neither finished nor past its deadline. Those of this boot by its clock,
        those of another one by their dates.
        """
        ...

    def name_sent_elsewhere(self, panel: PanelId, username: str, but: Operation) -> bool:
        """Whether another subscription or generation ever asked this panel for ``username``.

        Nobody else asks for it meanwhile. For write transactions only.
        """
        ...

    def released(self, since: datetime) -> Sequence[Operation]:
        """Creates that a person released since then: their names stay watched."""
        ...

    def watched_purchases(self, since: datetime) -> Sequence[Operation]:
        """Purchases settled since then that may have an effect beyond: released, or sent more than once."""
        ...

    def waiting(self, before: datetime, tries: int, long_before: datetime) -> Sequence[Operation]:
        """What has failed since ``before`` and so many times, or since ``long_before`` however seldom, and
        what was due since ``before`` and could not be sent.

        Without what stands behind another operation of its own subscription; the first thousand of a panel.
        """
        ...

    def waits_for_panel(self, installation: InstallationId, panel: PanelId) -> bool:
        """Whether anything of the installation that may run is not settled at the panel."""
        ...

    def unreported(
        self, installation: InstallationId, after: OperationId, limit: int = 200
    ) -> Sequence[Operation]:
        """The first settled operations billing was told ``pending`` about and has not acknowledged."""
        ...

    def existence_unknown(
        self, installation: InstallationId, first: SubscriptionId, last: SubscriptionId
    ) -> Operation | None:
        """A sent create or termination, or one in attention, of a subscription from ``first`` to ``last``."""
        ...
