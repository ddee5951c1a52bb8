"""Gifts and connections where a change is priced, asked over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.service.conftest import Service
from tests.service.test_subscription_resources import effects, ordered, selling

__all__ = ["selling"]
DECEMBER = datetime(2027, 12, 1, tzinfo=UTC)


def wallet(service: Service) -> Any:
    answer = service.get("/v1/credits/acme").json
    assert answer is not None
    return answer["available"]


def plan(service: Service, code: str, **offer: Any) -> None:
    body = {
        "reseller": "acme",
        "title": code,
        "panel": "main",
        "connections": 1,
        "terms": [{"term": "1m", "package": "family-1m", **offer}],
    }
    assert service.write("PUT", f"/v1/plans/{code}", body).status_code in (200, 201)


def test_a_given_day_is_worth_nothing_and_costs_nothing(selling: Service) -> None:
    selling.rig.clock.set_to(datetime(2027, 11, 1, tzinfo=UTC))
    number = ordered(selling)["subscription"]["id"]
    selling.rig.clock.set_to(datetime(2027, 11, 30, tzinfo=UTC))
    before = wallet(selling)

    gift = {"by": "1d", "note": "was down", "gift": True}
    given = selling.write("POST", f"/v1/subscriptions/{number}/extend", gift)
    assert given.status_code == 200, given.json
    assert wallet(selling) == before
    changed = selling.write("POST", f"/v1/subscriptions/{number}/change-package", {"plan": "family"})

    assert changed.json is not None
    assert changed.json["operation"]["price"] == "0.0667"  # one of thirty paid days at 2 credits more


def test_a_shop_gives_no_time_away(selling: Service) -> None:
    number = ordered(selling)["subscription"]["id"]

    gift = {"by": "1d", "note": "was down", "gift": True}
    refused = selling.write("POST", f"/v1/subscriptions/{number}/extend", gift, key=selling.shop)

    assert (refused.status_code, effects(selling).get("extend", 0)) == (403, 0), refused.json


def test_connections_without_a_price_are_not_sold_in_silence(selling: Service) -> None:
    plan(selling, "plain", price="2")
    plan(selling, "open", price="2", extra_connection="0")

    order = {"installation": "shop", "service_id": 601, "plan": "plain", "term": "1m", "connections": 3}
    refused = selling.write("POST", "/v1/subscriptions", order)

    assert refused.status_code == 422, refused.json
    assert refused.json is not None
    assert refused.json["code"] == "connections_not_sold"
    assert effects(selling).get("create", 0) == 0
    made = ordered(selling, service_id=602, plan="open", connections=3)
    assert made["operation"]["price"] == "2"
