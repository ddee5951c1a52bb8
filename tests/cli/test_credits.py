"""Credits by command: booked once, refused without a trace, readable afterwards."""

from __future__ import annotations

import csv
import sqlite3
from pathlib import Path

from tests.cli.conftest import Shell, nothing_changed


def available(shell: Shell) -> str:
    return str(shell.done("credits", "show", "--reseller", "main", "--json").json["available"])


def test_a_top_up_with_a_key_of_ones_own_is_booked_once(shell: Shell) -> None:
    for _ in range(2):
        shell.done("credits", "top-up", "12.5", "--reason", "invoice 7", "--once", "invoice-7")

    assert available(shell) == "12.5"
    other = shell("credits", "top-up", "13", "--reason", "invoice 7", "--once", "invoice-7")
    assert other.code == 1
    assert "[key_mismatch]" in other.err


def test_without_such_a_key_it_says_that_a_repeat_books_again(shell: Shell) -> None:
    assert "books it again" in shell.done("credits", "top-up", "1", "--reason", "x").err
    assert "books it again" not in shell.done("credits", "top-up", "1", "--reason", "x", "--once", "a").err


def test_more_than_there_is_cannot_be_taken(shell: Shell) -> None:
    shell.done("credits", "top-up", "5", "--reason", "start")

    with nothing_changed(lambda: shell.done("credits", "history", "--json").out):
        ran = shell("credits", "adjust", "--take", "6", "--reason", "mistake")

    assert ran.code == 1
    assert "6 credits are needed and 5 are available" in ran.err


def test_history_tells_who_why_before_and_after(shell: Shell) -> None:
    shell.done("credits", "top-up", "5", "--reason", "start")
    shell.done("credits", "adjust", "--take", "2", "--reason", "mistake")

    last = shell.done("credits", "history", "--json").json[-1]

    assert (last["kind"], last["balance_before"], last["balance_after"]) == ("adjustment", "5", "3")
    assert last["reason"] == "mistake"
    assert last["actor"].startswith("cli:")
    assert "5 -> 3" in shell.done("credits", "history").out


def test_history_names_the_plan_that_was_paid_for(selling: Shell) -> None:
    selling.order(501)

    paid = [line for line in selling.done("credits", "history").out.splitlines() if " post " in line]

    assert len(paid) == 1
    assert " gold " in paid[0]


def test_history_shows_the_latest_lines_and_csv_all(shell: Shell, tmp_path: Path) -> None:
    for number in range(5):
        shell.done("credits", "top-up", "1", "--reason", f"number {number}")

    shown = [line["reason"] for line in shell.done("credits", "history", "--limit", "2", "--json").json]
    shell.done("credits", "history", "--csv", str(tmp_path / "all.csv"))

    assert shown == ["number 3", "number 4"]
    with (tmp_path / "all.csv").open(newline="") as file:
        assert [row["reason"] for row in csv.DictReader(file)] == [f"number {number}" for number in range(5)]


def test_history_is_filtered_by_kind_and_time(shell: Shell) -> None:
    shell.done("credits", "top-up", "5", "--reason", "start")
    shell.done("credits", "adjust", "--add", "1", "--reason", "gift")

    kinds = [line["kind"] for line in shell.done("credits", "history", "--kind", "adjustment", "--json").json]
    old = shell.done("credits", "history", "--until", "2020-01-01", "--json").json

    assert kinds == ["adjustment"]
    assert old == []
    assert shell("credits", "history", "--since", "yesterday").code == 2


def test_limits_change_only_what_is_named(shell: Shell) -> None:
    shell.done("credits", "limits", "--overdraft", "10", "--floor", "3")
    shell.done("credits", "limits", "--floor", "4")

    wallet = shell.done("credits", "show", "--reseller", "main", "--json").json
    assert (wallet["overdraft"], wallet["floor"], wallet["available"]) == ("10", "4", "10")
    shell.done("credits", "limits", "--no-floor")
    assert shell.done("credits", "show", "--reseller", "main", "--json").json["floor"] is None


def test_orders_that_waited_are_released_by_a_top_up_and_nobody_running_is_said(selling: Shell) -> None:
    selling.done("plans", "set", "gold", "--queue")
    selling.done("credits", "adjust", "--take", "50", "--reason", "empty")
    assert selling.order(7101).operation.state.value == "queued"

    ran = selling.done("credits", "top-up", "5", "--reason", "start")

    assert "orders released  1" in ran.out
    assert "No `panelbridge serve` runs" in ran.err


def test_a_higher_overdraft_releases_orders_that_waited(selling: Shell) -> None:
    selling.done("plans", "set", "gold", "--queue")
    selling.done("credits", "adjust", "--take", "50", "--reason", "empty")
    waiting = selling.order(7101).operation
    assert waiting.state.value == "queued"

    selling.done("credits", "limits", "--overdraft", "10")

    assert f'"id": {waiting.id}' in selling.done("operations", "list", "--json").out
    assert selling.done("operations", "show", str(waiting.id), "--json").json["state"] == "ready"


def test_the_books_are_verified_and_a_changed_row_is_found(shell: Shell) -> None:
    shell.done("credits", "top-up", "5", "--reason", "start")
    assert "The books are whole: 1 wallets, 1 transfers" in shell.done("ledger", "verify").out

    connection = sqlite3.connect(shell.folder / "panelbridge.db")
    with connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("UPDATE ledger_transfers SET amount = amount * 2")
    connection.close()
    ran = shell("ledger", "verify")

    assert ran.code == 8
    assert "NOT WHOLE" in ran.out
    assert "does not follow from the row" in ran.out
    assert "did not refuse" in ran.out
    report = shell("ledger", "verify", "--json")
    assert (report.code, report.json["whole"]) == (8, False)
