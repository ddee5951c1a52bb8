"""Adopt: the operator's word, or the account's own mark; never another service's account."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from panelbridge.access import Scope
from panelbridge.subscriptions import Installation, InstallationId, Mode
from panelbridge.testing.practice import PracticeProcess
from tests.matrix.backends import REFERENCE_ADD, REFERENCE_SET
from tests.service.conftest import ALL, Service, service_in
from tests.support.rig import Rig

BOB = {"Panelbridge-System-Url": "https://bob.example", "Panelbridge-Installation": "b" * 32}


class Two:
    """Two resellers, each with a record of the one panel; ``bob`` is the key of the second one's shop."""

    def __init__(self, service: Service, practice: PracticeProcess) -> None:
        self.service, self.practice = service, practice
        bob = _second_reseller(service.rig, practice)
        self.bob = service.key(installation=bob.id, scopes=ALL)

    @property
    def accounts(self) -> dict[str, dict[str, Any]]:
        accounts: dict[str, dict[str, Any]] = self.practice.control.books()["accounts"]
        return accounts

    def main_sells(self) -> dict[str, Any]:
        body = {"installation": "shop", "service_id": 501, "plan": "gold", "term": "1m"}
        made = self.service.write("POST", "/v1/subscriptions", body)
        assert made.status_code == 200, made.json
        sold: dict[str, Any] = made.json["subscription"]  # type: ignore[index]
        return sold

    def bob_is_stuck(self, number: int = 901, name: str = "customer1") -> dict[str, Any]:
        """Bob's create, whose chosen name is somebody else's, waits for a person."""
        if name not in self.accounts:
            self.practice.control.act("create", username=name)
        self.practice.control.set_fault("cut_before", "create")
        body = {"service_id": number, "plan": "gold", "term": "1m", "username": name}
        self.service.write("POST", "/v1/subscriptions", body, key=self.bob)
        self.service.rig.settle_all()
        found = self.service.get("/v1/operations?state=attention", key=self.bob).json
        waiting: dict[str, Any] = found["items"][-1]  # type: ignore[index]
        assert waiting["service_id"] == number
        return waiting

    def adopt(self, door: str, operation: dict[str, Any], account: str, key: str | None = None) -> Any:
        if door == "/v1":
            path = f"/v1/operations/{operation['id']}/adopt"
            return self.service.write("POST", path, {"account_id": account}, key=key or self.bob)
        body = {"serviceid": operation["service_id"], "account_id": account}
        return self.service.call("Adopt", body, key=key or self.bob, headers=BOB)

    def bobs(self, operation: dict[str, Any]) -> dict[str, Any]:
        shown = self.service.get(f"/v1/subscriptions/{operation['subscription_id']}", key=self.bob)
        assert shown.status_code == 200
        answer: dict[str, Any] = shown.json  # type: ignore[assignment]
        return answer


def _second_reseller(rig: Rig, practice: PracticeProcess) -> Installation:
    with rig.units.write() as unit:
        reseller = unit.resellers.add("bob", "Bob TV")
        unit.ledger.open_wallet(reseller.id)
        wanted = Installation(id=InstallationId(0), reseller_id=reseller.id, code="bobs", mode=Mode.TEST)
        shop = unit.installations.add(wanted)
    spelled = {**practice.settings, "late_commit": 2.0, "base_url": practice.settings["base_url"].rstrip("/")}
    first, rig.reseller = rig.reseller, reseller
    rig.add_plan("gold", rig.add_panel("bobs", "reference", spelled), {"1m": ("basic-1m", "1")})
    rig.top_up("100", key="bobs")
    rig.reseller = first
    return shop


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    with service_in(tmp_path) as service, REFERENCE_SET.start(tmp_path) as practice:
        REFERENCE_SET.furnish(service.rig, practice)
        yield Two(service, practice)


@pytest.mark.parametrize("door", ["/v1", "module"])
def test_a_shop_cannot_take_over_another_resellers_account(two: Two, door: str) -> None:
    sold = two.main_sells()
    before = two.accounts[sold["username"]]

    refused = two.adopt(door, two.bob_is_stuck(), sold["account_id"])

    assert refused.status_code == 403, refused.json
    assert refused.json["code"] == "forbidden_scope"
    assert before["password"] not in refused.get_data(as_text=True)
    assert two.accounts[sold["username"]] == before
    waiting = two.service.get("/v1/operations?state=attention", key=two.bob).json["items"]  # type: ignore[index]
    assert two.bobs(waiting[0])["account_id"] is None


@pytest.mark.parametrize("door", ["/v1", "module"])
def test_a_shop_is_not_told_the_password_of_an_account_that_nobody_manages(two: Two, door: str) -> None:
    stuck = two.bob_is_stuck()
    theirs = two.accounts["customer1"]

    refused = two.adopt(door, stuck, theirs["id"])

    assert refused.status_code == 403, refused.json
    assert theirs["password"] not in refused.get_data(as_text=True)
    assert two.bobs(stuck)["account_id"] is None


@pytest.mark.parametrize("door", ["/v1", "module"])
def test_a_shop_adopts_the_account_that_bears_the_mark_of_its_own_order(two: Two, door: str) -> None:
    stuck = two.bob_is_stuck()
    mark = f"pbtest:{stuck['subscription_id']}:1"
    two.practice.control.act("create", username="renamed1", reference=mark)

    adopted = two.adopt(door, stuck, two.accounts["renamed1"]["id"])

    assert adopted.status_code == 200, adopted.json
    assert two.bobs(stuck)["username"] == "renamed1"


def test_the_operator_is_told_which_subscription_has_the_account(two: Two) -> None:
    sold = two.main_sells()
    stuck = two.bob_is_stuck()

    refused = two.adopt("/v1", stuck, sold["account_id"], key=two.service.operator)

    assert refused.status_code == 409, refused.json
    assert refused.json["code"] == "account_managed"
    assert f"subscription {sold['id']}" in refused.json["detail"]
    assert two.bobs(stuck)["account_id"] is None


def test_what_the_operator_adopted_without_our_mark_obeys_every_verb(two: Two) -> None:
    stuck = two.bob_is_stuck()
    adopted = two.adopt("/v1", stuck, two.accounts["customer1"]["id"], key=two.service.operator)
    assert adopted.status_code == 200, adopted.json
    number = stuck["subscription_id"]

    def post(verb: str, **body: str) -> tuple[str, int]:
        answer = two.service.write("POST", f"/v1/subscriptions/{number}/{verb}", body or None, key=two.bob)
        return verb, answer.status_code

    verbs = [
        post("suspend", reason="manual"),
        post("unsuspend", reason="manual"),
        post("extend", note="a month as a present"),
        post("terminate"),
    ]

    assert verbs == [("suspend", 200), ("unsuspend", 200), ("extend", 200), ("terminate", 200)]
    assert "customer1" not in two.accounts


def test_an_answer_that_names_another_services_account_goes_before_a_person(two: Two) -> None:
    """The panel gave the id out anew, after somebody deleted the account there."""
    sold = two.main_sells()
    two.practice.control.act("delete", username=sold["username"])
    two.practice.control.act("forget_ids")
    body = {"installation": "shop", "service_id": 502, "plan": "gold", "term": "1m"}

    second = two.service.write("POST", "/v1/subscriptions", body)

    assert second.status_code == 409, second.json
    assert second.json["code"] == "attention"  # type: ignore[index]


def test_a_renewal_in_attention_takes_no_other_account(tmp_path: Path) -> None:
    with service_in(tmp_path) as service, REFERENCE_ADD.start(tmp_path) as practice:
        REFERENCE_ADD.furnish(service.rig, practice)
        two = Two(service, practice)
        sold = two.main_sells()
        practice.control.set_fault("cut_after_commit", "extend")
        practice.control.set_fault("error_500_before", "get", times=None, skip=1)  # after the fence's read
        service.write("POST", f"/v1/subscriptions/{sold['id']}/extend", {"note": "a month as a present"})
        practice.control.act("set_expiry", username=sold["username"], expires_at="2035-01-01T00:00:00+00:00")
        practice.control.clear_faults()
        service.rig.settle_all()
        practice.control.act("create", username="somebody1")
        (waiting,) = service.get("/v1/operations?state=attention").json["items"]  # type: ignore[index]

        answer = service.write(
            "POST",
            f"/v1/operations/{waiting['id']}/adopt",
            {"account_id": two.accounts["somebody1"]["id"]},
            key=service.key(installation=service.rig.installation.id, scopes=frozenset({Scope.PROVISION})),
        )

        assert answer.status_code == 409, answer.json
        assert answer.json["code"] == "illegal_move"  # type: ignore[index]
        assert service.get(f"/v1/subscriptions/{sold['id']}").json["username"] == sold["username"]  # type: ignore[index]
