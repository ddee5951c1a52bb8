"""The breaker opens after failures in a row, lets one probe through, and tells when it closes."""

from __future__ import annotations

from panelbridge.testing.clock import FixedClock
from panelbridge.transport import Breaker, BreakerState


def opened(clock: FixedClock) -> Breaker:
    breaker = Breaker(clock=clock.monotonic, threshold=3, open_seconds=10)
    for _ in range(3):
        assert breaker.allow()
        breaker.failed()
    return breaker


def test_it_opens_after_failures_in_a_row() -> None:
    breaker = opened(FixedClock())
    assert breaker.state is BreakerState.OPEN
    assert not breaker.allow()


def test_a_success_in_between_starts_the_count_anew() -> None:
    breaker = Breaker(clock=FixedClock().monotonic, threshold=2)
    for _ in range(5):
        breaker.failed()
        breaker.succeeded()
    assert breaker.allow()


def test_one_probe_at_a_time_passes_when_the_time_is_over() -> None:
    clock = FixedClock()
    breaker = opened(clock)
    clock.advance(10)
    assert [breaker.allow() for _ in range(3)] == [True, False, False]
    assert breaker.state is BreakerState.HALF_OPEN


def test_its_room_is_told_without_taking_it() -> None:
    clock = FixedClock()
    breaker = opened(clock)
    assert breaker.room() == 0
    clock.advance(10)
    assert [breaker.room(), breaker.room()] == [1, 1]
    assert breaker.allow()
    assert breaker.room() == 0
    breaker.succeeded()
    assert breaker.room() is None


def test_the_first_good_probe_closes_it_and_wakes_who_waits_once() -> None:
    clock = FixedClock()
    breaker = opened(clock)
    woken: list[str] = []
    breaker.on_close(lambda: woken.append("now"))
    clock.advance(10)
    breaker.allow()
    breaker.succeeded()
    breaker.succeeded()
    assert (breaker.state, woken) == (BreakerState.CLOSED, ["now"])
    assert breaker.allow()


def test_a_failed_probe_opens_it_again() -> None:
    clock = FixedClock()
    breaker = opened(clock)
    clock.advance(10)
    breaker.allow()
    breaker.failed()
    assert not breaker.allow()
    clock.advance(10)
    assert breaker.allow()


def test_a_probe_that_never_told_is_replaced() -> None:
    clock = FixedClock()
    breaker = opened(clock)
    clock.advance(10)
    breaker.allow()
    clock.advance(10)
    assert breaker.allow()
