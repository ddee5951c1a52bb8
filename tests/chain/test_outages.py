"""The bridge is down, or the shop is a copy: WHMCS stays usable, nothing is lost and nothing is doubled."""

from __future__ import annotations

import shutil
from collections.abc import Callable

from tests.chain.conftest import Shop
from tests.support.standin import Standin


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
