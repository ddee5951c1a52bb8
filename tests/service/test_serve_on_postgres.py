"""``panelbridge serve`` with a PostgreSQL database is the whole product."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import NullPool, create_engine, make_url, text

from examples.demo.bridge import DemoBridge, free_port
from panelbridge.testing.practice import PracticeProcess
from tests.support import postgres
from tests.support.relay import Relay


@dataclass(frozen=True, kw_only=True)
class Product:
    bridge: DemoBridge
    practice: PracticeProcess
    network: Relay
    owner_url: str

    def order(self, service: int) -> requests.Response:
        """As the shop's module does."""
        body = {"serviceid": service, "configoption1": "gold", "billingcycle": "Monthly", "status": "Pending"}
        headers = {
            "Authorization": f"Bearer {self.bridge.shop_key}",
            "Panelbridge-System-Url": "https://shop.example",
            "Panelbridge-Installation": "0123456789abcdef0123456789abcdef",
        }
        url = f"{self.bridge.url}/v1/whmcs/CreateAccount"
        return requests.post(url, json=body, headers=headers, timeout=60)

    def ready(self) -> bool:
        return requests.get(f"{self.bridge.url}/readyz", timeout=30).ok

    def rows(self, query: str) -> list[Any]:
        engine = create_engine(self.owner_url, poolclass=NullPool)
        with engine.connect() as connection:
            return list(connection.execute(text(query)).scalars())


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    folder = tmp_path_factory.mktemp("product")
    owner_url = postgres.empty_url()
    with (
        Relay(owner_url) as network,
        PracticeProcess("reference", books=folder / "panel.sqlite") as practice,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in postgres.settings_of(network.url).items():
            patch.setenv(name, value)
        patch.setenv("PANELBRIDGE_DATABASE_PATIENCE", "3")
        bridge = DemoBridge(folder)
        bridge.start()
        try:
            wanted = {"code": "main", "backend": "reference", "settings": practice.settings, "practice": True}
            bridge.ask("POST", "/v1/panels", wanted)
            term = {"term": "1m", "package": "basic-1m", "price": "1"}
            plan = {"panel": "main", "title": "Gold", "reseller": "demo", "terms": [term]}
            bridge.ask("PUT", "/v1/plans/gold", plan)
            bridge.ask("POST", "/v1/credits/demo/top-up", {"amount": "50", "reason": "paid"})
            yield Product(bridge=bridge, practice=practice, network=network, owner_url=owner_url)
        finally:
            network.mend()
            bridge.stop()


def until(holds: Callable[[], object], seconds: float = 60.0) -> bool:
    ends = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > ends:
            return False
        time.sleep(0.2)
    return True


def test_an_order_becomes_an_account_and_the_role_that_serves_owns_no_table_of_ours(product: Product) -> None:
    assert product.order(501).json()["result"] == "success"
    assert product.practice.control.books()["counts"]["create"] == 1
    owned = product.rows(
        "SELECT DISTINCT schemaname FROM pg_tables WHERE tableowner = 'panelbridge_app' ORDER BY 1"
    )
    assert owned == ["panelbridge_jobs"]


def test_the_service_comes_back_by_itself_when_the_server_does(product: Product) -> None:
    assert until(product.ready)
    product.network.cut()
    away = product.order(502)
    assert (away.status_code, away.json()["code"]) == (503, "storage_unreachable")
    assert until(lambda: not product.ready())

    product.network.mend()
    assert until(product.ready)
    assert product.order(502).json()["result"] == "success"


def test_a_second_service_on_the_same_database_is_refused(product: Product, tmp_path: Path) -> None:
    ran = serve(tmp_path, product)
    assert ran.returncode == 1
    assert "jobs are already run by process" in ran.stderr


def test_serve_says_plainly_that_the_server_is_away(product: Product, tmp_path: Path) -> None:
    product.network.cut()
    try:
        ran = serve(tmp_path, product)
    finally:
        product.network.mend()
    assert ran.returncode != 0
    assert "cannot be reached" in ran.stderr
    assert "database server" in ran.stderr


def test_no_output_holds_the_password(product: Product) -> None:
    log = product.bridge.log.read_text()
    password = str(make_url(product.owner_url).password)
    assert "CreateAccount" in log
    assert password not in log


def serve(folder: Path, product: Product) -> subprocess.CompletedProcess[str]:
    """Another one, with a data folder of its own and the same keys."""
    data = product.bridge.log.parent / "data"
    (folder / "data").mkdir(mode=0o700)
    for name in ("secret.key", "panelbridge.witness"):
        if (data / name).exists():
            (folder / "data" / name).write_bytes((data / name).read_bytes())
            (folder / "data" / name).chmod(0o600)
    here = {"PANELBRIDGE_DATA_FOLDER": str(folder / "data"), "PANELBRIDGE_PORT": str(free_port())}
    ran = subprocess.run(
        [sys.executable, "-m", "panelbridge.command", "serve"],
        env=os.environ | here,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert str(make_url(product.owner_url).password) not in ran.stderr + ran.stdout
    return ran
