"""What nobody documents about WHMCS is a switch of the stand-in; the chain holds in every position.

Each test ends by asking the stand-in whether the switch had a say at all: a life that never meets the
question proves nothing about its answer.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import pytest

from tests.chain.conftest import Shop
from tests.support.standin import STANDIN_FOLDER, StandinError

# Each position that differs from the stand-in's default.
POSITIONS = (
    ("renew_on_first_invoice", "yes"),
    ("renew_on_zero_total", "no"),
    ("renew_on_credit_paid", "no"),
    ("renew_on_demand", "no"),
    ("renew_before_due_date_moves", "yes"),
    ("renew_repeats", "twice"),
    ("unsuspend_before_renew", "yes"),
    ("welcome_mail", "before_active"),
    ("welcome_mail", "after_hook"),
    ("mail_sees_new_credentials", "no"),
    ("failed_create_status", "OrderActive"),
    ("failed_create_status", "Active"),
    ("service_delete_terminates", "yes"),
    ("queue_manual_failures", "yes"),
    ("queue_renew_failures", "yes"),
    ("any_success_resolves_queue", "no"),
    ("entities_encoded", "no"),
    ("allowed_functions_shape", "keys"),
    ("duplicate_transid_rejected", "yes"),
    ("suspendreason_present", "no"),
    ("overdue_reason_text", "Zahlung überfällig"),
    ("cancellation_end_status", "Cancelled"),
    ("keep_customfields_on_upgrade", "yes"),
    ("accesshash_encrypted", "no"),
    ("unknown_custom_fields_ignored", "no"),
    ("undocumented_params", "absent"),
    ("numbers_as_strings", "yes"),
    ("serversecure_form", "on"),
    ("serversecure_form", "one"),
    ("configoptions_gets_params", "no"),
    ("invoice_release", "v8_13"),
    ("automatic_credit_use", "yes"),
    ("credit_on_downgrade", "yes"),
    ("quantity", "one_service"),
    ("uncaught_exception_to_string", "no"),
)

# Questions the module never raises. Should it begin to, the test below asks for a scenario.
NEVER_ASKED = {
    "uncaught_exception_to_string": "no function of the module throws",
    "unknown_custom_fields_ignored": "the module writes no custom field",
}


def test_every_position_of_every_switch_is_lived_in() -> None:
    listed = (STANDIN_FOLDER / "src" / "Switches.php").read_text().partition("];")[0]
    rows = re.findall(r"'(\w+)' => \[(.*)\]", listed)
    known = {(name, at) for name, positions in rows for at in re.findall(r"'(\w+)'", positions)[1:]}
    free = {name for name, positions in rows if not positions}

    assert known == {(name, at) for name, at in POSITIONS if name not in free}
    assert free <= {name for name, _ in POSITIONS}


@contextmanager
def refusing_panel(shop: Shop) -> Iterator[None]:
    """New accounts are refused, definitely and at once."""
    panel = "/v1/panels/main"
    shop.world.bridge.ask("PATCH", panel, {"writes_enabled": False})
    try:
        yield
    finally:
        shop.world.bridge.ask("PATCH", panel, {"writes_enabled": True})


def cron_later(shop: Shop, service: int) -> None:
    """Cron runs twice; what the bridge was told meanwhile is settled."""
    for later in ("+20 minutes", "+40 minutes"):
        shop.standin.set_clock(later)
        shop.standin.run_cron()
        shop.settled(service)


def renews_for_nothing(shop: Shop, position: str) -> None:
    del position
    service = shop.buy()
    shop.standin.save_service(service, values={"recurringamount": "0.00"})
    shop.standin.generate_renewal(service)
    cron_later(shop, service)
    assert shop.charges(service) == ["1", "1"]


def renews_from_credit(shop: Shop, position: str) -> None:
    del position
    service = shop.buy()
    shop.standin.request("add_credit", client_id=shop.client, amount=100)
    shop.standin.pay_invoice(shop.standin.generate_renewal(service), gateway="credit")
    cron_later(shop, service)
    assert shop.charges(service) == ["1", "1"]


def renews_on_demand(shop: Shop, position: str) -> None:
    del position
    service = shop.buy()
    shop.standin.pay_invoice(shop.standin.renew_early(service))
    cron_later(shop, service)
    assert shop.charges(service) == ["1", "1"]


def is_overdue_and_pays(shop: Shop, position: str) -> None:
    del position
    service = shop.buy()
    invoice = shop.standin.generate_renewal(service)
    shop.standin.set_clock(f"{shop.standin.service(service).next_due_date} 10:00 +6 days")
    shop.standin.run_cron(daily=True)
    assert (shop.standin.service(service).status, shop.state(service)) == ("Suspended", "suspended")

    shop.standin.pay_invoice(invoice)
    cron_later(shop, service)

    assert (shop.standin.service(service).status, shop.state(service)) == ("Active", "active")
    assert shop.charges(service) == ["1", "1"]


def gets_a_truthful_welcome_mail(shop: Shop, position: str) -> None:
    del position
    service = shop.buy()
    account = shop.account(service)
    assert account is not None
    cron_later(shop, service)
    mails = [mail for mail in shop.standin.emails() if "Welcome" in mail.name and not mail.aborted]
    assert [account["password"] in mail.message for mail in mails] == [True]


def create_fails_at_first(shop: Shop, position: str) -> None:
    with refusing_panel(shop):
        service, invoice = shop.order()
        shop.standin.pay_invoice(invoice)
    expected = "Active" if position == "Active" else "Pending"
    assert shop.standin.service(service).status == expected

    (waiting,) = [row for row in shop.standin.queue() if row.service_id == service]
    shop.standin.module(service, "CreateAccount")
    shop.standin.retry_queue(waiting.id)  # by a person who does not know that it was done
    cron_later(shop, service)

    assert (shop.standin.service(service).status, shop.state(service)) == ("Active", "active")
    assert shop.charges(service) == ["1"]


def click_fails_and_is_retried_from_the_queue(shop: Shop, position: str) -> None:
    del position
    with refusing_panel(shop):
        service, invoice = shop.order()
        assert shop.standin.module(service, "CreateAccount").answer != "success"
    (waiting,) = [row for row in shop.standin.queue() if row.service_id == service]
    shop.standin.pay_invoice(invoice)
    shop.standin.retry_queue(waiting.id)
    assert shop.charges(service) == ["1"]


def renew_fails_and_is_retried_from_the_queue(shop: Shop, position: str) -> None:
    del position
    service = shop.buy()
    invoice = shop.standin.generate_renewal(service)
    shop.world.bridge.stop()
    try:
        shop.standin.pay_invoice(invoice)
    finally:
        shop.world.bridge.start()
    (waiting,) = [row for row in shop.standin.queue() if row.action == "Renew"]
    cron_later(shop, service)
    shop.standin.retry_queue(waiting.id)
    assert shop.charges(service) == ["1", "1"]


def is_deleted(shop: Shop, position: str) -> None:
    del position
    service = shop.buy()
    name = shop.standin.service(service).username
    assert name in shop.world.accounts()
    shop.standin.delete_service(service)
    assert name not in shop.world.accounts()


def resets_from_the_page(shop: Shop, position: str) -> None:
    del position
    service = shop.buy()
    before = shop.account(service)
    assert before is not None
    here = {"action": "productdetails", "id": service}
    shown = shop.standin.page("/clientarea.php", here, client_id=shop.client)
    (token,) = re.findall(r'name="panelbridge_token" value="(\w+)"', shown.result["body"])
    button = {"id": service, "modop": "custom", "a": "ClientReset", "panelbridge_token": token}
    shop.standin.page("/clientarea.php", here, button, client_id=shop.client, session=shown.session)
    after = shop.account(service)
    assert after is not None
    assert after["password"] != before["password"]


def pays_twice_by_one_transaction(shop: Shop, position: str) -> None:
    del position
    service = shop.buy()
    invoice = shop.standin.generate_renewal(service)
    shop.standin.pay_invoice(invoice, transaction_id="txn-1")
    with pytest.raises(StandinError, match="Duplicate"):
        shop.standin.pay_invoice(invoice, transaction_id="txn-1")
    assert shop.charges(service) == ["1", "1"]


def is_cancelled(shop: Shop, position: str) -> None:
    service = shop.buy()
    name = shop.standin.service(service).username
    shop.standin.request_cancellation(service, immediate=True, reason="too dear")
    shop.standin.run_cron(daily=True)
    assert shop.standin.service(service).status == position
    assert name not in shop.world.accounts()


def is_upgraded(shop: Shop, position: str) -> None:
    del position
    service = shop.buy()
    shop.standin.pay_invoice(shop.standin.upgrade_product(service, shop.family).invoice_id)
    account = shop.account(service)
    assert account is not None
    assert (account["package"], shop.charges(service)) == ("21", ["1", "3"])


def shows_its_settings(shop: Shop, position: str) -> None:
    del position
    fields = shop.standin.request("config_options", product_id=shop.gold).result
    assert {"gold", "family"} <= set(fields[0]["choices"])


def orders_two_in_one(shop: Shop, position: str) -> None:
    del position
    several = shop.standin.add_product(name="Several", config_options=["gold"], allow_quantity=3)
    item = {"pid": several, "billingcycle": "monthly", "quantity": 2}
    assert shop.standin.order(shop.client, [item]).refusals != []
    placed = shop.standin.order(shop.client, [item], through_cart=False)
    before = shop.world.counts()
    paid = shop.standin.pay_invoice(placed.invoice_id)
    (create,) = paid.captured.called("CreateAccount")
    assert "quantity_unsupported" in create.result
    assert shop.world.counts() == before


def renews_a_line_that_was_cancelled_and_made_anew(shop: Shop, position: str) -> None:
    """Two services on one invoice; one line is cancelled, the rest paid, the line billed anew and paid."""
    del position
    placed = shop.standin.order(shop.client, [{"pid": shop.gold, "billingcycle": "monthly"}] * 2)
    shop.standin.pay_invoice(placed.invoice_id)
    moved, kept = placed.service_ids
    shop.standin.set_clock(f"{shop.standin.service(kept).next_due_date} 10:00 -9 days")
    shop.standin.run_cron(daily=True)
    (invoice,) = [int(row["id"]) for row in shop.standin.rows("tblinvoices", {"status": "Unpaid"})]
    (line,) = [item for item, service in shop.standin.lines(invoice).items() if service == moved]
    shop.standin.cancel_lines(invoice, line)
    shop.standin.pay_invoice(invoice)
    shop.standin.run_cron()
    assert (shop.charges(moved), shop.charges(kept)) == (["1"], ["1", "1"])

    shop.standin.pay_invoice(shop.standin.reissue(moved))
    for service in placed.service_ids:
        cron_later(shop, service)
    assert (shop.charges(moved), shop.charges(kept)) == (["1", "1"], ["1", "1"])


def is_renewed_by_staff_who_mark_the_invoice_paid(shop: Shop, position: str) -> None:
    del position
    service = shop.buy()
    shop.standin.cancel_invoice(shop.standin.generate_renewal(service))
    shop.standin.mark_paid(shop.standin.reissue(service))
    cron_later(shop, service)
    assert shop.charges(service) == ["1", "1"]


def is_refunded_and_keeps_its_periods(shop: Shop, position: str) -> None:
    del position
    service = shop.buy()
    invoice = shop.standin.generate_renewal(service)
    shop.standin.pay_invoice(invoice)
    shop.standin.refund_invoice(invoice, as_credit=True)
    cron_later(shop, service)
    assert shop.charges(service) == ["1", "1"]
    codes = [item["code"] for item in shop.world.bridge.ask("GET", "/v1/attention")["items"]]
    assert "refunded" in codes


def is_set_up_by_an_order_billed_anew(shop: Shop, position: str) -> None:
    del position
    service, invoice = shop.order()
    shop.standin.cancel_invoice(invoice)
    shop.standin.pay_invoice(shop.standin.reissue(service))
    cron_later(shop, service)
    assert (shop.standin.service(service).status, shop.charges(service)) == ("Active", ["1"])


def lives_with_the_invoices_of_a_release(shop: Shop, position: str) -> None:
    renews_a_line_that_was_cancelled_and_made_anew(shop, position)
    is_renewed_by_staff_who_mark_the_invoice_paid(shop, position)
    is_refunded_and_keeps_its_periods(shop, position)
    renews_from_credit(shop, position)
    is_set_up_by_an_order_billed_anew(shop, position)
    lives(shop, position)


def is_renewed_from_credit_by_itself(shop: Shop, position: str) -> None:
    service = shop.buy()
    shop.standin.request("add_credit", client_id=shop.client, amount=10)
    invoice = shop.standin.generate_renewal(service)
    assert (shop.standin.invoice(invoice).status == "Paid") == (position == "yes")
    shop.standin.pay_invoice(invoice)
    cron_later(shop, service)
    assert shop.charges(service) == ["1", "1"]


def is_downgraded(shop: Shop, position: str) -> None:
    service = shop.buy()
    less = {"monthly": 1.0}
    cheaper = shop.standin.add_product(name="Cheaper", config_options=["gold"], pricing=less)
    shop.standin.upgrade_product(service, cheaper)
    assert (shop.state(service), shop.charges(service)) == ("active", ["1"])
    (client,) = shop.standin.rows("tblclients")
    assert (float(client["credit"]) > 0) == (position == "yes")


# Where the ordinary life does not meet the question, a scenario of its own does.
SCENARIOS: Mapping[str, Callable[[Shop, str], None]] = {
    "renew_on_zero_total": renews_for_nothing,
    "renew_on_credit_paid": renews_from_credit,
    "renew_on_demand": renews_on_demand,
    "unsuspend_before_renew": is_overdue_and_pays,
    "overdue_reason_text": is_overdue_and_pays,
    "suspendreason_present": is_overdue_and_pays,
    "welcome_mail": gets_a_truthful_welcome_mail,
    "mail_sees_new_credentials": gets_a_truthful_welcome_mail,
    "failed_create_status": create_fails_at_first,
    "any_success_resolves_queue": create_fails_at_first,
    "queue_manual_failures": click_fails_and_is_retried_from_the_queue,
    "queue_renew_failures": renew_fails_and_is_retried_from_the_queue,
    "service_delete_terminates": is_deleted,
    "allowed_functions_shape": resets_from_the_page,
    "duplicate_transid_rejected": pays_twice_by_one_transaction,
    "cancellation_end_status": is_cancelled,
    "keep_customfields_on_upgrade": is_upgraded,
    "configoptions_gets_params": shows_its_settings,
    "quantity": orders_two_in_one,
    "invoice_release": lives_with_the_invoices_of_a_release,
    "automatic_credit_use": is_renewed_from_credit_by_itself,
    "credit_on_downgrade": is_downgraded,
}


def lives(shop: Shop, position: str) -> None:
    """The ordinary life: bought, renewed, suspended, unsuspended, a password chosen, ended."""
    del position
    service = shop.buy()
    assert shop.standin.service(service).status == "Active"
    assert shop.charges(service) == ["1"]

    shop.standin.pay_invoice(shop.standin.generate_renewal(service))
    assert shop.charges(service) == ["1", "1"]

    assert (
        shop.standin.module(service, "SuspendAccount", suspendreason="Overdue on Payment").answer == "success"
    )
    assert shop.standin.module(service, "UnsuspendAccount").answer == "success"
    assert shop.state(service) == "active"
    shop.standin.client_change_password(service, "Chosen2Password")
    account = shop.account(service)
    assert account is not None
    assert account["password"] == "Chosen2Password"
    assert shop.standin.module(service, "TerminateAccount").answer == "success"
    assert shop.account(service) is None


@pytest.mark.parametrize(("switch", "position"), POSITIONS, ids=str)
def test_the_chain_holds_in_either_position(
    open_shop: Callable[..., Shop], switch: str, position: str
) -> None:
    shop = open_shop(switches={switch: position})

    SCENARIOS.get(switch, lives)(shop, position)

    assert (switch in shop.standin.asked) == (switch not in NEVER_ASKED)


@pytest.mark.parametrize("position", ["no", "yes"])
def test_the_first_invoice_never_buys_a_renewal(open_shop: Callable[..., Shop], position: str) -> None:
    shop = open_shop(switches={"renew_on_first_invoice": position})

    service = shop.buy()
    shop.standin.run_cron()

    assert shop.charges(service) == ["1"]


@pytest.mark.parametrize("position", ["no", "yes"])
def test_two_renewals_in_one_period_extend_twice(open_shop: Callable[..., Shop], position: str) -> None:
    shop = open_shop(switches={"renew_before_due_date_moves": position})
    service = shop.buy()

    shop.standin.pay_invoice(shop.standin.renew_early(service))
    shop.standin.pay_invoice(shop.standin.renew_early(service))

    assert shop.charges(service) == ["1", "1", "1"]


def test_two_cycles_on_one_early_invoice_are_two_renewals(shop: Shop) -> None:
    service = shop.buy()

    shop.standin.pay_invoice(shop.standin.renew_early(service, cycles=2))
    cron_later(shop, service)

    assert shop.charges(service) == ["1", "1", "1"]


@pytest.mark.parametrize(
    ("switch", "said"),
    [("automatic_credit_use", "Automatic Credit Use"), ("credit_on_downgrade", "Credit on Downgrade")],
)
def test_a_setting_that_undoes_prepaid_renewals_is_told_until_it_is_mended(
    shop: Shop, switch: str, said: str
) -> None:
    assert shop.standin.test_connection(shop.server).result == {"success": True, "error": ""}

    shop.standin.configure(switches={switch: "yes"})
    red = shop.standin.test_connection(shop.server).result
    shop.standin.run_cron()
    told = doctor(shop)
    shop.standin.configure(switches={switch: "no"})
    shop.standin.run_cron()

    assert red["success"] is False
    assert f"Untick {said}" in red["error"]
    assert f"Untick {said}" in told
    assert said not in doctor(shop)


def doctor(shop: Shop) -> str:
    """What `panelbridge doctor` tells of this shop."""
    place = {"PANELBRIDGE_DATA_FOLDER": str(shop.world.folder / "data")}
    command = [sys.executable, "-m", "panelbridge.command", "doctor", "--json"]
    ran = subprocess.run(command, env=os.environ | place, capture_output=True, text=True, check=False)
    found = json.loads(ran.stdout)
    own = [item for item in found if item["check"].startswith(f"shop {shop.installation} ")]
    return " ".join(str(item["remedy"]) for item in own)


DEFAULTS = sorted(
    SCENARIOS.keys()
    & {
        "renew_on_zero_total",
        "renew_on_credit_paid",
        "renew_on_demand",
        "unsuspend_before_renew",
        "welcome_mail",
        "failed_create_status",
        "invoice_release",
        "automatic_credit_use",
        "credit_on_downgrade",
    }
)


@pytest.mark.parametrize("switch", DEFAULTS)
def test_the_same_happens_in_the_default_position(open_shop: Callable[..., Shop], switch: str) -> None:
    shop = open_shop()

    SCENARIOS[switch](shop, "")

    assert switch in shop.standin.asked
