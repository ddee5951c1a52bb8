"""A shop with the fixture module, for the tests of the stand-in itself."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.standin import Standin
from tests.support.standin_records import Fields, Turn

FIXTURE_MODULE = Path(__file__).parent / "fixture_module" / "modules" / "servers" / "fixturepanel"

assert shutil.which("php"), (
    "these tests need php: apt-get install php-cli php-sqlite3 php-illuminate-database smarty4"
)


@dataclass(frozen=True, kw_only=True)
class Shop:
    """An installed shop with one server, product and client."""

    standin: Standin
    server_id: int
    product_id: int
    client_id: int

    def bought(self, product_id: int | None = None, **item: Any) -> int:
        """Order and pay; returns the service id."""
        order = self.standin.order(self.client_id, [{"pid": product_id or self.product_id, **item}])
        assert order.refusals == []
        self.standin.pay_invoice(order.invoice_id)
        return order.service_id

    def behave(self, behaviour: str, function: str) -> None:
        """From now on the module answers so for that function."""
        self.standin.save_module_settings(self.product_id, {1: behaviour, 2: function})

    def seen(self, function: str) -> list[Fields]:
        """The rows the module noted for a function or hook: params (JSON) and nextduedate."""
        return self.standin.rows("mod_fixturepanel", {"function": function})


OpenShop = Callable[..., Shop]


@pytest.fixture
def open_shop(tmp_path: Path) -> OpenShop:
    """Makes a shop with the given switches, settings and product."""

    def opened(switches: Fields | None = None, configuration: Fields | None = None, **product: Any) -> Shop:
        standin = Standin(FIXTURE_MODULE, tmp_path / f"shop{len(list(tmp_path.glob('*.db')))}.db")
        standin.install(now="2026-01-31 10:00", switches=switches or {}, configuration=configuration or {})
        server = standin.add_server(
            hostname="bridge.test", port=0, secure=True, username="live", password="server-key"
        )
        product = {"name": "Gold", "config_options": ["ok", "", "p1"]} | product
        product_id = standin.add_product(**product)
        return Shop(standin=standin, server_id=server, product_id=product_id, client_id=standin.add_client())

    return opened


def called(turn: Turn) -> list[str]:
    """The module functions a request called, in order."""
    return [call.function for call in turn.captured.calls]
