"""Two transactions at once on PostgreSQL: what every store checks before it writes has a lock or an index.

``docs/decisions/0012-locks.md`` has the list. Each is played twice: as it is, and without its lock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Index, bindparam, insert, update

from panelbridge.attention import THE_BRIDGE, AttentionId, AttentionItem
from panelbridge.http.auth import binding
from panelbridge.ledger import Credits, ResellerId
from panelbridge.provisioning.effects import WriteStop
from panelbridge.service import compose
from panelbridge.service.watches import Watches
from panelbridge.storage.attention import store as attention_store
from panelbridge.storage.attention.tables import attention
from panelbridge.storage.engine.prepared import Prepared
from panelbridge.storage.ledger import store as ledger_store
from panelbridge.storage.provisioning import effects_store
from panelbridge.storage.provisioning.effects_tables import marks
from panelbridge.storage.subscriptions import rows
from panelbridge.storage.subscriptions.installations import SqlInstallationStore
from panelbridge.storage.subscriptions.panels import SqlPanelStore
from panelbridge.storage.units import SqlUnit
from panelbridge.storage.usage import store as usage_store
from panelbridge.storage.usage.tables import usage_samples
from panelbridge.usage import UsageSample
from tests.storage.two_sessions import Race, Seen, Sessions, without_names
from tests.support.rig import Rig

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)


def waited_and(end: object) -> Seen:
    return Seen(waited=True, end=end)


def in_one(act: Callable[[SqlUnit], Any]) -> Callable[[Rig], Any]:
    def second(rig: Rig) -> Any:
        with rig.units.write() as unit:
            return act(unit)

    return second


def item(code: str) -> AttentionItem:
    return AttentionItem(
        id=AttentionId(0), code=code, subject=THE_BRIDGE, message="m", advice="a", opened_at=AT
    )


def two_who_raise_one_thing(s: Sessions) -> Seen:
    code = f"told {s.number()}"
    seen = s.meet(
        lambda unit: unit.attention.raise_item(item(code)),
        in_one(lambda unit: unit.attention.raise_item(item(code))),
    )
    with s.first.units.write() as unit:
        found = unit.attention.items(code=code)
        for one in found:
            unit.attention.resolve(one.id, resolution="seen", actor="t", at=AT)
    return replace(seen, end=len(found))


def raised_while_it_is_resolved(s: Sessions) -> Seen:
    code = f"told {s.number()}"
    with s.first.units.write() as unit:
        known = unit.attention.raise_item(item(code)).id
    return s.meet(
        lambda unit: unit.attention.resolve(known, resolution="seen", actor="t", at=AT),
        in_one(lambda unit: unit.attention.raise_item(item(code)).id == known),
    )


def two_samples_of_one_day(s: Sessions) -> Seen:
    subscription = s.active(s.shop()).id
    sample = UsageSample(subscription_id=subscription, generation=1, day=date(2026, 1, 31), taken_at=AT)
    return s.meet(lambda unit: unit.usage.keep([sample]), in_one(lambda unit: unit.usage.keep([sample])))


def two_marks_of_one_name(s: Sessions) -> Seen:
    name = f"m{s.number()}"
    seen = s.meet(
        lambda unit: unit.effects.set_mark(name, "one"),
        in_one(lambda unit: unit.effects.set_mark(name, "two")),
    )
    with s.first.units.read() as unit:
        return replace(seen, end=(seen.end, unit.effects.mark(name)))


def set_mark_in_two_steps(store: effects_store.SqlEffectsStore, name: str, value: str) -> None:
    changed = update(marks).where(marks.c.name == name).values(value=value)
    if store._connection.execute(changed).rowcount == 0:
        store._connection.execute(insert(marks).values(name=name, value=value))


def two_wallets_of_one_reseller(s: Sessions) -> Seen:
    reseller = ResellerId(1_000_000 + s.number())
    return s.meet(
        lambda unit: unit.ledger.open_wallet(reseller),
        in_one(lambda unit: unit.ledger.open_wallet(reseller).balance),
    )


def one_key_for_two_wallets(s: Sessions) -> Seen:
    key, one, other = f"key {s.number()}", s.shop().plan.reseller_id, s.shop().plan.reseller_id

    def top_up(unit: SqlUnit, reseller: ResellerId) -> None:
        unit.ledger.top_up(reseller, Credits.parse("1"), key=key, actor="t", reason="paid")

    return s.meet(lambda unit: top_up(unit, one), in_one(lambda unit: top_up(unit, other)))


def two_versions_of_one_plan(s: Sessions) -> Seen:
    plan = replace(s.shop().plan, code=f"new{s.number()}")
    return s.meet(lambda unit: unit.plans.save(plan), in_one(lambda unit: unit.plans.save(plan).version))


def two_changes_of_one_panel(s: Sessions) -> Seen:
    """One changes its settings, the other its switch: both are kept."""
    with s.first.units.write() as unit:
        code = unit.panels.add(replace(s.panel, code=f"panel{s.number()}")).code

    def change(unit: SqlUnit, **wanted: Any) -> None:
        panel = unit.panels.lock_named(code)
        assert panel is not None
        unit.panels.save(replace(panel, **wanted))

    settings = {**s.panel.settings, "late_commit": 7.0}
    seen = s.meet(
        lambda unit: change(unit, writes_enabled=False),
        in_one(lambda unit: change(unit, settings=settings)),
    )
    with s.first.units.read() as unit:
        panel = unit.panels.named(code)
    assert panel is not None
    return replace(seen, end=(panel.writes_enabled, panel.settings["late_commit"]))


def two_shops_that_bind_one_installation(s: Sessions) -> Seen:
    installation = s.shop().installation

    def bind(rig: Rig) -> str | None:
        services: Any = SimpleNamespace(units=rig.units, clock=rig.clock)
        caller: Any = SimpleNamespace(system_url="https://second.example", module_id="2" * 32)
        return binding._bind(services, installation, caller).system_url

    return s.meet(
        lambda unit: unit.installations.bind(
            installation.id, system_url="https://first.example", module_id="1" * 32, at=AT
        ),
        bind,
    )


def two_requests_of_one_key(s: Sessions) -> Seen:
    key = f"key {s.number()}"

    def first(unit: SqlUnit) -> None:
        assert unit.access.lock_answer("operator", key) is None
        unit.access.open_answer("operator", key, "f" * 64, AT)
        unit.access.keep_answer("operator", key, 200, "{}")

    def second(unit: SqlUnit) -> int | None:
        stored = unit.access.lock_answer("operator", key)
        return stored.status if stored is not None else None

    return s.meet(first, in_one(second))


def two_stops_of_all_effects(s: Sessions) -> Seen:
    stop = WriteStop(code="by_hand", message="m", since=AT)
    try:
        return s.meet(lambda unit: unit.effects.stop(stop), in_one(lambda unit: unit.effects.stop(stop)))
    finally:
        with s.first.units.write() as unit:
            unit.effects.lift("t", AT)
            unit.panels.save(s.panel)


def a_panel_added_while_all_is_stopped(s: Sessions) -> Seen:
    stop = WriteStop(code="by_hand", message="m", since=AT)
    try:
        return s.meet(
            lambda unit: unit.effects.stop(stop), in_one(lambda unit: unit.effects.lock() is not None)
        )
    finally:
        with s.first.units.write() as unit:
            unit.effects.lift("t", AT)
            unit.panels.save(s.panel)


def two_resellers_of_one_code(s: Sessions) -> Seen:
    code = f"reseller{s.number()}"
    return s.meet(
        lambda unit: unit.resellers.add(code, code), in_one(lambda unit: unit.resellers.add(code, code))
    )


def two_names_of_the_bridge(s: Sessions) -> Seen:
    with s.owner.write() as connection:
        connection.exec_driver_sql("DELETE FROM bridge")

    def first(unit: SqlUnit) -> None:
        unit.access.lock_setup()
        unit.access.name_bridge("pbfirst")

    return s.meet(first, lambda rig: compose.bridge_name(rig.units))


@contextmanager
def without(owner: Any, *indexes: Index) -> Iterator[None]:
    with owner.write() as connection:
        for index in indexes:
            index.drop(connection)
    try:
        yield
    finally:
        with owner.write() as connection:
            for index in indexes:
                index.create(connection)


def read_panel(store: SqlPanelStore, code: str) -> Any:
    return store.named(code)


RACES: dict[str, Race] = {
    "attention, resolved": Race(
        play=raised_while_it_is_resolved,
        ends=waited_and(False),
        off=lambda patch: patch.setattr(attention_store, "for_change", lambda query: query),
    ),
    "usage": Race(
        play=two_samples_of_one_day,
        ends=waited_and(None),
        off=lambda patch: patch.setattr(
            usage_store,
            "_KEEP",
            Prepared(
                insert(usage_samples).values({name.name: bindparam(name.name) for name in usage_samples.c}),
                typed=True,
            ),
        ),
    ),
    "marks": Race(
        play=two_marks_of_one_name,
        ends=waited_and((None, "two")),
        off=lambda patch: patch.setattr(effects_store.SqlEffectsStore, "set_mark", set_mark_in_two_steps),
    ),
    "wallet": Race(play=two_wallets_of_one_reseller, ends=waited_and(Credits()), off=without_names),
    "ledger key": Race(
        play=one_key_for_two_wallets,
        ends=waited_and("StorageBusy"),
        off=lambda patch: patch.setattr(ledger_store, "_is_key_taken", lambda _: False),
    ),
    "plan": Race(play=two_versions_of_one_plan, ends=waited_and(2), off=without_names),
    "panel": Race(
        play=two_changes_of_one_panel,
        ends=waited_and((False, 7.0)),
        off=lambda patch: patch.setattr(SqlPanelStore, "lock_named", read_panel),
    ),
    "binding": Race(
        play=two_shops_that_bind_one_installation,
        ends=waited_and("https://first.example"),
        off=lambda patch: patch.setattr(SqlInstallationStore, "lock", SqlInstallationStore.installation),
    ),
    "idempotency key": Race(play=two_requests_of_one_key, ends=waited_and(200), off=without_names),
    "write stop": Race(play=two_stops_of_all_effects, ends=waited_and(False), off=without_names),
    "write stop, new panel": Race(
        play=a_panel_added_while_all_is_stopped, ends=waited_and(True), off=without_names
    ),
    "code": Race(
        play=two_resellers_of_one_code,
        ends=waited_and("StorageBusy"),
        off=lambda patch: patch.setattr(rows, "raise_if_raced", lambda _: None),
    ),
    "name of the bridge": Race(play=two_names_of_the_bridge, ends=waited_and("pbfirst"), off=without_names),
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


def test_what_is_told_by_two_at_once_is_one_item(sessions: Sessions) -> None:
    assert waited_and(1) == two_who_raise_one_thing(sessions)


def test_without_its_indexes_it_is_two(sessions: Sessions) -> None:
    unique = [index for index in attention.indexes if index.unique]
    with without(sessions.owner, *unique):
        assert Seen(waited=False, end=2) == two_who_raise_one_thing(sessions)


def test_a_fall_below_the_floor_that_becomes_visible_late_is_told(sessions: Sessions) -> None:
    late, early = (sessions.shop().plan.reseller_id for _ in range(2))
    watches = Watches(sessions.second.units, sessions.second.clock)
    with sessions.first.units.write() as unit:
        fall_below_floor(unit, late)
        with sessions.second.units.write() as beside:
            fall_below_floor(beside, early)
        watches.watch_floors()
    watches.watch_floors()
    with sessions.first.units.read() as unit:
        told = {one.subject.id for one in unit.attention.items(code="credits_low")}
    assert {late, early} <= told


def fall_below_floor(unit: SqlUnit, reseller: ResellerId) -> None:
    unit.ledger.set_limits(reseller, overdraft=Credits(), floor=Credits.parse("50"))
    unit.ledger.adjust(reseller, Credits.parse("-60"), key=f"fall {reseller}", actor="t", reason="taken")
