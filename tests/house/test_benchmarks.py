"""The shape of what `make bench` writes, over the shortest of runs. No time is asserted."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from benchmarks.__main__ import FULL, MISSED, QUICK
from benchmarks.figure import percentile
from tests.support.house import ROOT

# The figures the goals name, and whether a goal is set for each.
GOALS = {
    "create.overhead.p50": True,
    "create.overhead.p50.at_8": False,
    "create.overhead.p99.at_8": True,
    "create.postgres.overhead.p50": True,
    "service.repeat": True,
    "service.create": False,
    "service.repeat.one_core": False,
    "service.create.one_core": False,
    "service.repeat.cpu": False,
    "service.create.cpu": False,
    "ledger.hot_wallet.postings": True,
    "ledger.hot_wallet.worst_wait": True,
    "ledger.postgres.hot_wallet": True,
    "ledger.postgres.wallets_100": True,
    "burst.parallel.p95": True,
    "burst.serial.whole": True,
    "serve.memory.idle": True,
    "serve.processes": False,
    "service.refusal.p99": True,
    "held.healthz.worst": True,
    "held.create.worst": True,
    "adapter.call": True,
    "adapter.list.peak": True,
    "adapter.crowd": True,
    "growth.metrics": True,
    "growth.subscriptions": True,
    "growth.subscriptions.active": True,
    "growth.subscriptions.suspended": True,
    "growth.subscriptions.expiring": True,
    "growth.subscriptions.panel": True,
    "growth.operations": True,
    "growth.operations.attention": True,
    "growth.attention": True,
    "growth.history": True,
    "growth.history.top_up": True,
    "growth.history.operation": True,
    "growth.subscriptions.shop": True,
    "growth.subscriptions.shop.suspended": True,
    "growth.subscriptions.shop.expiring": True,
    "growth.operations.shop": True,
    "growth.operations.shop.attention": True,
    "growth.finished": True,
    "growth.list_accounts": True,
    "growth.due_scan": True,
    "growth.list_accounts.whole": True,
    "growth.history.whole": True,
    "growth.panels_accounts.whole": True,
    "growth.panels_accounts.peak": True,
}
MEMBERS = {"name", "value", "unit", "ratio", "against", "goal", "met"}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    out = tmp_path_factory.mktemp("bench") / "latest.json"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "--out", str(out)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=400,
    )
    assert done.returncode in (0, MISSED), done.stdout + done.stderr
    content: dict[str, Any] = json.loads(out.read_text())
    missed = any(entry["met"] is False for entry in content["figures"])
    assert done.returncode == (MISSED if missed else 0), done.stdout + done.stderr
    return content


def test_every_figure_of_the_goals_is_there_once(written: dict[str, Any]) -> None:
    assert list(GOALS) == [entry["name"] for entry in written["figures"]]


def test_every_figure_has_the_same_members(written: dict[str, Any]) -> None:
    for entry in written["figures"]:
        assert MEMBERS == set(entry), entry["name"]
        assert entry["value"] > 0 or entry["name"].startswith("create.overhead"), entry["name"]
        assert entry["unit"], entry["name"]
        assert entry["ratio"] is None or entry["ratio"] > 0, entry["name"]
        assert GOALS[entry["name"]] == (entry["met"] is not None) == (entry["goal"] != "none"), entry["name"]


def test_the_file_says_how_busy_the_machine_was(written: dict[str, Any]) -> None:
    for moment in ("before", "after"):
        assert 3 == len(written[moment]["load"])
        assert written[moment]["cores"] >= 1


def test_the_short_run_runs_what_the_long_one_does() -> None:
    assert list(FULL) == list(QUICK)


def test_a_percentile_is_one_of_the_values() -> None:
    assert 2 == percentile([3, 1, 2], 0.5)
    assert 3 == percentile([3, 1, 2], 0.99)
    assert 1 == percentile([1], 0.99)
    with pytest.raises(ValueError, match="no value"):
        percentile([], 0.5)
