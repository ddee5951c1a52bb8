"""What the worker survives: being killed, a second worker, and the loss of everything the engine holds."""

from __future__ import annotations

import logging
import signal
import threading
from typing import Never

import psutil
import pytest

from panelbridge.jobs import JobLimits, JobRunner, WorkerAlreadyRunning
from panelbridge.jobs.engine import EngineDown, JobEngine
from tests.jobs.conftest import Start, StartWorker, until
from tests.jobs.fake_journal import Effect, FakeJournal, change_engine_tables, engine_tables

FOUR = JobLimits(per_panel=4)


@pytest.mark.parametrize("hangs", ["before", "after"])
def test_a_worker_killed_in_mid_job_is_followed_by_one_that_ends_it(
    journal: FakeJournal, worker: StartWorker, hangs: str
) -> None:
    """The call hangs before or after its effect; either way there is one effect in the end."""
    made = journal.add(3) + journal.add(3, panel=2)
    first, said = worker(hangs)
    assert said == "started"
    assert first.stdout is not None
    for _ in made:
        assert first.stdout.readline().strip() == "hanging"
    first.send_signal(signal.SIGKILL)
    first.wait(10)
    assert journal.effects() == ([] if hangs == "before" else made)
    _, said = worker()
    assert said == "started"
    assert until(lambda: journal.unsettled() == 0, 20)
    assert journal.effects() == made


def test_a_second_worker_is_refused_by_name(worker: StartWorker) -> None:
    first, said = worker()
    assert said == "started"
    second, said = worker()
    assert second.wait(10) == 3
    assert said.startswith(f"refused: jobs are already run by process {first.pid} ")


def test_a_second_runner_in_the_process_is_refused(journal: FakeJournal, start: Start) -> None:
    start()
    with pytest.raises(WorkerAlreadyRunning):
        JobRunner(journal.engine, due=journal.due, settle=journal.settle).start()


def test_a_worker_stops_on_sigterm_and_listens_nowhere(journal: FakeJournal, worker: StartWorker) -> None:
    first, _ = worker()
    journal.add()
    assert until(lambda: journal.unsettled() == 0)
    assert [one for one in psutil.Process(first.pid).net_connections() if one.status == "LISTEN"] == []
    first.terminate()
    assert first.wait(10) == 0
    _, said = worker()
    assert said == "started"


@pytest.mark.parametrize("statement", ["DROP TABLE", "DELETE FROM"])
def test_losing_every_engine_table_in_mid_flight_loses_and_doubles_nothing(
    journal: FakeJournal, start: Start, statement: str
) -> None:
    made = journal.add(20) + journal.add(20, panel=2)
    gate = threading.Event()
    inside: list[int] = []

    def call(effect: Effect) -> None:
        inside.append(1)
        gate.wait(10)
        effect()

    journal.patience = 30.0
    runner = start(settle=lambda one: journal.settle(one, call), limits=FOUR)
    assert until(lambda: len(inside) == 8)  # four of each panel; the rest waits in the engine
    change_engine_tables(journal.engine, statement)
    gate.set()
    made += journal.add(5, panel=3)
    assert journal.wait_until_settled(made, 30)
    assert journal.effects() == made
    assert until(runner.engine_is_up)
    assert until(lambda: "queues" in engine_tables(journal.engine))
    after = journal.add(5)
    assert journal.wait_until_settled(after, 10)
    assert runner.alive()


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        ("DROP TABLE", "workflow_status"),
        ("DELETE FROM", "workflow_status"),
        ("DROP TABLE", "queues"),
        ("DROP TABLE", "application_versions"),  # found only because nothing starts any more
        ("DELETE FROM", "workflow_input"),  # jobs without their arguments
        ("DELETE FROM", "dbos_migrations"),
    ],
)
def test_losing_one_engine_table_loses_and_doubles_nothing(
    journal: FakeJournal, start: Start, statement: str, table: str
) -> None:
    gate = threading.Event()
    inside: list[int] = []

    def call(effect: Effect) -> None:
        inside.append(1)
        gate.wait(10)
        effect()

    journal.patience = 30.0
    made = journal.add(10)
    runner = start(settle=lambda one: journal.settle(one, call), limits=FOUR)
    assert until(lambda: len(inside) == 4)
    change_engine_tables(journal.engine, statement, [table])
    gate.set()
    assert journal.wait_until_settled(made, 30)
    made += journal.add(5)
    assert journal.wait_until_settled(made, 30)
    assert journal.effects() == made
    assert until(runner.engine_is_up)


@pytest.mark.parametrize(
    ("statement", "tables"),
    [("DROP TABLE", ["workflow_status", "queues"]), ("DELETE FROM", ["dbos_migrations"])],
)
def test_tables_damaged_while_nobody_ran_are_made_anew(
    journal: FakeJournal, start: Start, statement: str, tables: list[str]
) -> None:
    first = start()
    assert first.stop()
    change_engine_tables(journal.engine, statement, tables)
    made = journal.add(5)
    runner = start()
    assert runner.engine_is_up()
    assert journal.wait_until_settled(made, 15)
    assert journal.effects() == made


def test_without_the_engine_due_work_is_still_settled(
    journal: FakeJournal, start: Start, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_engine: JobEngine) -> Never:
        raise EngineDown("Broken")

    monkeypatch.setattr(JobEngine, "_start", refuse)
    made = journal.add(40) + journal.add(5, panel=2)
    runner = start()
    assert journal.wait_until_settled(made, 20)
    assert journal.effects() == made
    assert runner.alive()
    assert not runner.engine_is_up()
    assert "the job engine is down (EngineDown at test_survival.py" in caplog.text


def test_the_engine_logs_short_lines_to_our_log_only(
    journal: FakeJournal, start: Start, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.INFO)
    made = journal.add()
    start()
    assert journal.wait_until_settled(made, 10)
    change_engine_tables(journal.engine, "DROP TABLE")
    made = journal.add()
    assert journal.wait_until_settled(made, 15)
    lines = [record for record in caplog.records if record.name == "dbos"]
    assert all(record.levelno >= logging.WARNING and "\n" not in record.getMessage() for record in lines)
    assert len({record.getMessage() for record in lines}) == len(lines)
    assert capfd.readouterr() == ("", "")
