"""What the databases hold of customers: nothing of one who was erased, and one truth for two sessions."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from panelbridge.contract.models import Term
from panelbridge.customers import (
    Author,
    ContactKind,
    Customer,
    CustomerId,
    CustomerRefused,
    Event,
    EventKind,
    Filters,
    Profile,
    keeping,
    register,
    search_for,
)
from panelbridge.lifecycle import SubscriptionState
from panelbridge.storage.customers.store import SqlCustomerStore
from panelbridge.storage.engine.database import Database
from panelbridge.storage.units import SqlUnit
from panelbridge.subscriptions import Subscription, SubscriptionId
from tests.support import postgres
from tests.support.rig import Rig, build_rig

PERSON = Profile(
    name="Xanthippe Quorlfried",
    email="xanthippe@quorlfried.example",
    phone="+49 170 9988776",
    company="Quorl Brothers",
    address="7 Blivet Street",
    city="Zwolmark",
)
NOTE, EVIDENCE, CONTACT, LOGIN = "gossip of neighbours", "evidently ticked", "uncle@home.example", "qqlogin1"
# Pieces longer than the three letters by which the index counts.
CANARIES = ("anthipp", "uorlf", "9988776", "Blivet", "wolmark", "gossip", "evidently", "uncle@", "qqlogin")
_SERVICES = count(1)


def author(rig: Rig) -> Author:
    return Author(actor="test", at=rig.clock())


def add(rig: Rig, unit: SqlUnit, profile: Profile = PERSON, **more: Any) -> Customer:
    wanted = Customer(id=CustomerId(0), reseller_id=rig.reseller.id, created_at=rig.clock(), **more)
    return register.add_customer(unit, author(rig), wanted, profile)


def sold(rig: Rig, unit: SqlUnit, username: str = LOGIN) -> Subscription:
    """A subscription that was sold long ago."""
    plan = rig.plans["gold"]
    return unit.subscriptions.insert(
        Subscription(
            id=SubscriptionId(0),
            installation_id=rig.installation.id,
            service_id=next(_SERVICES),
            reseller_id=rig.reseller.id,
            panel_id=plan.panel_id,
            plan_id=plan.id,
            plan_version=plan.version,
            term=Term.parse("1m"),
            state=SubscriptionState.ACTIVE,
            generation=1,
            revision=1,
            created_at=rig.clock(),
            package="basic-1m",
            username=username,
        )
    )


def found(rig: Rig, what: str) -> list[int]:
    with rig.units.read() as unit:
        page = unit.customers.page(Filters(), search_for(what), after=0, limit=100)
    return [item.customer.id for item in page]


def made_in(folder: Path) -> Rig:
    rig = build_rig(folder)
    if not rig.plans:
        panel = rig.add_panel("main", "reference", {"base_url": "http://127.0.0.1:1", "token": "t" * 32})
        rig.add_plan("gold", panel, {"1m": ("basic-1m", "1")})
    return rig


def test_no_byte_of_an_erased_person_stays_in_the_file(tmp_path: Path) -> None:
    rig = made_in(tmp_path)
    path = rig.database.path
    with rig.units.write() as unit:
        others = [add(rig, unit, Profile(name=f"Person {number}")) for number in range(40)]
        person = add(rig, unit)
        twin = add(rig, unit, PERSON)
        for one in (person, twin):
            keeping.add_note(unit, author(rig), one, NOTE)
            keeping.add_contact(unit, author(rig), one, ContactKind.EMAIL, CONTACT, "")
            told = {"customer_id": one.id, "reseller_id": one.reseller_id, "actor": "test", "at": rig.clock()}
            unit.events.append(Event(kind=EventKind.CONSENT_RECORDED, text=EVIDENCE, **told))
        subscription = sold(rig, unit)
        register.link_subscription(unit, author(rig), twin, subscription)
        register.merge_customers(unit, author(rig), lost=twin.id, kept=person.id)
    assert found(rig, "xanthipp") == found(rig, LOGIN) == found(rig, "uncle@") == [person.id]
    assert all(canary.encode() in contents(path) for canary in CANARIES)

    with rig.units.write() as unit:
        # Its login is the subscription's, which goes its own way when it ends.
        ended = unit.subscriptions.subscription(subscription.id)
        assert ended is not None
        unit.subscriptions.save(type(ended)(**{**vars(ended), "username": None}))
        register.erase_customer(unit, author(rig), register.locked(unit, person.id))
    kept = index(rig)
    with rig.database.write() as connection:
        for told in ("integrity-check", "rebuild", "optimize"):
            connection.exec_driver_sql(f"INSERT INTO customer_find (customer_find) VALUES ('{told}')")
    assert kept == index(rig)  # as if the person had never been in it

    assert found(rig, "person 3")[0] == others[3].id
    for canary in CANARIES:
        assert found(rig, canary) == []
    rig.close()
    left = contents(path)
    assert [canary for canary in CANARIES if canary.encode() in left] == []


def index(rig: Rig) -> list[bytes]:
    """The leaves of the index, which hold pieces of three letters."""
    with rig.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT block FROM customer_find_data WHERE id > 10 ORDER BY id")
        return [bytes(row[0]) for row in rows]


def contents(path: Path) -> bytes:
    """Every byte of the database, with what its log still holds."""
    log = path.with_name(f"{path.name}-wal")
    return path.read_bytes() + (log.read_bytes() if log.exists() else b"")


@dataclass
class Sessions:
    """Two bridges over one PostgreSQL database, and somebody who watches the server."""

    first: Rig
    second: Rig
    owner: Database

    def meet(self, first: Callable[[SqlUnit], object], second: Callable[[SqlUnit], object]) -> object:
        """How ``second`` ends, which begins while the transaction of ``first`` is open."""
        ends: list[object] = []

        def run() -> None:
            try:
                with self.second.units.write() as unit:
                    ends.append(second(unit))
            except CustomerRefused as error:
                ends.append(error.code)

        beside = threading.Thread(target=run)
        with self.first.units.write() as unit:
            first(unit)
            beside.start()
            while beside.is_alive() and not self._waits():
                pass
        beside.join()
        return ends[0]

    def _waits(self) -> bool:
        asked = (
            "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        with self.owner.read() as connection:
            return connection.execute(text(asked)).first() is not None


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sessions]:
    folder = tmp_path_factory.mktemp("sessions")
    owner = postgres.owner_url_of_fresh()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TEST_DATABASE", "postgresql")
        patch.setattr(postgres, "fresh_url", lambda: postgres.as_application(owner))
        rigs = [made_in(folder), build_rig(folder)]
    yield Sessions(first=rigs[0], second=rigs[1], owner=(watching := Database(owner)))
    for one in (*rigs, watching):
        one.close()


Play = Callable[[Sessions], object]


def two_entries_of_one_client(s: Sessions) -> object:
    shop = {"installation_id": s.first.installation.id, "client_id": 77}
    return s.meet(lambda unit: add(s.first, unit, **shop), lambda unit: add(s.second, unit, **shop).id)


def one_contact_told_twice(s: Sessions) -> object:
    with s.first.units.write() as unit:
        person = add(s.first, unit)

    def tell(unit: SqlUnit) -> object:
        one = register.locked(unit, person.id)
        keeping.add_contact(unit, author(s.first), one, ContactKind.TELEGRAM, "@anna", "")
        return len(unit.belongings.contacts(person.id))

    return s.meet(tell, tell)


def two_fields_edited(s: Sessions) -> object:
    with s.first.units.write() as unit:
        person = add(s.first, unit)

    def edit(**identity: str) -> Callable[[SqlUnit], object]:
        def run(unit: SqlUnit) -> object:
            one = register.locked(unit, person.id)
            now, _ = register.edit_customer(unit, author(s.first), one, identity=identity, personal={})
            return now.agent, now.country, now.revision

        return run

    return s.meet(edit(agent="eve"), edit(country="DE"))


def merged_into_each_other(s: Sessions) -> object:
    with s.first.units.write() as unit:
        anna, bert = (add(s.first, unit).id for _ in range(2))

    def merge(lost: CustomerId, kept: CustomerId) -> Callable[[SqlUnit], object]:
        return lambda unit: register.merge_customers(unit, author(s.first), lost=lost, kept=kept)

    return s.meet(merge(anna, bert), merge(bert, anna))


def one_subscription_for_two(s: Sessions) -> object:
    with s.first.units.write() as unit:
        people = [add(s.first, unit) for _ in range(2)]
        subscription = sold(s.first, unit)

    def link(person: Customer) -> Callable[[SqlUnit], object]:
        return lambda unit: register.link_subscription(unit, author(s.first), person, subscription)

    return s.meet(link(people[0]), link(people[1]))


def one_tag_for_two(s: Sessions) -> object:
    with s.first.units.write() as unit:
        people = [add(s.first, unit) for _ in range(2)]

    def tag(person: Customer, name: str) -> Callable[[SqlUnit], object]:
        def run(unit: SqlUnit) -> object:
            keeping.change_tags(unit, author(s.first), person, add=[name], remove=[])
            return unit.belongings.tags([person.id])[person.id]

        return run

    return s.meet(tag(people[0], "Müller"), tag(people[1], "MULLER"))


def two_logins_of_one_customer(s: Sessions) -> object:
    with s.first.units.write() as unit:
        person = add(s.first, unit)
        both = [sold(s.first, unit, f"old{number}") for number in (1, 2)]
        for subscription in both:
            register.link_subscription(unit, author(s.first), person, subscription)

    def rename(subscription: Subscription, username: str) -> Callable[[SqlUnit], object]:
        def run(unit: SqlUnit) -> object:
            unit.subscriptions.save(replace(subscription, username=username))
            unit.connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))  # what COMMIT does
            asked = text("SELECT logins FROM customer_profiles WHERE customer_id = :id")
            logins = unit.connection.execute(asked, {"id": person.id}).scalar_one()
            return sorted(line.strip() for line in logins.splitlines())

        return run

    return s.meet(rename(both[0], "new1"), rename(both[1], "new2"))


@pytest.mark.parametrize(
    ("play", "end"),
    [
        (two_logins_of_one_customer, ["new1", "new2"]),
        (two_entries_of_one_client, "code_taken"),
        (one_contact_told_twice, 1),
        (two_fields_edited, ("eve", "DE", 3)),
        (merged_into_each_other, "illegal_move"),
        (one_subscription_for_two, "illegal_move"),
        (one_tag_for_two, ["Müller"]),
    ],
)
def test_two_sessions_at_once_end_as_one_after_the_other(sessions: Sessions, play: Play, end: object) -> None:
    assert play(sessions) == end


@pytest.mark.parametrize(
    ("play", "end"), [(one_contact_told_twice, 1), (two_fields_edited, ("eve", "DE", 3))]
)
def test_without_its_lock_each_goes_wrong(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch, play: Play, end: object
) -> None:
    monkeypatch.setattr(SqlCustomerStore, "locked", SqlCustomerStore.customer)
    assert play(sessions) != end


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_both_databases_find_the_same(tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_DATABASE", database)
    rig = made_in(tmp_path)
    with rig.units.write() as unit:
        anna = add(rig, unit, Profile(name="Änna Ødegård 100%_x", phone="07700 900123"))
        bert = add(rig, unit, Profile(name="Bert", email="bert@example.com"), client_id=None)
        register.link_subscription(unit, author(rig), bert, sold(rig, unit, "Login_77%"))
    asked = {
        "anna odegard": [anna.id],
        "ÅRD": [anna.id],
        "100%_": [anna.id],
        "0%_X a": [anna.id],
        "+44 7700 900123": [anna.id],
        "an": [anna.id],
        "be": [bert.id],
        "login_77%": [bert.id],
        "login_77_": [],
        "bert a": [bert.id],
        "bert q": [],
        'x" OR "ber': [],
    }
    assert {text: found(rig, text) for text in asked} == asked
    with rig.units.write() as unit:
        register.erase_customer(unit, author(rig), register.locked(unit, anna.id))
    assert [found(rig, text) for text in ("anna", "an", "900123")] == [[], [], []]
    rig.close()


def test_an_event_holds_no_text(tmp_path: Path) -> None:
    rig = made_in(tmp_path)
    for fact in ("Anna Müller", "anna@example.com", "+44 7700", 1.5, ("a b",)):
        with pytest.raises(ValueError, match="codes, whole numbers and dates only") as refused:
            Event(
                kind=EventKind.CUSTOMER_EDITED,
                at=rig.clock(),
                reseller_id=rig.reseller.id,
                actor="test",
                after={"name": fact},  # type: ignore[dict-item]
            )
        assert str(fact) not in str(refused.value)
    rig.close()
