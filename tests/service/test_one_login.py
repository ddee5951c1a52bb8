"""A customer's second order on a panel that takes each e-mail address once: it comes to the user he has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from panelbridge.subscriptions import Installation, InstallationId, Mode
from panelbridge.testing.practice import PracticeServer
from panelbridge_pterodactyl.practice import PRACTICE
from tests.service.conftest import Service

EMAIL = "maria@shop.example"


@dataclass(frozen=True, kw_only=True)
class Games:
    """A shop that sells game servers."""

    service: Service
    practice: Any

    def create(self, number: int, customer: int = 7, email: str = EMAIL, **options: Any) -> Any:
        order = {"serviceid": number, "userid": customer, "email": email, "status": "Pending"}
        product = {"configoption1": "gold", "billingcycle": "Monthly"}
        return self.service.call("CreateAccount", {**order, **product}, **options).get_json()

    def call(self, function: str, number: int, **more: Any) -> Any:
        return self.service.call(function, {"serviceid": number, **more}).get_json()

    def shown(self, number: int) -> Any:
        shown = self.call("Account", number, call={"with_password": True})["account"]
        return shown["username"], shown["password"]

    @property
    def users(self) -> list[str]:
        """Customers at the panel; its owner is the first."""
        return list(self.practice.snapshot()["users"][1:])


@pytest.fixture
def games(service: Service, tmp_path: Path) -> Iterator[Games]:
    setup = next(iter(PRACTICE.setups.values()))
    practice = PRACTICE(tmp_path / "panel.sqlite", dict(setup.practice_options))
    with PracticeServer(practice) as server:
        panel = service.rig.add_panel("games", "pterodactyl", server.settings)
        service.rig.add_plan("gold", panel, {"1m": (setup.package, "1")})
        service.rig.top_up("100")
        yield Games(service=service, practice=practice)


def test_a_second_order_of_a_customer_comes_to_his_login(games: Games) -> None:
    first, second = games.create(501), games.create(502)

    assert [first["result"], second["result"]] == ["success", "success"], second
    assert len(games.users) == 1
    assert games.practice.snapshot()["counts"]["create"] == 2
    assert games.shown(502) == games.shown(501)  # the password that works, and not the one thought of


def test_a_reset_through_one_service_is_shown_by_the_others(games: Games) -> None:
    games.create(501)
    assert games.create(502)["result"] == "success"

    games.call("ChangePassword", 502, password="Summer2026xyz")

    assert games.shown(501) == games.shown(502) == (games.users[0], "Summer2026xyz")


def test_the_user_goes_with_his_last_server(games: Games) -> None:
    games.create(501)
    assert games.create(502)["result"] == "success"

    assert games.call("TerminateAccount", 501)["result"] == "success"
    assert len(games.users) == 1
    assert games.call("TerminateAccount", 502)["result"] == "success"
    assert games.users == []


def test_two_shops_customer_of_one_number_are_two_customers(games: Games) -> None:
    rig = games.service.rig
    second = Installation(id=InstallationId(0), reseller_id=rig.reseller.id, code="second", mode=Mode.TEST)
    with rig.units.write() as unit:
        second = unit.installations.add(second)
    key = games.service.key(installation=second.id)
    games.create(501)

    stranger = games.create(501, key=key)
    assert stranger["result"] == "error"  # the address is no proof of who he is
    assert games.create(502, email="other@shop.example", key=key)["result"] == "success"
    assert games.create(503, email="other@shop.example", key=key)["result"] == "success"
    assert len(games.users) == 2


def test_a_crash_after_the_user_was_made_finds_him_again(games: Games) -> None:
    games.create(501)
    games.practice.act("set", {"node_answers": 500})  # the server is not made, and nobody knows
    games.create(502)
    games.practice.act("set", {"node_answers": 0})

    games.service.rig.settle_all()

    assert len(games.users) == 1
    account = games.call("Account", 502)["account"]
    assert account is not None
    assert account["username"] == games.users[0]


def test_another_program_names_its_customer_in_its_own_words(games: Games) -> None:
    order = {"installation": "shop", "plan": "gold", "term": "1m", "email": EMAIL, "customer": "maria"}
    answers = [
        games.service.write("POST", "/v1/subscriptions", {**order, "service_id": number})
        for number in (501, 502)
    ]

    assert [answer.status_code for answer in answers] == [200, 200], answers[0].json
    assert len(games.users) == 1
