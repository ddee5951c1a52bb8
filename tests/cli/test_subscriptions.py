"""Verbs on subscriptions by command, read back from the practice panel's own books."""

from __future__ import annotations

from typing import Any

import pytest

from panelbridge.testing.practice import PracticeProcess
from tests.cli.conftest import Shell, nothing_changed


def books(practice: PracticeProcess, shell: Shell, named: str = "shop:501") -> Any:
    """The panel's own record of the subscription's account; empty when there is none."""
    name = shell.done("subscriptions", "show", named, "--json").json["username"]
    return practice.control.books()["accounts"].get(name, {})


@pytest.fixture
def sold(selling: Shell) -> Shell:
    """Service 501 is sold. Its login name is random, so shared books do not mix."""
    assert not selling.order(501).pending
    return selling


def test_extend_tells_price_and_dates_before_it_asks(sold: Shell, practice: PracticeProcess) -> None:
    with nothing_changed(lambda: books(practice, sold)):
        ran = sold("subscriptions", "extend", "shop:501", "--note", "sorry", typed="n\n")

    assert ran.code == 1
    assert "It is extended by 1m" in ran.err
    assert "It costs 1 credit; 49 credits available." in ran.err
    assert "Nothing was done." in ran.err


def test_extend_with_a_key_of_ones_own_extends_once(sold: Shell, practice: PracticeProcess) -> None:
    words = ("subscriptions", "extend", "1", "--note", "sorry", "--yes", "--once", "ticket-9")
    sold.done(*words)
    with nothing_changed(lambda: books(practice, sold)["expires_at"]):
        again = sold.done(*words)

    assert "done already" in again.out
    assert sold.done("credits", "show", "--reseller", "main", "--json").json["balance"] == "48"


def test_extend_until_a_day(sold: Shell) -> None:
    before = sold.done("subscriptions", "show", "1", "--json").json["entitled_until"]
    year = int(before[:4]) + 1

    sold.done("subscriptions", "extend", "1", "--by", f"{year}-06-30", "--note", "gift", "--yes")

    after = sold.done("subscriptions", "show", "1", "--json").json["entitled_until"]
    assert after[:10] == f"{year}-06-30"
    assert after[10:] == before[10:]


@pytest.mark.parametrize("by", ["2020-01-01", "tomorrow", "0d", "m"])
def test_a_length_that_makes_no_sense_is_refused_before_anything(sold: Shell, by: str) -> None:
    assert sold("subscriptions", "extend", "1", "--by", by, "--note", "gift", "--yes").code == 2


def test_suspend_and_unsuspend_reach_the_panel(sold: Shell, practice: PracticeProcess) -> None:
    sold.done("subscriptions", "suspend", "1", "--reason", "abuse", "--note", "ticket 3", "--yes")
    assert books(practice, sold)["state"] == "suspended"
    shown = sold.done("subscriptions", "show", "1").out
    assert "suspended (abuse)" in shown
    assert "set by operator" in shown
    assert "ticket 3" in shown

    sold.done("subscriptions", "unsuspend", "1")
    assert books(practice, sold)["state"] == "active"


def test_a_reset_password_is_starred_unless_asked_for(sold: Shell, practice: PracticeProcess) -> None:
    starred = sold.done("subscriptions", "reset", "1", "--yes")
    first = books(practice, sold)["password"]
    assert first not in starred.out + starred.err
    assert "***" in starred.out

    told = sold.done("subscriptions", "reset", "1", "--yes", "--show-password")
    second = books(practice, sold)["password"]
    assert second != first
    assert second in told.out
    assert second not in sold.done("subscriptions", "show", "1").out
    assert second in sold.done("subscriptions", "show", "1", "--show-password").out


def test_change_package_now_tells_its_price_first(sold: Shell, practice: PracticeProcess) -> None:
    sold.done("plans", "add", "family", "--panel", "main", "--term", "1m=family-1m@3")

    asked = sold("subscriptions", "change-package", "1", "family")
    assert asked.code == 2
    assert "The price is for all the time that is paid and not used yet" in asked.err
    sold.done("subscriptions", "change-package", "1", "family", "--yes")

    assert books(practice, sold)["package"] == "family-1m"


def test_a_change_for_later_is_stored_and_withdrawn(sold: Shell, practice: PracticeProcess) -> None:
    sold.done("plans", "add", "family", "--panel", "main", "--term", "1m=family-1m@3")
    with nothing_changed(lambda: books(practice, sold)):
        sold.done("subscriptions", "change-package", "1", "family", "--when", "next")
        assert sold.done("subscriptions", "show", "1", "--json").json["next_plan"] == "family"
        sold.done("subscriptions", "change-package", "1", "--withdraw")
    assert sold.done("subscriptions", "show", "1", "--json").json["next_plan"] is None


def test_terminate_wants_yes_and_says_there_is_no_way_back(sold: Shell, practice: PracticeProcess) -> None:
    with nothing_changed(lambda: books(practice, sold)):
        asked = sold("subscriptions", "terminate", "shop:501")
    assert asked.code == 2
    assert "no way back" in asked.err

    sold.done("subscriptions", "terminate", "shop:501", "--yes")

    assert books(practice, sold) == {}
    assert sold.done("subscriptions", "show", "1", "--json").json["state"] == "terminated"


def test_what_the_panel_cannot_do_now_is_pending_and_who_goes_on_is_said(
    sold: Shell, practice: PracticeProcess
) -> None:
    practice.control.set_fault("timeout_after_commit", "suspend", seconds=6)

    ran = sold("subscriptions", "suspend", "1", "--yes")

    assert ran.code == 5, ran.out + ran.err
    assert "Under way" in ran.out
    assert "No `panelbridge serve` runs from this folder" in ran.err


def test_lists_filter_by_state_and_expiry(sold: Shell) -> None:
    sold.done("subscriptions", "suspend", "1", "--yes")

    def found(*words: str) -> list[int]:
        return [item["id"] for item in sold.done("subscriptions", "list", "--json", *words).json]

    assert found() == [1]
    assert found("--state", "suspended") == [1]
    assert found("--state", "active") == []
    assert found("--expiring", "7d") == []
    assert found("--expiring", "40d") == [1]
    assert sold("subscriptions", "list", "--expiring", "soon").code == 2


def test_pages_are_told_with_how_to_go_on(sold: Shell) -> None:
    sold.order(502)

    first = sold.done("subscriptions", "list", "--limit", "1")
    rest = sold.done("subscriptions", "list", "--after", "1", "--json").json

    assert "--after 1" in first.err
    assert [item["service_id"] for item in rest] == [502]


def test_live_says_what_the_panel_shows(sold: Shell, practice: PracticeProcess) -> None:
    name = sold.done("subscriptions", "show", "1", "--json").json["username"]
    practice.control.act("delete", username=name)

    shown = sold.done("subscriptions", "show", "1", "--live").out

    assert "The panel says now" in shown
    assert "does not exist there" in shown


@pytest.mark.parametrize(("named", "code"), [("99", 1), ("shop:99", 1), ("nope:1", 1), ("x", 2), (":5", 2)])
def test_a_subscription_that_is_not_there_is_named(sold: Shell, named: str, code: int) -> None:
    ran = sold("subscriptions", "show", named)

    assert ran.code == code
    assert ran.out == ""


def test_operations_list_the_latest_and_show_every_try(sold: Shell) -> None:
    for _ in range(3):
        sold.done("subscriptions", "suspend", "1", "--yes")
        sold.done("subscriptions", "unsuspend", "1")

    latest = [item["verb"] for item in sold.done("operations", "list", "--limit", "2", "--json").json]
    every = sold.done("operations", "list", "--json").json
    creates = sold.done("operations", "show", "1", "--json").json

    assert latest == ["suspend", "unsuspend"]
    assert [item["id"] for item in every] == list(range(1, 8))
    assert [one["outcome"] for one in creates["tries"]] == ["done"]
    assert "Operation 1" in sold.done("operations", "show", "1").out
    assert sold("operations", "show", "99").code == 1


def test_operations_by_state(sold: Shell) -> None:
    sold.done("subscriptions", "suspend", "1", "--yes")

    assert len(sold.done("operations", "list", "--state", "done", "--json").json) == 2
    assert sold.done("operations", "list", "--state", "attention", "--json").json == []
    wrong = sold("operations", "list", "--state", "finished")
    assert wrong.code == 2
    assert "attention" in wrong.err


def test_an_extension_that_buys_a_stored_change_says_its_plan_and_price(sold: Shell) -> None:
    sold.done("plans", "add", "family", "--panel", "main", "--term", "1m=family-1m@3")
    sold.done("subscriptions", "change-package", "1", "family", "--when", "next")

    asked = sold("subscriptions", "extend", "1", "--note", "renewal by hand")
    sold.done("subscriptions", "extend", "1", "--note", "renewal by hand", "--yes")

    assert "It gets plan family" in asked.err
    assert "It costs 5 credits" in asked.err  # a month of family, and 2 more for the month that is left
    assert "2 credits of it are for the time that was left" in asked.err
    assert sold.done("credits", "show", "--reseller", "main", "--json").json["balance"] == "44"
    assert sold.done("subscriptions", "show", "1", "--json").json["plan"] == "family"
