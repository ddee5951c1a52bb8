"""One backend of the matrix at work: its practice panel, a bridge over it, and what both books say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from panelbridge.contract.capabilities import Verb
from panelbridge.contract.models import Absent, Found, Outcome
from panelbridge.ledger import Credits
from panelbridge.provisioning import Operation, OperationState
from panelbridge.testing.practice import PracticeProcess
from tests.matrix.backends import Backend
from tests.matrix.commands import prepare
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
        return [item for item in self.rig.operations_of(service) if item.verb is verb]

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
        # A purchase whose try left no trace was sent again, which stays to be seen; else nobody is needed.
        assert set(self.take_attention()) <= ({"sent_again"} if verb in self.backend.adds else set())
        assert done[0].outcome in (Outcome.DONE, Outcome.ALREADY)
        return done[0]

    def live(self, seconds: float) -> None:
        """So much time passes, and whatever is due is done."""
        for _ in range(20):
            self.rig.clock.forward(seconds=seconds / 20)
            self.rig.provisioner.run_due()

    def assert_no_double(self, verb: Verb, service: int, before: Books) -> Operation:
        """Charged once, bought once, and the panel shows what our books say.

        What only sets may have been set twice: the same end state.
        """
        operations = self.operations(verb, service)
        done = [item for item in operations if item.state is OperationState.DONE]
        assert done == operations, [item.message for item in operations]
        now, wallet = self.books(), self.rig.wallet()
        added = now.effects - before.effects
        kind = self.backend.effects.get(verb, verb.value)
        if verb in self.backend.adds or verb is Verb.CREATE:
            assert dict(added) == {kind: 1}
        assert added[kind] > 0
        assert (now.balance, wallet.held) == (before.balance - done[0].price, Credits())
        self.assert_panel_as_booked(service)
        return done[0]

    def take_attention(self) -> list[str]:
        """The codes of what waits for a person, who closes it: the next cell starts with none."""
        with self.rig.units.write() as unit:
            items = unit.attention.items()
            for item in items:
                unit.attention.resolve(item.id, resolution="seen", actor="test", at=self.rig.clock())
        return [item.code for item in items]

    def assert_panel_as_booked(self, service: int) -> None:
        subscription = self.rig.subscription(service)
        adapter = self.rig.directory.adapter(subscription.panel_id)
        found = adapter.get(self.rig.provisioner.account_ref(subscription))
        if subscription.state.value == "terminated":
            assert isinstance(found, Absent)
            return
        assert isinstance(found, Found)
        slack = timedelta(seconds=adapter.capabilities.expiry_granularity)
        assert found.account.expires_at is not None
        assert subscription.panel_until is not None
        assert abs(found.account.expires_at - subscription.panel_until) <= slack
        assert found.account.username == subscription.username
        assert (found.account.state.value == "suspended") is (subscription.state.value == "suspended")

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
