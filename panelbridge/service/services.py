"""What the application is given: the composed things it works with. It builds none of them itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from panelbridge.access import AccessStore
from panelbridge.customers import CustomerUnit
from panelbridge.provisioning import Provisioner
from panelbridge.provisioning.effects import EffectsStore
from panelbridge.provisioning.port import Panels, Unit
from panelbridge.subscriptions import PanelId, ResellerStore
from panelbridge.usage import UsageStore


class ServiceUnit(Unit, CustomerUnit, Protocol):
    """The stores of one open transaction: those of provisioning, and what else the service works with."""

    @property
    def resellers(self) -> ResellerStore: ...
    @property
    def effects(self) -> EffectsStore: ...
    @property
    def access(self) -> AccessStore: ...
    @property
    def usage(self) -> UsageStore: ...


class ServiceUnits(Protocol):
    """Opens transactions. A unit is valid inside its ``with`` only; leaving by an error rolls back."""

    def read(self) -> AbstractContextManager[ServiceUnit]: ...
    def write(self) -> AbstractContextManager[ServiceUnit]: ...


@dataclass(frozen=True, kw_only=True)
class Check:
    """One line of /readyz. ``message`` must be safe for anyone to read."""

    name: str
    ok: bool
    message: str


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One value of /metrics that is read from the books when it is asked for."""

    name: str  # panelbridge_attention_open
    help: str
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)
    counter: bool = False  # only ever grows


def _nothing() -> None:
    """No background work."""


def _nothing_said() -> str | None:
    """There is no witness."""
    return None


def _nothing_compared(_operation: int, _shop: str) -> None:
    """Nobody compares."""


@dataclass(frozen=True, kw_only=True)
class Services:
    """Everything a request may use. Built by ``compose`` inside the worker process."""

    units: ServiceUnits
    panels: Panels
    provisioner: Provisioner  # the one flow through which panels are changed
    clock: Callable[[], datetime]  # aware UTC
    fingerprint: Callable[[str], str]  # HMAC under a key that is not in the database
    panel_changed: Callable[[PanelId], None]  # drop what this process keeps of the panel
    books_confirmed: Callable[[], None] = _nothing  # a person says that these books are the ones
    witnessed: Callable[[], str | None] = _nothing_said  # what the witness says, for people
    known_operation: Callable[[int, str], None] = (
        _nothing_compared  # the highest a shop was told, and the shop
    )
    answer_budget: float = 10.0  # seconds
    checks: Callable[[], Sequence[Check]] = tuple
    figures: Callable[[], Iterable[Figure]] = tuple
    start_background: Callable[[], None] = _nothing
    stop_background: Callable[[], None] = _nothing
    close: Callable[[], None] = _nothing
