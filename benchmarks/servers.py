"""What the server costs a create: waitress, which `serve` is, beside Granian, which it was before.

Both run the same application over the same kind of panel and are asked in turns; needs Granian installed.
Run it by itself: ``python -m benchmarks.servers``.
"""

from __future__ import annotations

import itertools
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path

from benchmarks.figure import percentile
from benchmarks.stage import CALLERS, Stage, session, staged

SERVERS = {"waitress": ("panelbridge.command", "serve"), "granian": ("benchmarks.granian_serve",)}


def measure(alone: int = 200, together: int = 40, rounds: int = 3) -> dict[str, dict[str, float]]:
    """Milliseconds of a create by server: one caller, then eight, each server in turn."""
    numbers = itertools.count(1)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as open_ones:
        stages = {
            name: open_ones.enter_context(staged(Path(folder) / name, command=command))
            for name, command in SERVERS.items()
        }
        waits: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in stages}
        spent = {name: -stage.cpu_seconds() for name, stage in stages.items()}
        for stage in stages.values():
            _burst(stage, numbers, 5)
        clients = {name: session() for name in stages}
        for _ in range(alone):
            for name, stage in stages.items():
                began = time.perf_counter()
                stage.create(clients[name], next(numbers)).raise_for_status()
                waits[name][0].append(time.perf_counter() - began)
        for name, stage in stages.items():
            spent[name] += stage.cpu_seconds()
        for _ in range(rounds):
            for name, stage in stages.items():
                waits[name][1].extend(_burst(stage, numbers, together))
    return {
        name: {
            "p50": 1000 * percentile(one, 0.5),
            "p99": 1000 * percentile(one, 0.99),
            "p50 at 8": 1000 * percentile(eight, 0.5),
            "p99 at 8": 1000 * percentile(eight, 0.99),
            "CPU": 1000 * spent[name] / alone,
        }
        for name, (one, eight) in waits.items()
    }


def _burst(stage: Stage, numbers: itertools.count[int], each: int) -> list[float]:
    waits = list[float]()

    def caller() -> None:
        client = session()
        for _ in range(each):
            began = time.perf_counter()
            stage.create(client, next(numbers)).raise_for_status()
            waits.append(time.perf_counter() - began)

    threads = [threading.Thread(target=caller) for _ in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return waits


if __name__ == "__main__":
    for server, reported in measure().items():
        print(f"{server:10}", ", ".join(f"{name} {value:.2f} ms" for name, value in reported.items()))
