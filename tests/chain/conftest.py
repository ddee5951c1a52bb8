"""The whole chain: billing stand-in with the real PHP module, `panelbridge serve`, a practice panel."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from examples.demo.bridge import DemoBridge
from panelbridge.testing.practice import PracticeProcess
from tests.support import postgres
from tests.support.ready import on_postgres
from tests.support.standin import Standin, StandinError
from tests.support.standin_records import Turn

_SHOPS = count(1)


class WatchedStandin(Standin):
    """A stand-in that remembers which of its switches had a say."""

    def __init__(self, **places: Any) -> None:
        super().__init__(**places)
        self.asked: set[str] = set()

    def request(self, command: str, **values: Any) -> Turn:
        try:
            turn = super().request(command, **values)
        except StandinError as error:
            self.asked.update(error.turn.captured.switches if error.turn is not None else ())
            raise
        self.asked.update(turn.captured.switches)
        return turn


@dataclass(frozen=True, kw_only=True)
class World:
    """One bridge and one panel, for many shops."""

    folder: Path
    panel: PracticeProcess
    bridge: DemoBridge

    def counts(self) -> dict[str, int]:
        """Effects at the panel so far, by kind."""
        counts: dict[str, int] = self.panel.control.books()["counts"]
        return counts

    def accounts(self) -> dict[str, dict[str, Any]]:
        accounts: dict[str, dict[str, Any]] = self.panel.control.books()["accounts"]
        return accounts


@dataclass(frozen=True, kw_only=True)
class Shop:
    """One shop with an installation and a key of its own."""

    world: World
    standin: WatchedStandin
    installation: str
    server: int
    gold: int
    family: int
    client: int

    def buy(self, product: int | None = None) -> int:
        """Order and pay; returns the service."""
        service, invoice = self.order(product)
        self.standin.pay_invoice(invoice)
        return service

    def order(self, product: int | None = None) -> tuple[int, int]:
        placed = self.standin.order(self.client, [{"pid": product or self.gold, "billingcycle": "monthly"}])
        assert placed.refusals == []
        return placed.service_ids[0], placed.invoice_id

    def subscription(self, service: int) -> dict[str, Any]:
        known = self.world.bridge.ask("GET", "/v1/subscriptions?limit=500")["items"]
        ids = {
            item["code"]: item["id"] for item in self.world.bridge.ask("GET", "/v1/installations")["items"]
        }
        return next(
            item
            for item in known
            if item["service_id"] == service and item["installation_id"] == ids[self.installation]
        )

    def charges(self, service: int) -> list[str]:
        """What the ledger posted for the service."""
        subscription = self.subscription(service)["id"]
        path = f"/v1/credits/demo/history?subscription={subscription}"
        return [
            line["price"] for line in self.world.bridge.ask("GET", path)["items"] if line["kind"] == "post"
        ]

    def settled(self, service: int) -> None:
        """Wait until nothing of the service is under way at the bridge."""
        subscription = self.subscription(service)["id"]
        pause = threading.Event()
        for _ in range(300):
            known = self.world.bridge.ask("GET", f"/v1/operations?subscription={subscription}")["items"]
            if known and all(item["settled_at"] for item in known):
                return
            pause.wait(0.1)
        raise AssertionError("an operation did not settle in 30 seconds")

    def state(self, service: int) -> str:
        """What the panel's books say of the service's account."""
        account = self.account(service)
        return str(account["state"]) if account is not None else "absent"

    def account(self, service: int) -> dict[str, Any] | None:
        return self.world.accounts().get(self.standin.service(service).username)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("chain")
    panel_options = {"reseller_list": "works", "credits": "10000"}
    with (
        pytest.MonkeyPatch.context() as patch,
        PracticeProcess("xui", books=folder / "panel.sqlite", options=panel_options) as panel,
    ):
        if on_postgres():
            for name, value in postgres.settings_of(postgres.empty_url()).items():
                patch.setenv(name, value)
        bridge = DemoBridge(folder)
        try:
            bridge.start()
            bridge.furnish(panel.settings)
            bridge.ask("POST", "/v1/credits/demo/top-up", {"amount": "5000", "reason": "for many tests"})
            yield World(folder=folder, panel=panel, bridge=bridge)
        finally:
            bridge.stop()


@pytest.fixture
def open_shop(world: World, tmp_path: Path) -> Callable[..., Shop]:
    def opened(*, switches: dict[str, str] | None = None, port: int | None = None) -> Shop:
        code = f"shop{next(_SHOPS)}"
        world.bridge.ask("POST", "/v1/installations", {"code": code, "reseller": "demo", "mode": "test"})
        wanted = {"installation": code, "scopes": ["read", "provision"], "label": code}
        key = world.bridge.ask("POST", "/v1/keys", wanted)["key"]
        standin = WatchedStandin(database_path=tmp_path / f"{code}.db")
        settings = {"SystemURL": f"https://{code}.example.test/", "PanelbridgeCronPause": "0"}
        standin.install(configuration=settings, switches=switches or {})
        server = standin.add_server(
            hostname="127.0.0.1",
            port=port or world.bridge.port,
            secure=False,
            username="test",
            password=key,
        )
        gold = standin.add_product(name="TV Gold", config_options=["gold"])
        family = standin.add_product(name="TV Family", config_options=["family"], pricing={"monthly": 20.0})
        client = standin.add_client()
        return Shop(
            world=world,
            standin=standin,
            installation=code,
            server=server,
            gold=gold,
            family=family,
            client=client,
        )

    return opened


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    return open_shop()


@pytest.fixture(autouse=True)
def _no_faults(world: World) -> Iterator[None]:
    yield
    world.panel.control.clear_faults()
