"""A stored secret that cannot be opened is missed where it is needed, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from panelbridge.contract.models import Term
from tests.matrix.backends import REFERENCE_SET
from tests.service.conftest import Service, service_in


@pytest.fixture
def selling(tmp_path: Path) -> Iterator[Service]:
    with service_in(tmp_path) as service, REFERENCE_SET.start(tmp_path) as practice:
        REFERENCE_SET.furnish(service.rig, practice)
        service.call("Account", {"serviceid": 501})  # binds the shop, which alone is told passwords
        yield service


def ordered(service: Service, number: int) -> int:
    body = {"installation": "shop", "service_id": number, "plan": "gold", "term": "1m"}
    answer = service.write("POST", "/v1/subscriptions", body)
    assert answer.status_code == 200, answer.json
    return int(answer.json["subscription"]["id"])  # type: ignore[index]


def damage(service: Service, statement: str) -> None:
    """What a cosmic ray, a careless script or a restore of half a folder leaves."""
    assert service.tamper(statement) > 0


@pytest.fixture
def damaged(selling: Service) -> Service:
    """Services 501 and 502, the stored passwords of the first one broken."""
    for number in (501, 502):
        ordered(selling, number)
    damage(selling, "UPDATE subscriptions SET password = 'gAAAAbroken' WHERE service_id = 501")
    damage(selling, "UPDATE operations SET password = 'gAAAAbroken' WHERE service_id = 501")
    return selling


def test_lists_and_every_other_subscription_are_told(damaged: Service) -> None:
    paths = ("/v1/subscriptions", "/v1/subscriptions/1", "/v1/subscriptions/2", "/v1/operations")
    told = {path: damaged.get(path).status_code for path in paths}
    told["ListAccounts"] = damaged.call("ListAccounts", {}).status_code
    told["Account"] = damaged.call("Account", {"serviceid": 502}).status_code

    assert told == dict.fromkeys(told, 200)


def test_the_page_of_the_service_itself_is_shown_without_its_password(damaged: Service) -> None:
    asked = {"call": {"with_password": True}}
    broken = damaged.call("Account", {"serviceid": 501, **asked})
    whole = damaged.call("Account", {"serviceid": 502, **asked})

    assert (broken.status_code, whole.status_code) == (200, 200)
    assert broken.json["account"]["password"] is None  # type: ignore[index]
    assert whole.json["account"]["password"]  # type: ignore[index]


def test_it_is_suspended_renewed_and_given_a_new_password(damaged: Service) -> None:
    def post(verb: str, **body: str) -> int:
        return damaged.write("POST", f"/v1/subscriptions/1/{verb}", body).status_code

    assert post("suspend", reason="manual", note="asked by phone") == 200
    assert post("unsuspend", reason="manual") == 200
    assert post("extend", note="a month as a present") == 200
    renewed = damaged.write("POST", "/v1/subscriptions/1/reset", {})

    assert renewed.status_code == 200
    told = damaged.call("Account", {"serviceid": 501, "call": {"with_password": True}}).json
    assert told is not None
    assert told["account"]["password"] == renewed.json["subscription"]["password"]  # type: ignore[index]


def test_a_panel_whose_secret_is_broken_stops_its_own_orders_by_name_and_no_list(
    selling: Service,
) -> None:
    damage(selling, """UPDATE panels SET secrets = '{"token": "gAAAAbroken"}'""")
    for panel in (1, 2):
        selling.rig.directory.forget(panel)  # type: ignore[arg-type]  # as in a process that starts anew

    assert selling.get("/v1/panels").status_code == 200
    body = {"installation": "shop", "service_id": 501, "plan": "gold", "term": str(Term(months=1))}
    refused = selling.write("POST", "/v1/subscriptions", body)

    assert refused.status_code == 409, refused.json
    assert "cannot be opened" in refused.json["detail"]  # type: ignore[index]
    assert selling.get("/v1/credits/acme").json["held"] == "0"  # type: ignore[index]
