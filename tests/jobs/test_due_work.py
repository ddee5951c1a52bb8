"""What is due is settled once, promptly, and no panel waits for another."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Never

import pytest

from panelbridge.jobs import JobLimits, PeriodicTask
from panelbridge.provisioning.models import OperationId
from tests.jobs.conftest import Start, until
from tests.jobs.fake_journal import FakeJournal, rows_of


def test_due_work_is_settled_once(journal: FakeJournal, start: Start) -> None:
    made = journal.add(30) + journal.add(30, panel=2)
    start()
    assert journal.wait_until_settled(made, 20)
    assert journal.effects() == made


def test_woken_work_is_settled_promptly(journal: FakeJournal, start: Start) -> None:
    runner = start()
    assert until(runner.engine_is_up)
    first = journal.add()  # the engine listens to a new queue within a second
    assert journal.wait_until_settled(first, 10)
    waits = []
    for _ in range(10):
        [made] = journal.add()
        began = time.monotonic()
        runner.wake(OperationId(made), datetime.now(UTC))
        assert journal.wait_until_settled([made], 10)
        waits.append(journal.settled_at[made] - began)
    assert sorted(waits)[5] < 0.5, waits


def test_work_nobody_woke_is_found_by_the_scan(journal: FakeJournal, start: Start) -> None:
    start()
    made = journal.add()
    assert journal.wait_until_settled(made, 10)


def test_work_is_not_done_before_its_time(journal: FakeJournal, start: Start) -> None:
    due = datetime.now(UTC) + timedelta(seconds=1.5)
    [made] = journal.add(at=due)
    runner = start()
    runner.wake(OperationId(made), due)
    assert journal.wait_until_settled([made], 10)
    assert datetime.now(UTC) >= due
    assert journal.calls == [made]


def test_a_job_that_left_its_row_as_it_was_runs_again(journal: FakeJournal, start: Start) -> None:
    [made] = journal.add()
    visits: list[int] = []

    def settle(operation: OperationId) -> None:
        visits.append(operation)
        if len(visits) > 3:
            journal.settle(operation)

    start(settle=settle)
    assert journal.wait_until_settled([made], 15)
    assert journal.effects() == [made]


def test_a_failing_job_runs_again_and_its_words_are_kept_nowhere(
    journal: FakeJournal,
    start: Start,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    [made] = journal.add()
    visits: list[int] = []

    def settle(operation: OperationId) -> None:
        visits.append(operation)
        if len(visits) == 1:
            raise RuntimeError("canary-secret-9271")
        journal.settle(operation)

    start(settle=settle)
    assert journal.wait_until_settled([made], 15)
    assert f"operation {made} was not settled: RuntimeError at test_due_work.py" in caplog.text
    assert "canary" not in caplog.text
    assert [path.name for path in tmp_path.iterdir() if b"canary" in path.read_bytes()] == []
    assert capfd.readouterr() == ("", "")


def test_one_operation_is_never_settled_twice_at_once(journal: FakeJournal, start: Start) -> None:
    [made] = journal.add()
    inside: list[int] = []
    most: list[int] = []
    gate = threading.Event()

    def settle(operation: OperationId) -> None:
        inside.append(operation)
        most.append(len(inside))
        gate.wait(2)
        inside.remove(operation)
        journal.settle(operation)

    runner = start(settle=settle)
    assert until(lambda: inside)
    for _ in range(20):
        runner.wake(OperationId(made), datetime.now(UTC))
    assert journal.wait_until_settled([made], 10)
    assert most == [1]


def test_a_slow_panel_does_not_starve_another(journal: FakeJournal, start: Start) -> None:
    slow, gate = set(journal.add(100, panel=1)), threading.Event()
    inside: list[int] = []

    def settle(operation: OperationId) -> None:
        if operation in slow:
            inside.append(operation)
            gate.wait(30)
        journal.settle(operation)

    runner = start(settle=settle)
    try:
        assert until(lambda: len(inside) == JobLimits().per_panel)
        quick = journal.add(5, panel=2)
        runner.wake(OperationId(quick[0]), datetime.now(UTC))
        assert journal.wait_until_settled(quick, 5)
        assert len(inside) == JobLimits().per_panel  # and the slow one got no more than its share
    finally:
        gate.set()
    assert journal.wait_until_settled(list(slow), 60)


def test_ended_jobs_are_deleted(journal: FakeJournal, start: Start) -> None:
    made = journal.add(10)
    runner = start()
    assert journal.wait_until_settled(made, 10)
    assert until(lambda: runner.running() == 0)
    deleted = 0

    def all_gone() -> bool:
        nonlocal deleted
        deleted += runner.delete_ended(timedelta(0))
        return deleted >= len(made)

    assert runner.delete_ended() == 0  # a day is kept
    assert until(all_gone)
    assert rows_of(journal.engine, "workflow_status") == 0


def test_tasks_come_round_and_one_failure_stops_nothing(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    rounds: list[int] = []

    def fail() -> Never:
        raise RuntimeError("canary")

    failing = PeriodicTask(name="failing", seconds=0.1, run=fail)
    start(tasks=[failing, PeriodicTask(name="alerts", seconds=0.1, run=lambda: rounds.append(1))])
    assert until(lambda: len(rounds) >= 3)
    assert "task failing failed: RuntimeError at test_due_work.py" in caplog.text
    assert "canary" not in caplog.text
