"""A real FreeRADIUS judges what the backend wrote: real logins, accepted and rejected."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from panelbridge import CreateOrder, Credentials, Found, Outcome, PackageChange, PanelAccount, Secret
from panelbridge_freeradius import FreeRadiusAdapter, FreeRadiusSettings
from tests.real.radius import Radius, missing, running_radius

pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))
_NUMBERS = count(1)


@dataclass(frozen=True, kw_only=True)
class Shop:
    radius: Radius
    adapter: FreeRadiusAdapter

    def sql(self, statement: str, *values: str) -> None:
        """What somebody else writes into the tables."""
        with closing(sqlite3.connect(self.radius.database, timeout=30)) as db, db:
            db.execute(statement, values)

    def order(self, *, days: float = 30) -> CreateOrder:
        number = next(_NUMBERS)
        return CreateOrder(
            credentials=Credentials(username=f"customer{number}", password=Secret(f"pAss-word{number}")),
            package="basic",
            until=(datetime.now(UTC) + timedelta(days=days)).replace(microsecond=0),
            reference=f"real:{number}:1",
        )

    def sold(self, *, days: float = 30) -> PanelAccount:
        result = self.adapter.create(self.order(days=days))
        assert result.account is not None
        return result.account

    def login(self, account: PanelAccount, password: str | None = None, *, by: str = "pap") -> bool:
        known = account.password.get_secret_value() if account.password is not None else ""
        return self.radius.accepts(account.username, password or known, by=by)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with running_radius(tmp_path_factory.mktemp("radius")) as radius:
        settings = FreeRadiusSettings(database=str(radius.database))
        with FreeRadiusAdapter(settings) as adapter:
            made = Shop(radius=radius, adapter=adapter)
            group = "INSERT INTO radgroupreply (groupname, attribute, op, value) VALUES (?, ?, ':=', ?)"
            for name in ("basic", "family"):
                made.sql(group, name, "Filter-Id", name)
            yield made


@pytest.mark.parametrize("by", ["pap", "chap", "mschap"])
def test_a_created_account_logs_in_by_every_method(shop: Shop, by: str) -> None:
    account = shop.sold()

    assert shop.login(account, by=by)
    assert not shop.login(account, "not the password", by=by)


def test_a_suspension_rejects_and_its_end_accepts(shop: Shop) -> None:
    account = shop.sold()

    assert shop.adapter.suspend(account.ref, "overdue").outcome is Outcome.DONE
    assert not shop.login(account)
    assert shop.adapter.suspend(account.ref, "overdue").outcome is Outcome.ALREADY
    assert shop.adapter.unsuspend(account.ref).outcome is Outcome.DONE
    assert shop.login(account)


def test_the_date_counts_to_the_second_and_an_extension_reopens(shop: Shop) -> None:
    account = shop.sold(days=-1 / 24)
    assert not shop.login(account)

    shop.adapter.extend(account.ref, datetime.now(UTC) + timedelta(minutes=2))

    assert shop.login(account)


def test_new_credentials_work_and_the_old_do_not(shop: Shop) -> None:
    account = shop.sold()

    shop.adapter.reset_credentials(
        account.ref, Credentials(username=account.username, password=Secret("an0ther-One"))
    )

    assert shop.login(account, "an0ther-One")
    assert not shop.login(account)


def test_a_change_of_package_keeps_the_login(shop: Shop) -> None:
    account = shop.sold()

    changed = shop.adapter.change_package(account.ref, PackageChange(package="family"))

    assert changed.account is not None
    assert changed.account.package == "family"
    assert shop.login(account)


def test_a_terminated_account_is_rejected(shop: Shop) -> None:
    account = shop.sold()

    assert shop.adapter.terminate(account.ref).outcome is Outcome.DONE
    assert not shop.login(account)
    assert shop.adapter.terminate(account.ref).outcome is Outcome.ALREADY


def test_a_second_row_of_a_password_is_no_second_password(shop: Shop) -> None:
    account = shop.sold()
    row = "INSERT INTO radcheck (username, attribute, op, value) VALUES (?, 'Cleartext-Password', ':=', ?)"
    shop.sql(row, account.username, "second-Row1")
    assert not shop.login(account, "second-Row1")

    shop.adapter.reset_credentials(
        account.ref, Credentials(username=account.username, password=Secret("the-Only1"))
    )

    assert shop.login(account, "the-Only1")
    assert not shop.login(account)
    assert not shop.login(account, "second-Row1")


@pytest.mark.parametrize(
    "written", ["Jan 01 2035 00:00:00", "01 Jan 2035", "31 December 2034"], ids=lambda text: text[:6]
)
def test_a_date_of_another_program_is_read_as_the_server_reads_it(shop: Shop, written: str) -> None:
    account = shop.sold()
    shop.sql(
        "UPDATE radcheck SET value = ? WHERE username = ? AND attribute = 'Expiration'",
        written,
        account.username,
    )

    found = shop.adapter.get(account.ref)

    assert shop.login(account)
    assert isinstance(found, Found)
    assert found.account.expires_at is not None
    assert found.account.expires_at.year in (2034, 2035)


def test_an_iso_date_rejects_at_the_server_and_is_not_read_as_a_date(shop: Shop) -> None:
    account = shop.sold()
    shop.sql(
        "UPDATE radcheck SET value = '2035-01-01 00:00:00' WHERE username = ? AND attribute = 'Expiration'",
        account.username,
    )

    assert not shop.login(account)
    assert not isinstance(shop.adapter.get(account.ref), Found)
