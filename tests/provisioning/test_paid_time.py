"""A panel that keeps no expiry: what was paid for ends on time, and comes back when it is paid again."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from panelbridge.contract.exceptions import PermissionMissing
from panelbridge.contract.models import Outcome
from panelbridge.ledger import Credits
from panelbridge.lifecycle import SubscriptionState, SuspensionReason
from panelbridge.provisioning import Refusal, RenewCommand, SuspendCommand, TerminateCommand, UnsuspendCommand
from panelbridge.provisioning.dependencies import Dependencies
from panelbridge.provisioning.port import Unit
from panelbridge.provisioning.rules import Admission
from panelbridge.provisioning.verbs.suspend import SuspendRules
from panelbridge.testing.practice import PracticeProcess
from tests.support.ready import PracticeHere
from tests.support.rig import Rig, rig_in


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[PracticeProcess]:
    books = tmp_path / "panel.sqlite"
    with PracticeHere("reference", books=books, options={"extend": "none"}) as panel:
        yield panel


@pytest.fixture
def rig(tmp_path: Path, practice: PracticeProcess) -> Iterator[Rig]:
    with rig_in(tmp_path / "bridge", attempt=3.0, lookup=2.0, budget=3.0) as made:
        panel = made.add_panel("main", "reference", practice.settings)
        made.add_plan("gold", panel, {"1m": ("basic-1m", "1")}, grace_hours=48)
        made.top_up("100")
        made.provisioner.submit(made.create())
        yield made


def renew(rig: Rig, item: int = 7) -> RenewCommand:
    return RenewCommand(installation=rig.installation, service_id=501, actor="cron", fact=f"item:{item}")


def suspend(rig: Rig) -> SuspendCommand:
    return SuspendCommand(
        installation=rig.installation,
        service_id=501,
        actor="admin:1",
        reason=SuspensionReason.MANUAL,
        owner="whmcs",
    )


def unsuspend(rig: Rig) -> UnsuspendCommand:
    return UnsuspendCommand(installation=rig.installation, service_id=501, actor="admin:1", owner="whmcs")


def keep_time(rig: Rig) -> int:
    """What the schedule does: look, then settle what it wanted."""
    commands = rig.provisioner.hold_to_paid_time()
    rig.settle_all()
    return commands


def at_the_panel(practice: PracticeProcess) -> str:
    (account,) = practice.control.books()["accounts"].values()
    return str(account["state"])


def test_the_account_works_until_its_paid_time_and_grace_have_passed(
    rig: Rig, practice: PracticeProcess
) -> None:
    paid_until = rig.subscription().entitled_until
    assert paid_until is not None
    rig.clock.forward(seconds=(paid_until - rig.clock()).total_seconds() + 3600)

    assert (keep_time(rig), at_the_panel(practice)) == (0, "active")

    rig.clock.forward(hours=48)
    assert (keep_time(rig), at_the_panel(practice)) == (1, "suspended")
    assert rig.subscription().reasons == {SuspensionReason.EXPIRED}
    assert keep_time(rig) == 0


def test_a_renewal_moves_the_date_in_our_books_and_charges_once(rig: Rig, practice: PracticeProcess) -> None:
    before = rig.subscription().entitled_until
    assert before is not None

    first, again = rig.provisioner.submit(renew(rig)), rig.provisioner.submit(renew(rig))

    assert (first.operation.outcome, again.operation.outcome) == (Outcome.DONE, Outcome.ALREADY)
    after = rig.subscription().entitled_until
    assert after is not None
    assert timedelta(days=28) <= after - before <= timedelta(days=31)
    assert practice.control.books()["counts"] == {"create": 1}
    assert Credits.parse("100") - rig.wallet().balance == Credits.parse("2")
    assert rig.wallet().held == Credits()


def test_a_late_renewal_brings_the_account_back_with_its_credentials(
    rig: Rig, practice: PracticeProcess
) -> None:
    (before,) = practice.control.books()["accounts"].values()
    rig.clock.forward(days=60)
    keep_time(rig)

    rig.provisioner.submit(renew(rig))
    rig.settle_all()

    (after,) = practice.control.books()["accounts"].values()
    assert after == before
    assert rig.subscription().state is SubscriptionState.ACTIVE
    until = rig.subscription().entitled_until
    assert until is not None
    assert until > rig.clock() + timedelta(days=27)


def test_paying_does_not_lift_what_an_admin_suspended(rig: Rig, practice: PracticeProcess) -> None:
    rig.clock.forward(days=60)
    keep_time(rig)
    rig.provisioner.submit(suspend(rig))

    rig.provisioner.submit(renew(rig))
    rig.settle_all()
    assert (at_the_panel(practice), rig.subscription().reasons) == ("suspended", {SuspensionReason.MANUAL})

    rig.provisioner.submit(unsuspend(rig))
    assert at_the_panel(practice) == "active"


def test_an_admin_cannot_give_away_time_by_lifting_his_own_reason(
    rig: Rig, practice: PracticeProcess
) -> None:
    rig.provisioner.submit(suspend(rig))
    rig.clock.forward(days=60)

    rig.provisioner.submit(unsuspend(rig))

    assert (keep_time(rig), at_the_panel(practice)) == (1, "suspended")


def test_a_lifting_that_was_lost_is_wished_again(rig: Rig, practice: PracticeProcess) -> None:
    rig.clock.forward(days=60)
    keep_time(rig)
    practice.stop()
    rig.provisioner.submit(renew(rig), budget=0.7)  # the date moves in our books, the panel is down
    rig.provisioner.submit(suspend(rig), budget=0.7)  # and this replaces the lifting that was never sent
    practice.start()
    rig.settle_all()
    rig.provisioner.submit(unsuspend(rig))

    keep_time(rig)

    assert (at_the_panel(practice), rig.subscription().reasons) == ("active", frozenset())


def test_a_terminated_service_is_left_alone(rig: Rig) -> None:
    rig.provisioner.submit(TerminateCommand(installation=rig.installation, service_id=501, actor="admin:1"))
    rig.clock.forward(days=60)

    assert keep_time(rig) == 0


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (Refusal("illegal_move", "not from here: hunter2", advice="None."), "illegal_move"),
        (PermissionMissing("may not: hunter2"), "panel_permission"),
        (RuntimeError("plan 1 is gone: hunter2"), "RuntimeError"),
    ],
)
def test_what_fails_for_one_service_is_logged_and_keeps_no_other_from_its_end(
    rig: Rig,
    failure: Exception,
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    rig.provisioner.submit(rig.create(service_id=502))
    rig.clock.forward(days=60)
    intend = SuspendRules.intend

    def fail_for_the_first(
        rules: SuspendRules, unit: Unit, deps: Dependencies, command: SuspendCommand
    ) -> Admission:
        if command.service_id == 501:
            raise failure
        return intend(rules, unit, deps, command)

    monkeypatch.setattr(SuspendRules, "intend", fail_for_the_first)

    with caplog.at_level(logging.WARNING, logger="panelbridge.provisioning"):
        commands = keep_time(rig)

    assert (commands, rig.subscription(502).reasons) == (1, {SuspensionReason.EXPIRED})
    assert [record.getMessage() for record in caplog.records] == [
        f"paid time of subscription {rig.subscription().id} was not kept: {told}"
    ]
