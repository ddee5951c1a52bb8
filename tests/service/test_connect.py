"""How a customer connects reaches module calls, resources and the command, guarded like his password."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import panelbridge
from tests.matrix.backends import REFERENCE_SET
from tests.service.conftest import Service, service_in
from tests.support.ready import PracticeHere

ORDER = {"installation": "shop", "service_id": 501, "plan": "gold", "term": "1m"}
KEY = "ss://Y2hhY2hhMjA6c2VjcmV0@203.0.113.7:8388"


@pytest.fixture
def selling(tmp_path: Path) -> Iterator[Service]:
    """A service that sells lines of an Xtream panel, whose players connect elsewhere."""
    with (
        service_in(tmp_path) as service,
        PracticeHere("xtream", books=tmp_path / "panel.sqlite") as practice,
    ):
        panel = service.rig.add_panel("main", "xtream", practice.settings)
        service.rig.add_plan("gold", panel, {"1m": ("basic", "1")})
        service.rig.top_up("100")
        service.practice = practice
        yield service


def details(answer: Any) -> dict[str, Any]:
    """What an answer tells of connecting, by kind."""
    found = (answer.json or {}).get("account") or (answer.json or {}).get("subscription") or answer.json or {}
    return {item["kind"]: item for item in found.get("connect") or ()}


CALL = {"serviceid": 501, "configoption1": "gold", "billingcycle": "Monthly", "status": "Pending"}


def called(service: Service, function: str, **call: Any) -> Any:
    return service.call(function, {**CALL, "call": call})


def test_the_order_tells_server_and_playlist_and_later_answers_no_secret(selling: Service) -> None:
    made = selling.write("POST", "/v1/subscriptions", ORDER, once="order-1")
    shown = details(made)
    assert set(shown) == {"server", "playlist"}
    account = made.json["subscription"]  # type: ignore[index]
    address = selling.practice.settings["base_url"]
    assert shown["server"]["value"] == address.rstrip("/")
    assert shown["server"]["secret"] is False
    playlist = f"{address}get.php?username={account['username']}&password={account['password']}"
    assert shown["playlist"]["value"].startswith(playlist)
    assert shown["playlist"]["secret"] is True

    again = selling.write("POST", "/v1/subscriptions", ORDER, once="order-1")
    later = selling.get(f"/v1/subscriptions/{account['id']}")
    assert again.headers["Idempotency-Replayed"] == "true"
    for answer in (again, later):
        assert details(answer)["server"]["value"] == address.rstrip("/")
        assert details(answer)["playlist"]["value"] is None
        assert account["password"] not in answer.get_data(as_text=True)
    assert account["password"] not in selling.log.getvalue()


def test_the_module_is_told_where_it_is_told_the_password(selling: Service) -> None:
    made = called(selling, "CreateAccount")
    assert (details(made).get("playlist") or {}).get("value")
    with_password = called(selling, "Account", with_password=True)
    without = called(selling, "Account")
    assert details(with_password)["playlist"]["value"].endswith("type=m3u_plus&output=ts")
    assert details(without)["playlist"]["value"] is None
    assert details(without)["server"]["value"]


def test_a_new_password_changes_the_playlist(selling: Service) -> None:
    number = selling.write("POST", "/v1/subscriptions", ORDER).json["subscription"]["id"]  # type: ignore[index]
    body = {"password": "anotherpass1"}
    reset = selling.write("POST", f"/v1/subscriptions/{number}/reset", body)
    assert "password=anotherpass1&" in (details(reset).get("playlist") or {}).get("value", "")


def test_nothing_is_told_of_an_account_that_ended(selling: Service) -> None:
    number = selling.write("POST", "/v1/subscriptions", ORDER).json["subscription"]["id"]  # type: ignore[index]
    assert details(selling.get(f"/v1/subscriptions/{number}"))
    ended = selling.write("POST", f"/v1/subscriptions/{number}/terminate", {"confirm": True})
    assert details(ended) == {}
    assert details(selling.get(f"/v1/subscriptions/{number}")) == {}


def test_what_only_the_panel_knows_is_kept_sealed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An access key comes with the account; the page shows it also when the panel does not answer."""
    from panelbridge_reference import mapping

    kind = getattr(panelbridge, "ConnectDetail", None)
    assert kind is not None, "an account has no member for an access key"
    read = mapping.account_from

    def with_key(*arguments: Any, **named: Any) -> Any:
        detail = kind(kind="access_key", label="Access key", value=panelbridge.Secret(KEY), secret=True)
        detail = replace(detail, kind=panelbridge.ConnectKind.ACCESS_KEY)
        return replace(read(*arguments, **named), connect=(detail,))

    monkeypatch.setattr(mapping, "account_from", with_key)
    with service_in(tmp_path) as service, REFERENCE_SET.start(tmp_path) as practice:
        REFERENCE_SET.furnish(service.rig, practice)
        made = called(service, "CreateAccount")
        assert (details(made).get("access_key") or {}).get("value") == KEY
        practice.stop()
        told = called(service, "Account", with_password=True)
        assert details(told)["access_key"]["value"] == KEY
        assert details(called(service, "Account"))["access_key"]["value"] is None
        assert KEY not in json.dumps(service.log_lines())
        stored = b"".join(path.read_bytes() for path in (tmp_path / "data").glob("*.db*"))
        assert b"203.0.113.7" not in stored
