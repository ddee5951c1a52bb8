"""What a create costs more than on an earlier commit: `python -m benchmarks.before COMMIT [--rounds N]`.

Both are measured in turns in one run, each in a process of its own: a busy machine is busy for both. The
earlier commit is checked out into a scratch folder and run with this environment's packages.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from scripts.commit import checked_out

ROOT = Path(__file__).resolve().parents[1]
FIGURE = "create.overhead.p50"


def overhead(tree: Path) -> float:
    """Milliseconds that a create takes longer than the panel call in it, the median of one run."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "figures.json"
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks", "create", "--out", out],
            cwd=tree,
            env={**os.environ, "PYTHONPATH": f"{tree}{os.pathsep}{tree / 'adapters'}"},
            check=False,
            capture_output=True,
            text=True,
        )
        if not out.exists():
            raise RuntimeError(f"the benchmark in {tree} did not run: {done.stderr[-500:]}")
        figures = json.loads(out.read_text())["figures"]
    return float(next(entry["value"] for entry in figures if entry["name"] == FIGURE))


def main() -> None:
    """Print both medians and their difference."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.before", description=__doc__)
    parser.add_argument("commit")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    before, now = list[float](), list[float]()
    with checked_out(given.commit) as tree:
        for _ in range(given.rounds):
            before.append(overhead(tree))
            now.append(overhead(ROOT))
    added = statistics.median(now) - statistics.median(before)
    print(f"{FIGURE}: {given.commit} {before} ms, now {now} ms; {added:+.2f} ms by the medians")
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
