"""Turns at the interpreter: a courtesy between request threads that never becomes a lock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from panelbridge import interpreter
from panelbridge.interpreter import ASIDE, end_turn, take_turn

COURTESY = 30.0  # seconds, so long that a turn which comes within a few was given
SOON, MOMENT = 10.0, 0.05

Run = Callable[[Callable[[], bool]], Future[bool]]


@contextmanager
def turn() -> Iterator[None]:
    take_turn()
    try:
        yield
    finally:
        end_turn()


def had_a_turn() -> bool:
    with turn():
        return True


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreter, "_COURTESY", COURTESY)


@pytest.fixture
def run() -> Iterator[Run]:
    with ThreadPoolExecutor(1) as other:
        yield other.submit


def test_the_next_runs_when_the_first_has_ended(run: Run) -> None:
    with turn():
        asked = run(had_a_turn)
        time.sleep(MOMENT)
        assert not asked.done()
    assert asked.result(SOON)


def test_others_run_while_one_waits_for_something_outside(run: Run) -> None:
    with turn(), ASIDE:
        assert run(had_a_turn).result(SOON)


def test_after_the_wait_the_turn_is_wanted_again(run: Run) -> None:
    with turn():
        with ASIDE:
            pass
        asked = run(had_a_turn)
        time.sleep(MOMENT)
        assert not asked.done()
    assert asked.result(SOON)


def test_a_slow_one_delays_nobody_for_long(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreter, "_COURTESY", MOMENT)
    with turn():
        assert run(had_a_turn).result(SOON)


def test_who_went_on_without_the_turn_leaves_it_to_its_holder(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with turn():
        monkeypatch.setattr(interpreter, "_COURTESY", MOMENT)
        assert run(had_a_turn).result(SOON)
        monkeypatch.setattr(interpreter, "_COURTESY", COURTESY)
        asked = run(had_a_turn)
        time.sleep(MOMENT)
        assert not asked.done()
    assert asked.result(SOON)


def test_stepping_aside_without_a_turn_takes_none(run: Run) -> None:
    with ASIDE:
        pass
    assert run(had_a_turn).result(SOON)


def test_an_error_gives_the_turn_back(run: Run) -> None:
    with pytest.raises(ZeroDivisionError), turn(), ASIDE:
        raise ZeroDivisionError
    assert run(had_a_turn).result(SOON)
