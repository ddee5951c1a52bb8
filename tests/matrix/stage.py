"""One backend of the matrix at work: its practice panel, a bridge over it, and what both books say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

from panelbridge.capabilities import Verb
from panelbridge.ledger import Credits
from panelbridge.models import Outcome
from panelbridge.provisioning import Operation, OperationState
from panelbridge.testing.practice import PracticeProcess
from tests.matrix.backends import Backend
from tests.matrix.wishes import prepare
from tests.support.rig import Rig, rig_in

_SERVICES = count(1000)


@dataclass(frozen=True, kw_only=True)
class Books:
    """What the panel's own books and the ledger hold at one moment."""

    effects: Counter[str]
    balance: Credits


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A backend with its practice panel and a bridge over it."""

    backend: Backend
    practice: PracticeProcess
    rig: Rig
    folder: Path  # of the bridge: other processes open it as well

    def fresh_service(self, verb: Verb) -> int:
        """A new service in the state that ``verb`` starts from, with nothing going wrong yet."""
        service = next(_SERVICES)
        self.rig.clock.reset()
        self.practice.control.clear_faults()
        self.practice.control.set_latency(0.0)
        prepare(self.rig, verb, service)
        return service

    def books(self) -> Books:
        return Books(
            effects=Counter(self.practice.control.books()["counts"]), balance=self.rig.wallet().balance
        )

    def operations(self, verb: Verb, service: int) -> list[Operation]:
        return [item for item in self.rig.operations() if item.service_id == service and item.verb is verb]

    def assert_one_effect_and_one_charge(self, verb: Verb, service: int, before: Books) -> Operation:
        """Both sets of books moved once since ``before``. Returns the operation that moved them."""
        operations = self.operations(verb, service)
        done = [item for item in operations if item.state is OperationState.DONE]
        refused = [item.state for item in operations if item not in done]
        assert refused in ([], [OperationState.REFUSED]), [item.message for item in operations]
        now, wallet = self.books(), self.rig.wallet()
        assert dict(now.effects - before.effects) == self.backend.effect(verb)
        assert now.balance == before.balance - done[0].price
        assert wallet.held == Credits()
        assert self.rig.attention() == []
        assert done[0].outcome in (Outcome.DONE, Outcome.ALREADY)
        return done[0]

    def told(self, service: int) -> dict[str, Any]:
        """What a caller is told of the service, as far as it does not depend on when it asks."""
        subscription = self.rig.subscription(service)
        return {
            "state": subscription.state.value,
            "generation": subscription.generation,
            "package": subscription.package,
            "connections": subscription.connections,
            "suspensions": sorted(item.reason.value for item in subscription.suspensions),
            "has account": subscription.account_id is not None,
            "has credentials": (subscription.username is not None, subscription.password is not None),
            "hours of grace": _hours_between(subscription.entitled_until, subscription.panel_until),
        }


def _hours_between(entitled: datetime | None, at_panel: datetime | None) -> int | None:
    """Whole hours: a panel that counts from its own clock is off by the seconds a restart takes."""
    if entitled is None or at_panel is None:
        return None
    return round((at_panel - entitled).total_seconds() / 3600)


@contextmanager
def stage_in(folder: Path, backend: Backend, **limits: float) -> Iterator[Stage]:
    with backend.start(folder) as practice, rig_in(folder / "bridge", **limits) as rig:
        backend.furnish(rig, practice)
        yield Stage(backend=backend, practice=practice, rig=rig, folder=folder / "bridge")
