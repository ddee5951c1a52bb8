"""The book of jobs: pure decisions, with the time passed in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from panelbridge.jobs.scan import LATE, LOST, Job, JobBook
from panelbridge.provisioning.models import OperationId
from panelbridge.subscriptions import PanelId
from tests.jobs.fake_journal import Row

PANEL = PanelId(1)
ROW = Row(id=OperationId(7), panel_id=PANEL, attempts=0, due_at=datetime(2026, 1, 1, tzinfo=UTC))


def _book(boot: str = "b") -> JobBook:
    return JobBook(boot=boot, limit=10, panel_limit=2)


def _only(jobs: list[Job]) -> Job:
    [job] = jobs
    return job


def test_a_due_row_is_one_job_until_it_moves_on() -> None:
    book = _book()
    first = _only(book.plan([ROW], 0.0))
    assert book.plan([ROW], 0.1) == []
    second = _only(book.plan([replace(ROW, attempts=1)], 0.2))
    assert second.id != first.id


def test_two_workers_call_the_same_due_row_by_the_same_name() -> None:
    assert _only(_book("one").plan([ROW], 0.0)).id == _only(_book("two").plan([ROW], 5.0)).id


def test_a_row_left_as_it_was_rests_longer_each_time_under_a_name_never_used_before() -> None:
    book, names, rests, now = _book(), set(), [], 0.0
    for _ in range(8):
        job = _only(book.plan([ROW], now))
        names.add(job.id)
        assert book.started(ROW.id, PANEL, now)
        assert book.plan([ROW], now) == []
        book.finished(ROW.id, now)
        rests.append(book.next_rest_ends() - now)
        now = book.next_rest_ends()
    assert len(names) == 8
    assert rests == sorted(rests)
    assert rests[0] < 0.5
    assert rests[-1] == 5.0
    other = _book("another start")
    other.ended_before(_only(other.plan([ROW], 0.0)))
    assert _only(other.plan([ROW], 6.0)).id not in names


def test_a_row_that_left_the_list_and_is_back_gets_a_name_never_used_before() -> None:
    book, used, now = _book(), set(), 0.0
    for _ in range(3):
        used.add(_only(book.plan([ROW], now)).id)
        assert book.started(ROW.id, PANEL, now)
        book.finished(ROW.id, now)
        now = book.next_rest_ends()
    assert book.plan([], now) == []
    back = _only(book.plan([ROW], now + 1))
    if back.id in used:
        book.ended_before(back)
        back = _only(book.plan([ROW], now + 2))
    assert back.id not in used


def test_a_job_that_is_not_started_is_late_then_lost() -> None:
    book = _book()
    first = _only(book.plan([ROW], 0.0))
    assert _only(book.plan([ROW], LATE)) == first
    assert _only(book.plan([ROW], LOST)).lost


def test_a_job_behind_a_busy_or_a_moving_panel_is_not_lost() -> None:
    book, others = _book(), [OperationId(1), OperationId(2), OperationId(3)]
    assert book.plan([ROW], 0.0)
    for one in others[:2]:
        assert book.started(one, PANEL, 0.0)
    assert book.plan([ROW], LOST) == []  # no room
    book.finished(others[0], LOST)
    assert book.started(others[2], PANEL, LOST)
    book.finished(others[2], LOST)
    assert book.plan([ROW], LOST + 0.1) == []  # room, but the panel's turn just came round


def test_one_operation_runs_once_at_a_time() -> None:
    book = _book()
    assert book.started(ROW.id, PANEL, 0.0)
    assert not book.started(ROW.id, PANEL, 0.0)
    book.finished(ROW.id, 1.0)
    assert book.started(ROW.id, PANEL, 1.0)


def test_within_the_limits_only_where_that_is_asked() -> None:
    book = _book()
    assert book.started(OperationId(1), PANEL, 0.0)
    assert book.started(OperationId(2), PANEL, 0.0)
    assert not book.started(OperationId(3), PANEL, 0.0, within=True)
    assert book.started(OperationId(4), PanelId(2), 0.0, within=True)
