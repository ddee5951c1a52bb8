"""What nobody documents about WHMCS is a switch of the stand-in; the chain holds in every position."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.chain.conftest import Shop

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
    ("quantity", "one_service"),
    ("uncaught_exception_to_string", "no"),
)


@pytest.mark.parametrize(("switch", "position"), POSITIONS, ids=str)
def test_a_service_lives_in_either_position(
    open_shop: Callable[..., Shop], switch: str, position: str
) -> None:
    shop = open_shop(switches={switch: position})
    service = shop.buy()
    assert shop.standin.service(service).status == "Active"
    assert shop.charges(service) == ["1"]

    shop.standin.pay_invoice(shop.standin.generate_renewal(service))
    assert shop.charges(service) == ["1", "1"]

    assert (
        shop.standin.module(service, "SuspendAccount", suspendreason="Overdue on Payment").answer == "success"
    )
    assert shop.standin.module(service, "UnsuspendAccount").answer == "success"
    account = shop.account(service)
    assert account is not None
    assert account["state"] == "active"
    shop.standin.client_change_password(service, "Chosen2Password")
    account = shop.account(service)
    assert account is not None
    assert account["password"] == "Chosen2Password"
    assert shop.standin.module(service, "TerminateAccount").answer == "success"
    assert shop.account(service) is None


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


@pytest.mark.parametrize("position", ["yes", "no"])
def test_a_renewal_paid_from_credit_or_free_extends_once_whoever_tells(
    open_shop: Callable[..., Shop], position: str
) -> None:
    shop = open_shop(switches={"renew_on_zero_total": position, "renew_on_credit_paid": position})
    service = shop.buy()

    shop.standin.request("add_credit", client_id=shop.client, amount=100)
    shop.standin.pay_invoice(shop.standin.generate_renewal(service), gateway="credit")
    for later in ("+20 minutes", "+40 minutes"):  # the module asks at most once a minute
        shop.standin.set_clock(later)
        shop.standin.run_cron()

    assert shop.charges(service) == ["1", "1"]
