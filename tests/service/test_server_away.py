"""The database server goes away: before, in and after the step that stores what a shop asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from werkzeug.test import TestResponse

from panelbridge.provisioning import OperationState
from panelbridge.testing.practice import PracticeProcess
from tests.matrix.backends import REFERENCE_SET
from tests.service.conftest import Service, service_in
from tests.support import postgres
from tests.support.relay import Relay

_SERVICES = count(501)


@dataclass(frozen=True, kw_only=True)
class Town:
    """A service, its panel, and the network to its database."""

    service: Service
    practice: PracticeProcess
    network: Relay

    def create(self, number: int) -> TestResponse:
        order = {"serviceid": number, "configoption1": "gold", "billingcycle": "Monthly", "userid": 7}
        return self.service.call("CreateAccount", {**order, "domain": "", "status": "Pending"})

    def made(self) -> int:
        created: int = self.practice.control.books()["counts"].get("create", 0)
        return created

    def is_done_once(self, number: int, before: tuple[int, str]) -> None:
        """One operation, one account, one charge, and the shop is told of it."""
        self.service.rig.settle_all()
        self.service.rig.provisioner.run_due()
        (operation,) = self.service.rig.operations_of(number)
        assert operation.state is OperationState.DONE
        assert (before[0] + 1, str(int(before[1]) - 1)) == self.books()

    def books(self) -> tuple[int, str]:
        wallet = self.service.rig.wallet()
        assert wallet.held.units == 0
        return self.made(), str(wallet.balance.units // 10_000)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("away")
    with (
        Relay(postgres.fresh_url()) as network,
        service_in(folder, network.url, budget=2.0, attempt=2.0) as service,
        REFERENCE_SET.start(folder) as practice,
    ):
        REFERENCE_SET.furnish(service.rig, practice)
        town = Town(service=service, practice=practice, network=network)
        assert town.create(next(_SERVICES)).status_code == 200  # the shop is bound
        yield town


@pytest.fixture
def number(town: Town) -> Iterator[int]:
    yield next(_SERVICES)
    town.network.mend()


def told(answer: TestResponse) -> dict[str, Any]:
    assert answer.json is not None
    return dict(answer.json)


def test_before_anything_is_stored_the_shop_is_told_to_repeat(town: Town, number: int) -> None:
    before = town.made()
    town.network.cut()
    refused = town.create(number)
    assert (refused.status_code, told(refused)["code"]) == (503, "storage_unreachable")
    assert told(refused)["retry_safe"]
    assert refused.headers["Retry-After"] == "2"
    assert "127.0.0.1" not in refused.get_data(as_text=True)

    town.network.mend()
    assert town.create(number).status_code == 200
    assert town.made() == before + 1


def test_an_intent_whose_commit_has_no_answer_is_looked_up(town: Town, number: int) -> None:
    before = town.books()
    town.network.lose_commit()
    answer = town.create(number)
    assert town.network.lost
    assert (answer.status_code, told(answer)["result"]) == (202, "pending"), answer.json
    town.is_done_once(number, before)


def test_one_that_cannot_be_looked_up_is_not_told_as_refused(town: Town, number: int) -> None:
    before = town.books()
    town.network.lose_commit(then_cut=True)
    answer = town.create(number)
    assert (answer.status_code, told(answer)["code"]) == (503, "storage_unanswered")
    assert told(answer)["retry_safe"]

    town.network.mend()
    assert town.create(number).status_code in (200, 202)
    town.is_done_once(number, before)


def test_what_is_stored_is_pending_while_the_server_is_away(town: Town, number: int) -> None:
    before = town.books()
    town.network.lose_commit(2, then_cut=True)  # the second is that of the end
    answer = town.create(number)
    assert (answer.status_code, told(answer)["result"]) == (202, "pending"), answer.json
    assert town.made() == before[0] + 1

    town.network.mend()
    town.is_done_once(number, before)
    assert town.service.rig.operations_of(number)[0].reported_pending, "the shop is told how it ended"
    assert town.create(number).status_code == 200


def test_a_top_up_whose_commit_has_no_answer_is_booked_once(town: Town) -> None:
    before = int(town.books()[1])
    assert town.service.get("/v1/resellers").status_code == 200  # that the key is used is noted
    town.network.lose_commit()
    body = {"amount": "5", "reason": "paid"}
    answer = town.service.write("POST", "/v1/credits/acme/top-up", body, once="lost-1")
    assert answer.status_code == 201, answer.json
    assert town.network.lost
    assert int(town.books()[1]) == before + 5
