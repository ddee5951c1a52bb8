"""A package change wanted twice, or overtaken, is paid for once."""

from __future__ import annotations

from panelbridge.contract.capabilities import Verb
from panelbridge.contract.models import Term
from panelbridge.ledger import Credits
from panelbridge.provisioning import ChangeCommand, Operation, OperationState, RenewCommand
from panelbridge.testing.practice import PracticeProcess
from tests.support.rig import Rig


def change(rig: Rig, plan: str) -> ChangeCommand:
    return ChangeCommand(
        installation=rig.installation, service_id=501, actor="client:1", plan=plan, term=Term(months=1)
    )


def renew(rig: Rig) -> RenewCommand:
    return RenewCommand(installation=rig.installation, service_id=501, actor="cron", fact="item:1")


def changes(rig: Rig) -> list[Operation]:
    return [item for item in rig.operations() if item.verb is Verb.CHANGE_PACKAGE]


def charged(rig: Rig) -> list[Credits]:
    return [item.price for item in changes(rig) if item.state is OperationState.DONE]


def test_a_change_that_waits_is_joined_though_a_renewal_settled_meanwhile(
    rig: Rig, practice: PracticeProcess
) -> None:
    rig.provisioner.submit(rig.create())
    extended = rig.provisioner.submit(renew(rig), budget=0.0)
    first = rig.provisioner.submit(change(rig, "family"), budget=0.0)
    rig.provisioner.pursue(extended.operation.id)
    assert rig.provisioner.answer(extended.operation.id).operation.state is OperationState.DONE
    before = rig.wallet()

    again = rig.provisioner.submit(change(rig, "family"), budget=0.0)
    rig.settle_all()

    assert again.operation.id == first.operation.id
    assert practice.control.books()["counts"]["change_package"] == 1
    assert before.balance - rig.wallet().balance == first.operation.price
    assert rig.wallet().held == Credits()


def test_a_change_that_was_never_sent_gives_way_to_a_later_one(rig: Rig, practice: PracticeProcess) -> None:
    with rig.units.read() as unit:
        panel = unit.panels.named("main")
    assert panel is not None
    rig.add_plan("large", panel, {"1m": ("family-1m", "5")}, connections=4)
    rig.provisioner.submit(rig.create())
    rig.provisioner.submit(renew(rig), budget=0.0)
    rig.provisioner.submit(change(rig, "family"), budget=0.0)

    last = rig.provisioner.submit(change(rig, "large"), budget=0.0)
    rig.settle_all()

    assert [item.state for item in changes(rig)] == [OperationState.SUPERSEDED, OperationState.DONE]
    assert charged(rig) == [last.operation.price]
    assert rig.subscription().plan_id == rig.plans["large"].id
    assert (practice.control.books()["counts"]["change_package"], rig.wallet().held) == (1, Credits())


def test_a_change_the_renewal_before_it_has_brought_costs_nothing(
    rig: Rig, practice: PracticeProcess
) -> None:
    rig.provisioner.submit(rig.create())
    rig.provisioner.change_later(change(rig, "family"))
    renewed = rig.provisioner.submit(renew(rig), budget=0.0)
    changed = rig.provisioner.submit(change(rig, "family"), budget=0.0)
    rig.settle_all()

    # A month of family, and 2 more for the month that is left; the change counts what waits before it.
    assert (renewed.operation.price, changed.operation.price) == (Credits.parse("5"), Credits())
    assert rig.wallet().balance == Credits.parse("94")
    assert rig.wallet().held == Credits()
    after = changes(rig)[0].after
    assert after is not None
    assert after["charged"] == "0"
