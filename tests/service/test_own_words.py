"""`/v1` speaks of plans and terms, the WHMCS door of its own fields; both name what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.matrix.backends import REFERENCE_SET
from tests.service.conftest import Service, service_in
from tests.support.bad_rows import respoken

ORDER = {"installation": "shop", "service_id": 501, "plan": "gold", "term": "1m"}
CALL = {"serviceid": 601, "configoption1": "gold", "billingcycle": "Monthly", "status": "Pending"}


@pytest.fixture
def selling(tmp_path: Path) -> Iterator[Service]:
    with service_in(tmp_path) as service, REFERENCE_SET.start(tmp_path) as practice:
        REFERENCE_SET.furnish(service.rig, practice)
        service.practice = practice
        yield service


@pytest.mark.parametrize(
    ("order", "field", "call", "whmcs_field"),
    [
        ({"plan": "silver"}, "plan", {"configoption1": "silver"}, "configoption1"),
        ({"term": "3m"}, "term", {"billingcycle": "Quarterly"}, "billingcycle"),
        (
            {"username": "no"},
            "username",
            {"customfields": {"Username": "no"}},
            "customfields.Username",
        ),
        (
            {"mac": "00:1A:79:12:34:56"},
            "mac",
            {"customfields": {"Device MAC": "00:1A:79:12:34:56"}},
            "customfields.Device MAC",
        ),
    ],
    ids=["plan", "term", "username", "mac"],
)
def test_each_door_names_the_field_in_its_own_words(
    selling: Service, order: dict[str, Any], field: str, call: dict[str, Any], whmcs_field: str
) -> None:
    own = selling.write("POST", "/v1/subscriptions", {**ORDER, **order})
    whmcs = selling.call("CreateAccount", {**CALL, **call})

    assert (own.status_code, whmcs.status_code) == (422, 422), (own.json, whmcs.json)
    assert own.json["field"] == field  # type: ignore[index]
    assert whmcs.json["field"] == whmcs_field  # type: ignore[index]
    told = own.get_data(as_text=True)
    for foreign in ("configoption", "Module Settings", "billing cycle", "customfield", "the product"):
        assert foreign not in told


def test_a_package_that_cannot_be_read_is_listed_as_that_beside_the_others(selling: Service) -> None:
    """The last page has those without an id, on which no cursor can stand."""
    selling.get("/v1/panels/main/packages")
    respoken(
        selling.practice.control,
        "list_packages",
        lambda reply: reply["packages"].extend([7, {**reply["packages"][0], "id": "odd", "term": "soon"}]),
    )

    told = selling.get("/v1/panels/main/packages")

    assert told.status_code == 200, told.json
    items = told.get_json()["items"]
    assert [item["id"] for item in items if item["unreadable"]] == ["odd", ""]
    assert "basic-1m" in [item["id"] for item in items if not item["unreadable"]]


def test_the_field_that_the_panel_refused_reaches_the_answer_and_the_journal(selling: Service) -> None:
    selling.practice.control.set_reply(
        "create", status=422, body=b'{"error": "invalid_field", "field": "username"}'
    )
    own = selling.write("POST", "/v1/subscriptions", ORDER)
    selling.practice.control.set_reply(
        "create", status=422, body=b'{"error": "invalid_field", "field": "username"}'
    )
    whmcs = selling.call("CreateAccount", CALL)

    assert own.status_code == 422, own.json
    assert own.json.get("field") == "username", own.json  # type: ignore[union-attr]
    assert whmcs.json.get("field") == "customfields.Username", whmcs.json  # type: ignore[union-attr]
    found = selling.get("/v1/operations?state=refused").json
    assert {item.get("field") for item in found["items"]} == {"username"}  # type: ignore[index]


def test_the_history_names_the_plan_as_people_do(selling: Service) -> None:
    assert selling.write("POST", "/v1/subscriptions", ORDER).status_code == 200

    history = selling.get("/v1/credits/acme/history?kind=post").json
    sheet = selling.get("/v1/credits/acme/history.csv?kind=post").get_data(as_text=True)

    assert [line["plan"] for line in history["items"]] == ["gold"]  # type: ignore[index]
    assert ",gold,1m," in sheet


def test_a_create_key_used_after_the_end_is_spent_and_makes_nothing(selling: Service) -> None:
    first = selling.write("POST", "/v1/subscriptions", ORDER, once="order-1")
    assert first.status_code == 200
    number = first.json["subscription"]["id"]  # type: ignore[index]
    assert selling.write("POST", f"/v1/subscriptions/{number}/terminate").status_code == 200

    again = selling.write("POST", "/v1/subscriptions", ORDER, once="order-1")

    assert (again.status_code, (again.json or {}).get("code")) == (409, "key_spent"), again.json
    assert selling.practice.control.books()["accounts"] == {}
    anew = selling.write("POST", "/v1/subscriptions", ORDER, once="order-2")
    assert (anew.status_code, anew.json["subscription"]["generation"]) == (200, 2)  # type: ignore[index]


def test_a_withdrawn_cancellation_is_shown_no_more(selling: Service) -> None:
    made = selling.call("CreateAccount", CALL)
    assert made.status_code == 200, made.json

    def cancelled() -> object:
        (shown,) = selling.get("/v1/subscriptions").json["items"]  # type: ignore[index]
        return shown["cancelled_at"]

    selling.call("CancellationRequested", {"serviceid": 601, "cancellation": "End of Billing Period"})
    assert cancelled() is not None
    answer = selling.call("CancellationWithdrawn", {"serviceid": 601})
    assert answer.status_code == 200, answer.json
    assert cancelled() is None

    selling.call("CancellationRequested", {"serviceid": 601, "cancellation": "End of Billing Period"})
    item = {"id": 991, "invoice_id": 77}
    assert (
        selling.call("Renew", {**CALL, "status": "Active", "call": {"invoice_item": item}}).status_code == 200
    )
    assert cancelled() is None, "who pays for another period does not cancel"
