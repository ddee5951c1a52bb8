"""Renewals, overdue services, cancellations, refunds: what time and money do to a service."""

from __future__ import annotations

import pytest

from tests.standin.conftest import OpenShop, called
from tests.support.standin import StandinError


def test_a_paid_renewal_renews_and_moves_the_due_date_first(open_shop: OpenShop) -> None:
    shop = open_shop()
    service = shop.bought()
    turn = shop.standin.pay_invoice(shop.standin.generate_renewal(service))
    assert called(turn) == ["Renew"]
    assert shop.standin.service(service).next_due_date == "2026-03-28"
    assert shop.seen("Renew")[0]["nextduedate"] == "2026-03-28"


def test_renew_may_run_before_the_due_date_moves(open_shop: OpenShop) -> None:
    shop = open_shop(switches={"renew_before_due_date_moves": "yes"})
    service = shop.bought()
    shop.standin.pay_invoice(shop.standin.generate_renewal(service))
    assert shop.seen("Renew")[0]["nextduedate"] == "2026-02-28"
    assert shop.standin.service(service).next_due_date == "2026-03-28"


@pytest.mark.parametrize(("position", "expected"), [("no", []), ("yes", ["CreateAccount", "Renew"])])
def test_renew_may_run_on_the_first_invoice(open_shop: OpenShop, position: str, expected: list[str]) -> None:
    shop = open_shop(switches={"renew_on_first_invoice": position})
    order = shop.standin.order(shop.client_id, [{"pid": shop.product_id}])
    assert called(shop.standin.pay_invoice(order.invoice_id)) == (expected or ["CreateAccount"])


@pytest.mark.parametrize("position", ["yes", "no"])
def test_renew_on_a_zero_total_follows_its_switch(open_shop: OpenShop, position: str) -> None:
    shop = open_shop(switches={"renew_on_zero_total": position})
    order = shop.standin.order(shop.client_id, [{"pid": shop.product_id, "price": 0}])
    service = order.service_id
    assert shop.standin.service(service).status == "Active"
    turn = shop.standin.request("generate_renewal", service_id=service)
    assert (called(turn) == ["Renew"]) is (position == "yes")


@pytest.mark.parametrize("position", ["yes", "no"])
def test_renew_on_a_credit_paid_invoice_follows_its_switch(open_shop: OpenShop, position: str) -> None:
    shop = open_shop(switches={"renew_on_credit_paid": position})
    service = shop.bought()
    shop.standin.request("add_credit", client_id=shop.client_id, amount=50)
    turn = shop.standin.pay_invoice(shop.standin.generate_renewal(service), gateway="credit")
    assert (called(turn) == ["Renew"]) is (position == "yes")
    assert shop.standin.rows("tblclients")[0]["credit"] == "40.00"


@pytest.mark.parametrize("position", ["yes", "no"])
def test_an_early_renewal_follows_its_switch(open_shop: OpenShop, position: str) -> None:
    shop = open_shop(switches={"renew_on_demand": position})
    service = shop.bought()
    turns = [shop.standin.pay_invoice(shop.standin.renew_early(service)) for _ in range(2)]
    assert [called(turn) == ["Renew"] for turn in turns] == [position == "yes"] * 2
    assert shop.standin.service(service).next_due_date == "2026-04-28"


def test_renew_may_be_called_twice_for_one_payment(open_shop: OpenShop) -> None:
    shop = open_shop(switches={"renew_repeats": "twice"})
    service = shop.bought()
    assert called(shop.standin.pay_invoice(shop.standin.generate_renewal(service))) == ["Renew", "Renew"]


@pytest.mark.parametrize(("position", "queued"), [("no", 0), ("yes", 1)])
def test_a_failed_renew_is_queued_only_where_the_switch_says(
    open_shop: OpenShop, position: str, queued: int
) -> None:
    shop = open_shop(switches={"queue_renew_failures": position})
    service = shop.bought()
    shop.behave("fail", "Renew")
    shop.standin.pay_invoice(shop.standin.generate_renewal(service))
    assert len(shop.standin.queue()) == queued
    assert any("The panel refused" in line for line in shop.standin.activity())


def test_the_cron_invoices_one_client_together_and_only_once_a_day(open_shop: OpenShop) -> None:
    shop = open_shop()
    for _ in range(2):
        shop.bought()
    shop.standin.set_clock("2026-02-20 09:00")
    assert "CreateInvoices" in shop.standin.run_cron().result["tasks"]
    renewals = shop.standin.rows("tblinvoices", {"status": "Unpaid"})
    assert [invoice["total"] for invoice in renewals] == ["20.00"]
    assert shop.standin.run_cron().result["tasks"] == []
    assert len(shop.seen("hook AfterCronJob")) == 2


@pytest.mark.parametrize("order", ["no", "yes"])
def test_an_overdue_service_is_suspended_and_payment_unsuspends_it(open_shop: OpenShop, order: str) -> None:
    shop = open_shop(switches={"unsuspend_before_renew": order})
    service = shop.bought()
    invoice = shop.standin.generate_renewal(service)
    shop.standin.set_clock("2026-03-06 10:00")
    assert "SuspendAccount" in called(shop.standin.run_cron())
    assert shop.standin.service(service).status == "Suspended"
    assert shop.standin.service(service).suspend_reason == "Overdue on Payment"

    turn = shop.standin.pay_invoice(invoice)
    expected = ["Renew", "UnsuspendAccount"]
    assert called(turn) == (expected if order == "no" else expected[::-1])
    assert shop.standin.service(service).status == "Active"


def test_a_custom_reason_blocks_the_automatic_unsuspend(open_shop: OpenShop) -> None:
    shop = open_shop()
    service = shop.bought()
    assert shop.standin.module(service, "SuspendAccount", suspendreason="Abuse").answer == "success"
    shop.standin.pay_invoice(shop.standin.generate_renewal(service))
    assert shop.standin.service(service).status == "Suspended"


def test_the_overdue_reason_may_have_other_words(open_shop: OpenShop) -> None:
    shop = open_shop(switches={"overdue_reason_text": "Zahlung überfällig"})
    service = shop.bought()
    shop.standin.set_clock("2026-03-06 10:00")
    shop.standin.run_cron()
    assert shop.standin.service(service).suspend_reason == "Zahlung überfällig"
    assert "Zahlung" in shop.seen("SuspendAccount")[0]["params"]


def test_the_suspend_reason_may_be_missing_from_params(open_shop: OpenShop) -> None:
    shop = open_shop(switches={"suspendreason_present": "no"})
    service = shop.bought()
    shop.standin.module(service, "SuspendAccount", suspendreason="Abuse")
    assert "suspendreason" not in shop.seen("SuspendAccount")[0]["params"]
    assert shop.standin.service(service).suspend_reason == "Abuse"


def test_a_per_service_override_keeps_the_cron_from_suspending(open_shop: OpenShop) -> None:
    shop = open_shop()
    service = shop.bought()
    values = {"overideautosuspend": "on", "overidesuspenduntil": "2026-03-10"}
    shop.standin.save_service(service, values=values)
    for day, status in (("2026-03-09", "Active"), ("2026-03-10", "Suspended")):
        shop.standin.set_clock(f"{day} 10:00")
        shop.standin.run_cron()
        assert shop.standin.service(service).status == status


@pytest.mark.parametrize(("product", "day"), [({}, "2026-03-31"), ({"autoterminate_days": 3}, "2026-02-03")])
def test_the_cron_terminates_the_long_overdue_and_the_fixed_term(
    open_shop: OpenShop, product: dict[str, int], day: str
) -> None:
    shop = open_shop(**product)
    service = shop.bought()
    shop.standin.set_clock(f"{day} 10:00")
    shop.standin.run_cron()
    assert shop.standin.service(service).status == "Terminated"


@pytest.mark.parametrize("end", ["Terminated", "Cancelled"])
def test_a_cancellation_waits_for_the_period_to_end(open_shop: OpenShop, end: str) -> None:
    shop = open_shop(switches={"cancellation_end_status": end})
    service = shop.bought()
    shop.standin.request_cancellation(service, reason="moving")
    assert len(shop.seen("hook CancellationRequest")) == 1
    with pytest.raises(StandinError, match="already exists"):
        shop.standin.request_cancellation(service)
    for day, status in (("2026-02-27", "Active"), ("2026-02-28", end)):
        shop.standin.set_clock(f"{day} 10:00")
        shop.standin.run_cron()
        assert shop.standin.service(service).status == status


def test_a_withdrawn_cancellation_tells_nobody(open_shop: OpenShop) -> None:
    shop = open_shop()
    service = shop.bought()
    shop.standin.request_cancellation(service, immediate=True)
    assert shop.standin.withdraw_cancellation(service).captured.hooks == []
    shop.standin.run_cron(daily=True)
    assert shop.standin.service(service).status == "Active"


def test_a_refund_fires_its_hook_and_leaves_the_service_alone(open_shop: OpenShop) -> None:
    shop = open_shop()
    service = shop.bought()
    turn = shop.standin.refund_invoice(1)
    assert called(turn) == []
    assert shop.standin.invoice(1).status == "Refunded"
    assert len(shop.seen("hook InvoiceRefunded")) == 1
    assert shop.standin.service(service).status == "Active"


def test_a_known_transaction_is_refused_only_where_the_switch_says(open_shop: OpenShop) -> None:
    shop = open_shop()
    first, second = (shop.standin.order(shop.client_id, [{"pid": shop.product_id}]) for _ in range(2))
    shop.standin.pay_invoice(first.invoice_id, transaction_id="T1")
    shop.standin.configure(switches={"duplicate_transid_rejected": "yes"})
    with pytest.raises(StandinError, match="Duplicate"):
        shop.standin.pay_invoice(second.invoice_id, transaction_id="T1")
    shop.standin.configure(switches={"duplicate_transid_rejected": "no"})
    assert shop.standin.pay_invoice(second.invoice_id, transaction_id="T1").result["status"] == "Paid"


def test_a_partial_payment_sets_nothing_off(open_shop: OpenShop) -> None:
    shop = open_shop()
    order = shop.standin.order(shop.client_id, [{"pid": shop.product_id}])
    assert called(shop.standin.pay_invoice(order.invoice_id, amount=4)) == []
    assert called(shop.standin.pay_invoice(order.invoice_id)) == ["CreateAccount"]


def test_usage_is_asked_once_per_server_with_server_keys_only(open_shop: OpenShop) -> None:
    shop = open_shop()
    for _ in range(2):
        shop.bought()
    assert called(shop.standin.run_cron(daily=True)).count("UsageUpdate") == 1
    assert "serviceid" not in shop.seen("UsageUpdate")[0]["params"]


def test_any_success_may_leave_the_queue_row_open(open_shop: OpenShop) -> None:
    shop = open_shop(switches={"any_success_resolves_queue": "no"})
    shop.behave("fail", "CreateAccount")
    service = shop.bought()
    shop.behave("ok", "")
    assert shop.standin.api("ModuleCreate", {"serviceid": service}).result == {"result": "success"}
    assert len(shop.standin.queue()) == 1
    shop.standin.configure(switches={"any_success_resolves_queue": "yes"})
    shop.standin.module(service, "CreateAccount")
    assert shop.standin.queue() == []
