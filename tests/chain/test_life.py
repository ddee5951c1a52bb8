"""A service's life through the whole chain, and what goes wrong on the way."""

from __future__ import annotations

from tests.chain.conftest import Shop
from tests.support.standin_records import Mail

SLOWER_THAN_AN_ANSWER = 11.0  # the bridge answers after 10 seconds at the latest


def test_a_paid_order_becomes_a_working_account_and_the_mail_tells_its_credentials(shop: Shop) -> None:
    service = shop.buy()

    account = shop.account(service)
    assert account is not None
    assert (shop.standin.service(service).status, account["state"]) == ("Active", "active")
    assert shop.charges(service) == ["1"]
    (welcome,) = [mail for mail in shop.standin.emails() if "Welcome" in mail.name]
    assert account["password"] in welcome.message


def test_every_verb_leaves_panel_ledger_and_shop_in_the_same_state(shop: Shop) -> None:
    service = shop.buy()
    shop.standin.pay_invoice(shop.standin.generate_renewal(service))
    assert shop.charges(service) == ["1", "1"]

    assert (
        shop.standin.module(service, "SuspendAccount", suspendreason="Overdue on Payment").answer == "success"
    )
    account = shop.account(service)
    assert account is not None
    assert account["state"] == "suspended"
    assert shop.standin.module(service, "UnsuspendAccount").answer == "success"

    shop.standin.pay_invoice(shop.standin.upgrade_product(service, shop.family).invoice_id)
    account = shop.account(service)
    assert account is not None
    assert (account["package"], account["state"]) == ("21", "active")

    shop.standin.client_change_password(service, "Chosen2Password")
    account = shop.account(service)
    assert account is not None
    assert account["password"] == "Chosen2Password"

    assert shop.standin.module(service, "TerminateAccount").answer == "success"
    assert shop.account(service) is None
    assert shop.standin.service(service).status == "Terminated"


def test_a_lost_reply_makes_one_account_and_one_charge(shop: Shop) -> None:
    before = shop.world.counts()
    shop.world.panel.control.set_fault("cut_after_commit", "create")

    service = shop.buy()

    assert shop.standin.service(service).status == "Active"
    assert shop.world.counts()["create"] - before.get("create", 0) == 1
    assert shop.charges(service) == ["1"]


def test_create_pressed_again_answers_success_and_buys_nothing(shop: Shop) -> None:
    service = shop.buy()
    before = shop.world.counts()

    again = shop.standin.module(service, "CreateAccount")

    assert again.answer == "success"
    assert shop.world.counts() == before
    assert shop.charges(service) == ["1"]


def test_a_slow_panel_leaves_the_order_in_progress_and_cron_closes_it(shop: Shop) -> None:
    shop.world.panel.control.set_latency(SLOWER_THAN_AN_ANSWER, "create")
    service, invoice = shop.order()
    try:
        paid = shop.standin.pay_invoice(invoice)
    finally:
        shop.world.panel.control.set_latency(0.0, "create")

    (create,) = paid.captured.called("CreateAccount")
    assert create.result.startswith("In progress, nothing to do")
    assert shop.standin.service(service).status == "Pending"
    assert not welcome_mails(shop)

    shop.settled(service)
    shop.standin.run_cron()

    account = shop.account(service)
    assert account is not None
    assert (shop.standin.service(service).status, account["state"]) == ("Active", "active")
    assert shop.charges(service) == ["1"]
    assert [account["password"] in mail.message for mail in welcome_mails(shop)] == [True]


def welcome_mails(shop: Shop) -> list[Mail]:
    return [mail for mail in shop.standin.emails() if "Welcome" in mail.name and not mail.aborted]
