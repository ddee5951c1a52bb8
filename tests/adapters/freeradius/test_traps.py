"""What the tables of a RADIUS server let happen: a naive writer is fooled, the backend is not."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from panelbridge import Absent, Conflict, Credentials, Found, Outcome, PanelError, Secret, Unknown
from panelbridge.testing import conformance
from panelbridge.testing.conformance import PanelUnderTest
from panelbridge_freeradius import FreeRadiusAdapter, FreeRadiusSettings


@pytest.fixture
def radius(tmp_path: Path) -> Iterator[PanelUnderTest]:
    with conformance.panel_under_test(
        "freeradius", tmp_path, package="basic", other_package="family"
    ) as panel:
        yield panel


def naive(radius: PanelUnderTest, statement: str, *values: object) -> None:
    """A program that writes the tables without looking."""
    with closing(sqlite3.connect(radius.adapter.settings.database, timeout=30)) as db, db:
        db.execute(statement, values)


def rows(radius: PanelUnderTest, statement: str, *values: object) -> list[Any]:
    with closing(sqlite3.connect(radius.adapter.settings.database, timeout=30)) as db:
        return db.execute(statement, values).fetchall()


def logs_in(radius: PanelUnderTest, username: str, password: str) -> bool:
    asked = {"username": username, "password": password}
    return bool(requests.post(f"{radius.practice.url}login", json=asked, timeout=10).json()["accepted"])


def check(radius: PanelUnderTest, username: str, attribute: str, value: str, op: str = ":=") -> None:
    statement = "INSERT INTO radcheck (username, attribute, op, value) VALUES (?, ?, ?, ?)"
    naive(radius, statement, username, attribute, op, value)


def test_two_password_rows_are_taken_and_only_the_first_works(radius: PanelUnderTest) -> None:
    check(radius, "naive", "Cleartext-Password", "first-Pass1")
    check(radius, "naive", "Cleartext-Password", "second-Pass1")  # a "reset" that inserts
    assert (logs_in(radius, "naive", "first-Pass1"), logs_in(radius, "naive", "second-Pass1")) == (
        True,
        False,
    )

    account = radius.made()
    wanted = Credentials(username=account.username, password=Secret("brand-New1"))
    for _ in range(2):
        radius.adapter.reset_credentials(account.ref, wanted)

    assert logs_in(radius, account.username, "brand-New1")
    kept = rows(
        radius, "SELECT count(*) FROM radcheck WHERE username = ? AND attribute LIKE '%Pass%'", account.id
    )
    assert kept == [(1,)]


def test_a_password_compared_instead_of_set_is_always_rejected(radius: PanelUnderTest) -> None:
    check(radius, "naive", "Cleartext-Password", "some-Pass1", op="==")
    assert not logs_in(radius, "naive", "some-Pass1")

    account = radius.made()
    assert account.password is not None
    assert logs_in(radius, account.username, account.password.get_secret_value())


def test_an_iso_date_rejects_the_customer(radius: PanelUnderTest) -> None:
    check(radius, "naive", "Cleartext-Password", "some-Pass1")
    check(radius, "naive", "Expiration", "2035-01-01 00:00:00")
    assert not logs_in(radius, "naive", "some-Pass1")
    found = radius.adapter.find(username="naive")
    assert isinstance(found, Unknown)
    assert "no date" in found.cause

    account = radius.made()
    radius.adapter.extend(account.ref, datetime(2035, 1, 1, tzinfo=UTC))
    assert account.password is not None
    assert logs_in(radius, account.username, account.password.get_secret_value())


def test_a_suspension_of_the_plans_priority_suspends_nobody(radius: PanelUnderTest) -> None:
    account = radius.made()
    assert account.password is not None
    password = account.password.get_secret_value()
    group = radius.adapter.settings.reject_group
    naive(
        radius,
        "INSERT INTO radgroupcheck (groupname, attribute, op, value) VALUES (?, 'Auth-Type', ':=', 'Reject')",
        group,
    )
    naive(
        radius, "INSERT INTO radusergroup (username, groupname, priority) VALUES (?, ?, 1)", account.id, group
    )
    assert logs_in(radius, account.username, password)

    naive(radius, "DELETE FROM radusergroup WHERE groupname = ?", group)
    naive(radius, "UPDATE radusergroup SET priority = 0 WHERE username = ?", account.id)
    radius.adapter.suspend(account.ref, "overdue")

    assert not logs_in(radius, account.username, password)
    radius.adapter.unsuspend(account.ref)
    assert logs_in(radius, account.username, password)


@pytest.mark.parametrize("priority", [1, 7])
def test_a_rejecting_group_that_is_not_asked_first_suspends_nobody(
    radius: PanelUnderTest, priority: int
) -> None:
    account = radius.made()
    assert account.password is not None
    name, password = account.username, account.password.get_secret_value()
    join = "INSERT INTO radusergroup (username, groupname, priority) VALUES (?, ?, ?)"
    naive(radius, join, name, radius.adapter.settings.reject_group, priority)
    assert logs_in(radius, name, password)  # the plan's group is asked first, and accepts
    found = radius.adapter.get(account.ref)
    assert isinstance(found, Found)
    assert found.account.state.value == "active"

    assert radius.adapter.suspend(account.ref, "overdue").outcome is Outcome.DONE
    assert not logs_in(radius, name, password)
    assert radius.adapter.unsuspend(account.ref).outcome is Outcome.DONE
    assert logs_in(radius, name, password)
    assert rows(radius, "SELECT groupname FROM radusergroup WHERE username = ?", name) == [("basic",)]


def test_a_rejecting_group_behind_the_plans_goes_with_the_end_of_the_suspension(
    radius: PanelUnderTest,
) -> None:
    account = radius.made()
    join = "INSERT INTO radusergroup (username, groupname, priority) VALUES (?, ?, 9)"
    naive(radius, join, account.username, radius.adapter.settings.reject_group)
    assert radius.adapter.unsuspend(account.ref).outcome is Outcome.DONE
    groups = rows(radius, "SELECT groupname FROM radusergroup WHERE username = ?", account.username)
    assert groups == [("basic",)]


def test_one_bad_row_is_one_bad_account(radius: PanelUnderTest) -> None:
    bad, good = radius.made(), radius.made()
    update = "UPDATE radcheck SET value = 'some day' WHERE attribute = 'Expiration' AND username = ?"
    naive(radius, update, bad.username)
    try:
        told = {account.username: account.state.value for account in radius.adapter.list_accounts()}
    except PanelError as error:
        told = {"no list": error.message}
    assert told == {bad.username: "unreadable", good.username: "active"}
    assert isinstance(radius.adapter.get(bad.ref), Unknown)


def test_a_group_that_rejects_nobody_is_made_to(radius: PanelUnderTest) -> None:
    account = radius.made()
    assert account.password is not None
    assert radius.adapter.test_connection().warnings

    radius.adapter.suspend(account.ref, "overdue")

    assert not logs_in(radius, account.username, account.password.get_secret_value())
    assert not radius.adapter.test_connection().warnings


def test_names_that_differ_in_capitals_are_never_two_accounts(radius: PanelUnderTest) -> None:
    account = radius.made()
    order = radius.order()
    twin = replace(
        order, credentials=Credentials(username=account.username.upper(), password=Secret("some-Pass1"))
    )

    with pytest.raises(Conflict):
        radius.adapter.create(twin)
    assert isinstance(radius.adapter.find(username=account.username.upper()), Absent)


def test_two_creates_of_one_name_at_once_make_one(radius: PanelUnderTest) -> None:
    order = radius.order()
    start = threading.Barrier(6)
    endings = list[Outcome]()

    def create() -> None:
        with radius.adapter_with() as adapter:
            start.wait()
            endings.append(conformance.subject.ending_of(lambda: adapter.create(order)))

    threads = [threading.Thread(target=create) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(endings) == sorted([Outcome.DONE, *[Outcome.ALREADY] * 5])
    assert len(radius.effects(order.credentials.username, "create")) == 1


def test_a_database_that_is_held_changes_nothing_and_may_be_asked_again(radius: PanelUnderTest) -> None:
    account = radius.made()
    before = radius.in_books(account.username)
    with closing(sqlite3.connect(radius.adapter.settings.database, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        with radius.adapter_with(total_timeout=0.2) as hasty, pytest.raises(PanelError) as caught:
            hasty.suspend(account.ref, "overdue")
        holder.execute("ROLLBACK")

    assert (caught.value.outcome, caught.value.retry_safe) == (Outcome.RETRY_LATER, True)
    assert radius.in_books(account.username) == before


def test_a_verb_that_breaks_half_way_leaves_nothing(radius: PanelUnderTest) -> None:
    naive(
        radius,
        "CREATE TRIGGER broken BEFORE INSERT ON radusergroup BEGIN SELECT RAISE(ABORT, 'disk secret'); END",
    )
    order = radius.order()

    with pytest.raises(PanelError) as caught:
        radius.adapter.create(order)

    assert caught.value.outcome is Outcome.RETRY_LATER
    assert "secret" not in str(caught.value)
    assert radius.in_books(order.credentials.username) is None


def test_a_commit_that_is_not_confirmed_is_unknown(
    radius: PanelUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy import Connection
    from sqlalchemy.exc import OperationalError

    commit = Connection.commit

    def lost(self: Connection) -> None:
        commit(self)
        raise OperationalError("COMMIT", None, Exception("connection lost"))

    monkeypatch.setattr(Connection, "commit", lost)
    order = radius.order()
    with pytest.raises(PanelError) as caught:
        radius.adapter.create(order)
    monkeypatch.undo()

    assert caught.value.outcome is Outcome.UNKNOWN
    assert radius.adapter.create(order).outcome is Outcome.ALREADY


def test_a_path_mistyped_is_no_empty_list_of_users(tmp_path: Path) -> None:
    with FreeRadiusAdapter(FreeRadiusSettings(database=str(tmp_path / "nowhere.sqlite"))) as adapter:
        assert isinstance(adapter.find(username="anybody"), Unknown)
        with pytest.raises(PanelError):
            list(adapter.list_accounts())
    assert not (tmp_path / "nowhere.sqlite").exists()


def test_accounting_is_told_and_outlives_the_account(radius: PanelUnderTest) -> None:
    account = radius.made()
    session = (
        "INSERT INTO radacct (username, acctstoptime, acctinputoctets, acctoutputoctets) VALUES (?, ?, ?, ?)"
    )
    naive(radius, session, account.id, "2026-11-01 10:00:00", 6_000_000_000, 1)
    naive(radius, session, account.id, None, 10, 20)

    (used,) = radius.adapter.usages()
    radius.adapter.terminate(account.ref)

    assert (used.traffic_bytes, used.connections) == (6_000_000_031, 1)
    assert rows(radius, "SELECT count(*) FROM radacct") == [(2,)]


def test_what_daloradius_keeps_of_a_person_stays(tmp_path: Path) -> None:
    with conformance.panel_under_test(
        "freeradius", tmp_path, practice_options={"daloradius": "on"}, package="basic", other_package="family"
    ) as radius:
        order = radius.order()
        person = "INSERT INTO userinfo (username, firstname) VALUES (?, 'Maria')"
        naive(radius, person, order.credentials.username)

        account = radius.made(order)

        kept = rows(radius, "SELECT firstname, notes FROM userinfo WHERE username = ?", account.id)
        assert kept == [("Maria", order.reference)]
        later = order.until + timedelta(days=1)
        with pytest.raises(Conflict):
            radius.adapter.extend(replace(account.ref, reference="pb:9:9"), later)
