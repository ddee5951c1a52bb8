"""Invoices as WHMCS 8.13 and 9.0 treat them: what may be changed, and what makes a credit note."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.standin.conftest import OpenShop
from tests.support.standin import Standin, StandinError

RELEASES = ("v9_0", "v8_13")


Sold = Callable[..., tuple[Standin, int]]


@pytest.fixture
def sold(open_shop: OpenShop) -> Sold:
    def made(**switches: str) -> tuple[Standin, int]:
        shop = open_shop(switches=switches)
        return shop.standin, shop.bought()

    return made


def notes(shop: Standin) -> list[tuple[str, str]]:
    return [(str(row["reason"]), str(row["amount"])) for row in shop.rows("standin_credit_notes")]


@pytest.mark.parametrize("release", RELEASES)
def test_a_published_invoice_is_immutable_in_9(sold: Sold, release: str) -> None:
    shop, service = sold(invoice_release=release)
    invoice = shop.generate_renewal(service)
    (line,) = shop.lines(invoice)

    def edit() -> None:
        shop.request("edit_invoice_line", invoice_id=invoice, item_id=line, amount=7)

    if release == "v9_0":
        with pytest.raises(StandinError, match="You cannot modify an Invoice that is Unpaid"):
            edit()
    else:
        edit()
    assert shop.invoice(invoice).total == ("10.00" if release == "v9_0" else "7.00")


@pytest.mark.parametrize("release", RELEASES)
def test_what_makes_a_credit_note(sold: Sold, release: str) -> None:
    shop, service = sold(invoice_release=release)
    client = shop.service(service).user_id
    shop.cancel_invoice(shop.generate_renewal(service))
    shop.mark_paid(shop.generate_renewal(service))
    shop.request("add_credit", client_id=client, amount=10)
    credited = shop.generate_renewal(service)
    shop.pay_invoice(credited, gateway="credit")
    shop.refund_invoice(credited)

    made = [
        ("Invoice cancelled", "10.00"),
        ("Marked paid", "10.00"),
        ("Client credit applied", "10.00"),
        ("Refund", "10.00"),
    ]
    assert notes(shop) == (made if release == "v9_0" else [])


@pytest.mark.parametrize("release", RELEASES)
def test_a_cancelled_line_is_not_renewed(sold: Sold, release: str) -> None:
    shop, service = sold(invoice_release=release)
    before = shop.service(service).next_due_date
    invoice = shop.renew_early(service, cycles=2)
    first, second = shop.lines(invoice)
    shop.cancel_lines(invoice, first)
    shop.pay_invoice(invoice)

    assert list(shop.lines(invoice)) == ([first, second] if release == "v9_0" else [second])
    assert shop.invoice(invoice).status == "Paid"
    months = int(shop.service(service).next_due_date[5:7]) - int(before[5:7])
    assert months % 12 == 1


def test_credit_pays_a_generated_invoice_at_once(sold: Sold) -> None:
    shop, service = sold(automatic_credit_use="yes")
    shop.request("add_credit", client_id=shop.service(service).user_id, amount=15)

    assert shop.invoice(shop.generate_renewal(service)).status == "Paid"
    assert shop.invoice(shop.generate_renewal(service)).status == "Unpaid"


def test_a_downgrade_gives_credit_where_the_shop_does_so(sold: Sold) -> None:
    shop, service = sold(credit_on_downgrade="yes")
    cheaper = shop.add_product(name="TV small", pricing={"monthly": 1.0})
    shop.upgrade_product(service, cheaper)

    (client,) = shop.rows("tblclients")
    assert float(client["credit"]) > 0
