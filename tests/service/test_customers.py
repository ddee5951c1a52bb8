"""Customers over HTTP: found by any part, changed with their timeline, kept apart from who they are."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any

import pytest

from panelbridge.customers import Author, Customer, CustomerId, Origin, Profile
from panelbridge.customers.keeping import forget_removed_notes
from panelbridge.customers.register import add_customer
from panelbridge.subscriptions import Installation
from tests.service.conftest import Service
from tests.service.test_subscription_resources import ordered, selling

__all__ = ["selling"]

ANNA = {
    "name": "Anna Müller",
    "email": "anna.mueller@example.com",
    "phone": "+44 (0)7700 900123",
    "company": "Łódź Film",
    "country": "GB",
    "registered_on": "2024-05-03",
}


def add(service: Service, **fields: Any) -> int:
    reply = service.write("POST", "/v1/customers", {"reseller": "acme", **fields})
    assert reply.status_code == 201, reply.json
    assert reply.json is not None
    number: int = reply.json["id"]
    return number


def found(service: Service, text: str, **options: Any) -> list[int]:
    reply = service.get("/v1/customers", query_string={"search": text, **options})
    assert reply.status_code == 200, reply.json
    assert reply.json is not None
    return [item["id"] for item in reply.json["items"]]


def shown(service: Service, number: int, **options: Any) -> Any:
    reply = service.get(f"/v1/customers/{number}", **options)
    assert reply.status_code == 200, reply.json
    return reply.json


def kinds(service: Service, number: int) -> list[str]:
    reply = service.get(f"/v1/customers/{number}/events")
    assert reply.json is not None
    return [item["kind"] for item in reply.json["items"]]


@pytest.mark.does("S0-01", "S0-09", "S0-10", "S2-01", "S2-12", "S2-13", "S2-17", "S2-20", "S3-01", "S3-03")
def test_a_customer_is_added_listed_and_shown(service: Service) -> None:
    number = add(service, **ANNA)

    listed = service.get("/v1/customers").json
    assert listed is not None
    assert [(item["name"], item["email"], item["registered_on"]) for item in listed["items"]] == [
        ("Anna Müller", "anna.mueller@example.com", "2024-05-03")
    ]
    one = shown(service, number)
    assert one["profile"]["company"] == "Łódź Film"
    assert (one["country"], one["revision"], one["owned_by"]) == ("GB", 1, "panelbridge")
    assert kinds(service, number) == ["customer_added"]


@pytest.mark.does("S0-02", "S2-02", "S2-03", "S2-04", "S2-75", "S3-29")
def test_a_customer_is_found_by_any_part_of_what_is_known(service: Service) -> None:
    anna = add(service, **ANNA, installation="shop", client_id=4711)
    otto = add(service, name="Otto Weiß", email="otto@elsewhere.example", phone="01632 960 111")

    for text in ("muller", "MÜLLER", "müll anna", "mueller@exam", "lodz", "07700 900123", "+44 7700 900123"):
        assert found(service, text) == [anna], text
    for text in ("weiss", "tto", "960111", "+44 1632 960111", "elsewhere otto"):
        assert found(service, text) == [otto], text
    assert found(service, "4711") == [anna]
    assert found(service, str(otto)) == [otto]
    assert found(service, "an") == [anna]  # two letters: how a name or an address begins
    assert found(service, "ott e") == [otto]  # a short part beside a long one
    assert found(service, "example") == [anna, otto]
    assert found(service, "xample", limit=1) == [anna]
    assert found(service, "anna otto") == found(service, 'a"b*') == found(service, "100%") == []


@pytest.mark.does("S0-12", "S0-15", "S0-16", "S2-05", "S2-22", "S2-24", "S1-33")
def test_subscriptions_are_linked_and_their_login_number_and_device_find_him(selling: Service) -> None:
    made = ordered(selling)["subscription"]
    subscription, login = made["id"], made["username"]
    anna = add(selling, **ANNA)
    assert found(selling, login[1:-1]) == []

    told = selling.write("POST", f"/v1/customers/{anna}/subscriptions", {"subscription_id": subscription})
    again = selling.write("POST", f"/v1/customers/{anna}/subscriptions", {"subscription_id": subscription})

    assert told.json is not None
    assert again.json is not None
    assert (told.json["changed"], again.json["changed"]) == (["subscription"], [])
    with selling.rig.units.write() as unit:
        held = unit.subscriptions.subscription(subscription)
        assert held is not None
        unit.subscriptions.save(type(held)(**{**vars(held), "mac": "00:1A:79:AB:CD:EF"}))
    for text in (login, login[1:-1].upper(), "1a:79:ab", "001a79abcdef", "00-1A-79-AB", str(subscription)):
        assert found(selling, text) == [anna], text
    one = shown(selling, anna)
    assert (one["subscription_count"], one["subscriptions"][0]["plan"]) == (1, "gold")
    assert one["subscriptions"][0]["password"] is None

    other = add(selling, name="Bert")
    taken = selling.write("POST", f"/v1/customers/{other}/subscriptions", {"subscription_id": subscription})
    assert (taken.status_code, taken.json and taken.json["code"]) == (409, "illegal_move")
    selling.write("DELETE", f"/v1/customers/{anna}/subscriptions/{subscription}")
    assert found(selling, login) == []
    assert kinds(selling, anna) == ["subscription_unlinked", "subscription_linked", "customer_added"]


@pytest.mark.does("S2-35", "S2-38", "S3-04")
def test_an_edit_is_in_the_timeline_by_the_names_of_its_fields_alone(service: Service) -> None:
    number = add(service, **ANNA)
    body = {"email": "anna@new.example", "phone": None, "agent": "eve"}

    told = service.write("PATCH", f"/v1/customers/{number}", body)
    again = service.write("PATCH", f"/v1/customers/{number}", body)

    assert told.json is not None
    assert again.json is not None
    assert told.json["changed"] == ["agent", "email", "phone"]
    assert again.json["changed"] == []
    assert (
        shown(service, number)["profile"] | {"email": "anna@new.example", "phone": None}
        == shown(service, number)["profile"]
    )
    assert found(service, "07700 900123") == found(service, "mueller@") == []
    assert found(service, "anna@new") == [number]
    events = service.get(f"/v1/customers/{number}/events").json
    assert events is not None
    newest = events["items"][0]
    assert (newest["kind"], newest["after"]) == ("customer_edited", {"fields": ["agent", "email", "phone"]})
    assert newest["actor"].startswith("key:")
    assert "new.example" not in str(events)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "anna.mueller-example.com"),
        ("phone", "canary-phone"),
        ("country", "canary"),
        ("company", "ca\nnary"),
    ],
)
def test_what_is_wrong_is_named_by_its_field_and_never_shown(
    service: Service, field: str, value: str
) -> None:
    reply = service.write("POST", "/v1/customers", {"reseller": "acme", **ANNA, field: value})

    assert reply.status_code == 422
    assert reply.json is not None
    assert reply.json["field"] == field
    assert value not in reply.get_data(as_text=True)
    assert value not in service.log.getvalue()
    assert service.get("/v1/customers").json == {"items": [], "next": None}


def test_nothing_of_a_person_is_logged_or_kept_with_an_answer(service: Service) -> None:
    number = add(service, **ANNA)
    service.write("POST", f"/v1/customers/{number}/notes", {"body": "Anna called twice"}, once="note")
    told = service.write("POST", f"/v1/customers/{number}/notes", {"body": "Anna called twice"}, once="note")
    found(service, "Müller")

    assert told.headers["Idempotency-Replayed"] == "true"
    with service.rig.database.read() as connection:
        kept = connection.exec_driver_sql("SELECT body FROM kept_answers").scalars().all()
        lines = connection.exec_driver_sql("SELECT * FROM events").fetchall()
    with service.rig.units.read() as unit:
        profile = unit.customers.profile(CustomerId(number))
    for text in (service.log.getvalue(), str(kept), str(lines), repr(profile)):
        assert not any(word in text for word in ("Anna", "ller", "900123", "Film"))
    assert len(lines) == 2


@pytest.mark.does("S0-43", "S1-34", "S2-39")
def test_notes_are_pinned_removed_and_put_back(service: Service) -> None:
    number = add(service, name="Anna")
    note = service.write("POST", f"/v1/customers/{number}/notes", {"body": "shares her account"}).json
    assert note is not None
    path = f"/v1/customers/{number}/notes"

    service.write("PATCH", f"{path}/{note['number']}", {"pinned": True, "removed": True})
    gone, all_of_them = service.get(path).json, service.get(f"{path}?removed=true").json
    service.write("PATCH", f"{path}/{note['number']}", {"removed": False})
    back = service.get(path).json

    assert gone is not None
    assert all_of_them is not None
    assert back is not None
    assert gone["items"] == []
    assert [(one["body"], one["pinned"]) for one in all_of_them["items"]] == [("shares her account", True)]
    assert [one["removed_at"] for one in back["items"]] == [None]
    service.write("PATCH", f"{path}/{note['number']}", {"removed": True})
    service.rig.clock.forward(days=31)
    late = service.write("PATCH", f"{path}/{note['number']}", {"removed": False})
    assert forget_removed_notes(service.rig.units, service.rig.clock()) == 1
    forgotten = service.get(f"{path}?removed=true").json
    assert forgotten is not None
    assert [one["body"] for one in forgotten["items"]] == [None]
    assert (late.status_code, late.json and late.json["code"]) == (409, "illegal_move")
    assert kinds(service, number) == ["note_changed"] * 3 + ["note_added", "customer_added"]


@pytest.mark.does("S2-08", "S2-09", "S2-10", "S2-18", "S2-40", "S2-60", "S2-63", "S0-03", "S0-07")
def test_tags_agent_storefront_country_and_registration_filter_the_list(service: Service) -> None:
    anna = add(service, **ANNA, storefront="web", agent="eve")
    add(service, name="Bert", country="FR", registered_on="2026-11-02")

    service.write("PATCH", f"/v1/customers/{anna}/tags", {"add": ["VIP", "Needs Follow-up"]})
    service.write("PATCH", f"/v1/customers/{anna}/tags", {"add": ["vip"], "remove": ["needs follow-up"]})

    assert shown(service, anna)["tags"] == ["VIP"]
    for wanted in (
        {"tag": "vip"},
        {"storefront": "web"},
        {"agent": "eve"},
        {"country": "GB"},
        {"registered_before": "2026-11-01"},
    ):
        listed = service.get("/v1/customers", query_string=wanted).json
        assert listed is not None
        assert [item["id"] for item in listed["items"]] == [anna], wanted
    newer = service.get("/v1/customers", query_string={"registered_from": "2026-11-01"}).json
    assert newer is not None
    assert [item["name"] for item in newer["items"]] == ["Bert"]


@pytest.mark.does("S1-30", "S1-86", "S2-65")
def test_contacts_and_consents(service: Service) -> None:
    number = add(service, name="Anna")
    path = f"/v1/customers/{number}"
    contact = {"kind": "whatsapp", "value": "+49 170 1234567", "label": "her brother"}
    agreed = {"purpose": "marketing", "given": True, "source": "checkout", "wording_version": "2026-1"}

    first = service.write("POST", f"{path}/contacts", contact).json
    second = service.write("POST", f"{path}/contacts", contact).json
    service.write("POST", f"{path}/consents", {**agreed, "evidence": "ticked at checkout"})
    service.write("POST", f"{path}/consents", agreed)
    service.write("POST", f"{path}/consents", {**agreed, "given": False, "source": "email"})

    assert first is not None
    assert second is not None
    assert (first["changed"], second["changed"], first["number"]) == (["contact"], [], second["number"])
    assert found(service, "0170 1234567") == [number]
    one = shown(service, number)
    assert [(item["given"], item["source"]) for item in one["consents"]] == [(False, "email")]
    events = service.get(f"{path}/events").json
    assert events is not None
    assert [item["text"] for item in events["items"] if item["kind"] == "consent_recorded"] == [
        None,
        "ticked at checkout",
    ]
    service.write("DELETE", f"{path}/contacts/{first['number']}")
    assert found(service, "1234567") == []
    wrong = service.write("POST", f"{path}/contacts", {"kind": "email", "value": "canary"})
    assert (wrong.status_code, "canary" in wrong.get_data(as_text=True)) == (422, False)


def test_two_entries_of_one_person_are_merged(selling: Service) -> None:
    kept = add(selling, name="Anna Müller", email="anna@example.com")
    lost = add(selling, **ANNA)
    subscription = ordered(selling)["subscription"]["id"]
    selling.write("POST", f"/v1/customers/{lost}/subscriptions", {"subscription_id": subscription})
    selling.write("POST", f"/v1/customers/{lost}/notes", {"body": "pays by bank"})
    for number in (kept, lost):
        selling.write("PATCH", f"/v1/customers/{number}/tags", {"add": ["VIP"]})

    told = selling.write("POST", f"/v1/customers/{kept}/merge", {"other_id": lost})

    assert told.status_code == 200, told.json
    one, other = shown(selling, kept), shown(selling, lost)
    assert (other["merged_into"], other["profile"], other["subscriptions"]) == (kept, None, [])
    assert (one["subscription_count"], one["tags"]) == (1, ["VIP"])
    assert one["profile"]["phone"] == ANNA["phone"]
    assert [item["value"] for item in one["contacts"]] == [ANNA["email"]]
    assert found(selling, "anna.mueller") == found(selling, "4477009") == [kept]
    assert kinds(selling, kept)[:2] == ["customer_merged", "customer_merged"]
    assert "note_added" in kinds(selling, kept)  # of the time before
    for path, body in ((f"/v1/customers/{lost}", {"agent": "eve"}), (f"/v1/customers/{lost}/merge", {})):
        refused = selling.write("PATCH" if body else "POST", path, body or {"other_id": kept})
        assert refused.status_code == 409


def test_a_shop_sees_its_own_customers_and_what_whmcs_owns_is_edited_there(
    service: Service, other_installation: Installation
) -> None:
    theirs = add(service, name="Bert", reseller="beta")
    reply = service.write("POST", "/v1/customers", {"name": "Anna"}, key=service.shop)
    assert reply.json is not None
    ours = reply.json["id"]

    listed = service.get("/v1/customers", key=service.shop).json
    assert listed is not None
    assert [item["id"] for item in listed["items"]] == [ours]
    assert service.get(f"/v1/customers/{theirs}", key=service.shop).status_code == 404
    merge = service.write("POST", f"/v1/customers/{ours}/merge", {"other_id": theirs}, key=service.shop)
    assert merge.status_code == 403

    with service.rig.units.write() as unit:
        mirror = Customer(
            id=CustomerId(0),
            reseller_id=other_installation.reseller_id,
            installation_id=other_installation.id,
            client_id=9,
            origin=Origin.WHMCS,
            created_at=datetime(2026, 1, 1, tzinfo=UTC),
        )
        author = Author(actor="whmcs", at=datetime(2026, 1, 1, tzinfo=UTC))
        made = add_customer(unit, author, mirror, Profile(name="Carl"))
    refused = service.write("PATCH", f"/v1/customers/{made.id}", {"city": "Ulm"})
    assert refused.json is not None
    assert (refused.status_code, "WHMCS" in refused.json["advice"]) == (409, True)
    assert service.write("PATCH", f"/v1/customers/{made.id}", {"agent": "eve"}).status_code == 200
    again = service.write(
        "POST", "/v1/customers", {"name": "Carl", "installation": "beta-shop", "client_id": 9}
    )
    assert (again.status_code, again.json and again.json["field"]) == (409, "client_id")


def test_pages_are_whole_and_come_in_order(service: Service) -> None:
    made = [add(service, name=f"Person {number}") for number in range(5)]
    seen: list[int] = []
    after: int | None = 0
    while after is not None:
        page = service.get("/v1/customers", query_string={"search": "person", "after": after, "limit": 2})
        assert page.json is not None
        seen += [item["id"] for item in page.json["items"]]
        after = page.json["next"]
    assert seen == made


SHEET = """Name;Email;Company ID;Phone;Country;Registered;Customer No;Expires;Subscription;Odd
Änne Ødegård;anne@example.com;HRB 1;+49 170 1;de;2024-05-03;17;2027-01-31;;x
Bert;bert(at)example.com;;;;;18;;;
Carl;carl@example.com;;'+44 7700 900123;GB;;19;;shop:501;
Dora;;;;;;;;shop:999;
;;;;;;;;;
Emil;;;;;03.05.2024;;;;
"""


def read_in(service: Service, text: str, *, dry_run: bool = False, **more: Any) -> Any:
    mapping = {"Customer No": "client_id"} if "Customer No" in text else {}
    body = {"csv": text, "mapping": mapping, "dry_run": dry_run, "installation": "shop", **more}
    reply = service.write("POST", "/v1/customers/imports", body)
    assert reply.status_code == 200, service.log_lines()[-2:]
    return reply.json


@pytest.mark.does("S1-93", "S1-94")
def test_a_file_is_tried_read_once_and_told_line_by_line(selling: Service) -> None:
    subscription = ordered(selling)["subscription"]["id"]

    tried = read_in(selling, SHEET, dry_run=True)
    assert selling.get("/v1/customers").json == {"items": [], "next": None}
    told = read_in(selling, SHEET)
    again = read_in(selling, SHEET)

    counted = ("lines", "added", "changed", "already", "failed")
    assert [tried[name] for name in counted] == [told[name] for name in counted] == [5, 2, 0, 0, 3]
    assert [again[name] for name in counted] == [5, 0, 0, 2, 3]
    assert told["ignored"] == ["Odd"]
    assert [(error["line"], error["field"]) for error in told["errors"]] == [
        (3, "email"),
        (5, "subscription"),
        (7, "registered_on"),
    ]
    assert "bert" not in str(told["errors"]) + selling.log.getvalue()
    anne, carl = found(selling, "anne ode")[0], found(selling, "07700 900123")[0]
    assert (shown(selling, anne)["country"], shown(selling, anne)["client_id"]) == ("DE", 17)
    assert [one["id"] for one in shown(selling, carl)["subscriptions"]] == [subscription]
    events = selling.get(f"/v1/customers/{anne}/events").json
    assert events is not None
    assert [(one["kind"], one["after"]) for one in events["items"]] == [
        ("customer_imported", {"expires_on": "2027-01-31"}),
        ("customer_added", {"origin": "import"}),
    ]
    assert {one["cause"] for one in events["items"]} == {f"import:{told['import_id']}"}

    newer = read_in(selling, SHEET.replace("anne@example.com", "anne@new.example"))
    assert [newer[name] for name in counted] == [5, 0, 1, 1, 3]
    assert found(selling, "anne@new") == [anne]


def test_a_file_that_cannot_be_used_is_refused_whole(service: Service) -> None:
    for text, mapping, word in (
        ("Name,Name\nAnna,Bert\n", {}, "two columns"),
        ("Street,City\nx,y\n", {}, "no column is a name"),
        ("Name,City\nAnna,y\n", {"Town": "city"}, "no column 'Town'"),
        ("Name,City\nAnna,y\n", {"City": "town"}, "'town' is no field"),
        ('Name,City\n"Canary,y\n', {}, "quotation mark"),
    ):
        body = {"csv": text, "mapping": mapping, "reseller": "acme"}
        refused = service.write("POST", "/v1/customers/imports", body)
        assert refused.json is not None
        assert (refused.status_code, word in refused.json["detail"]) == (422, True), refused.json
        assert "Canary" not in refused.get_data(as_text=True)


@pytest.mark.does("S3-30", "S3-31", "S2-73")
def test_an_export_has_fourteen_columns_and_no_formula_and_can_be_read_in_again(service: Service) -> None:
    add(service, **ANNA, address="1 Long Street\nFlat 2")
    add(
        service,
        name='=HYPERLINK("http://x.example","Bert")',
        registered_on="2026-11-02",
        phone="+1 415 5550100",
    )

    reply = service.get("/v1/customers.csv")
    part = service.get("/v1/customers.csv?registered_from=2026-11-01").get_data(as_text=True)

    assert reply.mimetype == "text/csv"
    lines = reply.get_data(as_text=True)
    rows = list(csv.reader(io.StringIO(lines, newline="")))
    assert rows[0] == [
        "Name",
        "Email",
        "Company",
        "Company ID",
        "Company Email",
        "Tax ID",
        "Phone",
        "Address",
        "City",
        "State",
        "Zip",
        "Country",
        "VAT Number",
        "LTV",
    ]
    assert rows[1][0] == "Anna Müller"
    assert rows[2][0] == '\'=HYPERLINK("http://x.example","Bert")'
    assert [row[6] for row in rows[1:]] == ["'+44 (0)7700 900123", "'+1 415 5550100"]
    assert part.count("\r\n") == 2

    report = read_in(service, lines, installation=None, reseller="acme", dry_run=True)
    assert (report["changed"], report["failed"]) == (0, 0)
    assert (report["already"], report["added"]) == (1, 1)  # who has no address is known by no other thing
