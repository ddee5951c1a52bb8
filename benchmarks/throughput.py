"""Figure (b): repeats answered from the journal and new creates a second, against a bare Flask route.

All three are asked in turns by the same load client, in rounds, so that a busy neighbour hurts all of them.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figure import Figure
from benchmarks.load import Job, Tally, run_load
from benchmarks.stage import CALLERS, CREATE, Stage, bare_server, session, staged

GOAL_REPEAT = 0.25
_KNOWN = 1  # the service whose account exists already
_DONE = "SELECT count(*) FROM operations WHERE verb = 'create' AND state = 'done'"


@dataclass(frozen=True, kw_only=True)
class Round:
    """Answers a second of each kind, and CPU seconds of ``serve`` for one of ours."""

    bare: float
    bare_on_one: float  # bound to one core, as serve is
    repeat: float
    create: float
    repeat_cpu: float
    create_cpu: float


def measure(seconds: float = 3.0, rounds: int = 4) -> list[Figure]:
    """Raises ``RuntimeError`` when anything is answered otherwise than expected."""
    with (
        tempfile.TemporaryDirectory() as folder,
        staged(Path(folder)) as stage,
        bare_server() as any_core,
        bare_server(one_core=True) as one_core,
    ):
        ports = (any_core, one_core)
        stage.create(session(), _KNOWN).raise_for_status()
        _round(stage, ports, 0.3, 10_000)  # warms connections, caches and the compiled statements
        taken = [_round(stage, ports, seconds, 1_000_000 * (number + 1)) for number in range(rounds)]
    return _figures(taken)


def _round(stage: Stage, ports: tuple[int, int], seconds: float, first: int) -> Round:
    bare, bare_on_one = (
        _load(Job(port=port, path="/bare", body=stage.order_text(), seconds=seconds, connections=CALLERS))
        for port in ports
    )
    spent = stage.cpu_seconds()
    repeat = _load(_job(stage, stage.order_text().replace("%d", str(_KNOWN)), seconds, first))
    repeat_cpu = stage.cpu_seconds() - spent
    before, spent = stage.journal(_DONE)[0][0], stage.cpu_seconds()
    create = _load(_job(stage, stage.order_text(), seconds, first))
    rows, create_cpu = stage.journal(_DONE)[0][0] - before, stage.cpu_seconds() - spent
    return Round(
        bare=bare.rate,
        bare_on_one=bare_on_one.rate,
        repeat=repeat.rate,
        create=rows / create.seconds,
        repeat_cpu=repeat_cpu / len(repeat.waits),
        create_cpu=create_cpu / max(1, rows),
    )


def _job(stage: Stage, body: str, seconds: float, first: int) -> Job:
    return Job(
        port=stage.bridge.port,
        path=CREATE,
        body=body,
        headers=stage.headers,
        connections=CALLERS,
        seconds=seconds,
        first=first,
    )


def _load(job: Job) -> Tally:
    tally = run_load(job)
    tally.only(200)
    return tally


def _figures(taken: list[Round]) -> list[Figure]:
    bare = sum(one.bare for one in taken) / len(taken)
    bare_on_one = sum(one.bare_on_one for one in taken) / len(taken)
    repeat = sum(one.repeat for one in taken) / len(taken)
    create = sum(one.create for one in taken) / len(taken)
    against = f"a bare Flask route on the same server: {bare:.0f} requests/s"
    figures = [
        Figure(
            name="service.repeat",
            value=round(repeat, 1),
            unit="requests/s",
            ratio=round(repeat / bare, 3),
            against=against,
            goal=f"ratio >= {GOAL_REPEAT}",
            met=repeat / bare >= GOAL_REPEAT,
        ),
        _reported("service.create", round(create, 1), "journal rows/s", create / bare, against),
    ]
    alike = f"that route bound to one core, as serve is: {bare_on_one:.0f} requests/s"
    repeat_cpu = 1000 * sum(one.repeat_cpu for one in taken) / len(taken)
    create_cpu = 1000 * sum(one.create_cpu for one in taken) / len(taken)
    return [
        *figures,
        _reported("service.repeat.one_core", round(repeat, 1), "requests/s", repeat / bare_on_one, alike),
        _reported("service.create.one_core", round(create, 1), "journal rows/s", create / bare_on_one, alike),
        _reported("service.repeat.cpu", round(repeat_cpu, 3), "ms of CPU of serve"),
        _reported("service.create.cpu", round(create_cpu, 3), "ms of CPU of serve"),
    ]


def _reported(name: str, value: float, unit: str, ratio: float | None = None, against: str = "") -> Figure:
    """A figure told for completeness, without a goal."""
    ratio = None if ratio is None else round(ratio, 3)
    return Figure(name=name, value=value, unit=unit, ratio=ratio, against=against, goal="none", met=None)


if __name__ == "__main__":
    for figure in measure():
        print(figure)
