"""What a real Stalker 4.9 did (RUN, November 2026): 2038, logins, MACs, half-made accounts, bad rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from panelbridge import Absent, AccountId, AccountRef, Found, Outcome, Unknown
from panelbridge.testing.practice import Fault
from tests.adapters.stalker.conftest import Panel, made, order
from tests.support.ended import ended, listed

LAST = datetime(2038, 1, 16, 12, tzinfo=UTC)
TOO_LATE = [
    datetime(2038, 1, 18, tzinfo=UTC),
    datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC),
    datetime(2040, 6, 1, tzinfo=UTC),
]
BOX = "00:1A:79:00:00:01"


class TestThe19thOfJanuary2038:
    def test_the_practice_portal_stores_a_later_date_as_never_and_says_true(self, panel: Panel) -> None:
        made(panel.adapter())
        told = panel.naive("PUT", "users/anna2345", data={"end_date": "2038-01-19 03:14:08"})
        assert told == {"status": "OK", "results": True}
        assert panel.end_date("anna2345") == "0000-00-00 00:00:00"

    @pytest.mark.parametrize("until", TOO_LATE)
    def test_an_order_beyond_it_is_refused_and_nothing_sent(self, panel: Panel, until: datetime) -> None:
        end = ended(panel.adapter().create, order(until=until))
        assert (end.outcome, end.code) == (Outcome.REFUSED, "invalid_order")
        assert panel.accounts == {}

    @pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Etc/GMT+12"])
    def test_an_extend_beyond_it_is_refused_and_one_before_it_is_kept(
        self, start: Callable[..., Panel], zone: str
    ) -> None:
        panel = start(time_zone=zone)
        adapter = panel.adapter()
        account = made(adapter)
        before = panel.end_date("anna2345")
        assert ended(adapter.extend, account.ref, TOO_LATE[1]).code == "invalid_order"
        assert panel.end_date("anna2345") == before
        assert ended(adapter.extend, account.ref, LAST).outcome == Outcome.DONE
        assert panel.end_date("anna2345").startswith("2038-01-1")


class TestOneAccountIsRead:
    def test_the_connection_test_never_asks_for_the_account_of_no_name(self, panel: Panel) -> None:
        adapter = panel.adapter()
        for name in ("anna2345", "berta234"):
            made(adapter, order(name))
        sent = len(panel.sent())
        adapter.test_connection()
        asked = [path for _, path in panel.sent()[sent:]]
        assert "users/" not in asked
        assert "accounts/" not in asked
        assert "users/berta234" in asked

    def test_hidden_dates_are_seen_on_an_account_of_the_books(self, start: Callable[..., Panel]) -> None:
        panel = start(billing="off")
        made(panel.adapter())
        fresh = panel.adapter(internal_billing=True)
        getattr(fresh, "recall", lambda _: None)(["anna2345"])
        sent = len(panel.sent())
        assert "end_date" in " ".join(fresh.test_connection().warnings)
        assert "users/" not in [path for _, path in panel.sent()[sent:]]


class TestWhatAnEditAnswers:
    def test_of_a_taken_login_and_of_nothing_it_knows(self, panel: Panel) -> None:
        adapter = panel.adapter()
        for name in ("anna2345", "berta234"):
            made(adapter, order(name))
        for fields, told in (
            ({"login": "ANNA2345"}, "Login already in use"),
            ({"nickname": "x"}, "Insert data is empty"),
            ({}, "Insert data is empty"),
        ):
            assert panel.naive("PUT", "users/berta234", data=fields)["error"] == told
        assert panel.naive("PUT", "users/berta234", data={"login": "berta234"})["results"] is True
        assert set(panel.accounts) == {"anna2345", "berta234"}

    def test_an_unknown_package_is_called_done(self, panel: Panel) -> None:
        made(panel.adapter())
        number = panel.book("anna2345")["number"]
        told = panel.naive("POST", f"account_subscription/{number}", data={"subscribed[]": "opera"})
        assert told == {"status": "OK", "results": True}
        assert panel.book("anna2345")["subscribed"] == []


class TestMacs:
    def test_one_in_another_case_is_the_same(self, panel: Panel) -> None:
        panel.control.act("create", username="byhand23", mac=BOX.lower())
        told = panel.naive("POST", "accounts/", data={"login": "naive234", "stb_mac": BOX})
        assert told["error"] == "MAC address already in use"
        end = ended(panel.adapter().create, order(mac=BOX))
        assert (end.outcome, end.code) == (Outcome.REFUSED, "account_conflict")

    def test_a_box_by_hand_is_listed_and_found_by_its_mac(self, panel: Panel) -> None:
        panel.control.act("create", username="", mac=BOX.lower())
        adapter = panel.adapter()
        assert [(one.id, one.mac) for one in listed(adapter)] == [(BOX, BOX)]
        for name in (BOX, BOX.lower()):
            found = adapter.get(AccountRef(id=AccountId(name), username=name))
            assert isinstance(found, Found), found
            assert found.account.mac == BOX


class TestHalfMade:
    def test_what_an_earlier_try_left_otherwise_is_completed(self, panel: Panel) -> None:
        adapter, request = panel.adapter(), order(package="family")
        panel.control.set_fault(Fault.CUT_BEFORE, "finish")
        assert ended(adapter.create, request).outcome == "unknown"
        panel.control.act("set", username="anna2345", column="tariff_plan", value="basic")
        panel.control.act("set", username="anna2345", column="end_date", value="0000-00-00 00:00:00")
        end = ended(adapter.create, request)
        assert (end.outcome, end.differs) == (Outcome.DONE, ())
        assert panel.book("anna2345")["package"] == "family"
        assert panel.end_date("anna2345") != "0000-00-00 00:00:00"


class TestBadRows:
    BROKEN: tuple[tuple[str, Any], ...] = (("end_date", "soon"), ("status", 7))

    @pytest.mark.parametrize(("column", "value"), BROKEN)
    def test_one_bad_row_is_one_bad_account(self, panel: Panel, column: str, value: Any) -> None:
        adapter = panel.adapter()
        good, bad = (made(adapter, order(name)) for name in ("anna2345", "berta234"))
        panel.control.act("set", username="berta234", column=column, value=value)
        rows = {account.username: account.state for account in listed(adapter)}
        assert rows == {"anna2345": "active", "berta234": "unreadable"}
        assert isinstance(adapter.find(reference=good.reference), Found)
        assert isinstance(adapter.find(username="nobody23"), Absent)
        assert isinstance(adapter.find(reference=bad.reference), Unknown)
        assert isinstance(adapter.get(bad.ref), Unknown)

    def test_one_under_our_number_hides_neither_ours_nor_a_rename(self, panel: Panel) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        panel.control.act("create", username="second23", account_number=panel.book("anna2345")["number"])
        panel.control.act("set", username="second23", column="end_date", value="soon")
        assert isinstance(adapter.find(reference=account.reference), Found)
        gone = AccountRef(id=AccountId("elsewhere"), username="elsewhere", reference=account.reference)
        found = adapter.get(gone)
        assert isinstance(found, Unknown)
        assert "under another" in found.cause
