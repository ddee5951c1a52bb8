"""A shop with the fixture module, for the tests of the stand-in itself."""

from __future__ import annotations

import json
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


@pytest.fixture(scope="session")
def new_shops(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Fields], Path]:
    """Gives the file of a shop with such a product, made once for all tests: each PHP start costs time."""
    made: dict[str, Path] = {}

    def new_shop(product: Fields) -> Path:
        key = json.dumps(product, sort_keys=True)
        if key not in made:
            standin = Standin(FIXTURE_MODULE, tmp_path_factory.mktemp("shop") / "new.db")
            standin.install(now="2026-01-31 10:00")
            standin.add_server(
                hostname="bridge.test", port=0, secure=True, username="live", password="server-key"
            )
            standin.add_product(**{"name": "Gold", "config_options": ["ok", "", "p1"], **product})
            standin.add_client()
            made[key] = standin.database_path
        return made[key]

    return new_shop


@pytest.fixture
def open_shop(tmp_path: Path, new_shops: Callable[[Fields], Path]) -> OpenShop:
    """Makes a shop with the given switches, settings and product."""

    def opened(switches: Fields | None = None, configuration: Fields | None = None, **product: Any) -> Shop:
        file = tmp_path / f"shop{len(list(tmp_path.glob('*.db')))}.db"
        shutil.copyfile(new_shops(product), file)
        standin = Standin(FIXTURE_MODULE, file)
        if switches or configuration:
            standin.configure(switches=switches, configuration=configuration)
        return Shop(standin=standin, server_id=1, product_id=1, client_id=1)

    return opened


def called(turn: Turn) -> list[str]:
    """The module functions a request called, in order."""
    return [call.function for call in turn.captured.calls]
