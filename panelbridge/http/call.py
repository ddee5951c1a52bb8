"""What a view is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from panelbridge.http.auth import Caller, KeyVerifier
from panelbridge.service.services import Services, ServiceUnit


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request to a resource."""

    services: Services
    caller: Caller
    verifier: KeyVerifier
    now: datetime
    idempotency_key: str | None = None
    open_unit: ServiceUnit | None = None
    committed: list[Callable[[], None]] = field(default_factory=list)

    @property
    def unit(self) -> ServiceUnit:
        """The open transaction of a view that reads or changes."""
        if self.open_unit is None:
            raise RuntimeError(
                "this view opens its own transactions: it was declared as one that acts or calls"
            )
        return self.open_unit

    def after_commit(self, effect: Callable[[], None]) -> None:
        """Run ``effect`` in this process once the view's transaction is durable."""
        self.committed.append(effect)

    @property
    def ledger_key(self) -> str:
        """The caller's own key, as the ledger keeps it."""
        return f"{self.caller.owner}/{self.idempotency_key}"
