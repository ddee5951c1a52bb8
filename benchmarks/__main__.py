"""Measures every figure and writes ``latest.json``: ``python -m benchmarks [--quick] [NAME...]``.

Exits 3 when a goal was missed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sqlite3
import sys
import timeit
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import (
    adapters,
    burst,
    create_cost,
    footprint,
    growth,
    held,
    ledger,
    ledger_postgres,
    refusals,
    throughput,
)
from benchmarks.figure import Figure
from scripts.commit import commit

MISSED = 3  # exit code; 1 is Python's own for a run that broke
ROOT = Path(__file__).resolve().parents[1]
LATEST = ROOT / "benchmarks" / "latest.json"
_Measure = Callable[[], Sequence[Figure | dict[str, Any]]]

# In this order, each with its letter in the goals.
FULL: dict[str, _Measure] = {
    "create": create_cost.measure,  # (a)
    "create_postgres": create_cost.measure_on_postgres,
    "throughput": throughput.measure,  # (b)
    "ledger": ledger.measure,  # (c)
    "ledger_postgres": ledger_postgres.measure,
    "burst": burst.measure,  # (d)
    "footprint": footprint.measure,  # (e)
    "refusals": refusals.measure,  # (f)
    "held": held.measure,
    "adapters": adapters.measure,
    "growth": growth.measure,
}
# The same code over the shortest of runs: shows that it works, its values mean nothing.
QUICK: dict[str, _Measure] = {
    "create": partial(create_cost.measure, alone=2, together=1, rounds=1),
    "create_postgres": partial(create_cost.measure_on_postgres, alone=2),
    "throughput": partial(throughput.measure, seconds=0.2, rounds=1),
    "ledger": partial(ledger.measure, seconds=0.4, rounds=1),
    "ledger_postgres": partial(ledger_postgres.measure, seconds=1, rounds=1),
    "burst": partial(burst.measure, orders=3, latency=0.01, rounds=1),
    "footprint": partial(footprint.measure, rest=0.5),
    "refusals": partial(refusals.measure, seconds=0.5),
    "held": partial(held.measure, seconds=0.2),
    "adapters": partial(adapters.measure, calls=5, accounts=40, extends=4, latency=0.01, callers=2),
    "growth": partial(growth.measure, small=100, large=200, repeats=1),
}


def machine() -> dict[str, Any]:
    """Where and when: a figure is worth as much as the machine was quiet."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "load": [round(one, 2) for one in os.getloadavg()],
        "cores": os.cpu_count(),
        "loop_ms": round(min(timeit.repeat("sum(range(1_000_000))", number=1, repeat=5)) * 1000, 1),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
    }


def collect(kinds: dict[str, _Measure], names: Sequence[str]) -> dict[str, Any]:
    """What goes into the file."""
    before, figures = machine(), list[dict[str, Any]]()
    for name in names:
        for one in kinds[name]():
            entry = dict(one.entry() if isinstance(one, Figure) else one)
            figures.append(entry)
            sys.stdout.write(line(entry) + "\n")
            sys.stdout.flush()
    return {"commit": commit(), "before": before, "after": machine(), "figures": figures}


def line(entry: dict[str, Any]) -> str:
    """One figure for a reader."""
    verdict = {True: "met", False: "MISSED", None: ""}[entry["met"]]
    ratio = f"ratio {entry['ratio']}" if entry["ratio"] is not None else ""
    figure = f"{entry['name']:28} {entry['value']:>10} {entry['unit']:20} {ratio:14}"
    return f"{figure} {entry['goal']:16} {verdict:7} {entry['against']}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write the file."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(FULL)}; default: all")
    parser.add_argument("--quick", action="store_true", help="the shortest of runs; its values mean nothing")
    parser.add_argument("--out", type=Path, default=LATEST, help="the file to write")
    given = parser.parse_args(arguments)
    unknown = sorted(set(given.names) - set(FULL))
    if unknown:
        parser.error(f"there is no figure {', '.join(unknown)}; there are: {', '.join(FULL)}")
    reported = collect(QUICK if given.quick else FULL, given.names or list(FULL))
    given.out.write_text(json.dumps(reported, indent=2) + "\n")
    missed = [entry["name"] for entry in reported["figures"] if entry["met"] is False]
    before, after = reported["before"], reported["after"]
    took = datetime.fromisoformat(after["at"]) - datetime.fromisoformat(before["at"])
    sys.stdout.write(
        f"no seed, commit {reported['commit']}, {took.total_seconds():.0f} s; "
        f"load {before['load'][0]} before, {after['load'][0]} after; {given.out}\n"
    )
    if missed:
        sys.stdout.write(f"goals missed: {', '.join(missed)}\n")
    return MISSED if missed else 0


if __name__ == "__main__":
    sys.exit(main())
