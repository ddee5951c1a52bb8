"""What waits is decided when its turn comes, from how things stand then, and never above what was held.

One bridge a dialect of the practice panel serves all tests here; each has a service of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import pytest

from panelbridge.contract.models import Term
from panelbridge.contract.secret import Secret
from panelbridge.ledger import Credits
from panelbridge.lifecycle import SuspensionReason
from panelbridge.provisioning import (
    ChangeCommand,
    Command,
    Operation,
    OperationState,
    Refusal,
    RenewCommand,
    ResetCommand,
    SuspendCommand,
    TerminateCommand,
    UnsuspendCommand,
)
from panelbridge.subscriptions import Subscription
from panelbridge.testing.practice import PracticeControl, PracticeServer
from panelbridge_reference.practice import ReferencePracticePanel
from tests.support.rig import Rig, rig_in

DONE, REFUSED = OperationState.DONE, OperationState.REFUSED
SUPERSEDED = OperationState.SUPERSEDED
ABUSE, MANUAL, OVERDUE = SuspensionReason.ABUSE, SuspensionReason.MANUAL, SuspensionReason.OVERDUE
_services = count(501)
_items = count(1)


@dataclass
class Life:
    """One service: what is wanted for it waits until ``settle``."""

    rig: Rig
    control: PracticeControl
    service: int

    def command(self, command: Command) -> Operation:
        return self.rig.provisioner.submit(command, budget=0.0).operation

    def create(self, plan: str = "gold", **more: Any) -> Operation:
        return self.command(self.rig.create(self.service, plan, **more))

    def renew(self, **more: Any) -> Operation:
        return self.command(
            RenewCommand(
                installation=self.rig.installation,
                service_id=self.service,
                actor="cron",
                fact=f"item:{next(_items)}",
                **more,
            )
        )

    def change(self, plan: str) -> Operation:
        return self.command(self._change(plan))

    def store(self, plan: str) -> None:
        self.rig.provisioner.change_later(self._change(plan))

    def withdraw(self) -> None:
        self.rig.provisioner.withdraw_change(self.rig.installation, self.service)

    def terminate(self) -> Operation:
        return self.command(
            TerminateCommand(installation=self.rig.installation, service_id=self.service, actor="test")
        )

    def suspend(self, reason: SuspensionReason, owner: str) -> Operation:
        return self.command(
            SuspendCommand(
                installation=self.rig.installation,
                service_id=self.service,
                actor="test",
                reason=reason,
                owner=owner,
            )
        )

    def unsuspend(self, owner: str, reason: SuspensionReason | None = None) -> Operation:
        return self.command(
            UnsuspendCommand(
                installation=self.rig.installation,
                service_id=self.service,
                actor="test",
                owner=owner,
                reason=reason,
            )
        )

    def reset(self, password: str) -> Operation:
        return self.command(
            ResetCommand(
                installation=self.rig.installation,
                service_id=self.service,
                actor="test",
                password=Secret(password),
            )
        )

    def _change(self, plan: str) -> ChangeCommand:
        return ChangeCommand(
            installation=self.rig.installation,
            service_id=self.service,
            actor="client:1",
            plan=plan,
            term=Term(months=1),
        )

    def settle(self) -> None:
        try:
            self.rig.settle_all()
        except Exception as error:  # noqa: BLE001 - what a step broke with is told by the assertion that follows
            print(f"a step broke: {error!r}")

    @property
    def books(self) -> Subscription:
        return self.rig.subscription(self.service)

    @property
    def plan(self) -> str:
        return next(code for code, plan in self.rig.plans.items() if plan.id == self.books.plan_id)

    @property
    def stored(self) -> str | None:
        change = self.books.next_change
        return next(
            (code for code, plan in self.rig.plans.items() if change and plan.id == change.plan_id), None
        )

    @property
    def account(self) -> dict[str, Any]:
        """What the panel's own books have; nothing of an account that is not there."""
        found = self.control.books()["accounts"].get(self.books.username, {})
        return dict(found)

    @property
    def package(self) -> str:
        return str(self.account["package"])

    @property
    def reasons(self) -> set[tuple[str, str]]:
        return {(item.reason.value, item.owner) for item in self.books.suspensions}

    def ended(self, operation: Operation) -> OperationState:
        return self.rig.provisioner.answer(operation.id).operation.state


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Life]]:
    """A new service on the panel of that dialect."""
    made: dict[str, tuple[Rig, PracticeControl]] = {}
    with ExitStack() as running:

        def begin(extend: str = "set") -> Life:
            if extend not in made:
                folder = tmp_path_factory.mktemp(extend)
                practice = ReferencePracticePanel(folder / "panel.sqlite", {"extend": extend})
                server = running.enter_context(PracticeServer(practice))
                rig = running.enter_context(rig_in(folder / "bridge", attempt=3.0, lookup=2.0, budget=3.0))
                panel = rig.add_panel("main", "reference", server.settings)
                for code, package, price in (
                    ("gold", "basic-1m", "1"),
                    ("family", "family-1m", "3"),
                    ("large", "family-1m", "5"),
                    ("gone", "no-such-package", "3"),
                    ("cheap-gone", "no-such-package", "1"),
                ):
                    rig.add_plan(code, panel, {"1m": (package, price)})
                rig.add_plan("single", panel, {"1m": ("basic-1m", "1")}, connections=1)
                rig.top_up("1000")
                made[extend] = (rig, PracticeControl(server.url))
            rig, control = made[extend]
            return Life(rig, control, next(_services))

        yield begin


@pytest.fixture
def life(start: Callable[[str], Life]) -> Life:
    """A service of plan gold, on a panel that takes dates."""
    made = start("set")
    made.create()
    made.settle()
    return made


@pytest.fixture
def spent(life: Life) -> Callable[[], Credits]:
    """What was spent since, and that nothing is held any more."""
    before = life.rig.wallet().balance

    def since() -> Credits:
        assert life.rig.wallet().held == Credits()
        return before - life.rig.wallet().balance

    return since


def test_a_renewal_behind_a_change_renews_what_the_change_brings(
    life: Life, spent: Callable[[], Credits]
) -> None:
    changed = life.change("family")
    renewed = life.renew()
    life.settle()

    assert (life.package, life.plan) == ("family-1m", "family")
    assert spent() == changed.price + Credits.parse("3")
    assert renewed.price == Credits.parse("3")


def test_days_behind_a_change_leave_the_plan_that_it_brings(life: Life) -> None:
    life.change("family")
    life.renew(by=Term(days=5))
    life.settle()

    assert (life.package, life.plan) == ("family-1m", "family")


def test_where_the_change_was_refused_the_renewal_costs_what_the_old_plan_costs(
    life: Life, spent: Callable[[], Credits]
) -> None:
    changed = life.change("gone")
    renewed = life.renew()
    held = life.rig.wallet().held
    life.settle()

    assert (life.ended(changed), life.ended(renewed)) == (REFUSED, DONE)
    assert held == changed.price + Credits.parse("3")
    assert spent() == Credits.parse("1")
    assert life.plan == "gold"


def test_a_renewal_that_would_cost_more_than_was_held_is_refused(start: Callable[[str], Life]) -> None:
    life = start("set")
    life.create("family")
    life.settle()
    before = life.rig.wallet().balance
    life.change("cheap-gone")
    renewed = life.renew()
    life.settle()

    after = life.rig.provisioner.answer(renewed.id).operation
    assert (after.state, after.code) == (REFUSED, "costs_more")
    assert (life.rig.wallet().balance, life.rig.wallet().held) == (before, Credits())


def test_connections_that_a_renewal_charges_for_are_there(start: Callable[[str], Life]) -> None:
    life = start("set")
    life.create("single")
    life.settle()
    renewed = life.renew(connections=3)
    life.settle()

    assert (life.ended(renewed), life.books.connections) == (DONE, 3)
    assert life.account["connections"] == 3


def test_a_renewal_whose_date_is_refused_after_the_package_moved_is_not_refused(
    life: Life, spent: Callable[[], Credits]
) -> None:
    """The hold was free again, and the account had the dearer package."""
    life.store("family")
    body = b'{"error": "permission_missing", "field": null}'
    life.control.set_reply("extend", status=403, body=body)
    renewed = life.renew()
    life.settle()

    assert (life.package, life.plan, life.ended(renewed)) == ("family-1m", "family", DONE)
    assert spent() == renewed.price


def test_days_given_keep_a_stored_change(life: Life) -> None:
    life.store("family")
    life.renew(by=Term(days=5))
    life.settle()

    assert (life.stored, life.plan) == ("family", "gold")


def test_a_renewal_that_was_paid_before_keeps_a_stored_change_for_the_next(
    life: Life, spent: Callable[[], Credits]
) -> None:
    life.renew()
    life.store("family")
    life.settle()

    assert (life.stored, life.plan) == ("family", "gold")
    assert spent() == Credits.parse("1")
    life.renew()
    life.settle()
    assert (life.stored, life.plan) == (None, "family")


def test_a_change_that_was_asked_for_before_keeps_a_stored_one(life: Life) -> None:
    life.change("family")
    life.store("large")
    life.settle()

    assert (life.stored, life.plan) == ("large", "family")


def test_a_create_keeps_a_change_that_was_stored_while_it_waited(start: Callable[[str], Life]) -> None:
    life = start("set")
    life.create()
    life.store("family")
    life.settle()

    assert (life.stored, life.plan) == ("family", "gold")


def test_a_stored_change_that_is_withdrawn_while_its_renewal_waits_is_not_bought(
    life: Life, spent: Callable[[], Credits]
) -> None:
    life.store("family")
    life.renew()
    life.withdraw()
    life.settle()

    assert (life.package, life.plan) == ("basic-1m", "gold")
    assert spent() == Credits.parse("1")


@pytest.mark.parametrize("settled", [True, False], ids=["ended", "ending"])
def test_no_change_is_stored_for_a_service_that_ends(life: Life, settled: bool) -> None:
    life.terminate()
    if settled:
        life.settle()

    with pytest.raises(Refusal) as refused:
        life.store("family")
    assert refused.value.code == "illegal_move"


@pytest.mark.parametrize("extend", ["none", "add", "set"])
def test_a_renewal_behind_a_terminate_is_not_charged(start: Callable[[str], Life], extend: str) -> None:
    life = start(extend)
    life.create()
    life.settle()
    before = life.rig.wallet().balance
    life.terminate()
    renewed = life.renew()
    life.settle()

    assert life.ended(renewed) is REFUSED
    assert (life.rig.wallet().balance, life.rig.wallet().held) == (before, Credits())
    assert life.books.state.value == "terminated"


@pytest.mark.parametrize("extend", ["none", "add", "set"])
def test_a_renewal_of_an_account_that_was_never_made_is_not_charged(
    start: Callable[[str], Life], extend: str
) -> None:
    life = start(extend)
    before = life.rig.wallet().balance
    created = life.create("gone")
    renewed = life.renew()
    life.settle()

    assert (life.ended(created), life.ended(renewed)) == (REFUSED, REFUSED)
    assert (life.rig.wallet().balance, life.rig.wallet().held) == (before, Credits())
    assert life.books.entitled_until is None


def test_a_suspend_of_another_owner_leaves_what_is_lifted_meanwhile(life: Life) -> None:
    """The paid account stayed suspended as overdue once the operator had lifted his own reason."""
    life.suspend(OVERDUE, "billing")
    life.settle()
    lifted = life.unsuspend("billing")
    life.suspend(ABUSE, "operator")
    life.settle()

    assert (life.ended(lifted), life.reasons, life.account["state"]) == (
        DONE,
        {("abuse", "operator")},
        "suspended",
    )
    life.unsuspend("operator")
    life.settle()
    assert (life.reasons, life.account["state"]) == (set(), "active")


def test_an_unsuspend_for_one_reason_replaces_no_suspend_for_another(life: Life) -> None:
    life.suspend(MANUAL, "operator")
    life.settle()
    life.suspend(ABUSE, "operator")
    life.unsuspend("operator", MANUAL)
    life.settle()

    assert (life.reasons, life.account["state"]) == ({("abuse", "operator")}, "suspended")


def test_what_two_owners_suspend_for_one_reason_each_of_them_lifts(life: Life) -> None:
    life.suspend(MANUAL, "billing")
    life.suspend(MANUAL, "operator")
    life.settle()
    life.unsuspend("operator")
    life.settle()

    assert (life.reasons, life.account["state"]) == ({("manual", "billing")}, "suspended")


def test_a_suspend_again_replaces_what_would_have_lifted_just_that(life: Life) -> None:
    life.suspend(OVERDUE, "billing")
    life.settle()
    lifting = life.unsuspend("billing")
    life.suspend(OVERDUE, "billing")
    life.settle()

    assert life.ended(lifting) is SUPERSEDED
    assert (life.reasons, life.account["state"]) == ({("overdue", "billing")}, "suspended")


def test_of_reset_a_b_a_the_last_one_stays(life: Life) -> None:
    first = life.reset("firstPassw0rd")
    life.reset("secondPassw0rd")
    last = life.reset("firstPassw0rd")
    again = life.reset("firstPassw0rd")
    life.settle()

    assert life.account["password"] == "firstPassw0rd"
    assert first.id != last.id
    assert again.id == last.id


def test_the_newest_change_wins_though_a_renewal_stands_between(life: Life) -> None:
    life.change("family")
    life.renew()
    life.change("gold")
    life.change("family")
    life.settle()

    assert (life.package, life.plan) == ("family-1m", "family")


def test_a_create_after_a_terminate_that_was_not_sent_keeps_the_account(life: Life) -> None:
    ending = life.terminate()
    life.create(reopens=True)
    life.settle()

    assert (life.ended(ending), life.account.get("state")) == (SUPERSEDED, "active")


def in_attention(life: Life, operation: Operation) -> Operation:
    """The operation as one that only a person can decide."""
    with life.rig.units.write() as unit:
        assert unit.journal.save(
            replace(operation, state=OperationState.ATTENTION, due_at=None, reported_pending=True),
            was=operation,
        )
    return operation


def test_a_terminate_is_marked_done_only_when_the_account_is_gone(life: Life) -> None:
    ending = in_attention(life, life.terminate())
    refused: list[str] = []

    def mark() -> None:
        try:
            life.rig.provisioner.mark_done(ending.id, actor="admin:1", reason="saw it")
        except Refusal as refusal:
            refused.append(refusal.message)

    mark()
    assert (len(refused), life.books.state.value) == (1, "active")
    life.control.act("delete", username=life.books.username)
    mark()
    assert (len(refused), life.books.state.value) == (1, "terminated")


def test_a_suspend_is_marked_done_only_when_the_account_is_off(life: Life) -> None:
    waiting = in_attention(life, life.suspend(ABUSE, "operator"))

    with pytest.raises(Refusal, match="which works"):
        life.rig.provisioner.mark_done(waiting.id, actor="admin:1", reason="saw it")
