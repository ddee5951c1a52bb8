"""Each guard against doubling, on and off.

With the guard, one effect. With it switched off, in the test only, the same scenario goes wrong: so the guard
is what holds it, and a product without it would fail the test beside it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert

import panelbridge_reference.adapter
import panelbridge_xui.reseller
from panelbridge.contract.capabilities import Verb
from panelbridge.contract.models import Found, Term
from panelbridge.provisioning import OperationId, OperationState, RenewCommand
from panelbridge.provisioning import provisioner as engine
from panelbridge.provisioning.fence import FenceReading, build_fence
from panelbridge.provisioning.flow import act, claim, recover
from panelbridge.provisioning.flow.claim import Call, Claim, Wait
from panelbridge.provisioning.flow.settle import settle_retry
from panelbridge.provisioning.models import Attempt, Operation
from panelbridge.provisioning.verbs import RULES, extend
from panelbridge.storage.provisioning.attempt_rows import attempt_values
from panelbridge.storage.provisioning.store import SqlJournalStore
from panelbridge.storage.provisioning.tables import attempts
from panelbridge.subscriptions.directory import PanelDirectory
from tests.matrix.backends import REFERENCE_ADD, XUI_RESELLER, Backend
from tests.matrix.stage import Stage, stage_in
from tests.support.ready import as_owner
from tests.support.rig import Rig, build_rig

SLOW = 1.0  # seconds a request to the panel takes: long enough for another caller to do all it would
OpenStage = Callable[[Backend], AbstractContextManager[Stage]]

ADDING = replace(REFERENCE_ADD, settings=lambda settings: settings | {"late_commit": 60.0})
RACY = replace(XUI_RESELLER, options={**XUI_RESELLER.options, "balance": "racy", "race_window": "0.8"})


@pytest.fixture
def open_stage(tmp_path: Path) -> OpenStage:
    return lambda backend: stage_in(tmp_path, backend, attempt=4.0, lookup=2.0, budget=6.0)


@pytest.fixture
def adding(open_stage: OpenStage) -> Iterator[Stage]:
    """A panel that only adds: a second call is a second purchase."""
    with open_stage(ADDING) as stage:
        yield stage


def renewal(stage: Stage, service: int, item: int = 1) -> RenewCommand:
    return RenewCommand(
        installation=stage.rig.installation, service_id=service, actor="cron", fact=f"item:{service}.{item}"
    )


def together(*acts: Callable[[], object]) -> None:
    threads = [threading.Thread(target=act) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def without_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """The adapters' own guard, for callers without a journal, would hold where the journal's is off."""
    for module in (panelbridge_reference.adapter, panelbridge_xui.reseller):
        monkeypatch.setattr(module, "turn", lambda *_, **__: nullcontext())


def purchases(stage: Stage) -> int:
    count: int = stage.practice.control.books()["counts"].get("extend", 0)
    return count


def until_sent(rig: Rig, service: int) -> OperationId:
    """The renewal of ``service``, once its attempt is committed."""
    never = threading.Event()
    for _ in range(500):
        for operation in rig.operations():
            if operation.service_id == service and operation.state is OperationState.SENT:
                return operation.id
        never.wait(0.01)
    raise AssertionError("nothing was sent")


# The attempt lease, seen by who comes later: an attempt that runs is another's until its deadline.


def two_engines_on_one_renewal(stage: Stage) -> int:
    service = stage.fresh_service(Verb.EXTEND)
    stage.practice.control.set_latency(SLOW, "extend")
    other = build_rig(stage.folder, attempt=4.0)
    try:
        together(
            lambda: stage.rig.provisioner.submit(renewal(stage, service)),
            lambda: other.provisioner.step(until_sent(other, service)),
        )
    finally:
        other.close()
    return purchases(stage)


def claim_without_lease(
    unit: Any, deps: Any, operation_id: OperationId, *, seconds: float, fence_read: Any = None, **_: Any
) -> Claim:
    operation = unit.journal.operation(operation_id)
    subscription = unit.subscriptions.subscription(operation.subscription_id)
    free = replace(operation, due_at=None)
    return claim._ready(unit, deps, free, subscription, deps.clock(), seconds, fence_read)


def test_attempt_lease_a_running_attempt_is_left_alone(adding: Stage) -> None:
    assert two_engines_on_one_renewal(adding) == 1


def test_attempt_lease_switched_off_buys_again(adding: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    without_turns(monkeypatch)
    monkeypatch.setattr(engine, "claim", claim_without_lease)
    assert two_engines_on_one_renewal(adding) >= 2


# The attempt number, seen by who read the operation at the same time: only one may begin attempt n.


def two_claims_from_one_reading(stage: Stage) -> tuple[list[Claim], int]:
    rig, service = stage.rig, stage.fresh_service(Verb.EXTEND)
    waiting = rig.provisioner.submit(renewal(stage, service), budget=0.0).operation
    subscription = rig.subscription(service)
    account = rig.directory.adapter(waiting.panel_id).get(RULES[Verb.EXTEND].ref(subscription, rig.deps))
    assert isinstance(account, Found)
    fence = build_fence(account.account, Term(months=1), rig.clock(), rig.deps.limits.clock_tolerance, 4.0)
    with rig.units.read() as unit:
        read = unit.journal.operation(waiting.id)
    assert read is not None
    begun: list[Claim] = []
    for _ in range(2):
        with rig.units.write() as unit:
            begun.append(claim.begin(unit, rig.deps, read, subscription, slot=1, seconds=4.0, fence=fence))
    stage.practice.control.set_latency(SLOW, "extend")
    calls = [item for item in begun if isinstance(item, Call)]
    together(*(lambda item=item: act.send(rig.units, rig.deps, item) for item in calls))
    return begun, purchases(stage)


def test_attempt_number_only_one_of_two_begins(adding: Stage) -> None:
    begun, bought = two_claims_from_one_reading(adding)
    assert ([type(item) for item in begun], bought) == ([Call, Wait], 1)


def test_attempt_number_switched_off_buys_twice(adding: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def begin_anyway(journal: SqlJournalStore, attempt: Attempt) -> bool:
        values = attempt_values(attempt)
        same = [attempts.c[name] == values[name] for name in ("operation_id", "number")]
        journal._connection.execute(delete(attempts).where(*same))
        journal._connection.execute(insert(attempts), values)
        return True

    def save_anyway(journal: SqlJournalStore, operation: Operation, *, was: Operation) -> bool:
        del was
        now = journal.operation(operation.id)
        return now is not None and save(journal, operation, was=now)

    save = SqlJournalStore.save
    without_turns(monkeypatch)
    monkeypatch.setattr(SqlJournalStore, "begin", begin_anyway)
    monkeypatch.setattr(SqlJournalStore, "save", save_anyway)
    begun, bought = two_claims_from_one_reading(adding)
    assert ([type(item) for item in begun], bought) == ([Call, Call], 2)


# The partial unique index: at most one sent operation a subscription, also for who did not see the other.


def two_renewals_that_do_not_see_each_other(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    rig, service = stage.rig, stage.fresh_service(Verb.EXTEND)
    monkeypatch.setattr(SqlJournalStore, "unsettled", lambda journal, subscription, **_: [])
    stage.practice.control.set_latency(SLOW, "extend")
    together(
        lambda: rig.provisioner.submit(renewal(stage, service, 1)),
        lambda: rig.provisioner.submit(renewal(stage, service, 2)),
    )
    monkeypatch.undo()
    rig.settle_all()


def test_unique_index_two_renewals_are_bought_one_after_the_other(
    adding: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_renewals_that_do_not_see_each_other(adding, monkeypatch)
    assert (purchases(adding), adding.rig.attention()) == (2, [])
    subscription = adding.rig.subscription(adding.rig.operations()[0].service_id)
    assert subscription.panel_until is not None
    assert subscription.entitled_until is not None
    assert abs(subscription.panel_until - subscription.entitled_until).total_seconds() < 60


def test_unique_index_dropped_nobody_can_tell_who_bought_what(
    adding: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_owner(adding.rig.database, "DROP INDEX uq_operations_one_sent")
    without_turns(monkeypatch)
    two_renewals_that_do_not_see_each_other(adding, monkeypatch)
    assert adding.rig.attention() == ["fence_mismatch"]


# The fence: an expiry that moved is proof that the lost call had its effect.


def lose_the_reply_of_a_renewal(stage: Stage) -> int:
    service = stage.fresh_service(Verb.EXTEND)
    stage.practice.control.set_fault("cut_after_commit", "extend")
    stage.rig.provisioner.submit(renewal(stage, service), budget=1.0)
    stage.rig.settle_all()
    return purchases(stage)


def test_fence_a_lost_reply_is_found_by_the_moved_expiry(adding: Stage) -> None:
    assert lose_the_reply_of_a_renewal(adding) == 1
    assert adding.rig.attention() == []


def test_fence_switched_off_buys_twice(adding: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extend, "read_fence", lambda *_: FenceReading.UNMOVED)
    assert lose_the_reply_of_a_renewal(adding) >= 2


# The look-up: an unknown outcome is asked about, not taken for "nothing happened".


def test_look_up_of_unknown_a_lost_reply_is_not_sent_again(adding: Stage) -> None:
    assert lose_the_reply_of_a_renewal(adding) == 1


def test_look_up_of_unknown_switched_off_buys_twice(adding: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(act, "_unknown", lambda *found, **_: settle_retry(*found))
    monkeypatch.setattr(claim, "moved_elsewhere", lambda *_: False)  # it would stop before a person
    assert lose_the_reply_of_a_renewal(adding) == 2


# The quiet time: absence means nothing while the first request may still run at the panel.


def renew_while_the_first_request_still_runs(stage: Stage) -> int:
    service = stage.fresh_service(Verb.EXTEND)
    stage.practice.control.set_fault("commit_after_hangup", "extend")
    stage.rig.provisioner.submit(renewal(stage, service), budget=0.8)
    for _ in range(4):
        stage.rig.clock.forward(seconds=8)  # less in all than the panel may take to commit
        stage.rig.provisioner.run_due()
    stage.practice.control.release()
    stage.rig.settle_all()
    return purchases(stage)


def test_quiet_time_nothing_is_sent_again_before_it_is_over(adding: Stage) -> None:
    assert renew_while_the_first_request_still_runs(adding) == 1
    assert adding.rig.attention() == []


def test_quiet_time_switched_off_buys_twice(adding: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def without_quiet_time(journal: SqlJournalStore, operation: OperationId) -> list[Attempt]:
        return [replace(item, quiet_until=item.started_at) for item in read(journal, operation)]

    read = SqlJournalStore.attempts
    monkeypatch.setattr(SqlJournalStore, "attempts", without_quiet_time)
    monkeypatch.setattr(recover, "resend_wait", lambda _: 0.0)
    assert renew_while_the_first_request_still_runs(adding) == 2


# The slot: this panel reads its balance and writes it later, so two purchases at once are charged as one.


def charges_at_the_panel(open_stage: OpenStage) -> tuple[float, float]:
    """What one renewal alone cost there, and what two at once did."""
    with open_stage(RACY) as stage:
        services = [stage.fresh_service(Verb.EXTEND) for _ in range(3)]
        renewals = [lambda one=one: stage.rig.provisioner.submit(renewal(stage, one)) for one in services]
        balances = [balance_at_the_panel(stage)]
        together(renewals[0])
        balances.append(balance_at_the_panel(stage))
        together(*renewals[1:])
        stage.rig.settle_all()
        balances.append(balance_at_the_panel(stage))
        assert purchases(stage) == 3
        return balances[0] - balances[1], balances[1] - balances[2]


def balance_at_the_panel(stage: Stage) -> float:
    return float(stage.practice.control.books()["balance"])


def test_slot_two_renewals_at_once_are_two_charges_at_the_panel(open_stage: OpenStage) -> None:
    one, two_at_once = charges_at_the_panel(open_stage)
    assert two_at_once == 2 * one > 0


def test_slot_switched_off_two_renewals_are_one_charge_at_the_panel(
    open_stage: OpenStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PanelDirectory, "slots", lambda directory, panel: 8)
    without_turns(monkeypatch)
    one, two_at_once = charges_at_the_panel(open_stage)
    assert two_at_once == one > 0
