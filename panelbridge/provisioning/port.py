"""What provisioning needs from storage, panels and jobs. Calls on a ``Unit`` share one transaction."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol

from panelbridge.attention import AttentionStore
from panelbridge.contract.adapter import PanelAdapter
from panelbridge.contract.capabilities import Capabilities
from panelbridge.ledger import Ledger
from panelbridge.provisioning.journal import JournalStore
from panelbridge.provisioning.models import OperationId
from panelbridge.subscriptions import (
    InstallationStore,
    Panel,
    PanelId,
    PanelStore,
    PlanStore,
    SubscriptionStore,
)


class Unit(Protocol):
    """The stores of one open transaction that provisioning works with."""

    @property
    def journal(self) -> JournalStore: ...
    @property
    def attention(self) -> AttentionStore: ...
    @property
    def installations(self) -> InstallationStore: ...
    @property
    def subscriptions(self) -> SubscriptionStore: ...
    @property
    def panels(self) -> PanelStore: ...
    @property
    def plans(self) -> PlanStore: ...
    @property
    def ledger(self) -> Ledger: ...


class Units(Protocol):
    def write(self) -> AbstractContextManager[Unit]: ...
    def read(self) -> AbstractContextManager[Unit]: ...


class BreakerPort(Protocol):
    def allow(self) -> bool: ...
    def room(self) -> int | None:
        """How many calls it would allow now; ``None`` = any number."""
        ...

    def succeeded(self) -> None: ...
    def failed(self) -> None: ...


class Panels(Protocol):
    """Adapters of configured panels, one per panel and process."""

    def adapter(self, panel: PanelId) -> PanelAdapter[Any]: ...
    def capabilities(self, panel: PanelId) -> Capabilities: ...
    def breaker(self, panel: PanelId) -> BreakerPort: ...
    def refresh(self, panel: Panel) -> None:
        """``panel`` is how its record reads now; an adapter built from another one is built anew."""
        ...

    def slots(self, panel: PanelId) -> int:
        """Attempts that may be in flight at once."""
        ...


class Wake(Protocol):
    """Informs the durable engine that an operation is due; losing the call loses only promptness."""

    def __call__(self, operation: OperationId, at: datetime) -> bool:
        """Whether anybody listens in this process."""
        ...
