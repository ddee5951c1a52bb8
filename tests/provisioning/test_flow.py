"""Every verb end to end: the panel's books and the ledger say the same, once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from panelbridge.contract.models import Outcome, Term
from panelbridge.contract.secret import Secret
from panelbridge.ledger import Credits
from panelbridge.lifecycle import SubscriptionState, SuspensionReason
from panelbridge.provisioning import (
    ChangeCommand,
    OperationState,
    Refusal,
    RenewCommand,
    ResetCommand,
    SuspendCommand,
    TerminateCommand,
    UnsuspendCommand,
)
from panelbridge.testing.practice import PracticeProcess
from tests.support.rig import Rig


def spent(rig: Rig) -> Credits:
    return Credits.parse("100") - rig.wallet().balance


def test_create_makes_one_account_and_one_charge(rig: Rig, practice: PracticeProcess) -> None:
    answer = rig.provisioner.submit(rig.create())

    assert (answer.pending, answer.operation.outcome) == (False, Outcome.DONE)
    assert practice.control.books()["counts"] == {"create": 1}
    assert (spent(rig), rig.wallet().held) == (Credits.parse("1"), Credits())


def test_create_repeated_is_already_and_answers_with_the_same_account(
    rig: Rig, practice: PracticeProcess
) -> None:
    rig.provisioner.submit(rig.create())
    before = rig.subscription()

    again = rig.provisioner.submit(rig.create())

    assert again.operation.outcome is Outcome.ALREADY
    assert rig.subscription() == before
    assert practice.control.books()["counts"] == {"create": 1}
    assert spent(rig) == Credits.parse("1")


def renew(rig: Rig, item: int) -> RenewCommand:
    return RenewCommand(installation=rig.installation, service_id=501, actor="cron", fact=f"item:{item}")


def test_renew_extends_from_the_old_date_once_for_each_paid_item(rig: Rig, practice: PracticeProcess) -> None:
    rig.provisioner.submit(rig.create())
    first = rig.subscription().entitled_until
    assert first is not None

    rig.provisioner.submit(renew(rig, 991))
    rig.provisioner.submit(renew(rig, 991))
    second = rig.subscription().entitled_until
    rig.provisioner.submit(renew(rig, 992))

    assert second is not None
    assert timedelta(days=28) <= second - first <= timedelta(days=31)
    assert practice.control.books()["counts"] == {"create": 1, "extend": 2}
    assert spent(rig) == Credits.parse("3")


def suspend(rig: Rig, reason: SuspensionReason, owner: str = "billing") -> SuspendCommand:
    return SuspendCommand(
        installation=rig.installation, service_id=501, actor="cron", reason=reason, owner=owner
    )


def unsuspend(rig: Rig, owner: str = "billing") -> UnsuspendCommand:
    return UnsuspendCommand(installation=rig.installation, service_id=501, actor="cron", owner=owner)


def account(practice: PracticeProcess) -> dict[str, object]:
    (only,) = practice.control.books()["accounts"].values()
    return dict(only)


def test_suspension_reasons_are_a_set_and_service_resumes_when_it_is_empty(
    rig: Rig, practice: PracticeProcess
) -> None:
    rig.provisioner.submit(rig.create())
    rig.provisioner.submit(suspend(rig, SuspensionReason.OVERDUE))
    rig.provisioner.submit(suspend(rig, SuspensionReason.ABUSE, owner="operator"))

    lifted = rig.provisioner.submit(unsuspend(rig))

    assert "abuse" in lifted.message
    assert account(practice)["enabled"] is False
    assert rig.subscription().state is SubscriptionState.SUSPENDED
    rig.provisioner.submit(unsuspend(rig, owner="operator"))
    assert account(practice)["enabled"] is True
    assert rig.subscription().state is SubscriptionState.ACTIVE


def test_a_suspend_next_year_is_a_new_operation(rig: Rig) -> None:
    rig.provisioner.submit(rig.create())
    first = rig.provisioner.submit(suspend(rig, SuspensionReason.OVERDUE))
    rig.provisioner.submit(unsuspend(rig))
    second = rig.provisioner.submit(suspend(rig, SuspensionReason.OVERDUE))

    assert first.operation.id != second.operation.id
    assert second.operation.outcome is Outcome.DONE


def test_reset_sets_exactly_the_given_password(rig: Rig, practice: PracticeProcess) -> None:
    rig.provisioner.submit(rig.create())

    rig.provisioner.submit(
        ResetCommand(
            installation=rig.installation, service_id=501, actor="client:1", password=Secret("Abcdef123456")
        )
    )

    assert account(practice)["password"] == "Abcdef123456"
    known = rig.subscription().password
    assert known is not None
    assert known.get_secret_value() == "Abcdef123456"


def test_reset_names_the_rule_a_password_breaks_and_changes_nothing(
    rig: Rig, practice: PracticeProcess
) -> None:
    rig.provisioner.submit(rig.create())
    before = account(practice)["password"]

    with pytest.raises(Refusal) as refused:
        rig.provisioner.submit(
            ResetCommand(installation=rig.installation, service_id=501, actor="c", password=Secret("x!"))
        )

    assert (refused.value.code, refused.value.field) == ("password_rule", "password")
    assert account(practice)["password"] == before


def change(rig: Rig, plan: str) -> ChangeCommand:
    return ChangeCommand(
        installation=rig.installation, service_id=501, actor="system", plan=plan, term=Term(months=1)
    )


def test_upgrade_charges_the_unused_part_of_the_difference(rig: Rig, practice: PracticeProcess) -> None:
    rig.provisioner.submit(rig.create())

    answer = rig.provisioner.submit(change(rig, "family"))

    assert account(practice)["package"] == "family-1m"
    assert Credits.parse("1.99") < answer.operation.price <= Credits.parse("2")
    assert spent(rig) == Credits.parse("1") + answer.operation.price


def test_downgrade_returns_nothing_and_says_so(rig: Rig, practice: PracticeProcess) -> None:
    rig.provisioner.submit(rig.create(plan="family"))

    answer = rig.provisioner.submit(change(rig, "gold"))

    assert answer.operation.price == Credits()
    assert "nothing comes back" in answer.message
    assert account(practice)["package"] == "basic-1m"


def test_change_for_the_next_period_is_applied_by_the_next_renewal(
    rig: Rig, practice: PracticeProcess
) -> None:
    rig.provisioner.submit(rig.create())
    rig.provisioner.change_later(change(rig, "family"))
    assert account(practice)["package"] == "basic-1m"

    answer = rig.provisioner.submit(renew(rig, 991))

    assert answer.operation.price == Credits.parse("5")  # its month, and 2 more for the month that is left
    assert account(practice)["package"] == "family-1m"
    assert rig.subscription().next_change is None


def terminate(rig: Rig) -> TerminateCommand:
    return TerminateCommand(installation=rig.installation, service_id=501, actor="cron")


def test_terminate_proves_absence_and_a_repeat_is_already(rig: Rig, practice: PracticeProcess) -> None:
    rig.provisioner.submit(rig.create())

    first = rig.provisioner.submit(terminate(rig))
    second = rig.provisioner.submit(terminate(rig))

    assert (first.operation.outcome, second.operation.outcome) == (Outcome.DONE, Outcome.ALREADY)
    assert practice.control.books()["accounts"] == {}


def test_a_terminated_service_comes_back_only_when_billing_shows_it_alive(
    rig: Rig, practice: PracticeProcess
) -> None:
    rig.provisioner.submit(rig.create())
    rig.provisioner.submit(terminate(rig))

    with pytest.raises(Refusal) as refused:
        rig.provisioner.submit(rig.create())
    again = rig.provisioner.submit(rig.create(reopens=True))

    assert refused.value.code == "illegal_move"
    assert again.operation.generation == 2
    assert practice.control.books()["counts"]["create"] == 2
    assert spent(rig) == Credits.parse("2")


def test_without_credit_nothing_is_sent_and_the_price_is_named(rig: Rig, practice: PracticeProcess) -> None:
    for service in range(1, 11):
        rig.provisioner.submit(rig.create(service, term="12m"))

    with pytest.raises(Refusal) as refused:
        rig.provisioner.submit(rig.create(11, term="12m"))

    assert refused.value.code == "insufficient_credit"
    assert "costs 10 credits" in refused.value.message
    assert practice.control.books()["counts"]["create"] == 10


def test_a_queueing_plan_waits_for_the_top_up_and_runs_oldest_first(
    rig: Rig, practice: PracticeProcess
) -> None:
    with rig.units.read() as unit:
        panel = unit.panels.named("main")
    assert panel is not None
    rig.add_plan("patient", panel, {"1m": ("basic-1m", "60")}, queue_without_credit=True)
    rig.provisioner.submit(rig.create(1, plan="patient"))
    waiting = [rig.provisioner.submit(rig.create(service, plan="patient")) for service in (2, 3)]
    assert [item.operation.state for item in waiting] == [OperationState.QUEUED, OperationState.QUEUED]

    rig.top_up("30", key="second")
    rig.settle_all()

    states = {item.service_id: item.state for item in rig.operations()}
    assert states == {1: OperationState.DONE, 2: OperationState.DONE, 3: OperationState.QUEUED}
    assert practice.control.books()["counts"]["create"] == 2


def test_terminate_overtakes_a_queued_create_and_leaves_no_account_and_no_charge(
    rig: Rig, practice: PracticeProcess
) -> None:
    with rig.units.read() as unit:
        panel = unit.panels.named("main")
    assert panel is not None
    rig.add_plan("patient", panel, {"1m": ("basic-1m", "600")}, queue_without_credit=True)
    rig.provisioner.submit(rig.create(plan="patient"))

    ended = rig.provisioner.submit(terminate(rig))
    rig.top_up("1000", key="second")
    rig.settle_all()

    assert not ended.pending
    assert rig.subscription().state is SubscriptionState.TERMINATED
    assert practice.control.books()["counts"] == {}
    assert rig.wallet().balance == Credits.parse("1100")
