"""An account finished after billing had ended its service is taken away and its credits come back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from panelbridge.testing.practice import PracticeProcess
from tests.service.conftest import Service
from tests.support.ready import PracticeHere

ORDER = {"serviceid": 501, "configoption1": "gold", "billingcycle": "Monthly", "status": "Pending"}


@pytest.fixture
def panel(service: Service, tmp_path: Path) -> Iterator[PracticeProcess]:
    with PracticeHere("reference", books=tmp_path / "panel.sqlite") as process:
        record = service.rig.add_panel("main", "reference", {**process.settings, "late_commit": 2.0})
        service.rig.add_plan("gold", record, {"1m": ("basic-1m", "1")})
        service.rig.top_up("10")
        yield process


def created(service: Service) -> int:
    operation: int = service.call("CreateAccount", ORDER).get_json()["operation"]["id"]
    return operation


def undo(service: Service, **members: Any) -> dict[str, Any]:
    body = {"serviceid": 501, "status": "Fraud", **members}
    answer: dict[str, Any] = service.call("UndoCreate", body).get_json()
    return answer


@pytest.mark.parametrize("status", ["Fraud", "Cancelled", "Terminated"])
def test_a_create_is_not_closed_into_a_service_that_ended_meanwhile(
    service: Service, panel: PracticeProcess, status: str
) -> None:
    operation = created(service)

    reply = service.call("CreateAccount", {**ORDER, "status": status, "call": {"closing": operation}})

    assert (reply.status_code, reply.get_json().get("code")) == (409, "stale")


@pytest.mark.parametrize(
    ("function", "status"),
    [
        ("CreateAccount", "Suspended"),
        ("SuspendAccount", "Cancelled"),
        ("SuspendAccount", "Terminated"),
        ("UnsuspendAccount", "Fraud"),
        ("ChangePackage", "Terminated"),
        ("TerminateAccount", "Fraud"),
        ("TerminateAccount", "Cancelled"),
    ],
)
def test_any_closing_call_in_another_state_is_stale(
    service: Service, panel: PracticeProcess, function: str, status: str
) -> None:
    operation = created(service)
    if function != "CreateAccount":
        active = {**ORDER, "status": "Active"}
        if function == "UnsuspendAccount":
            service.call("SuspendAccount", active)
        operation = service.call(function, active).get_json()["operation"]["id"]

    reply = service.call(function, {**ORDER, "status": status, "call": {"closing": operation}})

    assert (reply.status_code, reply.get_json().get("code")) == (409, "stale")


def test_a_late_create_is_taken_away_and_its_credits_come_back_once(
    service: Service, panel: PracticeProcess
) -> None:
    operation = created(service)

    first, again = undo(service, operation=operation), undo(service, operation=operation)

    assert (first.get("result"), again.get("result")) == ("success", "success")
    assert first.get("data") == {"credited": "1"}
    assert panel.control.books()["counts"] == {"create": 1, "terminate": 1}
    wallet = service.get("/v1/credits/acme").get_json()
    assert wallet["available"] == "10"
    history = service.get("/v1/credits/acme/history").get_json()["items"]
    (back,) = [line for line in history if line["kind"] == "correction"]
    (post,) = [line for line in history if line["kind"] == "post"]
    assert back["corrects"] == post["id"]
    assert "Fraud" in back["reason"]


def test_without_an_operation_the_latest_create_of_the_service_is_meant(
    service: Service, panel: PracticeProcess
) -> None:
    created(service)

    answer = undo(service)

    assert (answer.get("result"), answer.get("data")) == ("success", {"credited": "1"})


@pytest.mark.parametrize("status", ["Active", "Pending", "Suspended", ""])
def test_a_living_service_keeps_its_account(service: Service, panel: PracticeProcess, status: str) -> None:
    operation = created(service)

    answer = undo(service, operation=operation, status=status)

    assert answer["code"] == "illegal_move"
    assert panel.control.books()["counts"] == {"create": 1}


def test_a_create_of_an_earlier_generation_is_stale(service: Service, panel: PracticeProcess) -> None:
    operation = created(service)
    service.call("TerminateAccount", {**ORDER, "status": "Active"})
    created(service)

    answer = undo(service, operation=operation)

    assert answer["code"] == "stale"
    assert panel.control.books()["counts"] == {"create": 2, "terminate": 1}


def test_an_account_that_may_have_been_used_keeps_its_price(service: Service, panel: PracticeProcess) -> None:
    operation = created(service)
    service.rig.clock.forward(days=4)

    answer = undo(service, operation=operation)

    assert answer["code"] == "illegal_move"
    assert panel.control.books()["counts"] == {"create": 1}


def test_more_than_one_round_takes_away_waits_before_a_person_and_goes_by_itself(service: Service) -> None:
    service.call("LateCreates", {"waiting": 7})
    waiting = service.get("/v1/attention").get_json()["items"]
    service.call("LateCreates", {"waiting": 0})

    assert [(item["code"], item["subject"]) for item in waiting] == [
        ("late_creates", {"kind": "installation", "id": service.rig.installation.id})
    ]
    assert service.get("/v1/attention").get_json()["items"] == []
