"""A hosting panel through the whole chain: a domain is needed, a click logs in, usage is shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from examples.demo.bridge import DemoBridge
from panelbridge.testing.practice import PracticeProcess
from tests.support.standin import Standin


@dataclass(frozen=True, kw_only=True)
class Hosting:
    """A shop that sells hosting of a practice WHM."""

    panel: PracticeProcess
    bridge: DemoBridge
    standin: Standin
    server: int
    product: int
    client: int

    def buy(self, domain: str) -> int:
        item = {"pid": self.product, "billingcycle": "monthly", "domain": domain}
        placed = self.standin.order(self.client, [item])
        assert placed.refusals == []
        self.standin.pay_invoice(placed.invoice_id)
        return placed.service_ids[0]

    def account(self, service: int) -> dict[str, Any]:
        accounts: dict[str, dict[str, Any]] = self.panel.control.books()["accounts"]
        return accounts[self.standin.service(service).username]


@pytest.fixture(scope="module")
def hosting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosting]:
    folder = tmp_path_factory.mktemp("hosting")
    with PracticeProcess("whm", books=folder / "panel.sqlite") as panel:
        bridge = DemoBridge(folder)
        try:
            bridge.start()
            settings = {**panel.settings, "create_poll": 0.1}
            bridge.ask(
                "POST",
                "/v1/panels",
                {"code": "host", "backend": "whm", "settings": settings, "practice": True},
            )
            package = bridge.ask("GET", "/v1/panels/host/packages")["items"][0]["id"]
            terms = [{"term": "1m", "package": package, "price": "2"}]
            plan = {"reseller": "demo", "title": "Hosting", "panel": "host", "terms": terms}
            bridge.ask("PUT", "/v1/plans/hosting", plan)
            bridge.ask("POST", "/v1/credits/demo/top-up", {"amount": "50", "reason": "for many tests"})
            yield _shop(folder, panel, bridge)
        finally:
            bridge.stop()


def _shop(folder: Path, panel: PracticeProcess, bridge: DemoBridge) -> Hosting:
    bridge.ask("POST", "/v1/installations", {"code": "hosts", "reseller": "demo", "mode": "test"})
    scopes = ["read", "provision", "panel_login"]
    wanted = {"installation": "hosts", "scopes": scopes, "label": "hosts"}
    key = bridge.ask("POST", "/v1/keys", wanted)["key"]
    standin = Standin(database_path=folder / "shop.db")
    standin.install(configuration={"SystemURL": "https://hosts.example.test/"}, switches={})
    server = standin.add_server(
        hostname="127.0.0.1", port=bridge.port, secure=False, username="test", password=key
    )
    product = standin.add_product(name="Hosting", config_options=["hosting"])
    return Hosting(
        panel=panel,
        bridge=bridge,
        standin=standin,
        server=server,
        product=product,
        client=standin.add_client(),
    )


def test_an_order_with_a_domain_becomes_an_account_of_it(hosting: Hosting) -> None:
    service = hosting.buy("maria.example")

    assert hosting.standin.service(service).status == "Active"
    assert hosting.account(service)["state"] == "active"
    subscriptions = hosting.bridge.ask("GET", "/v1/subscriptions")["items"]
    (ours,) = (item for item in subscriptions if item["service_id"] == service)
    assert ours["account_id"].endswith(":maria.example")


def test_an_order_without_a_domain_says_what_is_missing_and_costs_nothing(hosting: Hosting) -> None:
    before = hosting.bridge.ask("GET", "/v1/credits/demo")
    item = {"pid": hosting.product, "billingcycle": "monthly", "domain": ""}

    placed = hosting.standin.order(hosting.client, [item])

    assert ["needs a domain name" in refusal for refusal in placed.refusals] == [True]
    assert hosting.bridge.ask("GET", "/v1/credits/demo") == before


def test_a_click_logs_the_customer_in_and_staff_too(hosting: Hosting) -> None:
    service = hosting.buy("click.example")

    customer = hosting.standin.service_call(service, "ServiceSingleSignOn").result["result"]
    staff = hosting.standin.server_call(hosting.server, "AdminSingleSignOn").result["result"]

    for answer in (customer, staff):
        assert answer["success"] is True
        assert answer["redirectTo"].startswith(hosting.panel.url)
    assert customer["redirectTo"] != staff["redirectTo"]
    again = hosting.standin.service_call(service, "ServiceSingleSignOn").result["result"]
    assert again["redirectTo"] != customer["redirectTo"]


def test_the_server_list_links_to_the_panel(hosting: Hosting) -> None:
    link = hosting.standin.server_call(hosting.server, "AdminLink").result["result"]

    assert link.startswith("<a href=")
    assert ">host</a>" in link


def test_the_daily_cron_shows_what_is_used(hosting: Hosting) -> None:
    service = hosting.buy("usage.example")

    hosting.standin.run_cron(daily=True)

    (row,) = hosting.standin.rows("tblhosting", {"id": service})
    assert int(row["diskusage"]) > 0
    assert row["lastupdate"] not in ("", "0000-00-00 00:00:00")
