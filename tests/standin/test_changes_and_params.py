"""Upgrades, passwords, edits, deletion, and the shape of what the module is given."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.standin.conftest import OpenShop, Shop, called
from tests.support.standin import StandinError

CONNECTIONS = {"name": "Connections|Number of connections", "type": "quantity", "minimum": 1, "maximum": 5}
CONNECTIONS["choices"] = [{"name": "Connections", "monthly": 2}]
QUALITY = {
    "name": "Quality",
    "choices": [{"name": "hd|High", "monthly": 0}, {"name": "uhd|Ultra", "monthly": 3}],
}
ADULT = {"name": "Adult", "type": "yesno"}


def dearer(shop: Shop, **product: Any) -> int:
    return shop.standin.add_product(
        name="Platinum", config_options=["ok", "", "p2"], pricing={"monthly": 20}, **product
    )


def test_an_upgrade_changes_nothing_until_paid_and_then_calls_change_package(open_shop: OpenShop) -> None:
    shop = open_shop()
    service, other = shop.bought(), dearer(shop)
    shop.standin.set_clock("2026-02-14 10:00")
    upgrade = shop.standin.upgrade_product(service, other)
    assert upgrade.amount == "5.00"  # 10 more a month, 14 of 28 days left
    assert shop.standin.service(service).product_id == shop.product_id
    second = shop.standin.upgrade_product(service, other)
    assert second.refusals == ["An earlier upgrade of this service has an unpaid invoice"]

    turn = shop.standin.pay_invoice(upgrade.invoice_id)
    assert called(turn) == ["ChangePackage"]
    assert json.loads(shop.seen("ChangePackage")[0]["params"])["configoption3"] == "p2"
    after = shop.standin.service(service)
    assert (after.product_id, after.amount, after.next_due_date) == (other, "20.00", "2026-02-28")
    assert len(shop.seen("hook AfterProductUpgrade")) == 1


@pytest.mark.parametrize(
    ("cycle", "price", "bought", "changed", "amount"),
    [
        # Each side per day of its own cycle: 100/365 x 30 - 10/31 x 30, and nothing for the year to come.
        ("annually", 100, "2026-12-01", "2026-12-02", "-1.46"),
        ("annually", 240, "2026-12-01", "2026-12-02", "10.05"),
        # The cycle that ends at the due date counts, not the shorter one that follows it.
        ("monthly", 20, "2026-01-01", "2026-01-02", "9.68"),
        ("quarterly", 60, "2026-06-01", "2026-06-16", "4.78"),
    ],
)
def test_an_upgrade_costs_both_sides_price_per_day_of_their_own_cycles(
    open_shop: OpenShop, cycle: str, price: float, bought: str, changed: str, amount: str
) -> None:
    shop = open_shop()
    shop.standin.set_clock(f"{bought} 10:00")
    service = shop.bought()
    due = shop.standin.service(service).next_due_date
    other = shop.standin.add_product(
        name="Other", config_options=["ok", "", "p2"], pricing={cycle: price, "monthly": price}
    )
    shop.standin.set_clock(f"{changed} 10:00")

    upgrade = shop.standin.upgrade_product(service, other, billingcycle=cycle)

    assert upgrade.amount == amount
    if upgrade.invoice_id:
        shop.standin.pay_invoice(upgrade.invoice_id)
    assert shop.standin.service(service).next_due_date == due


def test_a_free_service_that_becomes_a_paid_one_pays_a_cycle_and_is_due_after_it(open_shop: OpenShop) -> None:
    shop = open_shop()
    free = shop.standin.add_product(name="Trial", config_options=["ok"], paytype="free")
    service = shop.standin.order(shop.client_id, [{"pid": free}]).service_id
    shop.standin.set_clock("2026-03-10 10:00")

    upgrade = shop.standin.upgrade_product(service, shop.product_id, billingcycle="monthly")
    shop.standin.pay_invoice(upgrade.invoice_id)

    assert upgrade.amount == "10.00"
    after = shop.standin.service(service)
    assert (after.billing_cycle, after.next_due_date) == ("Monthly", "2026-04-10")


def test_billing_moves_on_though_change_package_failed(open_shop: OpenShop) -> None:
    shop = open_shop()
    service, other = shop.bought(), dearer(shop)
    shop.standin.save_module_settings(other, {1: "fail", 2: "ChangePackage"})
    shop.standin.pay_invoice(shop.standin.upgrade_product(service, other).invoice_id)
    assert shop.standin.service(service).product_id == other
    assert len(shop.seen("hook AfterModuleChangePackageFailed")) == 1
    assert shop.standin.rows("tblupgrades")[0]["status"] == "Pending"


def test_a_downgrade_costs_nothing_and_runs_at_once(open_shop: OpenShop) -> None:
    shop = open_shop()
    service = shop.bought(dearer(shop))
    upgrade = shop.standin.upgrade_product(service, shop.product_id)
    assert upgrade.invoice_id == 0
    assert called(upgrade.turn) == ["ChangePackage"]


def test_a_hook_refuses_an_upgrade(open_shop: OpenShop) -> None:
    shop = open_shop(configuration={"FixtureRefuse": "ShoppingCartValidateUpgrade"})
    service = shop.bought()
    assert shop.standin.upgrade_product(service, dearer(shop)).refusals == ["refused by the fixture"]


def test_options_are_priced_passed_and_upgraded(open_shop: OpenShop) -> None:
    shop = open_shop(configurable_options=[CONNECTIONS, QUALITY, ADULT])
    service = shop.bought(configurable_options={"Connections": 2, "Quality": "uhd"})
    assert shop.standin.service(service).amount == "17.00"
    expected = {"Connections": 2, "Quality": "uhd", "Adult": 0}
    assert shop.standin.params(service)["configoptions"] == expected

    upgrade = shop.standin.upgrade_options(service, {"Connections": 4, "Adult": 1})
    assert upgrade.amount == "4.00"
    shop.standin.pay_invoice(upgrade.invoice_id)
    given = json.loads(shop.seen("ChangePackage")[0]["params"])["configoptions"]
    assert given == {"Connections": 4, "Quality": "uhd", "Adult": 1}


@pytest.mark.parametrize(("position", "expected"), [("no", ""), ("yes", "AA")])
def test_custom_fields_survive_an_upgrade_only_where_the_switch_says(
    open_shop: OpenShop, position: str, expected: str
) -> None:
    shop = open_shop(
        switches={"keep_customfields_on_upgrade": position}, custom_fields=[{"name": "Device MAC"}]
    )
    other = dearer(shop, custom_fields=[{"name": "Device MAC"}])
    service = shop.bought(custom_fields={"Device MAC": "AA"})
    shop.standin.pay_invoice(shop.standin.upgrade_product(service, other).invoice_id)
    assert shop.standin.custom_fields(service)["Device MAC"] == expected


@pytest.mark.parametrize(("position", "fields"), [("yes", {}), ("no", {"Line ID": "77"})])
def test_unknown_properties_are_ignored_or_become_admin_fields(
    open_shop: OpenShop, position: str, fields: dict[str, str]
) -> None:
    shop = open_shop(switches={"unknown_custom_fields_ignored": position})
    service = shop.bought()
    assert shop.standin.custom_fields(service) == fields
    assert [row["adminonly"] for row in shop.standin.rows("tblcustomfields")] == ["on"] * len(fields)


@pytest.mark.parametrize(
    ("position", "name", "mac"), [("yes", "O&#039;Neil", "a&amp;b"), ("no", "O'Neil", "a&b")]
)
def test_text_arrives_encoded_or_raw(open_shop: OpenShop, position: str, name: str, mac: str) -> None:
    shop = open_shop(switches={"entities_encoded": position}, custom_fields=[{"name": "Device MAC"}])
    service = shop.bought(custom_fields={"Device MAC": "a&b"})
    params = shop.standin.params(service)
    assert params["clientsdetails"]["lastname"] == name
    assert params["customfields"]["Device MAC"] == mac
    shop.standin.admin_change_password(service, 'p<"1')
    given = json.loads(shop.seen("ChangePassword")[0]["params"])["password"]
    assert given == ("p&lt;&quot;1" if position == "yes" else 'p<"1')


def test_params_have_documented_types_and_numbered_options(open_shop: OpenShop) -> None:
    shop = open_shop()
    params = shop.standin.params(shop.bought())
    assert params["serviceid"] == 1
    assert params["serversecure"] is True
    assert params["serverport"] == "8443"
    assert params["serverpassword"] == "server-key"
    assert params["configoption24"] == ""
    assert params["model"] == {"class": "WHMCS\\Service\\Service"}


def test_oddities_of_params_follow_their_switches(open_shop: OpenShop) -> None:
    shop = open_shop(
        switches={"numbers_as_strings": "yes", "serversecure_form": "on", "undocumented_params": "absent"}
    )
    params = shop.standin.params(shop.bought())
    assert (params["serviceid"], params["serversecure"]) == ("1", "on")
    assert {"status", "addonId", "packageid", "whmcsVersion"} & params.keys() == set()
    shop.standin.configure(switches={"serversecure_form": "one"})
    assert shop.standin.params(1)["serversecure"] == "1"


@pytest.mark.parametrize("position", ["yes", "no"])
def test_the_access_hash_reaches_the_module_in_clear_however_it_rests(
    open_shop: OpenShop, position: str
) -> None:
    shop = open_shop(switches={"accesshash_encrypted": position})
    server = shop.standin.add_server(
        hostname="b.test", port=9000, secure=False, username="u", password="p", access_hash="second\nsecret"
    )
    stored = shop.standin.rows("tblservers", {"id": server})[0]
    assert (stored["accesshash"] == "second\nsecret") is (position == "no")
    assert stored["password"] != "p"
    given = shop.standin.server_call(server, "UsageUpdate")
    assert given.result == {"result": None}
    seen = json.loads(shop.seen("UsageUpdate")[0]["params"])
    assert (seen["serveraccesshash"], seen["serverport"]) == ("second\nsecret", "9000")


@pytest.mark.parametrize("position", ["yes", "no"])
def test_module_settings_show_what_loaders_give_and_what_they_throw(
    open_shop: OpenShop, position: str
) -> None:
    shop = open_shop(switches={"configoptions_gets_params": position})
    fields = shop.standin.request("config_options", product_id=shop.product_id).result
    assert fields[1]["field"]["Description"] == ("told" if position == "yes" else "bare")
    assert fields[2]["choices"] == {"p1": "Plan one", "p2": "Plan two"}
    shop.behave("fail", "")
    fields = shop.standin.request("config_options", product_id=shop.product_id).result
    assert fields[2]["loader_error"] == "The panel gave no plans"


def test_a_client_changes_the_password_only_while_active(open_shop: OpenShop) -> None:
    shop = open_shop()
    service = shop.bought()
    assert shop.standin.client_change_password(service, "New1").answer == "success"
    assert shop.standin.params(service)["password"] == "New1"
    shop.behave("fail", "ChangePassword")
    assert shop.standin.client_change_password(service, "New2").answer == "The panel refused"
    assert shop.standin.params(service)["password"] == "New1"
    shop.standin.module(service, "SuspendAccount")
    assert "only while" in shop.standin.client_change_password(service, "New3").answer


def test_an_admin_save_reaches_the_module_with_what_was_posted(open_shop: OpenShop) -> None:
    shop = open_shop()
    service = shop.bought()
    turn = shop.standin.save_service(
        service, values={"nextduedate": "2026-05-01"}, post={"fixture_note": "hello"}
    )
    assert called(turn) == ["AdminServicesTabFieldsSave"]
    assert json.loads(shop.seen("AdminServicesTabFieldsSave")[0]["params"])["posted"] == "hello"
    assert shop.standin.service(service).next_due_date == "2026-05-01"


@pytest.mark.parametrize(("position", "calls"), [("no", []), ("yes", ["TerminateAccount"])])
@pytest.mark.parametrize("deed", ["delete_service", "delete_order", "close_client"])
def test_deletion_terminates_only_where_the_switch_says(
    open_shop: OpenShop, position: str, calls: list[str], deed: str
) -> None:
    shop = open_shop(switches={"service_delete_terminates": position})
    service = shop.bought()
    turn = shop.standin.request(deed, service_id=service, order_id=1, client_id=shop.client_id)
    assert called(turn) == calls
    assert len(shop.standin.rows("mod_fixturepanel", {"function": "hook ServiceDelete"})) == (
        0 if deed == "close_client" else 1
    )


def test_a_merge_moves_services_and_keeps_their_ids(open_shop: OpenShop) -> None:
    shop = open_shop()
    service = shop.bought()
    other = shop.standin.add_client(firstname="Ben", email="ben@example.test")
    shop.standin.merge_clients(shop.client_id, other)
    assert shop.standin.service(service).user_id == other
    assert json.loads(shop.seen("hook AfterClientMerge")[0]["params"])["fromUserID"] == shop.client_id


def test_a_service_missing_from_the_list_is_offered_for_termination(open_shop: OpenShop) -> None:
    shop = open_shop()
    service = shop.bought()
    result = shop.standin.request("sync", server_id=shop.server_id).result
    assert result["offered_for_termination"] == [service]
    assert result["offered_for_import"] == ["stranger"]


def test_an_addon_command_carries_its_id_and_another_model(open_shop: OpenShop) -> None:
    shop = open_shop()
    service = shop.bought()
    shop.standin.request("addon_module", service_id=service, function="SuspendAccount")
    assert json.loads(shop.seen("SuspendAccount")[0]["params"])["addonId"] == 1


def test_the_api_changes_the_record_only_and_names_unknown_actions(open_shop: OpenShop) -> None:
    shop = open_shop()
    service = shop.bought()
    turn = shop.standin.api("UpdateClientProduct", {"serviceid": service, "status": "Suspended"})
    assert called(turn) == []
    assert shop.standin.service(service).status == "Suspended"
    assert shop.standin.api("ModuleRenew", {"serviceid": service}).result["result"] == "error"
    product = shop.standin.api("GetClientsProducts", {"serviceid": service}).result["products"]["product"][0]
    assert product["password"] == 'made&by"panel'
    assert shop.standin.api("GetInvoice", {"invoiceid": 1}).result["items"]["item"][0]["relid"] == service


def test_the_module_log_masks_by_value_and_may_be_off(open_shop: OpenShop) -> None:
    shop = open_shop()
    shop.bought()
    assert "server-key" not in json.dumps(shop.standin.module_log())
    shop.standin.configure(configuration={"ModuleDebugMode": ""})
    before = len(shop.standin.module_log())
    shop.bought()
    assert len(shop.standin.module_log()) == before


def test_a_wrong_switch_or_command_is_refused_by_name(open_shop: OpenShop) -> None:
    shop = open_shop()
    with pytest.raises(StandinError, match="positions no, yes"):
        shop.standin.configure(switches={"renew_on_first_invoice": "maybe"})
    with pytest.raises(StandinError, match="no command nonsense"):
        shop.standin.request("nonsense")
