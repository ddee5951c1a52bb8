"""How long /healthz and a create take while connections are held that say nothing, or half of it.

Three attacks, one after the other: connections without a word, halves of a header, and, with a valid key,
halves of a body. What the server closes meanwhile is opened anew.
"""

from __future__ import annotations

import itertools
import select
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import requests

from benchmarks.figure import Figure
from benchmarks.stage import CREATE, Stage, session, staged

GOAL = 2.0
_PAUSE = 0.2  # between two questions


def measure(seconds: float = 60.0) -> list[Figure]:
    """``seconds`` for each attack, with the product's own number of threads."""
    numbers = itertools.count(1)
    worst: dict[str, dict[str, float]] = {"healthz": {}, "create": {}}
    with tempfile.TemporaryDirectory() as folder, staged(Path(folder), threads=None) as stage:
        stage.create(session(), next(numbers)).raise_for_status()
        for name, (count, words) in _attacks(stage).items():
            with _held(stage.bridge.port, count, words) as renew:
                ends = time.monotonic() + seconds
                while time.monotonic() < ends:
                    renew()
                    for question, wait in _questions(stage, next(numbers)).items():
                        worst[question][name] = max(wait, worst[question].get(name, 0.0))
                    time.sleep(_PAUSE)
    return [_figure(question, waits) for question, waits in worst.items()]


def _figure(question: str, waits: dict[str, float]) -> Figure:
    slowest = max(waits.values())
    return Figure(
        name=f"held.{question}.worst",
        value=round(1000 * slowest, 1),
        unit="ms",
        ratio=None,
        against=", ".join(f"{name} {1000 * wait:.0f} ms" for name, wait in waits.items()),
        goal=f"< {1000 * GOAL:.0f} ms",
        met=slowest < GOAL,
    )


def _attacks(stage: Stage) -> dict[str, tuple[int, bytes]]:
    head = f"POST {CREATE} HTTP/1.1\r\nHost: bridge\r\n"
    reported = "".join(f"{name}: {value}\r\n" for name, value in stage.headers.items())
    body = f'{head}{reported}Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{"serviceid": '
    return {
        "130 silent": (130, b""),
        "130 half headers": (130, f"{head}X-Never-Ends: ".encode()),
        "16 half bodies": (16, body.encode()),
    }


@contextmanager
def _held(port: int, count: int, words: bytes) -> Iterator[Callable[[], None]]:
    """So many connections, each saying ``words`` and no more; the function opens closed ones anew."""
    held: list[socket.socket] = []

    def renew() -> None:
        closed, _, _ = select.select(held, [], [], 0) if held else ([], [], [])
        for one in closed:
            held.remove(one)
            one.close()
        for _ in range(count - len(held)):
            with suppress(OSError):
                fresh = socket.create_connection(("127.0.0.1", port), timeout=10)
                held.append(fresh)
                fresh.sendall(words)

    try:
        renew()
        yield renew
    finally:
        for one in held:
            one.close()


def _questions(stage: Stage, number: int) -> dict[str, float]:
    waits = {}
    asked: dict[str, Callable[[], requests.Response]] = {
        "healthz": lambda: session().get(f"{stage.bridge.url}/healthz", timeout=60),
        "create": lambda: stage.create(session(), number),
    }
    for name, ask in asked.items():
        began = time.perf_counter()
        ask().raise_for_status()
        waits[name] = time.perf_counter() - began
    return waits


if __name__ == "__main__":
    for figure in measure():
        print(figure)
