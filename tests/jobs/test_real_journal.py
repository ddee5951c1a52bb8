"""The real journal, ledger and database: one account and one charge each, whatever the engine loses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from panelbridge.jobs import JobRunner
from panelbridge.jobs.tables import table_names
from panelbridge.ledger import Credits
from panelbridge.provisioning import OperationState
from panelbridge.storage.engine.schema import metadata
from panelbridge.testing.practice import PracticeProcess
from tests.jobs.conftest import until
from tests.jobs.fake_journal import change_engine_tables, engine_tables
from tests.support.ready import PracticeHere
from tests.support.rig import Rig, rig_in

ORDERS = range(601, 621)


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[PracticeProcess]:
    with PracticeHere("reference", books=tmp_path / "panel.sqlite") as panel:
        yield panel


@pytest.fixture
def rig(tmp_path: Path, practice: PracticeProcess) -> Iterator[Rig]:
    with rig_in(tmp_path / "bridge", attempt=5.0, lookup=2.0, budget=5.0) as made:
        panel = made.add_panel("main", "reference", {**practice.settings, "late_commit": 5.0})
        made.add_plan("gold", panel, {"1m": ("basic-1m", "1")})
        made.top_up("100")
        yield made


@pytest.fixture
def runner(rig: Rig) -> Iterator[JobRunner]:
    made = JobRunner(
        rig.database.engine_for_jobs(),
        due=lambda: rig.provisioner.due(1000),
        settle=rig.provisioner.step,
    )
    made.start()
    yield made
    made.stop()


def unsettled(rig: Rig) -> int:
    return sum(not operation.settled for operation in rig.operations())


def assert_one_account_and_one_charge_each(rig: Rig, practice: PracticeProcess) -> None:
    books = practice.control.books()
    assert {operation.state for operation in rig.operations()} == {OperationState.DONE}
    assert (len(books["accounts"]), books["counts"]) == (len(ORDERS), {"create": len(ORDERS)})
    wallet = rig.wallet()
    assert (wallet.balance, wallet.held) == (Credits.parse(str(100 - len(ORDERS))), Credits())


def test_orders_nobody_waits_for_are_settled(rig: Rig, practice: PracticeProcess, runner: JobRunner) -> None:
    for service in ORDERS:
        assert rig.provisioner.submit(rig.create(service), budget=0.0).pending
    assert until(lambda: unsettled(rig) == 0, 30)
    assert_one_account_and_one_charge_each(rig, practice)
    assert runner.alive()


@pytest.mark.parametrize("statement", ["DROP TABLE", "DELETE FROM"])
def test_losing_the_engine_in_mid_flight_leaves_one_account_and_one_charge(
    rig: Rig, practice: PracticeProcess, runner: JobRunner, statement: str
) -> None:
    practice.control.set_latency(0.3)
    for service in ORDERS:
        rig.provisioner.submit(rig.create(service), budget=0.0)
    assert until(lambda: runner.running() > 0)
    database = rig.database.engine_for_jobs()
    assert "workflow_status" in engine_tables(database)
    assert unsettled(rig) > 0
    change_engine_tables(database, statement)
    assert until(lambda: unsettled(rig) == 0, 40)
    assert_one_account_and_one_charge_each(rig, practice)


def test_the_engine_takes_no_name_of_ours(rig: Rig, runner: JobRunner) -> None:
    """It drops its tables by name when they are damaged."""
    ours = set(metadata.tables)
    assert ours
    assert runner.engine_is_up()
    assert "workflow_status" in engine_tables(rig.database.engine_for_jobs())
    assert ours.isdisjoint(table_names())
