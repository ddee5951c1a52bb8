"""What the pages of a shop are told of an account, and what of a refusal is for its customer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from panelbridge.contract.capabilities import Verb
from panelbridge.contract.models import PanelAccount
from panelbridge.contract.secret import Secret
from panelbridge.testing.practice import PracticeProcess
from panelbridge_reference import ReferenceAdapter
from tests.service.conftest import Service
from tests.support.ready import PracticeHere

ORDER = {"serviceid": 501, "configoption1": "gold", "billingcycle": "Monthly", "status": "Pending"}
STAGING = {"Panelbridge-System-Url": "https://staging.example"}


@pytest.fixture
def panel(service: Service, tmp_path: Path) -> Iterator[PracticeProcess]:
    with PracticeHere("reference", books=tmp_path / "panel.sqlite") as process:
        record = service.rig.add_panel("main", "reference", process.settings)
        service.rig.add_plan("gold", record, {"1m": ("basic-1m", "1")})
        service.rig.add_plan("wrong", record, {"1m": ("no-such-package", "1")})
        service.rig.add_plan("patient", record, {"1m": ("basic-1m", "50")}, queue_without_credit=True)
        service.rig.top_up("10")
        yield process


def account(service: Service, **call: Any) -> dict[str, Any]:
    answer: dict[str, Any] = service.call("Account", {"serviceid": 501, "call": call}).get_json()
    return answer


@pytest.mark.usefixtures("panel")
@pytest.mark.parametrize(
    ("plan", "state"), [("wrong", "refused"), ("patient", "delayed"), ("gold", "active")]
)
def test_what_became_of_a_create_is_told(service: Service, plan: str, state: str) -> None:
    service.call("CreateAccount", {**ORDER, "configoption1": plan})

    assert account(service)["account"]["state"] == state


@pytest.mark.usefixtures("panel")
def test_the_pages_are_told_what_the_panel_can_do(service: Service) -> None:
    service.call("CreateAccount", ORDER)

    assert account(service)["data"].get("verbs") == sorted(verb.value for verb in Verb)


@pytest.mark.usefixtures("panel")
def test_a_customer_is_told_a_rule_of_passwords_in_words(service: Service) -> None:
    service.call("CreateAccount", ORDER)

    refused = service.call("ChangePassword", {"serviceid": 501, "password": "?"}).get_json()

    assert refused["code"] == "password_rule"
    assert refused.get("customer") == "Please choose a password of 8 to 32 characters: letters or digits."


@pytest.mark.usefixtures("panel")
def test_how_to_connect_is_told_and_secrets_only_where_a_password_is(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = pytest.importorskip(
        "panelbridge.contract.models.connect", reason="the contract has no connect details"
    )

    def connect(_: ReferenceAdapter, account: PanelAccount) -> tuple[Any, ...]:
        assert account.password is not None
        return (
            models.ConnectDetail(
                kind=models.ConnectKind.SERVER, label="Server", value=Secret("tv.example:80"), secret=False
            ),
            models.ConnectDetail(
                kind=models.ConnectKind.PLAYLIST,
                label="Playlist (M3U)",
                value=Secret(f"http://tv.example/{account.password.get_secret_value()}"),
                secret=True,
            ),
        )

    monkeypatch.setattr(ReferenceAdapter, "connect", connect, raising=False)
    made = service.call("CreateAccount", ORDER).get_json()["account"]

    told = account(service, with_password=True)["account"].get("connect")
    assert [line["label"] for line in told] == ["Server", "Playlist (M3U)"]
    assert made["password"] in told[1]["value"]
    bare = account(service)["account"]["connect"]
    assert [(line["label"], line["value"]) for line in bare] == [
        ("Server", "tv.example:80"),
        ("Playlist (M3U)", None),
    ]
    copy = service.call("Account", {"serviceid": 501, "call": {"with_password": True}}, headers=STAGING)
    assert copy.get_json()["account"]["connect"] == bare
