"""How each list, /metrics and ``Finished`` take a shop that grows: 20,000 subscriptions, then 100,000.

Ratios are of medians in one run, large to small. Whole listings read every page; ``panels accounts`` is the
command as a process, its output thrown away.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import requests

from benchmarks.figure import Figure, percentile
from benchmarks.full_books import fill, fill_panel
from benchmarks.stage import Stage, session, staged
from panelbridge.service.books import DATABASE_NAME
from panelbridge.service.compose import utc_now
from panelbridge.storage.engine.database import Database
from panelbridge.storage.units import SqlUnits
from panelbridge.storage.vault.key_file import open_vault

SMALL, LARGE = 20_000, 100_000
GOAL_PAGE, GOAL_DUE = 0.060, 0.010
GROWTH_PAGE, GROWTH_WHOLE = 1.3, 5.5
_BACKEND_PAGE = "1000"

_PAGES = {  # name -> what is read of /v1 with the operator's key; shop: with the shop's
    "metrics": "/metrics",
    "subscriptions": "/v1/subscriptions",
    "subscriptions.active": "/v1/subscriptions?state=active",
    "subscriptions.suspended": "/v1/subscriptions?state=suspended",
    "subscriptions.expiring": "/v1/subscriptions?expiring_within=7d",
    "subscriptions.panel": "/v1/subscriptions?panel=main",
    "operations": "/v1/operations",
    "operations.attention": "/v1/operations?state=attention",
    "attention": "/v1/attention",
    "history": "/v1/credits/demo/history",
    "history.top_up": "/v1/credits/demo/history?kind=top_up",
    "history.operation": "/v1/credits/demo/history?operation=17",
    "subscriptions.shop": "/v1/subscriptions",
    "subscriptions.shop.suspended": "/v1/subscriptions?state=suspended",
    "subscriptions.shop.expiring": "/v1/subscriptions?expiring_within=7d",
    "operations.shop": "/v1/operations",
    "operations.shop.attention": "/v1/operations?state=attention",
}


@dataclass(frozen=True, kw_only=True)
class _Measured:
    """Seconds."""

    pages: Mapping[str, list[float]]  # by list, one value for each page asked for
    wholes: Mapping[str, float]  # by listing
    kilobytes: float = 0.0  # the most that ``panels accounts`` held


@dataclass
class _Asker:
    """Asks as the operator, as a shop's program, and as the WHMCS module."""

    stage: Stage
    session: requests.Session = field(default_factory=session)

    def get(self, name: str, path: str) -> Any:
        key = self.stage.bridge.setup.shop_key if ".shop" in name else self.stage.bridge.setup.admin_key
        secret = key.get_secret_value() if key else ""
        reply = self.session.get(
            self.stage.bridge.url + path, headers={"Authorization": f"Bearer {secret}"}, timeout=120
        )
        reply.raise_for_status()
        return reply.json() if path.startswith("/v1") else reply.text

    def call(self, function: str, **parameters: Any) -> Any:
        reply = self.session.post(
            f"{self.stage.bridge.url}/v1/whmcs/{function}",
            json={**parameters, "call": {"actor": "system"}},
            headers=self.stage.headers,
            timeout=120,
        )
        reply.raise_for_status()
        return reply.json()


def measure(small: int = SMALL, large: int = LARGE, repeats: int = 40) -> list[Figure]:
    """Each size on the same books, one after the other."""
    found = []
    with (
        tempfile.TemporaryDirectory() as folder,
        staged(Path(folder), options={"page": _BACKEND_PAGE}) as stage,
    ):
        stage.bridge.ask("POST", "/v1/installations", {"reseller": "demo", "code": "other", "mode": "test"})
        for size in (small, large):
            stage.bridge.stop()
            _grow(stage, size)
            stage.bridge.start()
            found.append(_measured(stage, repeats))
    return _figures(*found, sizes=(small, large))


def _grow(stage: Stage, size: int) -> None:
    fill_panel(stage.folder / "books.sqlite", size)
    database = Database(f"sqlite:///{stage.folder / 'data' / DATABASE_NAME}")
    try:
        fill(database, open_vault(stage.bridge.setup.key_file), size)
    finally:
        database.close()


def _measured(stage: Stage, repeats: int) -> _Measured:
    asker = _Asker(stage)
    asker.call("TestConnection")
    pages = {
        name: _times(lambda name=name, path=path: asker.get(name, path), repeats)  # type: ignore[misc]
        for name, path in _PAGES.items()
    }
    pages["finished"] = _times(lambda: asker.call("Finished"), repeats)
    pages["list_accounts"] = _times(lambda: asker.call("ListAccounts"), repeats)
    pages["due_scan"] = _due_scans(stage, repeats)
    began = time.perf_counter()
    cursor: str | None = ""
    while cursor is not None:
        cursor = asker.call("ListAccounts", cursor=cursor)["data"]["cursor"]
    wholes = {"list_accounts": time.perf_counter() - began}
    began = time.perf_counter()
    after: int | None = 0
    while after is not None:
        after = asker.get("", f"/v1/credits/demo/history?limit=500&after={after}")["next"]
    wholes["history"] = time.perf_counter() - began
    wholes["panels_accounts"], kilobytes = _panels_accounts(stage)
    return _Measured(pages=pages, wholes=wholes, kilobytes=kilobytes)


def _times(ask: Callable[[], object], repeats: int) -> list[float]:
    ask()
    waits = []
    for _ in range(repeats):
        began = time.perf_counter()
        ask()
        waits.append(time.perf_counter() - began)
    return waits


def _due_scans(stage: Stage, repeats: int) -> list[float]:
    """The statement of the scan that comes every second."""
    database = Database(f"sqlite:///{stage.folder / 'data' / DATABASE_NAME}")
    units = SqlUnits(database, open_vault(stage.bridge.setup.key_file), utc_now)

    def scan() -> None:
        with units.read() as unit:
            unit.journal.due(utc_now(), 1000, timedelta(seconds=5), per_panel=100)

    try:
        return _times(scan, repeats)
    finally:
        database.close()


def _panels_accounts(stage: Stage) -> tuple[float, float]:
    """How long it took, and the most memory it held."""
    data = str(stage.folder / "data")
    began = time.perf_counter()
    with Path(os.devnull).open("wb") as nothing:
        process = subprocess.Popen(
            [sys.executable, "-m", "panelbridge.command", "panels", "accounts", "main"],
            env=os.environ | {"PANELBRIDGE_DATA_FOLDER": data},
            stdout=nothing,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"panels accounts ended with {process.returncode}")
    return time.perf_counter() - began, float(usage.ru_maxrss)


def _figures(small: _Measured, large: _Measured, *, sizes: tuple[int, int]) -> list[Figure]:
    return [
        *(_page(name, small.pages[name], waits, sizes) for name, waits in large.pages.items()),
        *(_whole(name, small.wholes[name], took, sizes) for name, took in large.wholes.items()),
        Figure(
            name="growth.panels_accounts.peak",
            value=round(large.kilobytes / 1024, 1),
            unit="MB",
            ratio=round(large.kilobytes / small.kilobytes, 2),
            against=f"at {sizes[0]}: {small.kilobytes / 1024:.1f} MB",
            goal=f"ratio <= {GROWTH_PAGE}",
            met=large.kilobytes / small.kilobytes <= GROWTH_PAGE,
        ),
    ]


def _page(name: str, small: list[float], large: list[float], sizes: tuple[int, int]) -> Figure:
    goal = GOAL_DUE if name == "due_scan" else GOAL_PAGE
    ratio = percentile(large, 0.5) / percentile(small, 0.5)
    tail = percentile(large, 0.95)
    return Figure(
        name=f"growth.{name}",
        value=round(1000 * tail, 1),
        unit="ms, p95",
        ratio=round(ratio, 2),
        against=f"medians at {sizes[0]}: {1000 * percentile(small, 0.5):.1f} ms, "
        f"at {sizes[1]}: {1000 * percentile(large, 0.5):.1f} ms",
        goal=f"< {1000 * goal:.0f} ms, ratio <= {GROWTH_PAGE}",
        met=tail < goal and ratio <= GROWTH_PAGE,
    )


def _whole(name: str, small: float, large: float, sizes: tuple[int, int]) -> Figure:
    return Figure(
        name=f"growth.{name}.whole",
        value=round(large, 2),
        unit="s",
        ratio=round(large / small, 2),
        against=f"at {sizes[0]}: {small:.2f} s",
        goal=f"ratio <= {GROWTH_WHOLE}",
        met=large / small <= GROWTH_WHOLE,
    )


if __name__ == "__main__":
    for figure in measure():
        print(figure)
