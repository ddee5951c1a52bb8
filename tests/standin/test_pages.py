"""The pages a browser sees, and the table of switches in the README."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from http.cookiejar import CookieJar
from urllib.parse import urlencode

import pytest

from tests.standin.conftest import OpenShop, called
from tests.support.standin import STANDIN_FOLDER


def test_the_client_page_renders_the_modules_template(open_shop: OpenShop) -> None:
    shop = open_shop()
    service = shop.bought()
    turn = shop.standin.page("/clientarea.php", {"id": service}, client_id=shop.client_id)
    assert turn.result["status"] == 200
    assert "Line: line1 &lt;b&gt; Status: Active" in turn.result["body"]
    assert turn.captured.template_warnings == []


def test_a_client_runs_listed_functions_of_own_services_only(open_shop: OpenShop) -> None:
    shop = open_shop()
    service = shop.bought()
    press = {"id": service, "modop": "custom", "a": "Refresh"}
    turn = shop.standin.page("/clientarea.php", {"id": service}, press, client_id=shop.client_id)
    assert "Refresh" in called(turn)
    for post in (press | {"a": "TerminateAccount"}, press | {"token": "wrong"}):
        turn = shop.standin.page("/clientarea.php", {"id": service}, post, client_id=shop.client_id)
        assert not {"TerminateAccount", "Refresh"} & set(called(turn))
    other = shop.standin.add_client(email="x@example.test")
    assert (
        shop.standin.page("/clientarea.php", {"id": service}, press, client_id=other).result["status"] == 404
    )


def test_single_sign_on_redirects(open_shop: OpenShop) -> None:
    shop = open_shop()
    query = {"id": shop.bought(), "dosinglesignon": "1"}
    turn = shop.standin.page("/clientarea.php", query, client_id=shop.client_id)
    assert turn.result["location"] == "https://panel.example.test/sso"


@pytest.mark.parametrize(
    ("post", "function"),
    [
        ({"modop": "suspend"}, "SuspendAccount"),
        ({"modop": "custom", "ac": "Refresh"}, "Refresh"),
        ({"modop": "changepw", "newpw": "X1"}, "ChangePassword"),
        ({"fixture_note": "typed"}, "AdminServicesTabFieldsSave"),
    ],
)
def test_the_admin_page_runs_commands_and_saves(
    open_shop: OpenShop, post: dict[str, str], function: str
) -> None:
    shop = open_shop()
    service = shop.bought()
    turn = shop.standin.page("/admin/clientsservices.php", {"id": service}, post)
    assert function in called(turn)
    assert 'name="fixture_note"' in turn.result["body"]


@pytest.mark.parametrize(("position", "runs"), [("values", False), ("keys", True)])
def test_the_shape_of_allowed_functions_follows_its_switch(
    open_shop: OpenShop, position: str, runs: bool
) -> None:
    shop = open_shop(switches={"allowed_functions_shape": position})
    service = shop.bought()
    post = {"id": service, "modop": "custom", "a": "Hidden"}
    turn = shop.standin.page("/clientarea.php", {"id": service}, post, client_id=shop.client_id)
    assert ("Hidden" in called(turn)) is runs


def test_a_browser_orders_pays_and_sees_the_service(open_shop: OpenShop) -> None:
    shop = open_shop(custom_fields=[{"name": "Device MAC", "required": True}])
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def sent(address: str, **fields: str) -> str:
        body = urlencode(fields).encode() if fields else None
        with browser.open(address, body, timeout=30) as reply:
            return str(reply.read().decode())

    def token(page: str) -> str:
        found = re.search(r'name="token" value="([0-9a-f]+)"', page)
        assert found
        return found.group(1)

    with shop.standin.web() as address:
        page = sent(f"{address}/standin/enter?client={shop.client_id}&to=/cart.php%3Fa=add%26pid=1")
        with pytest.raises(urllib.error.HTTPError, match="403"):
            sent(f"{address}/cart.php?a=add&pid=1", token="forged")
        step = {"token": token(page), "billingcycle": "monthly", "customfield[1]": ""}
        assert "Device MAC is required" in sent(f"{address}/cart.php?a=add&pid=1", **step)
        sent(f"{address}/cart.php?a=add&pid=1", **(step | {"customfield[1]": "00:11"}))
        sent(f"{address}/cart.php?a=checkout", token=token(page))
        assert "Paid" in sent(f"{address}/viewinvoice.php?id=1", token=token(page))
        assert "Line: line1" in sent(f"{address}/clientarea.php?action=productdetails&id=1")


def test_every_switch_is_explained_in_the_readme_with_its_positions(open_shop: OpenShop) -> None:
    readme = (STANDIN_FOLDER / "README.md").read_text()
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|", readme, re.MULTILINE))
    switches = open_shop().standin.request("switches").result
    assert set(rows) == set(switches)
    for switch, positions in switches.items():
        assert re.findall(r"`([^`]+)`", rows[switch])[: len(positions)] == positions, switch
