"""What an action is given: who asks, when, and what to work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from panelbridge.actions.caller import Caller
from panelbridge.service.services import Services, ServiceUnit


@dataclass(frozen=True, kw_only=True)
class Context:
    """One action of one caller."""

    services: Services
    caller: Caller
    now: datetime  # UTC
    # after keys or installations changed: this process remembers verified keys
    forget_keys: Callable[[], None]
    idempotency_key: str | None = None  # the caller's own; None where nothing is changed
    open_unit: ServiceUnit | None = None  # the transaction around it; None where the action opens its own
    committed: list[Callable[[], None]] = field(default_factory=list)  # what runs once it is durable

    @property
    def unit(self) -> ServiceUnit:
        """The open transaction of an action that reads or changes the books."""
        if self.open_unit is None:
            raise RuntimeError("this action opens its own transactions: it acts at a panel or asks one")
        return self.open_unit

    def after_commit(self, effect: Callable[[], None]) -> None:
        """Run ``effect`` in this process once the transaction is durable."""
        self.committed.append(effect)

    @property
    def ledger_key(self) -> str:
        """The caller's own key, as the ledger keeps it."""
        return f"{self.caller.owner}/{self.idempotency_key}"
