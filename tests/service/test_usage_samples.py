"""One sample a day of each account: what the panel tells, what it does not, and nothing of an address."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from panelbridge.testing.practice import Fault
from tests.service.conftest import Service, service_in
from tests.support.ready import PracticeHere

ORDER = {"installation": "shop", "service_id": 501, "plan": "gold", "term": "1m"}
CALL = {"serviceid": 501, "configoption1": "gold", "billingcycle": "Monthly", "status": "Pending"}


@pytest.fixture
def selling(tmp_path: Path) -> Iterator[Service]:
    """A service that sells boxes of a Stalker portal."""
    with (
        service_in(tmp_path) as service,
        PracticeHere("stalker", books=tmp_path / "panel.sqlite") as practice,
    ):
        panel = service.rig.add_panel("main", "stalker", practice.settings)
        service.rig.add_plan("gold", panel, {"1m": ("basic", "1")})
        service.rig.top_up("100")
        service.practice = practice
        yield service


def order(service: Service, service_id: int = 501) -> dict[str, Any]:
    made = service.write("POST", "/v1/subscriptions", {**ORDER, "service_id": service_id})
    assert made.status_code == 200, made.json
    subscription: dict[str, Any] = made.json["subscription"]  # type: ignore[index]
    return subscription


def sampled(service: Service) -> int:
    """One round of the job."""
    assert importlib.util.find_spec("panelbridge.usage") is not None, "nobody reads what accounts use"
    from panelbridge.usage import UsageSampler

    sampler = UsageSampler(
        service.rig.units,
        service.rig.directory,
        service.rig.clock,
        hashed=service.services.fingerprint,
        ref=service.services.provisioner.account_ref,
    )
    return sampler.take_round()


def days(service: Service, number: int) -> list[dict[str, Any]]:
    answer = service.get(f"/v1/subscriptions/{number}/usage")
    assert answer.status_code == 200
    items: list[dict[str, Any]] = answer.json["items"]  # type: ignore[index]
    return items


def tell(service: Service, username: str, **columns: Any) -> None:
    for column, value in columns.items():
        service.practice.control.act("set", username=username, column=column, value=value)


def test_a_day_has_one_sample_and_the_address_is_nowhere(selling: Service, tmp_path: Path) -> None:
    one, two, three = (order(selling, number) for number in (501, 502, 503))
    seen = {"last_active": "2026-11-20 13:00:00", "online": 1, "stb_type": "MAG254", "version": "218"}
    tell(selling, one["username"], ip="203.0.113.7", **seen)
    tell(selling, two["username"], ip="203.0.113.200")

    assert sampled(selling) == 3
    assert sampled(selling) == 0

    (first,), (second,), (third,) = (days(selling, item["id"]) for item in (one, two, three))
    assert datetime.fromisoformat(first["last_seen"]) == datetime(2026, 11, 20, 13, tzinfo=UTC)
    assert (first["connections"], first["player"], first["never_seen"]) == (1, "MAG254 218", False)
    assert (third["connections"], third["last_seen"], third["never_seen"]) == (0, None, True)
    assert first["network"] == second["network"] is not None
    assert third["network"] is None
    stored = b"".join(path.read_bytes() for path in (tmp_path / "data").glob("*.db*"))
    assert b"203.0.113" not in stored
    assert "203.0.113" not in selling.log.getvalue()


def test_what_was_not_told_is_not_known_and_never_zero(selling: Service) -> None:
    one, gone = order(selling, 501), order(selling, 502)
    selling.practice.control.act("delete", username=gone["username"])
    assert sampled(selling) == 2
    (missing,) = days(selling, gone["id"])
    names = ("last_seen", "connections", "network", "player", "never_seen")
    assert [missing[name] for name in names] == [None, None, None, None, False]
    assert days(selling, one["id"])[0]["connections"] == 0


def test_a_panel_that_cannot_be_read_leaves_no_sample_and_is_asked_again_later(selling: Service) -> None:
    one = order(selling)
    selling.practice.control.set_fault(Fault.HTML_200, "get", times=None)
    selling.practice.control.set_fault(Fault.CUT_BEFORE, "get", times=None)
    assert sampled(selling) == 0
    selling.practice.control.clear_faults()
    assert days(selling, one["id"]) == []
    assert sampled(selling) == 1


def test_ninety_days_are_kept(selling: Service) -> None:
    one = order(selling)
    assert sampled(selling) == 1
    first = days(selling, one["id"])[0]["day"]
    selling.rig.clock.forward(days=90)
    assert sampled(selling) == 1
    assert [item["day"] for item in days(selling, one["id"])][-1] == first
    selling.rig.clock.forward(days=1)
    assert sampled(selling) == 1
    kept = [item["day"] for item in days(selling, one["id"])]
    newest = datetime.now(UTC).date() + timedelta(days=91)
    assert kept == [str(newest), str(newest - timedelta(days=1))]


def test_billing_is_told_of_the_last_sample_where_the_panel_cannot_be_read(selling: Service) -> None:
    selling.call("CreateAccount", CALL)
    assert sampled(selling) == 1
    selling.practice.control.set_fault(Fault.CUT_BEFORE, "list_accounts", times=None)
    told = selling.call("Usage", {"call": {"actor": "cron"}}).json
    assert told is not None
    assert [(row["serviceid"], row["connections"]) for row in told["data"]["usage"]] == [(501, 0)]
    assert told["data"]["failed"] == []
