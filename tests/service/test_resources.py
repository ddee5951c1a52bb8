"""The /v1 resources: an operator sets up a reseller, a panel and a plan, and looks at the books."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from panelbridge.access import Scope
from panelbridge.subscriptions import Installation
from tests.service.conftest import Service

PANEL = {
    "code": "main",
    "backend": "reference",
    "settings": {"base_url": "http://127.0.0.1:9/", "token": "c4nary-panel-key"},
    "practice": True,
}
PLAN = {
    "reseller": "acme",
    "title": "Gold",
    "panel": "main",
    "terms": [{"term": "1m", "package": "1", "price": "1.5", "extra_connection": "0.5"}],
}


def made(service: Service, method: str, path: str, body: Any, **options: Any) -> dict[str, Any]:
    answer = service.write(method, path, body, **options)
    assert answer.status_code in (200, 201), answer.json
    assert answer.json is not None
    return answer.json  # type: ignore[no-any-return]


def test_a_reseller_gets_a_wallet(service: Service) -> None:
    made(service, "POST", "/v1/resellers", {"code": "beta", "name": "Beta TV", "floor": "5"})

    wallet = service.get("/v1/credits/beta").json

    assert wallet is not None
    assert (wallet["balance"], wallet["available"], wallet["floor"]) == ("0", "0", "5")


def test_a_taken_code_is_refused(service: Service) -> None:
    answer = service.write("POST", "/v1/resellers", {"code": "acme", "name": "Again"})

    assert (answer.status_code, answer.json["code"]) == (409, "code_taken")  # type: ignore[index]


class TestCredits:
    def test_a_top_up_under_one_key_is_booked_once(self, service: Service) -> None:
        body = {"amount": "12.5", "reason": "bank transfer"}

        first = service.write("POST", "/v1/credits/acme/top-up", body, once="pay-1")
        second = service.write("POST", "/v1/credits/acme/top-up", body, once="pay-1")

        assert (first.status_code, second.status_code) == (201, 201)
        assert first.json == second.json
        assert second.headers["Idempotency-Replayed"] == "true"
        assert service.get("/v1/credits/acme").json["balance"] == "12.5"  # type: ignore[index]

    def test_the_same_key_for_another_amount_is_refused(self, service: Service) -> None:
        service.write("POST", "/v1/credits/acme/top-up", {"amount": "1", "reason": "a"}, once="pay-1")

        answer = service.write(
            "POST", "/v1/credits/acme/top-up", {"amount": "2", "reason": "a"}, once="pay-1"
        )

        assert (answer.status_code, answer.json["code"]) == (409, "key_mismatch")  # type: ignore[index]
        assert service.get("/v1/credits/acme").json["balance"] == "1"  # type: ignore[index]

    def test_keys_of_two_callers_do_not_meet(self, service: Service) -> None:
        shop = service.key(installation=service.rig.installation.id)
        service.write("POST", "/v1/credits/acme/top-up", {"amount": "1", "reason": "a"}, once="pay-1")

        order = {"service_id": 501, "plan": "none", "term": "1m"}
        answer = service.write("POST", "/v1/subscriptions", order, once="pay-1", key=shop)

        assert answer.json["code"] == "plan_unknown"  # type: ignore[index]

    def test_a_shop_cannot_give_its_own_reseller_credits(self, service: Service) -> None:
        shop = service.key(installation=service.rig.installation.id)

        answer = service.write("POST", "/v1/credits/acme/top-up", {"amount": "9", "reason": "a"}, key=shop)

        assert (answer.status_code, answer.json["code"]) == (403, "forbidden_scope")  # type: ignore[index]
        assert service.get("/v1/credits/acme").json["balance"] == "0"  # type: ignore[index]

    def test_without_a_key_nothing_is_booked(self, service: Service) -> None:
        answer = service.client.post(
            "/v1/credits/acme/top-up",
            json={"amount": "1", "reason": "a"},
            headers={"Authorization": f"Bearer {service.operator}"},
        )

        assert (answer.status_code, answer.json["code"]) == (400, "idempotency_key_missing")  # type: ignore[index]
        assert service.get("/v1/credits/acme").json["balance"] == "0"  # type: ignore[index]

    def test_a_refused_wish_leaves_its_key_free(self, service: Service) -> None:
        take = {"amount": "-5", "reason": "mistake"}
        assert service.write("POST", "/v1/credits/acme/adjust", take, once="k").status_code == 402

        service.write("POST", "/v1/credits/acme/top-up", {"amount": "9", "reason": "a"})
        again = service.write("POST", "/v1/credits/acme/adjust", take, once="k")

        assert again.status_code == 201, again.json
        assert again.json["wallet"]["balance"] == "4"  # type: ignore[index]

    @pytest.mark.parametrize("amount", [1, 1.5, "1.23456", "1e3", "-1", "0", " 1", "1,5", None, "9" * 30])
    def test_an_amount_is_decimal_text_above_zero(self, service: Service, amount: Any) -> None:
        answer = service.write("POST", "/v1/credits/acme/top-up", {"amount": amount, "reason": "a"})

        assert answer.status_code == 422
        assert answer.json["field"] == "amount"  # type: ignore[index]

    def test_history_tells_who_why_before_and_after_in_pages_and_as_csv(self, service: Service) -> None:
        for number in range(3):
            service.write("POST", "/v1/credits/acme/top-up", {"amount": "2", "reason": f"pay {number}"})

        first = service.get("/v1/credits/acme/history?limit=2").json
        assert first is not None
        rest = service.get(f"/v1/credits/acme/history?limit=2&after={first['next']}").json
        text = service.get("/v1/credits/acme/history.csv")

        assert rest is not None
        lines = [*first["items"], *rest["items"]]
        assert rest["next"] is None
        assert [line["reason"] for line in lines] == ["pay 0", "pay 1", "pay 2"]
        assert [(line["balance_before"], line["balance_after"]) for line in lines] == [
            ("0", "2"),
            ("2", "4"),
            ("4", "6"),
        ]
        assert lines[0]["actor"] == f"key:{service.operator[:18]}"
        assert text.mimetype == "text/csv"
        rows = list(csv.DictReader(io.StringIO(text.get_data(as_text=True))))
        assert [row["reason"] for row in rows] == ["pay 0", "pay 1", "pay 2"]

    def test_the_books_are_proved(self, service: Service) -> None:
        service.write("POST", "/v1/credits/acme/top-up", {"amount": "2", "reason": "a"})

        report = service.get("/v1/ledger/verification").json

        assert report is not None
        assert (report["whole"], report["transfers"], report["problems"]) == (True, 1, [])


class TestWhoseThings:
    def test_a_shop_sees_its_own_reseller_only(
        self, service: Service, other_installation: Installation
    ) -> None:
        key = service.key(installation=other_installation.id)

        resellers = service.get("/v1/resellers", key).json
        installations = service.get("/v1/installations", key).json
        wallets = service.get("/v1/credits", key).json

        assert resellers is not None
        assert installations is not None
        assert wallets is not None
        assert [item["code"] for item in resellers["items"]] == ["beta"]
        assert [item["code"] for item in installations["items"]] == ["beta-shop"]
        assert [item["floor"] for item in wallets["items"]] == ["5"]
        assert service.get("/v1/credits/acme", key).status_code == 404
        assert service.get("/v1/plans?reseller=acme", key).status_code == 404

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/v1/panels"),
            ("GET", "/v1/keys"),
            ("GET", "/v1/attention"),
            ("POST", "/v1/keys"),
            ("POST", "/v1/panels"),
            ("POST", "/v1/installations/shop/rebind"),
            ("POST", "/v1/credits/acme/adjust"),
        ],
    )
    def test_administration_is_the_operators(self, service: Service, method: str, path: str) -> None:
        answer = service.write(method, path, {} if method == "POST" else None, key=service.shop)

        assert (answer.status_code, answer.json["code"]) == (403, "forbidden_scope")  # type: ignore[index]

    def test_topping_up_needs_the_credits_scope(self, service: Service) -> None:
        key = service.key(
            installation=service.rig.installation.id, scopes=frozenset({Scope.READ, Scope.PROVISION})
        )

        answer = service.write("POST", "/v1/credits/acme/top-up", {"amount": "1", "reason": "a"}, key=key)

        assert (answer.status_code, answer.json["code"]) == (403, "forbidden_scope")  # type: ignore[index]


class TestKeysResource:
    def test_a_made_key_works_and_its_text_is_told_once(self, service: Service) -> None:
        body = {"installation": "shop", "scopes": ["read"], "label": "reports"}

        first = made(service, "POST", "/v1/keys", body, once="make-1")
        again = made(service, "POST", "/v1/keys", body, once="make-1")

        assert service.get("/v1/plans", first["key"]).status_code == 200
        assert again["key"] is None
        assert again["prefix"] == first["prefix"]
        listed = service.get("/v1/keys").get_data(as_text=True)
        assert first["prefix"] in listed
        assert first["key"] not in listed

    def test_keys_are_listed_in_pages(self, service: Service) -> None:
        seen = []
        after: int | None = 0
        while after is not None:
            page = service.get(f"/v1/keys?limit=1&after={after}").json
            assert page is not None
            seen += [item["prefix"] for item in page["items"]]
            after = page["next"]

        assert seen == [service.operator[:18], service.shop[:18]]


class TestPanelsAndPlans:
    def test_a_panels_secrets_are_starred_everywhere(self, service: Service) -> None:
        added = service.write("POST", "/v1/panels", PANEL, once="p")
        shown = service.get("/v1/panels/main")
        replayed = service.write("POST", "/v1/panels", PANEL, once="p")

        assert added.status_code == 201, added.json
        for answer in (added, shown, replayed):
            assert "c4nary" not in answer.get_data(as_text=True)
            assert answer.json["settings"]["token"] == "***"  # type: ignore[index]
        assert "c4nary" not in service.log.getvalue()
        assert b"c4nary" not in service.stored()

    def test_wrong_settings_are_named_without_their_values(self, service: Service) -> None:
        body = {**PANEL, "settings": {"base_url": "ftp://joe:hunter2@x", "colour": "hunter2"}}

        answer = service.write("POST", "/v1/panels", body)

        assert answer.status_code == 422
        text = answer.get_data(as_text=True)
        assert "base_url" in text
        assert "colour" in text
        assert "hunter2" not in text

    def test_an_unknown_backend_is_told_what_is_installed(self, service: Service) -> None:
        answer = service.write("POST", "/v1/panels", {**PANEL, "backend": "acme"})

        assert answer.status_code == 422
        assert "reference" in answer.json["detail"]  # type: ignore[index]

    def test_changing_one_setting_keeps_the_others_and_the_secret(self, service: Service) -> None:
        made(service, "POST", "/v1/panels", PANEL)

        changed = made(
            service,
            "PATCH",
            "/v1/panels/main",
            {"settings": {"read_timeout": 5}, "writes_enabled": False},
        )

        assert changed["settings"]["read_timeout"] == 5
        assert changed["settings"]["base_url"] == "http://127.0.0.1:9/"
        assert changed["writes_enabled"] is False
        with service.rig.units.read() as unit:
            stored = unit.panels.named("main")
        assert stored is not None
        assert stored.secrets["token"].get_secret_value() == "c4nary-panel-key"

    def test_packages_of_a_panel_that_is_down_are_an_error_not_an_empty_list(self, service: Service) -> None:
        made(service, "POST", "/v1/panels", PANEL)

        answer = service.get("/v1/panels/main/packages", service.shop)

        assert (answer.status_code, answer.json["code"]) == (409, "panel_unreachable")  # type: ignore[index]

    def test_a_test_key_does_not_reach_a_real_panel(self, service: Service) -> None:
        made(service, "POST", "/v1/panels", {**PANEL, "practice": False})

        answer = service.get("/v1/panels/main/packages", service.shop)

        assert (answer.status_code, answer.json["code"]) == (403, "mode_mismatch")  # type: ignore[index]

    def test_a_changed_plan_is_a_new_version_and_an_equal_one_is_not(self, service: Service) -> None:
        made(service, "POST", "/v1/panels", PANEL)

        versions = [
            made(service, "PUT", "/v1/plans/gold", body)["version"]
            for body in (PLAN, PLAN, {**PLAN, "title": "Gold 2"})
        ]

        assert versions == [1, 1, 2]
        shown = service.get("/v1/plans/gold", service.shop).json
        assert shown is not None
        assert shown["title"] == "Gold 2"
        assert shown["terms"] == [{"term": "1m", "package": "1", "price": "1.5", "extra_connection": "0.5"}]

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"terms": []}, "terms"),
            ({"terms": [{"term": "1y", "package": "1", "price": "1"}]}, "terms.0.term"),
            ({"terms": [{"term": "1m", "package": "1", "price": 1.5}]}, "terms.0.price"),
            ({"terms": [{"term": "1m", "package": "1", "price": "-1"}]}, "terms.0.price"),
            ({"terms": [PLAN["terms"][0], PLAN["terms"][0]]}, "terms"),
            ({"connections": 0}, "connections"),
            ({"colour": "blue"}, "colour"),
        ],
    )
    def test_a_wrong_plan_is_refused_by_name(
        self, service: Service, change: dict[str, Any], field: str
    ) -> None:
        answer = service.write("PUT", "/v1/plans/gold", {**PLAN, **change})

        assert answer.status_code == 422
        assert answer.json["field"] == field  # type: ignore[index]

    def test_a_plan_on_a_panel_that_does_not_exist_is_refused(self, service: Service) -> None:
        answer = service.write("PUT", "/v1/plans/gold", PLAN)

        assert (answer.status_code, answer.json["code"]) == (404, "not_found")  # type: ignore[index]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=501", "limit=x", "after=-1", "colour=blue", "limit=1&limit=2"]
)
def test_a_wrong_query_is_named(service: Service, query: str) -> None:
    answer = service.get(f"/v1/resellers?{query}")

    assert answer.status_code == 422
    assert answer.json["field"] == query.partition("=")[0]  # type: ignore[index]


def test_a_shops_resource_call_from_elsewhere_changes_nothing(service: Service) -> None:
    service.call("SampleRead")

    answer = service.write(
        "POST",
        "/v1/credits/acme/top-up",
        {"amount": "1", "reason": "a"},
        key=service.shop,
        headers={"Panelbridge-System-Url": "https://staging.example", "Panelbridge-Installation": "f" * 32},
    )

    assert (answer.status_code, answer.json["code"]) == (409, "installation_mismatch")  # type: ignore[index]
    assert service.get("/v1/credits/acme").json["balance"] == "0"  # type: ignore[index]
