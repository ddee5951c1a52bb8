"""The shop: the real PHP module inside the billing stand-in, with one server and two products."""

from __future__ import annotations

from pathlib import Path

from tests.support.standin import Standin


class DemoShop:
    """Orders and pays like a customer; presses buttons like an admin."""

    def __init__(self, folder: Path, *, bridge_port: int, key: str) -> None:
        self.standin = Standin(database_path=folder / "shop.db")
        self.standin.install(configuration={"SystemURL": "https://shop.example.test/"})
        self.server = self.standin.add_server(
            hostname="127.0.0.1", port=bridge_port, secure=False, username="test", password=key
        )
        self.gold = self.standin.add_product(name="TV Gold", config_options=["gold"])
        self.family = self.standin.add_product(
            name="TV Family", config_options=["family"], pricing={"monthly": 20.0}
        )
        self.client = self.standin.add_client()

    def order(self, product: int) -> tuple[int, int]:
        """Order a product; returns the service and its unpaid invoice."""
        placed = self.standin.order(self.client, [{"pid": product, "billingcycle": "monthly"}])
        if placed.refusals:
            raise RuntimeError(f"the cart refused: {placed.refusals}")
        return placed.service_ids[0], placed.invoice_id

    def status(self, service: int) -> str:
        return self.standin.service(service).status
