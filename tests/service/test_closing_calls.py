"""Closing calls: a finished operation is closed in WHMCS from the journal, and nothing is bought again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from panelbridge.testing.practice import PracticeProcess
from tests.service.conftest import MODULE_ID, Service
from tests.support.ready import PracticeHere

ORDER = {"serviceid": 501, "configoption1": "gold", "billingcycle": "Monthly", "status": "Pending"}
STAGING = {"Panelbridge-System-Url": "https://staging.example", "Panelbridge-Installation": MODULE_ID}


@pytest.fixture
def panel(service: Service, tmp_path: Path) -> Iterator[PracticeProcess]:
    with PracticeHere("reference", books=tmp_path / "panel.sqlite") as process:
        record = service.rig.add_panel("main", "reference", {**process.settings, "late_commit": 2.0})
        service.rig.add_plan("gold", record, {"1m": ("basic-1m", "1")})
        service.rig.top_up("10")
        yield process


def close(service: Service, function: str, operation: int) -> tuple[int, dict[str, object]]:
    status = "Pending" if function == "CreateAccount" else "Active"
    reply = service.call(function, {**ORDER, "status": status, "call": {"closing": operation}})
    return reply.status_code, reply.get_json()


def test_an_old_closing_call_never_buys_again(service: Service, panel: PracticeProcess) -> None:
    created = service.call("CreateAccount", ORDER).get_json()["operation"]["id"]
    service.call("TerminateAccount", ORDER)

    status, answer = close(service, "CreateAccount", created)

    assert (status, answer["code"]) == (409, "stale")
    assert panel.control.books()["counts"] == {"create": 1, "terminate": 1}


def test_a_renewal_in_between_does_not_make_a_suspension_stale(
    service: Service, panel: PracticeProcess
) -> None:
    service.call("CreateAccount", ORDER)
    suspended = service.call("SuspendAccount", ORDER).get_json()["operation"]["id"]
    item = {"id": 991, "invoice_id": 7}
    renewed = service.call("Renew", {**ORDER, "call": {"invoice_item": item}})
    assert renewed.status_code == 200

    status, answer = close(service, "SuspendAccount", suspended)

    assert (status, answer["result"]) == (200, "success")


def test_an_unsuspend_makes_the_suspension_stale(service: Service, panel: PracticeProcess) -> None:
    service.call("CreateAccount", ORDER)
    suspended = service.call("SuspendAccount", ORDER).get_json()["operation"]["id"]
    service.call("UnsuspendAccount", ORDER)

    status, answer = close(service, "SuspendAccount", suspended)

    assert (status, answer["code"]) == (409, "stale")


def test_what_the_operator_lifts_does_not_make_billings_suspension_stale(
    service: Service, panel: PracticeProcess
) -> None:
    service.call("CreateAccount", ORDER)
    suspended = service.call("SuspendAccount", ORDER).get_json()["operation"]["id"]
    for verb, body in (("suspend", {"reason": "abuse"}), ("unsuspend", {})):
        assert service.write("POST", f"/v1/subscriptions/1/{verb}", body).status_code == 200

    status, answer = close(service, "SuspendAccount", suspended)

    assert (status, answer["result"]) == (200, "success")


def test_what_was_pending_is_told_once_it_is_final_until_acknowledged(
    service: Service, panel: PracticeProcess
) -> None:
    panel.control.set_fault("cut_before", "create")
    pending = service.call("CreateAccount", ORDER, headers={"Panelbridge-Deadline": "1"})
    assert pending.status_code == 202
    service.rig.settle_all()

    (told,) = service.call("Finished", {}).get_json()["data"]["items"]
    closed = close(service, "CreateAccount", told["operation"])
    service.call("Acknowledge", {"operations": [told["operation"]]})

    assert (told["close_with"], told["state"]) == ("ModuleCreate", "done")
    assert closed[0] == 200
    assert service.call("Finished", {}).get_json()["data"]["items"] == []


def test_a_copy_of_the_shop_is_told_no_passwords(service: Service, panel: PracticeProcess) -> None:
    service.call("CreateAccount", ORDER)
    command = {**ORDER, "call": {"with_password": True}}

    here = service.call("Account", command).get_json()["account"]
    copy = service.call("Account", command, headers=STAGING).get_json()["account"]

    assert here["password"] == panel.control.books()["accounts"][here["username"]]["password"]
    assert (copy["username"], copy["password"]) == (here["username"], None)


def test_a_paid_account_that_the_operator_suspended_meanwhile_works_again(
    service: Service, panel: PracticeProcess
) -> None:
    """Billing was told *pending* of its unsuspend, and never of its end."""
    soon = {"Panelbridge-Deadline": "1"}
    service.call("CreateAccount", ORDER)
    service.call("SuspendAccount", {**ORDER, "suspendreason": "Overdue on Payment"})
    panel.control.set_fault("rate_limited", None, times=None)
    lifted = service.call("UnsuspendAccount", ORDER, headers=soon)
    abuse = service.write("POST", "/v1/subscriptions/1/suspend", {"reason": "abuse"}, headers=soon)
    assert (lifted.status_code, abuse.status_code) == (202, 202)
    panel.control.clear_faults()
    service.rig.settle_all()

    service.write("POST", "/v1/subscriptions/1/unsuspend", {})
    told = service.call("Finished", {}).get_json()["data"]["items"]

    assert [(item["verb"], item["state"]) for item in told if item["verb"] == "unsuspend"] == [
        ("unsuspend", "done")
    ]
    (account,) = panel.control.books()["accounts"].values()
    assert account["state"] == "active"


def test_what_a_later_call_replaced_is_told_as_well(service: Service, panel: PracticeProcess) -> None:
    service.call("CreateAccount", ORDER)
    panel.control.set_fault("rate_limited", None, times=None)
    replaced = service.call("SuspendAccount", ORDER, headers={"Panelbridge-Deadline": "1"})
    assert replaced.status_code == 202
    service.call("UnsuspendAccount", ORDER, headers={"Panelbridge-Deadline": "1"})
    panel.control.clear_faults()
    service.rig.settle_all()

    told = service.call("Finished", {}).get_json()["data"]["items"]

    assert {(item["verb"], item["state"], item["close_with"]) for item in told} == {
        ("suspend", "superseded", None),
        ("unsuspend", "done", "ModuleUnsuspend"),
    }
