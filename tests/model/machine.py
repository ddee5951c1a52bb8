"""Random lives: every verb with owners and reasons, a panel that fails, later plans, top-ups, decisions."""

from __future__ import annotations

import itertools
import os
import tempfile
from functools import cache
from pathlib import Path

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from panelbridge.contract.capabilities import Extend
from panelbridge.contract.models import Term
from panelbridge.contract.secret import Secret
from panelbridge.lifecycle import SuspensionReason
from panelbridge.provisioning import (
    ChangeCommand,
    CreateCommand,
    RenewCommand,
    ResetCommand,
    SuspendCommand,
    TerminateCommand,
    UnsuspendCommand,
)
from tests.model.memory_panel import FAULTS
from tests.model.world import PRICES, Room, World

STEPS = 20
services = st.sampled_from(
    [501, 501, 501, 501, 502]
)  # mostly one: what waits behind what is within a service
plans = st.sampled_from(sorted(PRICES))
seldom = st.sampled_from([False, False, False, True])
patience = st.sampled_from([0.0, 0.0, 1.0])
owned_reasons = st.sampled_from(
    [
        (SuspensionReason.OVERDUE, "billing"),
        (SuspensionReason.MANUAL, "billing"),
        (SuspensionReason.ABUSE, "operator"),
    ]
)
lifted_reasons = st.sampled_from(
    [
        (None, "billing"),
        (SuspensionReason.OVERDUE, "billing"),
        (SuspensionReason.MANUAL, "billing"),
        (None, "operator"),
    ]
)


@cache
def _room() -> Room:
    """In memory where the machine has that: the model is about order, not about a disk."""
    shared = Path("/dev/shm")
    where = shared if os.access(shared, os.W_OK) else None
    return Room(Path(tempfile.mkdtemp(prefix="panelbridge-model-", dir=where)))


def forget_room() -> None:
    """Nothing stays behind a run."""
    if _room.cache_info().currsize:
        _room().close()
        _room.cache_clear()


class Bridge(RuleBasedStateMachine):
    """Each rule is something that may happen at any time; the invariants hold whenever it did."""

    world: World
    begun = 0

    @initialize(kind=st.sampled_from(list(Extend)), budget=st.sampled_from([0.0, 9.0, 9.0]))
    def begin(self, kind: Extend, budget: float) -> None:
        """Service 501 is ordered, and mostly there already: there is little to ask for without one."""
        type(self).begun += 1
        self.world = World(_room().begin(), kind)
        self.items = itertools.count(1)
        self._create(501, "gold", budget, None)

    @rule(service=services, plan=plans, budget=patience, name=st.sampled_from([None, None, "johnny1234"]))
    def create(self, service: int, plan: str, budget: float, name: str | None) -> None:
        self._create(service, plan, budget, name)

    def _create(self, service: int, plan: str, budget: float, name: str | None) -> None:
        command = CreateCommand(
            installation=self.world.shop,
            service_id=service,
            actor="billing",
            plan=plan,
            term=Term(months=1),
            username=name,
            reopens=True,
        )
        self.world.ask(service, "create", lambda: self.world.bridge.submit(command, budget=budget), plan)

    @rule(service=services, budget=patience)
    def renew(self, service: int, budget: float) -> None:
        self._renew(service, budget, "renew", None)

    @rule(service=services, budget=patience)
    def give_days(self, service: int, budget: float) -> None:
        if self.world.panel.kind is not Extend.ADD:
            self._renew(service, budget, "days", Term(days=3))

    def _renew(self, service: int, budget: float, verb: str, by: Term | None) -> None:
        command = RenewCommand(
            installation=self.world.shop,
            service_id=service,
            actor="billing",
            fact=f"item:{next(self.items)}",
            by=by,
            gift=by is not None,
        )
        self.world.ask(service, verb, lambda: self.world.bridge.submit(command, budget=budget))

    @rule(service=services, owned=owned_reasons, budget=patience)
    def suspend(self, service: int, owned: tuple[SuspensionReason, str], budget: float) -> None:
        reason, owner = owned
        command = SuspendCommand(
            installation=self.world.shop, service_id=service, actor=owner, reason=reason, owner=owner
        )
        self.world.ask(service, "suspend", lambda: self.world.bridge.submit(command, budget=budget), owned)

    @rule(service=services, lifted=lifted_reasons, budget=patience)
    def unsuspend(self, service: int, lifted: tuple[SuspensionReason | None, str], budget: float) -> None:
        reason, owner = lifted
        command = UnsuspendCommand(
            installation=self.world.shop, service_id=service, actor=owner, reason=reason, owner=owner
        )
        self.world.ask(service, "unsuspend", lambda: self.world.bridge.submit(command, budget=budget), lifted)

    @rule(service=services, password=st.sampled_from(["Aaaa1111", "Bbbb2222"]), budget=patience)
    def reset(self, service: int, password: str, budget: float) -> None:
        command = ResetCommand(
            installation=self.world.shop, service_id=service, actor="billing", password=Secret(password)
        )
        self.world.ask(service, "reset", lambda: self.world.bridge.submit(command, budget=budget), password)

    @rule(
        service=services,
        plan=st.sampled_from(["family", "family", "gold"]),
        later=st.sampled_from([False, False, True]),
        budget=patience,
    )
    def change(self, service: int, plan: str, later: bool, budget: float) -> None:
        command = ChangeCommand(
            installation=self.world.shop,
            service_id=service,
            actor="billing",
            plan=plan,
            term=Term(months=1),
            when="next_period" if later else "now",
        )
        if later:
            self.world.ask(service, "store", lambda: self.world.bridge.change_later(command), plan)
        else:
            self.world.ask(service, "change", lambda: self.world.bridge.submit(command, budget=budget), plan)

    @rule(service=services, budget=patience, really=seldom)
    def terminate(self, service: int, budget: float, really: bool) -> None:
        if not really:  # there is little to ask for afterwards
            return
        command = TerminateCommand(installation=self.world.shop, service_id=service, actor="billing")
        self.world.ask(service, "terminate", lambda: self.world.bridge.submit(command, budget=budget))

    @rule(up=st.booleans())
    def switch(self, up: bool) -> None:
        self.world.panel.up = up

    @rule(fault=st.sampled_from(FAULTS))
    def break_next_call(self, fault: str) -> None:
        self.world.panel.up, self.world.panel.fault = True, fault

    @rule(seconds=st.sampled_from([1.0, 40.0, 400.0, 7200.0]))
    def wait(self, seconds: float) -> None:
        self.world.run(seconds)

    @rule(amount=st.sampled_from([1, 4]))
    def top_up(self, amount: int) -> None:
        self.world.top_up(amount)

    @rule(service=services, really=seldom)
    def delete_by_hand(self, service: int, really: bool) -> None:
        if really:
            self.world.delete_by_hand(service)

    @rule(service=services)
    def decide(self, service: int) -> None:
        self.world.decide(service)

    @invariant()
    def books_are_right(self) -> None:
        if hasattr(self, "world"):
            self.world.check_books()

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        self.world.calm()
        self.world.top_up(1000)
        self.world.calm()
        self.world.check_books()
        self.world.check_ends()


def run_sequences(number: int, count: int, *, shortest: bool = False) -> None:
    """``count`` sequences from the seed ``number``; ``shortest`` looks for the shortest that fails.

    Raises whatever the first that fails raises.
    """
    run_state_machine_as_test(
        seed(number)(Bridge),
        settings=settings(
            max_examples=count,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            print_blob=False,
            phases=(Phase.generate, Phase.shrink) if shortest else (Phase.generate,),
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
        ),
    )
