"""From an order to a working service, and what may refuse or break it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.standin.conftest import OpenShop, called
from tests.support.standin import StandinError


def test_a_paid_order_creates_activates_and_welcomes(open_shop: OpenShop) -> None:
    shop = open_shop()
    order = shop.standin.order(shop.client_id, [{"pid": shop.product_id}])
    assert shop.standin.service(order.service_id).status == "Pending"

    turn = shop.standin.pay_invoice(order.invoice_id)

    assert called(turn) == ["CreateAccount"]
    assert shop.standin.service(order.service_id).status == "Active"
    assert shop.standin.rows("tblorders")[0]["status"] == "Active"
    names = [mail.name for mail in turn.captured.emails]
    assert names == ["Invoice Payment Confirmation", "Hosting Account Welcome Email"]
    assert 'User name: line1 Password: made&by"panel' in turn.captured.emails[1].message
    hooks = [hook["name"] for hook in turn.captured.hooks if hook["name"] != "EmailPreSend"]
    assert hooks == [
        "InvoicePaidPreEmail",
        "PreModuleCreate",
        "AfterModuleCreate",
        "OrderPaid",
        "InvoicePaid",
    ]
    assert turn.captured.output == []


def test_the_31st_is_billed_on_the_last_day_of_a_shorter_month(open_shop: OpenShop) -> None:
    shop = open_shop()
    assert shop.standin.service(shop.bought()).next_due_date == "2026-02-28"


@pytest.mark.parametrize(
    ("switch", "first", "last"),
    [
        ("before_active", "Hosting Account Welcome Email", "hook AfterModuleCreate"),
        ("after_hook", "hook AfterModuleCreate", "Hosting Account Welcome Email"),
    ],
)
def test_the_welcome_mail_moves_with_its_switch(
    open_shop: OpenShop, switch: str, first: str, last: str
) -> None:
    shop = open_shop(switches={"welcome_mail": switch})
    shop.bought()
    noted = [
        json.loads(row["params"])["message"] if row["function"] == "hook EmailPreSend" else row["function"]
        for row in shop.standin.rows("mod_fixturepanel")
    ]
    wanted = [name for name in noted if name in (first, last)]
    assert wanted == [first, last]


def test_a_mail_may_be_blind_to_credentials_written_in_the_same_request(open_shop: OpenShop) -> None:
    shop = open_shop(switches={"mail_sees_new_credentials": "no"})
    shop.bought()
    welcome = [mail for mail in shop.standin.emails() if "Welcome" in mail.name]
    assert "made&by" not in welcome[0].message


def test_a_hook_vetoes_the_welcome_mail(open_shop: OpenShop) -> None:
    shop = open_shop(configuration={"FixtureAbortMail": "Hosting Account Welcome Email"})
    shop.bought()
    welcome = [mail for mail in shop.standin.emails() if "Welcome" in mail.name]
    assert [mail.aborted for mail in welcome] == [True]
    assert "Welcome" not in json.dumps(shop.standin.rows("tblemails"))


def test_a_pre_hook_overrides_params_or_stops_the_command(open_shop: OpenShop) -> None:
    shop = open_shop()
    shop.bought()
    assert json.loads(shop.seen("CreateAccount")[0]["params"])["configoption3"] == "set by hook"

    shop.standin.configure(configuration={"FixtureAbortCreate": "on"})
    service = shop.bought()
    assert shop.standin.service(service).status == "Pending"
    assert len(shop.seen("CreateAccount")) == 1


@pytest.mark.parametrize(
    ("position", "service_status", "order_status"),
    [("Pending", "Pending", "Pending"), ("OrderActive", "Pending", "Active"), ("Active", "Active", "Active")],
)
def test_a_failed_automatic_create_is_queued_told_and_never_retried(
    open_shop: OpenShop, position: str, service_status: str, order_status: str
) -> None:
    shop = open_shop(switches={"failed_create_status": position})
    shop.behave("fail", "CreateAccount")
    service = shop.bought()

    assert shop.standin.service(service).status == service_status
    assert shop.standin.rows("tblorders")[0]["status"] == order_status
    (row,) = shop.standin.queue()
    assert (row.action, row.error, row.service_id) == ("CreateAccount", "The panel refused", service)
    assert any(mail.audience == "admin" for mail in shop.standin.emails())
    assert len(shop.seen("hook AfterModuleCreateFailed")) == 1

    shop.behave("ok", "")
    shop.standin.run_cron(daily=True)
    assert len(shop.seen("CreateAccount")) == 1, "cron must not retry"
    assert shop.standin.retry_queue(row.id).answer == "success"
    assert shop.standin.queue() == []


def test_a_manual_failure_is_queued_only_where_the_switch_says(open_shop: OpenShop) -> None:
    for position, expected in (("no", 0), ("yes", 1)):
        shop = open_shop(switches={"queue_manual_failures": position})
        service = shop.bought()
        shop.behave("fail", "SuspendAccount")
        assert shop.standin.module(service, "SuspendAccount").answer == "The panel refused"
        assert len(shop.standin.queue()) == expected


def test_an_uncaught_exception_is_a_text_or_ends_the_request(open_shop: OpenShop) -> None:
    shop = open_shop()
    shop.behave("throw", "CreateAccount")
    service = shop.bought()
    assert shop.standin.queue()[0].error == "The panel is away"

    shop.standin.configure(switches={"uncaught_exception_to_string": "no"})
    with pytest.raises(StandinError) as caught:
        shop.standin.module(service, "CreateAccount")
    assert caught.value.kind == "uncaught"


@pytest.mark.parametrize("behaviour", ["null", "warn"])
def test_only_the_word_success_counts(open_shop: OpenShop, behaviour: str) -> None:
    shop = open_shop()
    shop.behave(behaviour, "CreateAccount")
    assert shop.standin.service(shop.bought()).status == "Pending"


def test_printed_output_is_caught_and_reported(open_shop: OpenShop) -> None:
    shop = open_shop()
    service = shop.bought()
    shop.behave("print", "Refresh")
    assert shop.standin.module(service, "Refresh").captured.output == ["Refresh: stray output"]


def test_a_module_that_exits_is_a_php_error(open_shop: OpenShop) -> None:
    shop = open_shop()
    service = shop.bought()
    shop.behave("exit", "Refresh")
    with pytest.raises(StandinError, match="gone") as caught:
        shop.standin.module(service, "Refresh")
    assert caught.value.kind == "php"


def test_a_session_can_be_carried_from_request_to_request(open_shop: OpenShop) -> None:
    shop = open_shop()
    service = shop.bought()
    first = shop.standin.module(service, "Refresh")
    assert first.session == {"adminid": 1, "fixture_calls": 1}
    assert shop.standin.module(service, "Refresh", session=first.session).session["fixture_calls"] == 2


def test_a_quantity_is_several_services_or_one(open_shop: OpenShop) -> None:
    for position, quantities in (("several_services", [1, 1]), ("one_service", [2])):
        shop = open_shop(switches={"quantity": position})
        order = shop.standin.order(shop.client_id, [{"pid": shop.product_id, "quantity": 2}])
        assert [shop.standin.service(one).quantity for one in order.service_ids] == quantities
        assert shop.standin.invoice(order.invoice_id).total == "20.00"


def test_several_services_of_one_order_are_all_created(open_shop: OpenShop) -> None:
    shop = open_shop()
    order = shop.standin.order(shop.client_id, [{"pid": shop.product_id}, {"pid": shop.product_id}])
    turn = shop.standin.pay_invoice(order.invoice_id)
    assert [call.service_id for call in turn.captured.called("CreateAccount")] == list(order.service_ids)


@pytest.mark.parametrize(("policy", "when"), [("order", "checkout"), ("on", "accept"), ("", "never")])
def test_setup_follows_the_products_policy(open_shop: OpenShop, policy: str, when: str) -> None:
    shop = open_shop(autosetup=policy)
    order = shop.standin.order(shop.client_id, [{"pid": shop.product_id}])
    assert (called(order.turn) == ["CreateAccount"]) is (when == "checkout")
    assert called(shop.standin.pay_invoice(order.invoice_id)) == []
    if when != "checkout":
        assert (called(shop.standin.accept_order(order.order_id)) == ["CreateAccount"]) is (when == "accept")


def test_an_order_through_the_api_runs_no_setup_until_accepted(open_shop: OpenShop) -> None:
    shop = open_shop(autosetup="order")
    order = shop.standin.order(shop.client_id, [{"pid": shop.product_id}], through_cart=False)
    assert called(order.turn) == []
    assert called(shop.standin.accept_order(order.order_id, autosetup=True)) == ["CreateAccount"]
    with pytest.raises(StandinError, match="Status not Pending"):
        shop.standin.accept_order(order.order_id)


@pytest.mark.parametrize(("version", "created"), [("8.13.1", 2), ("9.0.3", 1)])
def test_whmcs_9_leaves_the_acceptance_loop_when_a_hook_accepts_the_order(
    open_shop: OpenShop, version: str, created: int
) -> None:
    shop = open_shop(autosetup="on", configuration={"Version": version, "FixtureAcceptsOrder": "on"})
    order = shop.standin.order(shop.client_id, [{"pid": shop.product_id}] * 2)
    assert called(shop.standin.accept_order(order.order_id)).count("CreateAccount") == created


@pytest.mark.parametrize("hook", ["ShoppingCartValidateProductUpdate", "ShoppingCartValidateCheckout"])
def test_a_validation_hook_refuses_the_order(open_shop: OpenShop, hook: str) -> None:
    shop = open_shop(configuration={"FixtureRefuse": hook})
    order = shop.standin.order(shop.client_id, [{"pid": shop.product_id}])
    assert order.refusals == ["refused by the fixture"]
    assert shop.standin.rows("tblorders") == []
    cart = json.loads(shop.seen(f"hook {hook}")[0]["params"])["cart"]
    assert cart[0]["pid"] == shop.product_id


def test_the_shop_itself_refuses_missing_fields_and_cycles(open_shop: OpenShop) -> None:
    shop = open_shop(custom_fields=[{"name": "Device MAC", "required": True, "regexpr": "/^[0-9A-F:]{17}$/"}])
    item = {"pid": shop.product_id}
    assert shop.standin.order(shop.client_id, [item]).refusals == ["Device MAC is required"]
    wrong = item | {"custom_fields": {"Device MAC": "x"}}
    assert shop.standin.order(shop.client_id, [wrong]).refusals == ["Device MAC is not valid"]
    right = item | {"custom_fields": {"Device MAC": "00:1A:2B:3C:4D:5E"}}
    yearly = right | {"billingcycle": "annually"}
    assert "not offered" in shop.standin.order(shop.client_id, [yearly]).refusals[0]
    assert shop.standin.order(shop.client_id, [right]).refusals == []


def test_payments_at_once_all_arrive(open_shop: OpenShop) -> None:
    shop = open_shop()
    orders = [shop.standin.order(shop.client_id, [{"pid": shop.product_id}]) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda order: shop.standin.pay_invoice(order.invoice_id), orders))
    assert {shop.standin.service(order.service_id).status for order in orders} == {"Active"}


def test_hooks_stay_unknown_until_a_product_of_the_module_is_saved(open_shop: OpenShop) -> None:
    shop = open_shop()
    assert "AfterCronJob" in shop.standin.request("hook_names").result
    shop.standin.configure(configuration={"ModuleHooks": ""})
    assert shop.standin.request("hook_names").result == []
    shop.behave("ok", "")
    assert "AfterCronJob" in shop.standin.request("hook_names").result


@pytest.mark.parametrize(
    ("ordered", "settings", "first", "due"),
    [
        # One day until the prorata date; from then on a whole month each.
        ("2026-11-30", {"prorata_date": 1}, "0.33", "2026-12-01"),
        ("2026-11-10", {"prorata_date": 1}, "7.00", "2026-12-01"),
        ("2026-11-25", {"prorata_date": 1, "prorata_next_month": 20}, "12.33", "2027-01-01"),
    ],
)
def test_prorata_billing_ends_the_first_period_on_its_day(
    open_shop: OpenShop, ordered: str, settings: dict[str, int], first: str, due: str
) -> None:
    shop = open_shop(**settings)
    shop.standin.set_clock(f"{ordered} 10:00")

    service = shop.bought()

    assert shop.standin.service(service).row["firstpaymentamount"] == first
    assert shop.standin.service(service).next_due_date == due
    shop.standin.pay_invoice(shop.standin.generate_renewal(service))
    assert shop.standin.service(service).next_due_date[-2:] == "01"
    assert shop.standin.service(service).amount == "10.00"
