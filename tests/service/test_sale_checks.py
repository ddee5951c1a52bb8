"""What certainly cannot be delivered is said before it is sold: in the cart, at a save, at the test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.service.conftest import Service
from tests.support.ready import PracticeHere

# Capabilities follow from settings: no panel has to run.
SETTINGS: dict[str, dict[str, Any]] = {
    "whm": {"base_url": "https://127.0.0.1:9/", "user": "shop", "token": "A" * 32},
    "freeradius": {"kind": "sqlite", "database": "radius.db", "reject_group": "off"},
    "stalker": {
        "base_url": "http://127.0.0.1:9/stalker_portal/",
        "api_login": "shop",
        "api_password": "secret-word",
    },
    "reference": {"base_url": "http://127.0.0.1:9/", "token": "secret-word"},
}
Sell = Callable[..., None]


@pytest.fixture
def sell(service: Service) -> Sell:
    """Offer the plan ``gold`` on a panel of that backend."""

    def offered(backend: str, settings: dict[str, Any] | None = None, **plan: Any) -> None:
        panel = service.rig.add_panel("main", backend, settings or SETTINGS[backend])
        service.rig.add_plan("gold", panel, {"1m": ("1", "1")}, **plan)
        service.rig.top_up("10")

    return offered


def cart(service: Service, *items: dict[str, Any], **more: Any) -> list[str]:
    lines = [{"plan": "gold", "cycle": "Monthly", **item} for item in items]
    answer = service.call("CheckCheckout", {"items": lines, **more})
    assert answer.status_code == 200, answer.json
    refusals: list[str] = answer.get_json()["data"]["refusals"]
    return refusals


def products(service: Service, *products: dict[str, Any]) -> list[str]:
    told = [{"pid": 7, "plan": "gold", "cycles": ["Monthly"], **product} for product in products]
    answer = service.call("TestConnection", {"products": told})
    assert answer.status_code == 200, answer.json
    return [
        f"{check['message']} {check['remedy']}"
        for check in answer.get_json()["data"]["checks"]
        if check["name"].startswith("product") and not check["ok"]
    ]


@pytest.mark.parametrize(
    ("backend", "connections", "refused"),
    [
        ("whm", "1", False),
        ("whm", "2", True),
        ("stalker", "3", True),
        ("freeradius", "1", True),
        ("freeradius", "", False),
        ("reference", "5", False),
    ],
)
def test_connections_a_panel_cannot_give_are_refused_in_the_cart(
    service: Service, sell: Sell, backend: str, connections: str, refused: bool
) -> None:
    sell(backend)

    refusals = cart(
        service, {"connections": int(connections) if connections else None, "domain": "a.example"}
    )

    assert [text for text in refusals if "connections" in text] == refusals
    assert bool(refusals) is refused


@pytest.mark.parametrize("text", ["abc", "3.5", "-1", "1e3"])
def test_connections_that_are_no_whole_number_are_refused_everywhere(
    service: Service, sell: Sell, text: str
) -> None:
    sell("reference")

    body = {"items": [{"plan": "gold", "cycle": "Monthly", "connections": text}]}
    in_cart = service.call("CheckCheckout", body)
    named = service.call(
        "TestConnection", {"products": [{"pid": 7, "plan": "gold", "cycles": [], "connections": text}]}
    )
    ordered = service.call(
        "CreateAccount",
        {"serviceid": 501, "configoption1": "gold", "billingcycle": "Monthly", "configoption2": text},
    )

    assert ordered.status_code == 422
    assert in_cart.status_code == 200, in_cart.json
    assert len(in_cart.get_json()["data"]["refusals"]) == 1
    assert named.status_code == 200, named.json
    assert any(text in check["message"] and not check["ok"] for check in named.get_json()["data"]["checks"])


def test_where_the_package_decides_another_number_is_refused(
    service: Service, sell: Sell, tmp_path: Path
) -> None:
    with PracticeHere("xui", books=tmp_path / "panel.sqlite") as panel:
        sell("xui", panel.settings)

        assert cart(service, {"connections": 1}) == []
        assert len(cart(service, {"connections": 4})) == 1
        (told,) = products(service, {"connections": "4"})
        assert "the package decides" in told

        panel.stop()
        assert cart(service, {"connections": 4}) == []  # a panel that does not answer proves nothing


@pytest.mark.parametrize(
    ("domain", "refused"),
    [("customer.example", False), ("", True), ("not a domain", True), ("nodots", True), ("-x.example", True)],
)
def test_a_domain_that_is_none_is_refused_where_the_panel_needs_one(
    service: Service, sell: Sell, domain: str, refused: bool
) -> None:
    sell("whm")

    refusals = cart(service, {"domain": domain})

    assert [text for text in refusals if "domain" in text] == refusals
    assert bool(refusals) is refused


def test_a_panel_without_domains_takes_any(service: Service, sell: Sell) -> None:
    sell("reference")

    assert cart(service, {"domain": "not a domain"}) == []


def test_a_product_for_hosting_without_require_domain_is_named(service: Service, sell: Sell) -> None:
    sell("whm")

    (told,) = products(service, {"requires_domain": False})
    assert "domain" in told
    assert "Tick Require Domain" in told
    assert products(service, {"requires_domain": True}) == []
    saved = service.call(
        "CheckProducts",
        {"products": [{"pid": 7, "plan": "gold", "cycles": ["Monthly"], "requires_domain": False}]},
    )
    assert saved.status_code == 200, saved.json
    assert [check["ok"] for check in saved.get_json()["data"]["checks"]] == [False]


def test_everything_is_named_at_once(service: Service, sell: Sell) -> None:
    sell("whm")

    refusals = cart(
        service,
        {"connections": 3, "domain": "none", "username": "Ana!", "mac": "00:1A:79:12:34:56", "qty": 2},
        {"cycle": "Annually", "domain": "a.example"},
        email="not an address",
    )

    assert len(refusals) == 7, refusals
    wrong = products(
        service, {"cycles": ["Monthly", "Annually"], "choices": ["1", "2", "x"], "requires_domain": False}
    )
    assert len(wrong) == 4, wrong


def test_a_visitor_reads_words_and_no_pattern(service: Service, sell: Sell) -> None:
    sell("whm")

    (refusal,) = cart(service, {"username": "Ana!", "domain": "a.example"})

    assert "[" not in refusal
    assert "small letters or digits" in refusal


def test_staff_read_what_only_they_can_mend(service: Service, sell: Sell) -> None:
    sell("whm")
    body = {
        "items": [
            {"plan": "bronze", "cycle": "Monthly"},
            {"plan": "gold", "cycle": "Monthly", "username": "Ana!", "domain": "a.example"},
        ]
    }

    data = service.call("CheckCheckout", body).get_json()["data"]

    (told,) = data.get("staff", [])
    assert "bronze" in told
    assert not any("bronze" in text for text in data["refusals"])


def test_an_upgrade_to_connections_the_panel_cannot_give_is_refused(service: Service, sell: Sell) -> None:
    sell("freeradius")
    panel = service.rig.add_panel("second", "freeradius", SETTINGS["freeradius"])
    service.rig.add_plan("many", panel, {"1m": ("1", "1")}, connections=3)

    answer = service.call("CheckUpgrade", {"serviceid": 501, "new_plan": "many", "new_cycle": "Monthly"})

    assert len(answer.get_json()["data"]["refusals"]) == 1
