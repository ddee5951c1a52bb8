"""What figures are measured on: `panelbridge serve` as a process, a practice panel, a bare Flask route."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import requests

from examples.demo.bridge import DemoBridge, free_port
from panelbridge.service.books import DATABASE_NAME
from panelbridge.testing.practice import PracticeProcess

THREADS = 32  # of both servers: a quarter of them, so all eight callers of a figure, may wait on one panel
CALLERS = 8
CREATE = "/v1/whmcs/CreateAccount"
_SYSTEM_URL = "https://shop.example.com"
_MODULE_ID = "0123456789abcdef0123456789abcdef"
_ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A running bridge with one practice panel, plan ``gold`` and more credit than a run can use."""

    bridge: DemoBridge
    panel: PracticeProcess
    folder: Path

    @property
    def headers(self) -> dict[str, str]:
        """As the WHMCS module sends them."""
        return {
            "Authorization": f"Bearer {self.bridge.shop_key}",
            "Panelbridge-Mode": "test",
            "Panelbridge-System-Url": _SYSTEM_URL,
            "Panelbridge-Installation": _MODULE_ID,
            "Panelbridge-Deadline": "10",
        }

    def order(self, service: int | str) -> dict[str, Any]:
        """The parameters of a CreateAccount, about as many as WHMCS sends."""
        return {
            "serviceid": service,
            "userid": 7,
            "pid": 3,
            "serverid": 1,
            "addonId": 0,
            "qty": 1,
            "status": "Pending",
            "domain": "",
            "username": "",
            "billingcycle": "Monthly",
            "nextduedate": "2030-01-01",
            "regdate": "2029-12-01",
            "configoption1": "gold",
            "configoptions": {},
            "customfields": {},
            "call": {"actor": "system"},
        }

    def order_text(self) -> str:
        """The same as JSON, with ``%d`` for the service's number."""
        return json.dumps(self.order("%d")).replace('"%d"', "%d")

    def create(self, session: requests.Session, service: int) -> requests.Response:
        return session.post(
            self.bridge.url + CREATE, json=self.order(service), headers=self.headers, timeout=60
        )

    def journal(self, query: str, *values: object) -> list[Any]:
        """Rows of the bridge's own database, read beside it."""
        path = self.folder / "data" / DATABASE_NAME
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as connection:
            return connection.execute(query, values).fetchall()

    def processes(self) -> list[psutil.Process]:
        """``serve`` and everything it started."""
        parent = psutil.Process(self.bridge.pid)
        return [parent, *parent.children(recursive=True)]

    def cpu_seconds(self) -> float:
        """CPU used by ``serve`` so far, user and system."""
        return sum(sum(one.cpu_times()[:2]) for one in self.processes())


@contextmanager
def staged(
    folder: Path,
    *,
    backend: str = "reference",
    package: str = "basic-1m",
    options: Mapping[str, str] | None = None,
    threads: int | None = THREADS,
    command: Sequence[str] = ("panelbridge.command", "serve"),
) -> Iterator[Stage]:
    """``threads``: ``None`` leaves the product's own setting. ``command``: what serves."""
    folder.mkdir(parents=True, exist_ok=True)
    variable = "PANELBRIDGE_THREADS"
    kept = os.environ.pop(variable, None)
    if threads is not None:
        os.environ[variable] = str(threads)
    try:
        with PracticeProcess(backend, books=folder / "books.sqlite", options=options) as panel:
            bridge = DemoBridge(folder, command)
            bridge.start()
            try:
                stage = Stage(bridge=bridge, panel=panel, folder=folder)
                _furnish(stage, backend, package)
                yield stage
            finally:
                bridge.stop()
    finally:
        os.environ.pop(variable, None)
        if kept is not None:
            os.environ[variable] = kept


def _furnish(stage: Stage, backend: str, package: str) -> None:
    panel = {"code": "main", "backend": backend, "settings": stage.panel.settings, "practice": True}
    stage.bridge.ask("POST", "/v1/panels", panel)
    terms = [{"term": "1m", "package": package, "price": "1"}]
    plan = {"reseller": "demo", "title": "Gold", "panel": "main", "terms": terms, "allow_purchase": True}
    stage.bridge.ask("PUT", "/v1/plans/gold", plan)
    stage.bridge.ask("POST", "/v1/credits/demo/top-up", {"amount": "1000000", "reason": "benchmark"})


def session() -> requests.Session:
    """A plain session that keeps its connection and heeds no environment."""
    made = requests.Session()
    made.trust_env = False
    return made


@contextmanager
def bare_server(*, one_core: bool = False) -> Iterator[int]:
    """The port of a bare Flask route at ``/bare``, on the same server kind with as many threads."""
    port = free_port()
    cores = "one" if one_core else "any"
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.bare", str(port), str(THREADS), cores],
        cwd=_ROOT,
        start_new_session=True,
    )
    try:
        _wait_until_open(process, port)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_open(process: subprocess.Popen[bytes], port: int) -> None:
    ends = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < ends:
        try:
            if session().post(f"http://127.0.0.1:{port}/bare", timeout=1).ok:
                return
        except requests.RequestException:
            time.sleep(0.05)
    raise RuntimeError("the bare server did not start")
