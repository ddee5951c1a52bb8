"""Ways into a panel, and what its accounts use: asked on a click, told to the bound shop, kept nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from panelbridge.access import Scope
from panelbridge.contract.capabilities import Capabilities
from panelbridge.contract.exceptions import OutcomeUnknown
from panelbridge.contract.models import AccountRef, SignOn, Usage
from panelbridge.contract.secret import Secret
from panelbridge.testing.practice import PracticeProcess
from panelbridge_reference import ReferenceAdapter
from tests.service.conftest import MODULE_ID, Service
from tests.support.ready import PracticeHere

ORDER = {"serviceid": 501, "configoption1": "gold", "billingcycle": "Monthly", "status": "Pending"}
STAGING = {"Panelbridge-System-Url": "https://staging.example", "Panelbridge-Installation": MODULE_ID}
MOMENT = datetime(2026, 11, 26, 15, 0, tzinfo=UTC)


@pytest.fixture
def panel(service: Service, tmp_path: Path) -> Iterator[PracticeProcess]:
    with PracticeHere("reference", books=tmp_path / "panel.sqlite") as process:
        record = service.rig.add_panel("main", "reference", process.settings)
        service.rig.add_plan("gold", record, {"1m": ("basic-1m", "1")})
        service.rig.top_up("10")
        yield process


@pytest.fixture
def able(monkeypatch: pytest.MonkeyPatch, panel: PracticeProcess) -> dict[str, Any]:
    """The reference adapter with what hosting panels can do; the dictionary steers its answers."""
    honest = ReferenceAdapter.capabilities.fget
    assert honest is not None
    told: dict[str, Any] = {"url": f"{panel.url}login/one-time-token-77", "asked": []}

    def capabilities(self: ReferenceAdapter) -> Capabilities:
        return honest(self).model_copy(update={"single_sign_on": True, "admin_sign_on": True, "usage": True})

    def sign_on(_: ReferenceAdapter, ref: AccountRef | None = None) -> SignOn:
        told["asked"].append(ref)
        return SignOn(url=Secret(told["url"]), expires_at=MOMENT)

    def usages(self: ReferenceAdapter) -> Iterator[Usage]:
        if "usage_error" in told:
            raise told["usage_error"]
        for account in self.list_accounts():
            yield Usage(id=account.id, username=account.username, disk_bytes=5, traffic_limit_bytes=9)

    monkeypatch.setattr(ReferenceAdapter, "capabilities", property(capabilities))
    monkeypatch.setattr(ReferenceAdapter, "sign_on", sign_on)
    monkeypatch.setattr(ReferenceAdapter, "admin_sign_on", sign_on)
    monkeypatch.setattr(ReferenceAdapter, "usages", usages)
    monkeypatch.setattr(ReferenceAdapter, "admin_link", lambda _: "https://panel.example/admin")
    return told


def test_a_customer_is_signed_on_to_his_own_account(service: Service, able: dict[str, Any]) -> None:
    made = service.call("CreateAccount", ORDER).get_json()

    answer = service.call("ServiceSignOn", ORDER)

    assert (answer.status_code, answer.get_json()["data"]["url"]) == (200, able["url"])
    assert [ref.username for ref in able["asked"]] == [made["account"]["username"]]
    assert able["url"] not in service.log.getvalue()


def test_a_staging_copy_of_the_shop_signs_nobody_on(service: Service, able: dict[str, Any]) -> None:
    service.call("CreateAccount", ORDER)

    answer = service.call("ServiceSignOn", ORDER, headers=STAGING)

    assert (answer.status_code, answer.get_json()["code"]) == (409, "installation_mismatch")
    assert able["asked"] == []


@pytest.mark.parametrize(
    "url", ["http://evil.example/x", "https://127.0.0.1@evil.example/x", "javascript:alert(1)", "/relative"]
)
def test_nobody_is_sent_to_another_host(service: Service, able: dict[str, Any], url: str) -> None:
    service.call("CreateAccount", ORDER)
    able["url"] = url

    answer = service.call("ServiceSignOn", ORDER)

    assert (answer.status_code, answer.get_json()["code"]) == (422, "sign_on_unsafe")
    assert "evil" not in answer.get_data(as_text=True)


def test_a_panel_without_it_says_so(service: Service, panel: PracticeProcess) -> None:
    service.call("CreateAccount", ORDER)

    answer = service.call("ServiceSignOn", ORDER)

    assert (answer.status_code, answer.get_json()["code"]) == (422, "sign_on_unsupported")


def test_the_administration_is_for_keys_that_may_log_in_there(service: Service, able: dict[str, Any]) -> None:
    strong = service.key(
        scopes=frozenset({Scope.READ, Scope.PANEL_LOGIN}), installation=service.rig.installation.id
    )

    service.call("Plans", {})  # a key that may provision binds the shop; this one may not
    refused = service.call("AdminSignOn", {})
    signed = service.call("AdminSignOn", {}, key=strong)

    assert (refused.status_code, refused.get_json()["code"]) == (403, "forbidden_scope")
    assert signed.get_json()["data"]["url"] == able["url"]
    assert able["asked"] == [None]


def test_links_name_the_panels_and_ask_none(service: Service, able: dict[str, Any]) -> None:
    answer = service.call("PanelLinks", {})

    assert answer.get_json()["data"]["links"] == [{"panel": "main", "url": "https://panel.example/admin"}]
    assert able["asked"] == []


def test_usage_tells_our_accounts_only(
    service: Service, able: dict[str, Any], panel: PracticeProcess
) -> None:
    made = service.call("CreateAccount", ORDER).get_json()
    panel.control.act("create", username="somebodyelse")

    data = service.call("Usage", {}).get_json()["data"]

    assert data == {
        "usage": [
            {
                "serviceid": 501,
                "username": made["account"]["username"],
                "disk_bytes": 5,
                "disk_limit_bytes": None,
                "traffic_bytes": None,
                "traffic_limit_bytes": 9,
                "connections": None,
            }
        ],
        "failed": [],
    }


def test_usage_that_cannot_be_read_is_no_usage_of_nothing(service: Service, able: dict[str, Any]) -> None:
    service.call("CreateAccount", ORDER)
    able["usage_error"] = OutcomeUnknown("the panel answered 502")

    data = service.call("Usage", {}).get_json()["data"]

    assert data["usage"] == []
    assert [(item["panel"], item["message"]) for item in data["failed"]] == [
        ("main", "the panel answered 502")
    ]
