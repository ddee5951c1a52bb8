"""Settings of the shop that undo prepaid renewals are told at Test Connection and stay told until mended."""

from __future__ import annotations

from typing import Any

import pytest

from tests.service.conftest import Service

FINE = {"automatic_credit_use": False, "credit_on_downgrade": False}


def checks(service: Service, settings: dict[str, Any]) -> list[tuple[bool, str]]:
    answer = service.call("TestConnection", {"settings": settings}).get_json()
    told = (answer.get("data") or {}).get("checks", [])
    return [(item["ok"], item["remedy"]) for item in told if item["name"] == "settings"]


def waiting(service: Service) -> list[str]:
    items = service.get("/v1/attention").get_json()["items"]
    return [item["message"] for item in items if item["code"] == "shop_settings"]


@pytest.mark.parametrize("settings", [{}, FINE])
def test_a_shop_set_right_is_green(service: Service, settings: dict[str, Any]) -> None:
    assert checks(service, settings) == [(True, "")]


@pytest.mark.parametrize(
    ("setting", "said"),
    [("automatic_credit_use", "Automatic Credit Use"), ("credit_on_downgrade", "Credit on Downgrade")],
)
def test_each_setting_is_told_with_where_to_untick_it(service: Service, setting: str, said: str) -> None:
    ((ok, remedy),) = checks(service, FINE | {setting: True}) or [(True, "")]

    assert not ok
    assert f"Untick {said}" in remedy


def test_what_is_wrong_waits_once_follows_the_shop_and_goes_by_itself(service: Service) -> None:
    seen = []
    for settings in (
        FINE | {"credit_on_downgrade": True},
        FINE | {"credit_on_downgrade": True},
        FINE | {"automatic_credit_use": True},
        FINE,
    ):
        service.call("ShopSettings", {"settings": settings})
        seen.append([said for said in ("Downgrade)", "Credit Use)") if said in " ".join(waiting(service))])

    assert seen == [["Downgrade)"], ["Downgrade)"], ["Credit Use)"], []]
