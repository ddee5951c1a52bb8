"""Figure (a): what a create costs in the bridge itself, everything on, beside the same panel call made bare.

Both sides are asked by `requests` from this process, in turns: one at a time, then with eight callers. The
bare call is the very request that the adapter sends, so the difference is the bridge.
"""

from __future__ import annotations

import itertools
import json
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import requests

from benchmarks import postgres
from benchmarks.figure import Figure, percentile
from benchmarks.stage import CALLERS, Stage, session, staged

GOAL_MEDIAN, GOAL_TAIL = 0.006, 0.060
GOAL_ON_POSTGRES = 0.010
_UNTIL = "2031-01-01T00:00:00Z"
_Call = Callable[[requests.Session, int], None]


@dataclass(frozen=True, kw_only=True)
class Waits:
    """Seconds of each call."""

    bridge: list[float]
    bare: list[float]

    def overhead(self, share: float) -> float:
        """How much longer the bridge takes at this percentile."""
        return percentile(self.bridge, share) - percentile(self.bare, share)


def measure(alone: int = 150, together: int = 60, rounds: int = 5) -> list[Figure]:
    """``alone`` pairs one at a time; ``rounds`` times ``together`` of each by each of eight callers."""
    with tempfile.TemporaryDirectory() as folder, staged(Path(folder)) as stage:
        numbers = itertools.count(1)
        bridge, bare = _bridge(stage), _bare(stage)
        _together(bridge, numbers, 3)
        _together(bare, numbers, 3)
        one = _alternately(bridge, bare, numbers, alone)
        eight = Waits(bridge=[], bare=[])
        for _ in range(rounds):
            eight.bridge.extend(_together(bridge, numbers, together))
            eight.bare.extend(_together(bare, numbers, together))
    return _figures(one, eight)


def measure_on_postgres(alone: int = 150) -> list[Figure]:
    """The same, one at a time, with the books on a PostgreSQL server of this machine."""
    with (
        postgres.server() as url,
        tempfile.TemporaryDirectory() as folder,
        postgres.configured(url, "creates"),
        staged(Path(folder)) as stage,
    ):
        numbers = itertools.count(1)
        bridge, bare = _bridge(stage), _bare(stage)
        _together(bridge, numbers, 3)
        one = _alternately(bridge, bare, numbers, alone)
    return [_figure("create.postgres.overhead.p50", one, 0.5, GOAL_ON_POSTGRES)]


def _bridge(stage: Stage) -> _Call:
    def call(client: requests.Session, number: int) -> None:
        reply = stage.create(client, number)
        if reply.status_code != 200 or reply.json()["result"] != "success":
            raise RuntimeError(f"a create was answered {reply.status_code}: {reply.text[:300]}")

    return call


def _bare(stage: Stage) -> _Call:
    settings = stage.panel.settings
    headers = {"Authorization": f"Bearer {settings['token']}", "Accept-Encoding": "identity"}

    def call(client: requests.Session, number: int) -> None:
        command = {
            "password": "h4rdToGuess99x",
            "package": "basic-1m",
            "expires_at": _UNTIL,
            "connections": None,
            "reference": f"bare:{number}:1",
        }
        url = f"{settings['base_url'].rstrip('/')}/v1/names/bare{number}"
        reply = client.put(url, json=command, headers=headers, timeout=60)
        if reply.status_code != 201:
            raise RuntimeError(f"the panel answered {reply.status_code}: {json.dumps(reply.text[:300])}")

    return call


def _timed(call: _Call, client: requests.Session, number: int) -> float:
    began = time.perf_counter()
    call(client, number)
    return time.perf_counter() - began


def _alternately(bridge: _Call, bare: _Call, numbers: itertools.count[int], pairs: int) -> Waits:
    one, other = session(), session()
    waits = Waits(bridge=[], bare=[])
    for _ in range(pairs):
        waits.bridge.append(_timed(bridge, one, next(numbers)))
        waits.bare.append(_timed(bare, other, next(numbers)))
    return waits


def _together(call: _Call, numbers: itertools.count[int], each: int) -> list[float]:
    waits, failures = list[float](), list[Exception]()
    start = threading.Barrier(CALLERS)

    def caller() -> None:
        client = session()
        start.wait()
        try:
            for _ in range(each):
                waits.append(_timed(call, client, next(numbers)))
        except Exception as error:  # noqa: BLE001 - reported by the main thread
            failures.append(error)

    threads = [threading.Thread(target=caller) for _ in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return waits


def _figures(one: Waits, eight: Waits) -> list[Figure]:
    return [
        _figure("create.overhead.p50", one, 0.5, GOAL_MEDIAN),
        _figure("create.overhead.p50.at_8", eight, 0.5, None),
        _figure("create.overhead.p99.at_8", eight, 0.99, GOAL_TAIL),
    ]


def _figure(name: str, waits: Waits, share: float, goal: float | None) -> Figure:
    bare, value = percentile(waits.bare, share), waits.overhead(share)
    return Figure(
        name=name,
        value=round(1000 * value, 2),
        unit="ms",
        ratio=round(percentile(waits.bridge, share) / bare, 2),
        against=f"the same panel call made bare with requests: {1000 * bare:.2f} ms",
        goal="none" if goal is None else f"<= {1000 * goal:.0f} ms",
        met=None if goal is None else value <= goal,
    )


if __name__ == "__main__":
    for figure in measure():
        print(figure)
