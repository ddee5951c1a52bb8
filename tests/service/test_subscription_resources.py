"""Subscriptions, operations and attention as resources, over a practice panel that really runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from panelbridge.subscriptions import Installation
from tests.matrix.backends import REFERENCE_SET
from tests.service.conftest import Service, service_in

ORDER = {"installation": "shop", "service_id": 501, "plan": "gold", "term": "1m"}


@pytest.fixture
def selling(tmp_path: Path) -> Iterator[Service]:
    """A service whose reseller sells the plans gold and family on a practice panel."""
    with service_in(tmp_path) as service, REFERENCE_SET.start(tmp_path) as practice:
        REFERENCE_SET.furnish(service.rig, practice)
        service.practice = practice
        yield service


def ordered(service: Service, **change: Any) -> dict[str, Any]:
    answer = service.write("POST", "/v1/subscriptions", {**ORDER, **change})
    assert answer.status_code == 200, answer.json
    assert answer.json is not None
    return answer.json  # type: ignore[no-any-return]


def effects(service: Service) -> dict[str, int]:
    return dict(service.practice.control.books()["counts"])


def test_an_order_becomes_a_working_account_and_one_charge(selling: Service) -> None:
    made = ordered(selling)

    assert made["pending"] is False
    assert (made["operation"]["verb"], made["operation"]["state"]) == ("create", "done")
    assert made["subscription"]["state"] == "active"
    assert made["subscription"]["password"]
    history = selling.get("/v1/credits/acme/history?kind=post").json
    assert history is not None
    assert [line["price"] for line in history["items"]] == ["1"]


def test_the_password_is_told_by_the_order_and_by_nothing_later(selling: Service) -> None:
    first = selling.write("POST", "/v1/subscriptions", ORDER, once="order-1").json
    assert first is not None
    password = first["subscription"]["password"]
    number = first["subscription"]["id"]

    later = [
        selling.write("POST", "/v1/subscriptions", ORDER, once="order-1"),
        selling.get(f"/v1/subscriptions/{number}"),
        selling.get("/v1/subscriptions"),
        selling.get("/v1/operations"),
    ]

    assert password
    assert later[0].headers["Idempotency-Replayed"] == "true"
    assert [password in answer.get_data(as_text=True) for answer in later] == [False] * 4
    assert password not in selling.log.getvalue()


def test_extending_twice_under_one_key_extends_once(selling: Service) -> None:
    made = ordered(selling)["subscription"]
    path = f"/v1/subscriptions/{made['id']}/extend"

    first = selling.write("POST", path, {"note": "a month as a present"}, once="extend-1")
    again = selling.write("POST", path, {"note": "a month as a present"}, once="extend-1")
    other = selling.write("POST", path, {"note": "a month as a present"}, once="extend-2")

    dates = [answer.json["subscription"]["entitled_until"] for answer in (first, again, other)]  # type: ignore[index]
    assert made["entitled_until"] < dates[0] == dates[1] < dates[2]


def test_suspend_and_unsuspend_name_their_reasons(selling: Service) -> None:
    number = ordered(selling)["subscription"]["id"]

    suspended = selling.write("POST", f"/v1/subscriptions/{number}/suspend", {"reason": "abuse"})
    back = selling.write("POST", f"/v1/subscriptions/{number}/unsuspend", {})

    assert suspended.json["subscription"]["suspensions"] == ["abuse"]  # type: ignore[index]
    assert suspended.json["subscription"]["state"] == "suspended"  # type: ignore[index]
    assert back.json["subscription"]["suspensions"] == []  # type: ignore[index]
    assert back.json["subscription"]["state"] == "active"  # type: ignore[index]


def test_a_shops_key_lifts_only_what_it_set(selling: Service) -> None:
    number = ordered(selling)["subscription"]["id"]
    selling.write("POST", f"/v1/subscriptions/{number}/suspend", {"reason": "fraud"})

    refused = selling.write(
        "POST", f"/v1/subscriptions/{number}/unsuspend", {"owner": "operator"}, key=selling.shop
    )

    assert (refused.status_code, refused.json["code"]) == (403, "forbidden_scope")  # type: ignore[index]


def test_reset_tells_new_credentials(selling: Service) -> None:
    made = ordered(selling)["subscription"]

    answer = selling.write("POST", f"/v1/subscriptions/{made['id']}/reset", {})

    assert answer.status_code == 200, answer.json
    assert answer.json["subscription"]["password"] not in (None, made["password"])  # type: ignore[index]


def test_a_change_for_the_next_renewal_is_visible_and_withdrawable(selling: Service) -> None:
    number = ordered(selling)["subscription"]["id"]
    path = f"/v1/subscriptions/{number}/next-change"

    stored = selling.write("PUT", path, {"plan": "family"})
    withdrawn = selling.write("DELETE", path)

    assert stored.json["next_plan"] == "family"  # type: ignore[index]
    assert stored.json["plan"] == "gold"  # type: ignore[index]
    assert withdrawn.json["next_plan"] is None  # type: ignore[index]


def test_terminate_ends_it_and_a_repeat_has_nothing_to_do(selling: Service) -> None:
    number = ordered(selling)["subscription"]["id"]

    ended = selling.write("POST", f"/v1/subscriptions/{number}/terminate")
    again = selling.write("POST", f"/v1/subscriptions/{number}/terminate")

    assert ended.json["subscription"]["state"] == "terminated"  # type: ignore[index]
    assert again.status_code == 200, again.json


def test_subscriptions_are_found_by_state_expiry_installation_and_panel(
    selling: Service, other_installation_key: str
) -> None:
    ordered(selling)
    ordered(selling, service_id=502)
    number = ordered(selling, service_id=503)["subscription"]["id"]
    selling.write("POST", f"/v1/subscriptions/{number}/suspend", {})

    def found(query: str, key: str | None = None) -> list[int]:
        answer = selling.get(f"/v1/subscriptions?{query}", key)
        assert answer.status_code == 200, answer.json
        assert answer.json is not None
        return [item["service_id"] for item in answer.json["items"]]

    assert found("state=suspended") == [503]
    assert found("state=active&limit=1") == [501]
    assert found("expiring_within=7d") == []
    assert found("expiring_within=40d") == [501, 502, 503]
    assert found("installation=shop&panel=main") == [501, 502, 503]
    assert found("", other_installation_key) == []
    assert selling.get("/v1/subscriptions?panel=nope").status_code == 404
    assert selling.get(f"/v1/subscriptions/{number}", other_installation_key).status_code == 404
    assert (
        selling.write("POST", f"/v1/subscriptions/{number}/terminate", key=other_installation_key).status_code
        == 404
    )


@pytest.fixture
def other_installation_key(selling: Service) -> str:
    with selling.rig.units.write() as unit:
        reseller = unit.resellers.add("beta", "Beta TV")
        made = unit.installations.add(
            Installation(
                id=selling.rig.installation.id,
                reseller_id=reseller.id,
                code="beta-shop",
                mode=selling.rig.installation.mode,
            )
        )
    return selling.key(installation=made.id)


def test_an_order_without_credit_is_402_and_leaves_its_key_free(selling: Service) -> None:
    selling.write("POST", "/v1/credits/acme/adjust", {"amount": "-100000", "reason": "empty"})

    refused = selling.write("POST", "/v1/subscriptions", ORDER, once="order-1")
    selling.write("POST", "/v1/credits/acme/top-up", {"amount": "5", "reason": "paid"})
    accepted = selling.write("POST", "/v1/subscriptions", ORDER, once="order-1")

    assert (refused.status_code, refused.json["code"]) == (402, "insufficient_credit")  # type: ignore[index]
    assert accepted.status_code == 200, accepted.json


def test_a_lost_reply_is_pending_and_then_found_not_bought_again(selling: Service) -> None:
    selling.practice.control.set_fault("timeout_after_commit", "create")
    answer = selling.write(
        "POST", "/v1/subscriptions", ORDER, headers={"Panelbridge-Deadline": "1"}, once="order-1"
    )

    assert answer.status_code == 202, answer.json
    assert answer.json["pending"] is True  # type: ignore[index]
    selling.rig.settle_all()
    again = selling.write("POST", "/v1/subscriptions", ORDER, once="order-1")
    assert again.status_code == 200, again.json
    assert again.json["operation"]["state"] == "done"  # type: ignore[index]
    assert effects(selling) == {"create": 1}


def test_operations_tell_the_story_of_a_subscription(selling: Service) -> None:
    number = ordered(selling)["subscription"]["id"]
    selling.write("POST", f"/v1/subscriptions/{number}/suspend", {})

    listed = selling.get(f"/v1/operations?subscription={number}").json

    assert listed is not None
    assert [(item["verb"], item["state"]) for item in listed["items"]] == [
        ("create", "done"),
        ("suspend", "done"),
    ]
    shown = selling.get(f"/v1/operations/{listed['items'][0]['id']}").json
    assert shown == listed["items"][0]


def test_deciding_what_needs_no_decision_is_refused(selling: Service) -> None:
    operation = ordered(selling)["operation"]["id"]

    answer = selling.write("POST", f"/v1/operations/{operation}/release", {"reason": "I saw nothing"})

    assert (answer.status_code, answer.json["code"]) == (409, "illegal_move")  # type: ignore[index]


def test_attention_is_empty_when_nothing_waits(selling: Service) -> None:
    ordered(selling)

    assert selling.get("/v1/attention").json == {"items": [], "next": None}
