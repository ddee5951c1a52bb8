"""Two transactions at once on PostgreSQL: what provisioning checks before it writes has a lock, and needs it.

``docs/decisions/0012-locks.md`` has the list. Each is played twice: as it is, and without its lock.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from panelbridge.contract.capabilities import Verb
from panelbridge.contract.models import AccountState, Outcome, PanelAccount, VerbResult
from panelbridge.contract.secret import Secret
from panelbridge.ledger import Credits, Ledger
from panelbridge.lifecycle import SubscriptionState
from panelbridge.provisioning import ChangeCommand, ResetCommand, TerminateCommand, paid_time
from panelbridge.provisioning.flow import act, admission, decisions, locking
from panelbridge.provisioning.flow.claim import Call, Wait, claim
from panelbridge.provisioning.flow.intend import wake_queued
from panelbridge.provisioning.flow.settle import raise_attention, settle_attention
from panelbridge.provisioning.models import OperationId
from panelbridge.provisioning.next_change import store_change
from panelbridge.provisioning.verbs import RULES
from panelbridge.storage.engine.locks import Locks
from panelbridge.storage.provisioning.store import SqlJournalStore
from panelbridge.storage.subscriptions.subscriptions import SqlSubscriptionStore
from panelbridge.storage.units import SqlUnit
from panelbridge.subscriptions import Subscription
from tests.storage.two_sessions import Race, Seen, Sessions, Shop, intend, without_names
from tests.support.rig import Rig


def waited_and(end: object) -> Seen:
    return Seen(waited=True, end=end)


def read_by_service(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(SqlSubscriptionStore, "lock_of_service", SqlSubscriptionStore.of_service)


def read_by_operation(patch: pytest.MonkeyPatch) -> None:
    def read(store: SqlSubscriptionStore, operation: OperationId) -> Subscription | None:
        found = SqlJournalStore(store._connection, store._rows._vault, lambda: None).operation(operation)
        return store.subscription(found.subscription_id) if found is not None else None

    patch.setattr(SqlSubscriptionStore, "lock_of_operation", read)


def creates_of_one_service(s: Sessions) -> Seen:
    shop = s.shop()

    def second(rig: Rig) -> bool:
        with rig.units.write() as unit:
            return RULES[Verb.CREATE].intend(unit, rig.deps, shop.create(7)).joined

    return s.meet(lambda unit: intend(unit, s.first, shop.create(7)), second)


def renewals_for_one_invoice_item(s: Sessions) -> Seen:
    shop = s.shop()
    service = s.active(shop).service_id

    def second(rig: Rig) -> bool:
        with rig.units.write() as unit:
            return RULES[Verb.EXTEND].intend(unit, rig.deps, shop.renew(service)).joined

    return s.meet(lambda unit: intend(unit, s.first, shop.renew(service)), second)


def claims_of_one_operation(s: Sessions) -> Seen:
    shop = s.shop()
    operation = s.intended(shop.renew(s.active(shop).service_id))

    def second(rig: Rig) -> bool:
        with rig.units.write() as unit:
            todo = claim(unit, rig.deps, operation.id, seconds=3.0)
        return isinstance(todo, Wait) and todo.running  # it saw the attempt of the other

    return s.meet(lambda unit: claim(unit, s.first.deps, operation.id, seconds=3.0), second)


def settling_beside_another_decision(s: Sessions) -> Seen:
    shop = s.shop()
    subscription = s.active(shop)
    call = s.sent(shop.renew(subscription.service_id))

    def first(unit: SqlUnit) -> None:
        known = unit.subscriptions.lock(subscription.id)
        assert known is not None
        unit.subscriptions.save(replace(known, revision=5))

    def second(rig: Rig) -> tuple[str, int]:
        with rig.units.write() as unit:
            result = VerbResult(outcome=Outcome.DONE, account=account_of(call))
            act._settle_result(unit, rig.deps, call, result)
        with rig.units.read() as unit:
            moved = unit.subscriptions.subscription(subscription.id)
        return s.state(call.operation), moved.revision if moved is not None else 0

    return s.meet(first, second)


def account_of(call: Call) -> PanelAccount:
    return PanelAccount(
        id=call.subscription.account_id or "",
        username=call.subscription.username or "",
        state=AccountState.ACTIVE,
        expires_at=call.operation.target.panel_until,
        package="basic-1m",
    )


def order_behind_a_queue(s: Sessions) -> Seen:
    """A top-up while an order joins the queue: before it, or after it, and never past it."""
    shop = s.shop("0", queue_without_credit=True)
    s.intended(shop.create(1))

    def second(rig: Rig) -> list[str]:
        top_up(rig, shop)
        return states(s, shop)

    return s.meet(lambda unit: intend(unit, s.first, shop.create(2)), second)


def end_of_an_order_that_is_woken(s: Sessions) -> Seen:
    shop = s.shop("0", queue_without_credit=True)
    waiting = s.intended(shop.create(1))

    def wake(unit: SqlUnit) -> None:
        unit.ledger.top_up(
            waiting.reseller_id, Credits.parse("5"), key=f"wake {shop.plan.id}", actor="t", reason="paid"
        )
        wake_queued(unit, s.first.deps, waiting.reseller_id)

    def second(rig: Rig) -> object:
        command = TerminateCommand(installation=shop.installation, service_id=1, actor="t")
        with rig.units.write() as unit:
            RULES[Verb.TERMINATE].intend(unit, rig.deps, command)
        with rig.units.read() as unit:
            return s.state(waiting), unit.ledger.wallet(waiting.reseller_id).held

    return s.meet(wake, second)


def top_up(rig: Rig, shop: Shop) -> None:
    reseller = shop.installation.reseller_id
    with rig.units.write() as unit:
        unit.ledger.top_up(reseller, Credits.parse("5"), key=f"more {reseller}", actor="t", reason="paid")
        rig.provisioner.after_top_up(unit, reseller)


def states(s: Sessions, shop: Shop) -> list[str]:
    with s.first.units.read() as unit:
        found = unit.journal.search(installation=shop.installation.id)
    return [item.state.value for item in found]


def the_last_slot_of_a_panel(s: Sessions) -> Seen:
    shop = s.shop()
    one = s.intended(shop.renew(s.active(shop).service_id))
    last = len(slots(s.first, one.panel_id)) + 1

    def take(unit: SqlUnit, rig: Rig) -> int | None:
        return unit.journal.free_slot(one.panel_id, last, rig.clock(), rig.clock.elapsed())

    def second(rig: Rig) -> int | None:
        with rig.units.write() as unit:
            return take(unit, rig)

    return s.meet(lambda unit: take(unit, s.first), second)


def slots(rig: Rig, panel: Any) -> list[int | None]:
    with rig.units.read() as unit:
        values = {"panel": panel, "now": rig.clock(), "boot": rig.clock.elapsed().boot}
        return unit.journal._slots_taken({**values, "seconds": rig.clock.elapsed().seconds})


def a_login_name_asked_for_by_two(s: Sessions) -> Seen:
    shop = s.shop()
    mine = s.intended(shop.create(1))

    def second(rig: Rig) -> bool:
        with rig.units.write() as unit:
            return unit.journal.name_sent_elsewhere(mine.panel_id, "maria2345", mine)

    return s.meet(lambda unit: intend(unit, s.first, shop.create(2, username="maria2345")), second)


def an_account_for_two_services(s: Sessions) -> Seen:
    shop = s.shop()
    one, other = s.active(shop), s.active(shop)

    def take(unit: SqlUnit, taker: Subscription) -> bool:
        unit.subscriptions.lock_account((s.panel.id,), "the same")
        if unit.subscriptions.of_account(s.panel.id, "the same") is not None:
            return False
        unit.subscriptions.save(replace(taker, account_id="the same"))
        return True

    def second(rig: Rig) -> bool:
        with rig.units.write() as unit:
            return take(unit, other)

    seen = s.meet(lambda unit: take(unit, one), second)
    with s.first.units.write() as unit:
        unit.subscriptions.save(one)
    return seen


def a_login_of_one_customer(s: Sessions) -> Seen:
    """A second account learns the login's password while a reset changes it."""
    shop = s.shop()
    known, made = (s.active(shop, customer="9") for _ in range(2))
    # Its account is made at the panel, and our books do not know it yet.
    fresh = replace(made, state=SubscriptionState.PENDING, account_id=None, username=None)
    with s.first.units.write() as unit:
        unit.subscriptions.save(fresh)
    reset = ResetCommand(
        installation=shop.installation, service_id=known.service_id, actor="t", password=Secret("neu3Nu3neu")
    )
    with s.first.units.write() as unit:
        operation = RULES[Verb.RESET_CREDENTIALS].intend(unit, s.first.deps, reset).operation
    with s.first.units.write() as unit:
        call = claim(unit, s.first.deps, operation.id, seconds=3.0)
    assert isinstance(call, Call)

    def second(rig: Rig) -> object:
        with rig.units.write() as unit:
            locking.lock_to_settle(unit, replace(operation, verb=Verb.CREATE), fresh)
            found = unit.subscriptions.sharing_login(replace(fresh, username=known.username))[0].password
        return found.get_secret_value() if found is not None else None

    def settle(unit: SqlUnit) -> None:
        shown = replace(account_of(call), password=Secret("neu3Nu3neu"))
        act._settle_result(unit, s.first.deps, call, VerbResult(outcome=Outcome.DONE, account=shown))

    return s.meet(settle, second)


def a_decision_and_its_dismissal(s: Sessions) -> Seen:
    """An item is dismissed while its operation comes to need a decision."""
    shop = s.shop()
    call = s.sent(shop.renew(s.active(shop).service_id))
    told = {"code": "unknown_too_long", "message": "it is late", "advice": "look"}
    with s.first.units.write() as unit:
        item = raise_attention(unit, s.first.deps, call.operation, "not_settled", "it is late", "wait").id

    def second(rig: Rig) -> str:
        with rig.units.write() as unit:
            now = rig.clock()
            return decisions.dismiss(unit, item, actor="t", reason="seen", at=now).resolution or ""

    def settle(unit: SqlUnit) -> None:
        locking.lock_to_settle(unit, call.operation, call.subscription)
        settle_attention(unit, s.first.deps, call.operation, **told)

    return s.meet(settle, second)


def a_change_stored_for_what_is_ended(s: Sessions) -> Seen:
    shop = s.shop()
    service = s.active(shop).service_id
    end = TerminateCommand(installation=shop.installation, service_id=service, actor="t")
    change = ChangeCommand(
        installation=shop.installation,
        service_id=service,
        actor="t",
        plan=shop.plan.code,
        term=shop.plan.terms[0].term,
    )

    def first(unit: SqlUnit) -> None:
        RULES[Verb.TERMINATE].intend(unit, s.first.deps, end)

    return s.meet(first, lambda rig: store_change(rig.units, rig.deps, change).id)


def paid_time_beside_a_renewal(s: Sessions) -> Seen:
    shop = s.shop()
    subscription = s.active(shop)
    s.first.clock.forward(days=30)
    s.second.clock.forward(days=30)

    def second(rig: Rig) -> bool:
        with rig.units.write() as unit:
            return paid_time._hold(unit, rig.deps, subscription.id)

    try:
        return s.meet(lambda unit: intend(unit, s.first, shop.renew(subscription.service_id)), second)
    finally:
        s.first.clock.reset()
        s.second.clock.reset()


def a_caller_told_pending_while_it_is_woken(s: Sessions) -> Seen:
    shop = s.shop("0", queue_without_credit=True)
    waiting = s.intended(shop.create(1))

    def wake(unit: SqlUnit) -> None:
        unit.ledger.top_up(
            waiting.reseller_id, Credits.parse("5"), key=f"told {shop.plan.id}", actor="t", reason="paid"
        )
        wake_queued(unit, s.first.deps, waiting.reseller_id)

    def second(rig: Rig) -> bool:
        rig.provisioner._leave(waiting.id)
        with rig.units.read() as unit:
            found = unit.journal.operation(waiting.id)
        return found is not None and found.reported_pending

    return s.meet(wake, second)


def once_only(patch: pytest.MonkeyPatch) -> None:
    """What was saved in vain counts as done."""
    honest = SqlJournalStore.save
    patch.setattr(SqlJournalStore, "save", lambda *given, was: honest(*given, was=was) or True)


RACES: dict[str, Race] = {
    "create": Race(play=creates_of_one_service, ends=waited_and(True), off=without_names),
    "renew": Race(play=renewals_for_one_invoice_item, ends=waited_and(True), off=read_by_service),
    "claim": Race(play=claims_of_one_operation, ends=waited_and(True), off=read_by_operation),
    "settle": Race(
        play=settling_beside_another_decision,
        ends=waited_and(("done", 6)),
        off=lambda patch: patch.setattr(act, "lock_to_settle", lambda _unit, _operation, known: known),
    ),
    "queue": Race(
        play=order_behind_a_queue,
        ends=waited_and(["ready", "ready"]),
        off=lambda patch: patch.setattr(Ledger, "lock", lambda *_: None),
    ),
    "wake": Race(
        play=end_of_an_order_that_is_woken,
        ends=waited_and(("superseded", Credits())),
        off=lambda patch: patch.setattr(admission, "as_it_waits", lambda _unit, operation: operation),
    ),
    "slot": Race(
        play=the_last_slot_of_a_panel,
        ends=Seen(waited=False, end=None),
        off=lambda patch: patch.setattr(Locks, "try_take", lambda *_: True),
    ),
    "name_sent_elsewhere": Race(play=a_login_name_asked_for_by_two, ends=waited_and(True), off=without_names),
    "account": Race(play=an_account_for_two_services, ends=waited_and(False), off=without_names),
    "shared login": Race(play=a_login_of_one_customer, ends=waited_and("neu3Nu3neu"), off=without_names),
    "dismiss": Race(play=a_decision_and_its_dismissal, ends=waited_and("Refusal"), off=read_by_operation),
    "next change": Race(
        play=a_change_stored_for_what_is_ended, ends=waited_and("Refusal"), off=read_by_service
    ),
    "paid time": Race(
        play=paid_time_beside_a_renewal,
        ends=waited_and(False),
        off=lambda patch: patch.setattr(SqlSubscriptionStore, "lock", SqlSubscriptionStore.subscription),
    ),
    "told pending": Race(play=a_caller_told_pending_while_it_is_woken, ends=waited_and(True), off=once_only),
}


@pytest.mark.parametrize("race", RACES.values(), ids=RACES.keys())
def test_who_comes_second_decides_on_what_the_first_left(sessions: Sessions, race: Race) -> None:
    assert race.ends == race.play(sessions)


@pytest.mark.parametrize("race", RACES.values(), ids=RACES.keys())
def test_without_its_lock_it_goes_wrong(
    sessions: Sessions, race: Race, monkeypatch: pytest.MonkeyPatch
) -> None:
    race.off(monkeypatch)
    assert race.ends != race.play(sessions)
