"""Setting a shop up in the order of the guide, and products that cannot be delivered as they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.chain.conftest import Shop, World
from tests.support.standin import Standin


def test_the_guides_order_is_green_at_its_first_press(world: World, tmp_path: Path) -> None:
    world.bridge.ask("POST", "/v1/installations", {"code": "guide", "reseller": "demo", "mode": "test"})
    wanted = {"installation": "guide", "scopes": ["read", "provision"], "label": "guide"}
    key = world.bridge.ask("POST", "/v1/keys", wanted)["key"]
    standin = Standin(database_path=tmp_path / "guide.db")
    standin.install(configuration={"SystemURL": "https://guide.example.test/"})
    server = standin.add_server(
        hostname="127.0.0.1", port=world.bridge.port, secure=False, username="test", password=key
    )

    assert standin.test_connection(server).result == {"success": True, "error": ""}

    standin.add_product(name="TV Gold", config_options=["gold"])
    assert standin.test_connection(server).result == {"success": True, "error": ""}


def test_a_product_with_prorata_billing_is_refused_in_the_cart_and_by_the_test(
    open_shop: Callable[..., Shop],
) -> None:
    shop = open_shop()
    shop.standin.set_clock("2026-11-30 10:00")
    product = shop.standin.add_product(name="TV Prorata", config_options=["gold"], prorata_date=1)

    placed = shop.standin.order(shop.client, [{"pid": product, "billingcycle": "monthly"}])

    assert "prorata billing" in " ".join(placed.refusals)
    told = shop.standin.test_connection(shop.server).result
    assert told["success"] is False
    assert "TV Prorata" in told["error"]
    assert any("Untick Prorata Billing" in line for line in shop.standin.activity())


def test_connections_that_the_package_decides_are_refused_in_the_cart(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop()
    option = {"name": "Connections", "choices": [{"name": "1"}, {"name": "7|Seven"}, {"name": "3.5"}]}
    product = shop.standin.add_product(name="TV Many", config_options=["gold"], configurable_options=[option])

    def refusals(choice: str) -> list[str]:
        item = {"pid": product, "billingcycle": "monthly", "configurable_options": {"Connections": choice}}
        return list(shop.standin.order(shop.client, [item]).refusals)

    assert len(refusals("7")) == 1
    assert len(refusals("3.5")) == 1
    assert refusals("1") == []
    told = shop.standin.test_connection(shop.server).result
    assert told["success"] is False
    assert "3.5" in told["error"]
