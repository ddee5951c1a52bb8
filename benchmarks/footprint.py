"""Figure (e): the memory of an idle ``panelbridge serve``, all its processes together.

Proportional set size: a page that processes share counts once. Where the kernel does not tell it, the
resident size, which counts such a page for each of them.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from benchmarks.figure import Figure
from benchmarks.stage import Stage, session, staged

GOAL_MEGABYTES = 220
_MEGABYTE = 1024 * 1024


def measure(rest: float = 15.0) -> list[Figure]:
    """After one order, so that everything is loaded, and ``rest`` seconds of nothing."""
    with tempfile.TemporaryDirectory() as folder, staged(Path(folder), threads=None) as stage:
        stage.create(session(), 1).raise_for_status()
        time.sleep(rest)
        spent = stage.cpu_seconds()
        time.sleep(rest)
        busy = (stage.cpu_seconds() - spent) / rest
        kind, sizes = _sizes(stage)
    total = sum(sizes) / _MEGABYTE
    each = " + ".join(f"{size / _MEGABYTE:.0f}" for size in sizes)
    return [
        Figure(
            name="serve.memory.idle",
            value=round(total, 1),
            unit="MB",
            ratio=None,
            against=f"{kind} of {len(sizes)} processes: {each} MB",
            goal=f"< {GOAL_MEGABYTES} MB",
            met=total < GOAL_MEGABYTES,
        ),
        Figure(
            name="serve.processes",
            value=len(sizes),
            unit="processes",
            ratio=None,
            against=f"{100 * busy:.1f} % of a core while idle",
            goal="none",
            met=None,
        ),
    ]


def _sizes(stage: Stage) -> tuple[str, list[int]]:
    sizes = [one.memory_full_info() for one in stage.processes()]
    if all(getattr(size, "pss", 0) for size in sizes):
        return "PSS", [int(size.pss) for size in sizes]
    return "RSS", [int(size.rss) for size in sizes]


if __name__ == "__main__":
    for figure in measure():
        print(figure)
