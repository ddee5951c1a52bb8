"""The bridge is down, or the shop is a copy: WHMCS stays usable, nothing is lost and nothing is doubled."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.chain.conftest import Shop
from tests.support.standin import Standin
from tests.support.standin_records import Mail

SLOWER_THAN_AN_ANSWER = 11.0  # the bridge answers after 10 seconds at the latest


def test_a_renewal_paid_while_the_bridge_is_down_extends_once_without_a_click(shop: Shop) -> None:
    service = shop.buy()
    invoice = shop.standin.generate_renewal(service)
    before = shop.world.counts()
    shop.world.bridge.stop()
    try:
        shop.standin.pay_invoice(invoice)
    finally:
        shop.world.bridge.start()

    shop.standin.run_cron()
    shop.standin.set_clock("+20 minutes")
    shop.standin.run_cron()
    shop.standin.set_clock("+40 minutes")
    shop.standin.run_cron()
    shop.settled(service)

    assert shop.charges(service) == ["1", "1"]
    assert shop.world.counts()["extend"] - before.get("extend", 0) == 1


def test_an_order_paid_while_the_bridge_is_down_is_delivered_without_a_click(shop: Shop) -> None:
    service, invoice = shop.order()
    before = shop.world.counts()
    with silent_bridge(shop):
        shop.standin.pay_invoice(invoice)
        assert shop.standin.service(service).status == "Pending"

    shop.standin.run_cron()
    shop.standin.run_cron()

    account = shop.account(service)
    assert shop.standin.service(service).status == "Active"
    assert account is not None
    assert shop.charges(service) == ["1"]
    assert shop.world.counts()["create"] - before.get("create", 0) == 1
    assert [account["password"] in mail.message for mail in mails(shop, "Welcome")] == [True]


def test_an_upgrade_paid_while_the_bridge_is_down_reaches_the_panel(shop: Shop) -> None:
    service = shop.buy()
    upgrade = shop.standin.upgrade_product(service, shop.family)
    with silent_bridge(shop):
        shop.standin.pay_invoice(upgrade.invoice_id)

    shop.standin.run_cron()
    shop.standin.run_cron()

    account = shop.account(service)
    assert account is not None
    assert account["package"] == "21"
    assert len(shop.charges(service)) == 2


def test_a_suspension_while_the_bridge_is_down_is_carried_out_and_lifted_by_payment(shop: Shop) -> None:
    service = shop.buy()
    invoice = shop.standin.generate_renewal(service)
    shop.standin.set_clock(f"{shop.standin.service(service).next_due_date} 10:00 +6 days")
    with silent_bridge(shop):
        shop.standin.run_cron(daily=True)
        assert shop.standin.service(service).status == "Active"

    shop.standin.run_cron()
    assert (shop.standin.service(service).status, shop.state(service)) == ("Suspended", "suspended")
    assert len(mails(shop, "Service Suspension")) == 1

    with silent_bridge(shop):
        shop.standin.pay_invoice(invoice)
    shop.standin.run_cron()
    shop.standin.run_cron()
    shop.settled(service)
    assert (shop.standin.service(service).status, shop.state(service)) == ("Active", "active")
    assert shop.charges(service) == ["1", "1"]


def test_an_order_that_became_fraud_while_the_bridge_was_down_is_not_made(shop: Shop) -> None:
    placed = shop.standin.order(shop.client, [{"pid": shop.gold, "billingcycle": "monthly"}])
    before = shop.world.counts()
    with silent_bridge(shop):
        shop.standin.pay_invoice(placed.invoice_id)
        shop.standin.request("close_order", order_id=placed.order_id, status="Fraud")

    for _ in range(3):
        shop.standin.run_cron()

    assert shop.standin.service(placed.service_id).status == "Fraud"
    assert shop.world.counts() == before
    assert mails(shop, "Welcome") == []


@pytest.mark.parametrize("status", ["Fraud", "Cancelled", "Terminated"])
def test_the_cron_does_not_revive_a_service_that_ended_while_its_create_was_in_progress(
    shop: Shop, status: str
) -> None:
    placed = shop.standin.order(shop.client, [{"pid": shop.gold, "billingcycle": "monthly"}])
    service = placed.service_id
    credit = shop.world.bridge.ask("GET", "/v1/credits/demo")["available"]
    shop.world.panel.control.set_latency(SLOWER_THAN_AN_ANSWER, "create")
    try:
        shop.standin.pay_invoice(placed.invoice_id)
    finally:
        shop.world.panel.control.set_latency(0.0, "create")
    if status == "Terminated":
        shop.standin.save_service(service, values={"status": status})
    else:
        shop.standin.request("close_order", order_id=placed.order_id, status=status)
    shop.settled(service)
    name = shop.subscription(service)["username"]
    assert name in shop.world.accounts()

    for _ in range(4):
        shop.standin.run_cron()
        shop.settled(service)

    assert shop.standin.service(service).status == status
    assert name not in shop.world.accounts()
    assert shop.world.bridge.ask("GET", "/v1/credits/demo")["available"] == credit
    assert mails(shop, "Welcome") == []
    alerts = [mail for mail in shop.standin.emails() if mail.audience == "admin" and status in mail.message]
    assert len(alerts) == 1


def test_a_service_set_active_by_hand_keeps_its_late_account(shop: Shop) -> None:
    placed = shop.standin.order(shop.client, [{"pid": shop.gold, "billingcycle": "monthly"}])
    service = placed.service_id
    shop.world.panel.control.set_latency(SLOWER_THAN_AN_ANSWER, "create")
    try:
        shop.standin.pay_invoice(placed.invoice_id)
    finally:
        shop.world.panel.control.set_latency(0.0, "create")
    shop.standin.request("close_order", order_id=placed.order_id, status="Fraud")
    shop.standin.save_service(service, values={"status": "Active"})
    shop.settled(service)

    for _ in range(3):
        shop.standin.run_cron()

    assert (shop.standin.service(service).status, shop.state(service)) == ("Active", "active")
    assert len(mails(shop, "Welcome")) == 1


@contextmanager
def silent_bridge(shop: Shop) -> Iterator[None]:
    shop.world.bridge.stop()
    try:
        yield
    finally:
        shop.world.bridge.start()


def mails(shop: Shop, name: str) -> list[Mail]:
    """Mails of that name that reached the client."""
    sent = [mail for mail in shop.standin.emails() if mail.audience == "client" and not mail.aborted]
    return [mail for mail in sent if name in mail.name]


def test_cart_pages_and_cron_work_while_the_bridge_is_down(shop: Shop) -> None:
    service = shop.buy()
    shop.world.bridge.stop()
    try:
        placed = shop.standin.order(shop.client, [{"pid": shop.gold, "billingcycle": "monthly"}])
        page = shop.standin.page("/clientarea.php", {"id": service}, client_id=shop.client)
        cron = shop.standin.run_cron()
    finally:
        shop.world.bridge.start()

    assert placed.refusals == []
    assert page.result["status"] == 200
    assert page.captured.errors == []
    assert cron.captured.output == []


def test_a_staging_copy_can_neither_suspend_nor_terminate(shop: Shop) -> None:
    service = shop.buy()
    copied = shop.standin.database_path.with_name("staging.db")
    shutil.copyfile(shop.standin.database_path, copied)
    staging = Standin(database_path=copied)
    staging.configure(configuration={"SystemURL": "https://staging.example.test/"})

    suspended = staging.module(service, "SuspendAccount", suspendreason="Overdue on Payment")
    ended = staging.module(service, "TerminateAccount")

    assert suspended.answer != "success"
    assert ended.answer != "success"
    assert "another" in ended.answer.lower()
    account = shop.account(service)
    assert account is not None
    assert account["state"] == "active"


def test_a_deleted_service_is_reported_and_its_account_kept(shop: Shop) -> None:
    service = shop.buy()
    name = shop.standin.service(service).username

    shop.standin.delete_service(service)

    assert name in shop.world.accounts()
    codes = [item["code"] for item in shop.world.bridge.ask("GET", "/v1/attention")["items"]]
    assert "orphan_account" in codes


def test_checkout_is_refused_only_on_proven_lack_of_credit(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop()
    bridge = shop.world.bridge
    left = bridge.ask("GET", "/v1/credits/demo")["available"]
    bridge.ask("POST", "/v1/credits/demo/adjust", {"amount": f"-{left}", "reason": "empty for a test"})
    try:
        placed = shop.standin.order(shop.client, [{"pid": shop.gold, "billingcycle": "monthly"}])
    finally:
        bridge.ask("POST", "/v1/credits/demo/adjust", {"amount": left, "reason": "as it was"})

    assert placed.refusals == ["This product cannot be ordered at the moment. Please contact us."]
