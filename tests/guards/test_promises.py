"""What must hold when verbs meet: nothing ends on a guess, nothing is bought for what was ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from panelbridge.contract.capabilities import Verb
from panelbridge.contract.models import Outcome
from panelbridge.ledger import Credits
from panelbridge.lifecycle import SubscriptionState
from panelbridge.provisioning import OperationState
from tests.matrix.backends import REFERENCE_SET, XUI_ADMIN, XUI_RESELLER, Backend
from tests.matrix.commands import COMMANDS
from tests.matrix.stage import Stage, stage_in

OpenStage = Callable[[Backend], AbstractContextManager[Stage]]
LOOK_UPS = ("get", "find", "list_accounts")


@pytest.fixture(params=[REFERENCE_SET, XUI_RESELLER, XUI_ADMIN], ids=lambda item: item.name)
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    with stage_in(tmp_path, request.param, attempt=2.0, lookup=2.0, budget=2.0) as made:
        yield made


def accounts(stage: Stage, service: int) -> int:
    """How many accounts of ``service`` the panel's books show; names begin with pb and the service's id."""
    return sum(name.startswith(f"pb{service}") for name in stage.practice.control.books()["accounts"])


def hide_everything(stage: Stage, *, but: int = 0) -> None:
    """Nothing can be looked up from now on, after the first ``but`` reads of an account."""
    for name in LOOK_UPS:
        stage.practice.control.set_fault("error_500_before", name, times=None, skip=but)


def show_everything(stage: Stage) -> None:
    """The panel answers again, and the breaker has seen it."""
    stage.practice.control.clear_faults()
    stage.rig.directory.breaker(stage.rig.operations()[0].panel_id).succeeded()
    stage.rig.settle_all()


def wait_hours(stage: Stage, hours: int) -> None:
    for _ in range(hours):
        stage.rig.clock.forward(hours=1)
        stage.rig.provisioner.run_due()


@pytest.mark.parametrize("fault", ["cut_before", "cut_after_commit"])
def test_terminate_is_never_reported_done_while_nobody_knows(stage: Stage, fault: str) -> None:
    service = stage.fresh_service(Verb.TERMINATE)
    stage.practice.control.set_fault(fault, stage.backend.request(Verb.TERMINATE))
    hide_everything(stage, but=1)  # each adapter reads the account once before it deletes it

    answer = stage.rig.provisioner.submit(COMMANDS[Verb.TERMINATE](stage.rig, service))
    wait_hours(stage, 6)

    ended = stage.rig.provisioner.answer(answer.operation.id)
    assert answer.pending
    assert ended.pending
    assert ended.operation.outcome is not Outcome.DONE
    assert stage.rig.subscription(service).state is not SubscriptionState.TERMINATED

    show_everything(stage)
    assert stage.rig.provisioner.answer(answer.operation.id).operation.state is OperationState.DONE
    assert accounts(stage, service) == 0


def test_terminate_waits_for_a_create_nobody_knows_the_end_of(stage: Stage) -> None:
    """The create had its effect: it is charged once, and its account is gone in the end."""
    service = stage.fresh_service(Verb.CREATE)
    before = stage.books()
    stage.practice.control.set_fault("cut_after_commit", "create")
    hide_everything(stage)
    made = stage.rig.provisioner.submit(COMMANDS[Verb.CREATE](stage.rig, service))

    ended = stage.rig.provisioner.submit(COMMANDS[Verb.TERMINATE](stage.rig, service))

    assert made.pending
    assert (ended.pending, ended.waits_for) == (True, made.operation.id)
    assert accounts(stage, service) == 1
    show_everything(stage)
    assert accounts(stage, service) == 0
    assert stage.rig.subscription(service).state is SubscriptionState.TERMINATED
    assert before.balance - stage.books().balance == made.operation.price
    assert (stage.rig.wallet().held, stage.rig.attention()) == (Credits(), [])


def test_a_create_proved_absent_is_not_repeated_when_a_terminate_waits(stage: Stage) -> None:
    """The create had no effect: there is no account, no charge, and nothing was made just to be deleted."""
    service = stage.fresh_service(Verb.CREATE)
    before = stage.books()
    stage.practice.control.set_fault("cut_before", "create")
    hide_everything(stage)
    made = stage.rig.provisioner.submit(COMMANDS[Verb.CREATE](stage.rig, service))
    ended = stage.rig.provisioner.submit(COMMANDS[Verb.TERMINATE](stage.rig, service))
    assert (made.pending, ended.pending) == (True, True)

    show_everything(stage)

    states = {item.verb: item.state for item in stage.rig.operations() if item.service_id == service}
    assert states[Verb.TERMINATE] is OperationState.DONE
    assert accounts(stage, service) == 0
    # The reseller's list proves no absence: there the repeat alone tells, and what it made is gone again.
    proved = stage.backend is not XUI_RESELLER
    assert states[Verb.CREATE] is (OperationState.SUPERSEDED if proved else OperationState.DONE)
    assert before.balance - stage.books().balance == (Credits() if proved else made.operation.price)
    assert stage.books().effects["create"] == before.effects["create"] + (not proved)
    assert stage.rig.wallet().held == Credits()


def test_a_suspend_next_year_is_a_new_operation(stage: Stage) -> None:
    service = stage.fresh_service(Verb.SUSPEND)
    suspend, unsuspend = COMMANDS[Verb.SUSPEND], COMMANDS[Verb.UNSUSPEND]
    first = stage.rig.provisioner.submit(suspend(stage.rig, service))
    stage.rig.provisioner.submit(unsuspend(stage.rig, service))
    before = stage.books()
    stage.rig.clock.forward(days=365)

    second = stage.rig.provisioner.submit(suspend(stage.rig, service))

    assert second.operation.id != first.operation.id
    assert second.operation.outcome is Outcome.DONE
    assert dict(stage.books().effects - before.effects) == stage.backend.effect(Verb.SUSPEND)
    assert stage.rig.subscription(service).state is SubscriptionState.SUSPENDED


def test_a_free_create_in_doubt_is_not_made_anew_when_its_repeat_is_refused(tmp_path: Path) -> None:
    """No credit is at stake, but a second account is: the refusal says nothing of the first try."""
    with stage_in(tmp_path, XUI_RESELLER, attempt=2.0, lookup=2.0, budget=2.0) as stage:
        with stage.rig.units.read() as unit:
            panel = unit.panels.named("main")
        assert panel is not None
        stage.rig.add_plan("free", panel, {"1m": ("1", "0")})
        stage.practice.control.set_fault("cut_after_commit", "create")
        hide_everything(stage)
        stage.rig.provisioner.submit(stage.rig.create(7, plan="free"))
        stage.practice.control.act("key", status=0)  # every request is refused from now on
        stage.rig.settle_all()
        assert stage.rig.operations()[0].state is OperationState.ATTENTION

        stage.practice.control.act("key", status=1)
        again = stage.rig.provisioner.submit(stage.rig.create(7, plan="free"))

        assert again.pending
        assert accounts(stage, 7) == 1
