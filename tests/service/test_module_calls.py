"""What the WHMCS module meets at the door, whatever function it calls."""

from __future__ import annotations

from typing import Any

import phpserialize
import pytest

from panelbridge.access import Scope
from panelbridge.subscriptions import Installation, Mode
from tests.service.conftest import MODULE_ID, SHOP, Service


def test_a_success_carries_what_the_page_of_calls_promises(service: Service) -> None:
    answer = service.call("SampleChange", {"serviceid": 501, "configoption1": "gold"})

    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["result"] == "success"
    assert answer.json["request_id"] == answer.headers["X-Request-Id"]
    assert answer.json["operation"] == {
        "id": 17,
        "verb": "create",
        "state": "done",
        "outcome": "done",
        "waits_for": None,
    }
    assert answer.json["account"] is None
    assert answer.headers["Cache-Control"] == "no-store"


def test_pending_is_202(service: Service) -> None:
    answer = service.call("SamplePending")

    assert (answer.status_code, answer.json["result"]) == (202, "pending")  # type: ignore[index]


@pytest.mark.parametrize("media", ["json", "form", "php"])
def test_the_three_spellings_of_a_body_mean_the_same(service: Service, media: str) -> None:
    body = {
        "serviceid": 777,
        "qty": 1,
        "configoption1": "gold",
        "configoptions": {"Connections": 2},
        "customfields": {},
        "call": {"actor": "admin:3", "with_password": True, "invoice_item": {"id": 991, "invoice_id": 77}},
    }
    form = (
        "serviceid=777&qty=1&configoption1=gold&configoptions[Connections]=2&call[actor]=admin%3A3"
        "&call[with_password]=1&call[invoice_item][id]=991&call[invoice_item][invoice_id]=77"
    )
    options: dict[str, Any] = {
        "json": {},
        "form": {"data": form, "content_type": "application/x-www-form-urlencoded"},
        "php": {"data": phpserialize.dumps(body), "content_type": "application/vnd.php.serialized"},
    }[media]
    answer = service.call("SampleChange", body, **options)

    assert answer.status_code == 200, answer.json
    (seen,) = service.seen(777)
    assert (seen.plan, seen.connections, seen.qty) == ("gold", 2, 1)
    assert seen.call.actor == "admin:3"
    assert seen.call.with_password is True
    assert (seen.call.invoice_item.id, seen.call.invoice_item.invoice_id) == (991, 77)


@pytest.mark.parametrize(
    ("member", "value", "code"),
    [("addonId", 4, "addon_unsupported"), ("qty", 2, "quantity_unsupported")],
)
@pytest.mark.parametrize("function", ["SampleChange", "SampleRead"])
def test_addons_and_quantities_are_refused_by_name(
    service: Service, function: str, member: str, value: int, code: str
) -> None:
    answer = service.call(function, {"serviceid": 501, member: value})

    assert answer.status_code == 422
    assert answer.json is not None
    assert (answer.json["code"], answer.json["field"], answer.json["result"]) == (code, member, "error")
    assert answer.json["message"] == answer.json["detail"]
    assert service.seen(501) == []


def test_the_budget_is_the_smaller_of_the_shops_deadline_and_ours(service: Service) -> None:
    budgets = [
        service.call("SampleChange", headers={"Panelbridge-Deadline": wanted}).json["data"]["budget"]  # type: ignore[index]
        for wanted in ("3.5", "9000", None)
    ]

    assert budgets == [3.5, 10.0, 10.0]


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Panelbridge-Deadline", "soon"),
        ("Panelbridge-Installation", "short"),
        ("Panelbridge-System-Url", "javascript:alert(1)"),
        ("Panelbridge-System-Url", "https://["),
        ("Panelbridge-Time", "-1"),
        ("Panelbridge-Module", "x" * 41),
    ],
)
def test_a_wrong_header_is_named(service: Service, header: str, value: str) -> None:
    answer = service.call("SampleChange", headers={header: value})

    assert answer.status_code == 422
    assert answer.json is not None
    assert answer.json["field"] == header
    assert service.seen(501) == []


def test_a_function_that_does_not_exist_is_a_problem(service: Service) -> None:
    answer = service.call("MakeCoffee")

    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert answer.json is not None
    assert (answer.json["code"], answer.json["result"]) == ("not_found", "error")


def test_get_is_not_allowed_and_says_what_is(service: Service) -> None:
    answer = service.client.get("/v1/whmcs/SampleRead")

    assert answer.status_code == 405
    assert answer.headers["Allow"] == "OPTIONS, POST"


class TestBinding:
    def test_the_first_shop_that_calls_is_bound(self, service: Service) -> None:
        service.call("SampleRead")

        with service.rig.units.read() as unit:
            found = unit.installations.installation(service.rig.installation.id)
        assert found is not None
        assert (found.system_url, found.module_id) == (SHOP, MODULE_ID)
        assert found.bound_at is not None

    @pytest.mark.parametrize(
        "elsewhere",
        [
            {"Panelbridge-System-Url": "https://staging.shop.example"},
            {"Panelbridge-Installation": "f" * 32},
        ],
    )
    def test_a_copy_of_the_shop_changes_nothing_but_may_read(
        self, service: Service, elsewhere: dict[str, str]
    ) -> None:
        service.call("SampleRead", {"serviceid": 1})

        refused = service.call("SampleChange", headers=elsewhere)
        read = service.call("SampleRead", {"serviceid": 2}, headers=elsewhere)

        assert refused.status_code == 409
        assert refused.json is not None
        assert refused.json["code"] == "installation_mismatch"
        assert service.seen(501) == []
        assert read.status_code == 200

    def test_one_spelling_of_the_address_is_as_good_as_another(self, service: Service) -> None:
        service.call("SampleRead")

        answer = service.call("SampleChange", headers={"Panelbridge-System-Url": "HTTPS://Shop.Example:443/"})

        assert answer.status_code == 200

    def test_a_change_must_say_where_it_comes_from(self, service: Service) -> None:
        answer = service.call("SampleChange", headers={"Panelbridge-System-Url": None})

        assert answer.status_code == 422
        assert answer.json is not None
        assert answer.json["field"] == "Panelbridge-System-Url"

    def test_an_admin_rebinds_and_the_old_shop_is_refused_from_then_on(self, service: Service) -> None:
        new = {
            "Panelbridge-System-Url": "https://new.example/billing",
            "Panelbridge-Installation": "e" * 32,
        }
        service.call("SampleChange", {"serviceid": 1})
        assert service.call("SampleChange", {"serviceid": 2}, headers=new).status_code == 409

        rebound = service.write(
            "POST",
            "/v1/installations/shop/rebind",
            {"system_url": "https://new.example/billing/", "module_id": "e" * 32},
        )

        assert rebound.status_code == 200, rebound.json
        assert service.call("SampleChange", {"serviceid": 3}, headers=new).status_code == 200
        assert service.call("SampleChange", {"serviceid": 4}).status_code == 409

    def test_unbinding_lets_the_next_shop_in(self, service: Service) -> None:
        service.call("SampleChange", {"serviceid": 1})

        service.write("POST", "/v1/installations/shop/rebind", {})
        answer = service.call(
            "SampleChange", {"serviceid": 2}, headers={"Panelbridge-Installation": "d" * 32}
        )

        assert answer.status_code == 200


class TestKeys:
    def test_no_key_and_a_wrong_key_are_the_same_refusal(self, service: Service) -> None:
        wrong = service.shop[:-1] + ("a" if service.shop[-1] != "a" else "b")
        texts = [None, "", "Basic abc", f"Bearer {wrong}", "Bearer pb_live_nonsense", "Bearer \xfc"]

        answers = [service.call("SampleRead", headers={"Authorization": text}) for text in texts]

        assert {answer.status_code for answer in answers} == {401}
        assert {answer.json["code"] for answer in answers} == {"unauthorized"}  # type: ignore[index]
        assert service.seen(501) == []

    def test_the_mode_of_the_server_record_must_be_the_keys(self, service: Service) -> None:
        answer = service.call("SampleRead", headers={"Panelbridge-Mode": "live"})

        assert (answer.status_code, answer.json["code"]) == (403, "mode_mismatch")  # type: ignore[index]
        assert service.call("SampleRead", headers={"Panelbridge-Mode": "test"}).status_code == 200

    def test_a_reading_key_changes_nothing(self, service: Service) -> None:
        key = service.key(scopes=frozenset({Scope.READ}), installation=service.rig.installation.id)

        assert service.call("SampleRead", key=key).status_code == 200
        refused = service.call("SampleChange", key=key)
        assert (refused.status_code, refused.json["code"]) == (403, "forbidden_scope")  # type: ignore[index]

    def test_the_operators_key_belongs_to_no_shop(self, service: Service) -> None:
        answer = service.call("SampleRead", key=service.operator)

        assert (answer.status_code, answer.json["code"]) == (403, "forbidden_scope")  # type: ignore[index]

    def test_an_expired_key_is_refused_even_when_it_was_just_used(self, service: Service) -> None:
        soon = service.rig.clock().replace(microsecond=0)
        key = service.key(
            installation=service.rig.installation.id, expires_at=soon.replace(year=soon.year + 1)
        )
        assert service.call("SampleRead", key=key).status_code == 200

        service.rig.clock.forward(days=367)

        assert service.call("SampleRead", key=key).status_code == 401

    def test_a_revoked_key_is_refused_at_once(self, service: Service) -> None:
        assert service.call("SampleRead").status_code == 200

        revoked = service.write("POST", f"/v1/keys/{service.shop[:18]}/revoke")

        assert revoked.status_code == 200, revoked.json
        assert service.call("SampleRead").status_code == 401

    def test_last_use_is_noted_once_in_a_while(self, service: Service) -> None:
        service.call("SampleRead")
        with service.rig.units.read() as unit:
            first = unit.access.key(service.shop[:18])
        service.call("SampleRead")
        with service.rig.units.read() as unit:
            second = unit.access.key(service.shop[:18])

        assert first is not None
        assert second is not None
        assert first.last_used_at is not None
        assert first.last_used_at == second.last_used_at

    def test_only_a_hash_of_the_key_is_stored(self, service: Service) -> None:
        service.call("SampleRead")
        secret = service.shop[19:].encode()

        stored = service.stored()

        assert service.shop[:10].encode() in stored, "its prefix is"
        assert secret not in stored

    def test_an_installation_cannot_be_given_the_admin_scope(
        self, service: Service, other_installation: Installation
    ) -> None:
        answer = service.write(
            "POST", "/v1/keys", {"installation": other_installation.code, "scopes": ["admin"]}
        )

        assert answer.status_code == 422
        assert answer.json is not None
        assert answer.json["field"] == "scopes"

    def test_a_key_of_another_mode_is_not_made(self, service: Service) -> None:
        answer = service.write(
            "POST", "/v1/keys", {"installation": "shop", "scopes": ["read"], "mode": Mode.LIVE.value}
        )

        assert (answer.status_code, answer.json["code"]) == (403, "mode_mismatch")  # type: ignore[index]
