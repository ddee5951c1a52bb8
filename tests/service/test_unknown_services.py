"""Suspend and terminate of a service without a record: success only where billing shows no account either."""

from __future__ import annotations

import pytest

from tests.service.conftest import Service

VERBS = ("SuspendAccount", "TerminateAccount")


@pytest.mark.parametrize("function", VERBS)
@pytest.mark.parametrize(
    "shown",
    [{"status": "Pending", "username": "customer1"}, {"status": "Active"}, {"status": "Suspended"}, {}],
    ids=str,
)
def test_nothing_is_there_when_no_account_was_ever_made(
    service: Service, function: str, shown: dict[str, str]
) -> None:
    answer = service.call(function, {"serviceid": 9001, **shown})

    assert (answer.status_code, answer.json["result"]) == (200, "success")  # type: ignore[index]


@pytest.mark.parametrize("function", VERBS)
@pytest.mark.parametrize("status", ["Active", "Suspended"])
def test_an_account_billing_knows_and_the_bridge_does_not_is_never_reported_ended(
    service: Service, function: str, status: str
) -> None:
    answer = service.call(function, {"serviceid": 9001, "status": status, "username": "pb9001abcdefgh"})

    assert answer.status_code == 404
    assert answer.json is not None
    assert (answer.json["result"], answer.json["code"]) == ("error", "service_unknown")
    assert "Look for the account at the panel" in answer.json["advice"]
