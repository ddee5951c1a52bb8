"""The list of due work: what is blocked holds nobody's place in it, and is back when what blocks it moves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from panelbridge.contract.exceptions import RateLimited
from panelbridge.lifecycle import SuspensionReason
from panelbridge.provisioning import Operation, OperationState, RenewCommand, SuspendCommand
from panelbridge.storage.engine.identities import continue_after_seeds
from panelbridge.storage.engine.schema import metadata
from panelbridge.subscriptions import Panel
from panelbridge.testing.practice import PracticeProcess
from tests.support.rig import Rig

LIMIT = 1000  # of a scan
SEALED = {"password": "NULL"}  # a sealed value cannot be copied to another row
UNTIL_DEAD = 5  # failures in a row, and nothing more is sent


@pytest.fixture
def main(rig: Rig) -> Panel:
    with rig.units.read() as unit:
        found = unit.panels.named("main")
    assert found is not None
    return found


@pytest.fixture
def dead(rig: Rig, practice: PracticeProcess) -> Panel:
    """A panel that refuses every connection, and sells the plan ``gone``."""
    settings = {**practice.settings, "base_url": "http://127.0.0.1:1"}
    panel = rig.add_panel("dead", "reference", settings)
    rig.add_plan("gone", panel, {"1m": ("basic-1m", "1")})
    return panel


def multiply(rig: Rig, seed: Operation, count: int, *rows: dict[str, Any]) -> None:
    """``count`` more services like that of ``seed``, each with an operation like it for each of ``rows``."""
    operations, subscriptions = (
        [column.name for column in metadata.tables[name].columns if column.computed is None]
        for name in ("operations", "subscriptions")
    )
    with rig.database.write() as connection:
        last = connection.execute(text("SELECT max(id) FROM subscriptions")).scalar_one()
        own = {"id": f"{last} + i", "service_id": f"{last} + 10000 + i", "account_id": "NULL", **SEALED}
        _copy(connection, "subscriptions", subscriptions, own, seed.subscription_id, count)
        continue_after_seeds(connection, "subscriptions")
        for place, row in enumerate(rows):
            own = {"subscription_id": f"{last} + i", "key": f"key || '-{last}-{place}-' || i"}
            own |= SEALED
            own |= {name: f"'{value}'" for name, value in row.items()}
            _copy(
                connection, "operations", [name for name in operations if name != "id"], own, seed.id, count
            )


def _copy(
    connection: Any, table: str, columns: list[str], own: dict[str, str], seed: int, count: int
) -> None:
    values = ", ".join(own.get(name, name) for name in columns)
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})"
    statement = f"INSERT INTO {table} ({', '.join(columns)}) {numbers} SELECT {values} FROM {table}, n"
    connection.execute(text(f"{statement} WHERE {table}.id = {seed}"))


def suspend(rig: Rig, service: int) -> Operation:
    command = SuspendCommand(
        installation=rig.installation,
        service_id=service,
        actor="admin:1",
        reason=SuspensionReason.ABUSE,
        owner="operator",
    )
    return rig.provisioner.submit(command, budget=0.0).operation


def state(rig: Rig, operation: Operation) -> OperationState:
    return rig.provisioner.answer(operation.id).operation.state


def test_ten_thousand_blocked_rows_keep_no_healthy_panel_waiting(rig: Rig, dead: Panel) -> None:
    for service in range(1, UNTIL_DEAD + 1):
        rig.provisioner.submit(rig.create(service, "gone"))
    order = rig.provisioner.submit(rig.create(6, "gone"), budget=0.0).operation
    rig.provisioner.submit(rig.create(7))
    lock = suspend(rig, 7)
    wanted = rig.provisioner.submit(rig.create(8), budget=0.0).operation
    multiply(rig, order, 4000, {})
    multiply(rig, lock, 3000, {"verb": "create", "state": "queued"}, {})
    multiply(rig, lock, 3000, {"verb": "extend", "state": "attention"}, {})

    rig.provisioner.run_due(LIMIT)
    rig.provisioner.run_due(LIMIT)

    assert state(rig, wanted) is OperationState.DONE


def test_thousands_that_are_tried_in_vain_do_not_hide_another_panels_trouble(rig: Rig, dead: Panel) -> None:
    order = rig.provisioner.submit(rig.create(1, "gone"), budget=0.0).operation
    multiply(rig, order, 1500, {})
    rig.provisioner.submit(rig.create(2), budget=0.0)
    rig.clock.forward(hours=1)

    watch = getattr(rig.provisioner, "watch_waiting", None)
    assert watch is not None
    watch()

    with rig.units.read() as unit:
        told = {item.panel_id for item in unit.attention.items()}
    assert len(told) == 2


def test_an_abuse_suspend_does_not_wait_for_a_top_up(
    rig: Rig, main: Panel, practice: PracticeProcess
) -> None:
    rig.add_plan("dear", main, {"1m": ("basic-1m", "30")}, queue_without_credit=True)
    rig.provisioner.submit(rig.create(4))
    for service in (1, 2, 3):
        rig.provisioner.submit(rig.create(service, "dear"))
    for service in (1, 2, 3):
        command = RenewCommand(
            installation=rig.installation, service_id=service, actor="x", fact=f"item:{service}"
        )
        assert rig.provisioner.submit(command).operation.state is OperationState.QUEUED
    locks = [suspend(rig, service) for service in (1, 2, 3, 4)]

    rig.provisioner.run_due(3)
    rig.provisioner.run_due(3)

    assert [state(rig, lock) for lock in locks] == [OperationState.DONE] * 4
    rig.top_up("900", key="later")
    rig.settle_all()
    renewed = [item for item in rig.operations() if item.verb.value == "extend"]
    assert {item.state for item in renewed} == {OperationState.DONE}
    assert {account["state"] for account in practice.control.books()["accounts"].values()} == {"suspended"}


def test_what_was_blocked_is_done_once_its_panel_takes_calls_again(rig: Rig, main: Panel) -> None:
    wanted = rig.provisioner.submit(rig.create(1), budget=0.0).operation
    _allow_writes(rig, main, allowed=False)
    assert rig.provisioner.run_due() == 0

    _allow_writes(rig, main, allowed=True)
    rig.provisioner.run_due()

    assert state(rig, wanted) is OperationState.DONE


def _allow_writes(rig: Rig, panel: Panel, *, allowed: bool) -> None:
    with rig.units.write() as unit:
        unit.panels.save(replace(panel, writes_enabled=allowed))


def test_a_panel_that_answers_again_wakes_what_backed_off_for_it_and_nothing_else(
    rig: Rig, practice: PracticeProcess
) -> None:
    rig.provisioner.submit(rig.create(501))
    practice.control.set_fault("cut_before", "suspend")
    in_doubt = suspend(rig, 501)
    rig.provisioner.run_due()
    assert state(rig, in_doubt) is OperationState.SENT
    practice.stop()
    orders = [
        rig.provisioner.submit(rig.create(600 + n), budget=0.0).operation for n in range(UNTIL_DEAD + 1)
    ]
    told_to_wait = orders.pop()
    for _ in range(40):
        rig.clock.forward(seconds=16)  # one probe each time
        rig.provisioner.run_due()
    in_an_hour = rig.clock() + timedelta(hours=1)
    with rig.units.write() as unit:
        for item, code in ((in_doubt, in_doubt.code), (told_to_wait, RateLimited.code)):
            known = unit.journal.operation(item.id)
            assert known is not None
            assert unit.journal.save(replace(known, due_at=in_an_hour, code=code), was=known)
    practice.start()
    rig.clock.forward(seconds=16)
    backs_off = [
        item.id for item in rig.operations() if item.id in {one.id for one in orders} and later(rig, item)
    ]
    assert len(backs_off) > 1

    assert rig.provisioner.submit(rig.create(700)).operation.state is OperationState.DONE

    due_at = {item.id: item.due_at for item in rig.operations()}
    assert [item for item in rig.operations() if item.id in backs_off and later(rig, item)] == []
    assert {due_at[in_doubt.id], due_at[told_to_wait.id]} == {in_an_hour}
    rig.provisioner.run_due()
    assert {state(rig, item) for item in orders} == {OperationState.DONE}


def later(rig: Rig, operation: Operation) -> bool:
    return operation.due_at is not None and operation.due_at > rig.clock()
