"""Figure (d): fifty orders at once on a panel that takes 200 ms for everything, from payment to an account.

The product runs with its own settings. Each order is its own caller; one answered `pending` counts until the
journal says that it was settled, which is when the account exists.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figure import Figure, percentile
from benchmarks.stage import Stage, session, staged

GOAL_SECONDS, GOAL_RATIO = 5.0, 1.3
_PATIENCE = 120.0
_LOOK = 0.1
_SETTLED = (
    "SELECT service_id, state, settled_at FROM operations WHERE verb = 'create' AND settled_at IS NOT NULL"
)


@dataclass(frozen=True, kw_only=True)
class Burst:
    """``waits``: seconds from payment to working credentials, one for each order."""

    waits: list[float]
    pending: int  # answered so at first
    whole: float  # seconds until the last was done
    calls: int  # requests the panel got for them


def measure(orders: int = 50, latency: float = 0.2, rounds: int = 3) -> list[Figure]:
    """The better half of the truth is not wanted: of several rounds the median one is told."""
    plain = [_measured("reference", "basic-1m", {}, orders, latency) for _ in range(rounds)]
    queued = [_measured("xui", "1", {}, orders, latency) for _ in range(rounds)]
    return [_parallel(_median(plain), orders), _serial(_median(queued), orders, latency)]


def _median(bursts: list[Burst]) -> Burst:
    return sorted(bursts, key=lambda one: one.whole)[len(bursts) // 2]


def _measured(backend: str, package: str, options: Mapping[str, str], orders: int, latency: float) -> Burst:
    with (
        tempfile.TemporaryDirectory() as folder,
        staged(Path(folder), backend=backend, package=package, options=options, threads=None) as stage,
    ):
        stage.create(session(), 1).raise_for_status()
        stage.panel.control.set_latency(latency)
        before = len(stage.panel.control.requests())
        burst = _burst(stage, range(1001, 1001 + orders))
        calls = len(stage.panel.control.requests()) - before
        return Burst(waits=burst.waits, pending=burst.pending, whole=burst.whole, calls=calls)


def _burst(stage: Stage, services: range) -> Burst:
    paid: dict[int, float] = {}
    answered: dict[int, float] = {}
    start = threading.Barrier(len(services))

    def order(service: int) -> None:
        client = session()
        start.wait()
        paid[service] = time.time()
        reply = stage.create(client, service)
        if reply.status_code == 200:
            answered[service] = time.time()
        elif reply.status_code != 202:
            raise RuntimeError(f"an order was answered {reply.status_code}: {reply.text[:300]}")

    threads = [threading.Thread(target=order, args=(service,)) for service in services]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    settled = _settled(stage, services)
    ready = {service: answered.get(service, settled[service]) for service in services}
    waits = [ready[service] - paid[service] for service in services]
    whole = max(ready.values()) - min(paid.values())
    return Burst(waits=waits, pending=len(services) - len(answered), whole=whole, calls=0)


def _settled(stage: Stage, services: range) -> dict[int, float]:
    """When each was settled, once all are. Raises ``RuntimeError`` when one was not done in time."""
    ends = time.monotonic() + _PATIENCE
    while time.monotonic() < ends:
        rows = {row[0]: row[1:] for row in stage.journal(_SETTLED) if row[0] in services}
        if len(rows) == len(services):
            if any(state != "done" for state, _ in rows.values()):
                raise RuntimeError(f"not every order was done: {rows}")
            return {service: micros / 1_000_000 for service, (_, micros) in rows.items()}
        time.sleep(_LOOK)
    raise RuntimeError("not every order was settled in time")


def _parallel(burst: Burst, orders: int) -> Figure:
    value = percentile(burst.waits, 0.95)
    return Figure(
        name="burst.parallel.p95",
        value=round(value, 2),
        unit="s",
        ratio=None,
        against=f"{orders} orders at once, all done after {burst.whole:.2f} s, {burst.pending} told pending",
        goal=f"< {GOAL_SECONDS:.0f} s",
        met=value < GOAL_SECONDS,
    )


def _serial(burst: Burst, orders: int, latency: float) -> Figure:
    ideal = burst.calls * latency
    ratio = burst.whole / ideal
    return Figure(
        name="burst.serial.whole",
        value=round(burst.whole, 2),
        unit="s",
        ratio=round(ratio, 3),
        against=f"{burst.calls} panel calls of {orders} creates one after the other: {ideal:.1f} s",
        goal=f"ratio <= {GOAL_RATIO}",
        met=ratio <= GOAL_RATIO,
    )


if __name__ == "__main__":
    for figure in measure(rounds=1):
        print(figure)
