"""Long seeded runs of what CI runs small: `make soak`, `python -m scripts.soak [--seed N] [NAME...]`.

Each run is an ordinary test with a larger size. Seed, commit and duration are printed, with what each test
counted; all of it is kept in `benchmarks/soak.txt` as it comes. Exits 1 when one failed.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from scripts.commit import commit

ROOT = Path(__file__).resolve().parents[1]
Say = Callable[[str], None]
KEPT = ROOT / "benchmarks" / "soak.txt"


@dataclass(frozen=True, kw_only=True)
class Run:
    """A test, and how large it is here."""

    name: str
    tests: tuple[str, ...]
    sizes: dict[str, str] = field(default_factory=dict)
    times: int = 1  # runs, each with a seed of its own
    at_once: int = 1  # of these, side by side


RUNS = (
    Run(
        name="changes",
        tests=("tests/provisioning/test_change_sequences.py",),
        sizes={"SOAK_CHANGE_LIVES": "2000"},
    ),
    Run(
        name="shop",
        tests=("tests/chain/test_bridge_down.py",),
        sizes={"SOAK_SHOP_SIZE": "200"},
    ),
    Run(
        name="model",
        tests=("tests/model/test_model.py",),
        sizes={"SOAK_MODEL_SEQUENCES": "2000"},
    ),
    Run(name="requests", tests=("tests/service/test_openapi_fuzz.py",), sizes={"SOAK_REQUESTS": "50"}),
    # Most of it waits for processes: so many side by side keep two cores busy.
    Run(
        name="mixed",
        tests=("tests/chain/test_mixed_operations.py",),
        sizes={"SOAK_MIXED_OPERATIONS": "5000"},
    ),
    Run(name="survival", tests=("tests/jobs/test_survival.py",), times=200, at_once=6),
    Run(
        name="kills", tests=("tests/matrix/test_kills.py", "tests/matrix/test_crowd.py")
    ),  # the longest: last
)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--quick", action="store_true", help="the sizes of CI: shows that it works")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(run.name for run in RUNS))
    given = parser.parse_args(arguments)
    unknown = set(given.names) - {run.name for run in RUNS}
    if unknown:
        parser.error(f"there is no run {', '.join(sorted(unknown))}")
    said: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        print(text, flush=True)
        if not given.quick:
            KEPT.write_text("\n".join(said) + "\n", encoding="utf-8")

    began = time.monotonic()
    say(f"soak: seed {given.seed}, commit {commit()}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC")
    say(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    failed = [
        run.name
        for run in RUNS
        if (not given.names or run.name in given.names)
        and not _all_of(run, given.seed, say, quick=given.quick)
    ]
    say(f"{time.monotonic() - began:.0f} s in all, " + (f"FAILED: {', '.join(failed)}" if failed else "ok"))
    return 1 if failed else 0


def _all_of(run: Run, seed: int, say: Say, *, quick: bool) -> bool:
    """Its runs, until one fails; whether none did."""
    if run.times == 1 or quick:
        return _once(run, seed, say, quick=quick)
    began = time.monotonic()
    good = 0
    with ThreadPoolExecutor(run.at_once) as pool:
        runs = [pool.submit(_once, run, seed + turn, _not_said, quick=quick) for turn in range(run.times)]
        for ended in as_completed(runs):
            if not ended.result():
                pool.shutdown(wait=True, cancel_futures=True)
                break
            good += 1
    whole = good == run.times
    say(
        f"{run.name}: {good} of {run.times} runs green, {run.at_once} side by side, seeds from {seed}, "
        f"load {os.getloadavg()[0]:.1f}, {time.monotonic() - began:.0f} s, {'ok' if whole else 'FAILED'}"
    )
    return whole


def _not_said(_text: str) -> None:
    """What one of many says; a failure is printed whole."""


def _once(run: Run, seed: int, say: Say, *, quick: bool) -> bool:
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *run.tests],
        cwd=ROOT,
        env={**os.environ, "SOAK_SEED": str(seed), **({} if quick else run.sizes)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    for line in done.stdout.splitlines():
        if "seed" in line or re.search(r"\d+ (passed|failed)", line):
            say(f"{run.name}: {line.strip('= ')}")
    took = time.monotonic() - began
    say(f"{run.name}: seed {seed}, {took:.0f} s, {'FAILED' if done.returncode else 'ok'}")
    if done.returncode:
        print(done.stdout[-4000:], done.stderr[-2000:], sep="\n", flush=True)
    return not done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
