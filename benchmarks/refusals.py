"""Figure (f): how long a caller waits for the refusal of a bad request, each kind eight at a time."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from benchmarks.figure import Figure, percentile
from benchmarks.load import Job, run_load
from benchmarks.stage import CALLERS, CREATE, Stage, session, staged

GOAL = 0.050


def measure(seconds: float = 3.0) -> list[Figure]:
    """The slowest kind counts. Raises ``RuntimeError`` when one is answered otherwise than expected."""
    with tempfile.TemporaryDirectory() as folder, staged(Path(folder)) as stage:
        stage.create(session(), 1).raise_for_status()
        tails = {}
        for name, (status, job) in _jobs(stage, seconds).items():
            run_load(replace(job, seconds=0.2))  # warms what only this kind needs
            tally = run_load(job)
            tally.only(status)
            tails[name] = percentile(tally.waits, 0.99)
    slowest = max(tails, key=lambda name: tails[name])
    every = ", ".join(f"{name} {1000 * value:.1f} ms" for name, value in tails.items())
    return [
        Figure(
            name="service.refusal.p99",
            value=round(1000 * tails[slowest], 2),
            unit="ms",
            ratio=None,
            against=f"the slowest of: {every}",
            goal=f"< {1000 * GOAL:.0f} ms",
            met=tails[slowest] < GOAL,
        )
    ]


def _jobs(stage: Stage, seconds: float) -> dict[str, tuple[int, Job]]:
    wrong_key = stage.headers | {"Authorization": "Bearer pb_test_0123456789_wrong"}
    nested = '{"serviceid": ' + "[" * 5000 + "]" * 5000 + "}"
    kinds = {
        "a field of the wrong type": (422, stage.order_text().replace("%d", '"x"'), stage.headers),
        "an unknown field": (422, '{"serviceid": 7, "surprise": 1}', stage.headers),
        "no JSON": (400, "{", stage.headers),
        "nested too deep": (400, nested, stage.headers),
        "a wrong key": (401, "{}", wrong_key),
    }
    return {
        name: (
            status,
            Job(
                port=stage.bridge.port,
                path=CREATE,
                body=body,
                headers=headers,
                connections=CALLERS,
                seconds=seconds / len(kinds),
            ),
        )
        for name, (status, body, headers) in kinds.items()
    }


if __name__ == "__main__":
    for figure in measure():
        print(figure)
