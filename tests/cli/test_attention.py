"""What only a person can decide: listed with its ways out, each explained before it is asked."""

from __future__ import annotations

from itertools import count

import pytest

from panelbridge.service.compose import compose
from panelbridge.service.watches import Watches
from panelbridge.testing.practice import PracticeProcess
from tests.cli.conftest import Shell, nothing_changed

_NUMBERS = count(9001)


@pytest.fixture
def stuck(selling: Shell, practice: PracticeProcess) -> str:
    """A create whose chosen name belongs to somebody else, seen after a lost reply; that account's id."""
    number = next(_NUMBERS)
    name = f"customer{number}"
    practice.control.act("create", username=name, reference=None)
    practice.control.set_fault("cut_before", "create")
    answer = selling.order(number, username=name)
    assert answer.operation.state.value == "attention", answer.message
    return str(practice.control.books()["accounts"][name]["id"])


def watch_floors(shell: Shell) -> None:
    """What a freshly started ``serve`` does every few seconds."""
    services = compose(shell.config, migrate=False)
    try:
        Watches(services.units, services.clock).watch_floors()
    finally:
        services.close()


def wallet(shell: Shell) -> tuple[str, str]:
    found = shell.done("credits", "show", "--reseller", "main", "--json").json
    return found["balance"], found["held"]


def test_the_list_names_the_cause_and_every_way_out(selling: Shell, stuck: str) -> None:
    for words in (("attention",), ("attention", "list")):
        ran = selling.done(*words)
        assert "account_conflict" in ran.out
        for way in ("retry", "adopt", "mark-done", "release"):
            assert way in ran.out
    (item,) = selling.done("attention", "list", "--json").json
    assert (item["operation_id"], item["subscription_id"]) == (1, 1)
    assert item["subject"] == {"kind": "subscription", "id": 1}
    assert set(item["ways_out"]) == {"retry", "adopt", "mark-done", "release"}


@pytest.mark.parametrize(
    ("words", "consequence"),
    [
        (("retry", "1"), "charges and makes nothing that is there already"),
        (("adopt", "1", "acc-1"), "the held credits are spent. Account acc-1 of the panel is read first"),
        (("mark-done", "1", "--reason", "saw it"), "the held credits are spent"),
        (("release", "1", "--reason", "saw it"), "free again and the name stays watched"),
    ],
)
def test_each_way_says_what_it_means_and_does_nothing_when_declined(
    selling: Shell, stuck: str, words: tuple[str, ...], consequence: str
) -> None:
    with nothing_changed(lambda: (wallet(selling), selling.done("attention", "list", "--json").out)):
        ran = selling("attention", *words, typed="n\n")

    assert ran.code == 1
    assert "1 credit held" in ran.err
    assert "It waits because" in ran.err
    assert consequence in ran.err


def test_release_frees_the_credits_and_keeps_the_claim(selling: Shell, stuck: str) -> None:
    ran = selling.done("attention", "release", "1", "--reason", "looked at the panel", "--yes")

    assert wallet(selling) == ("50", "0")
    assert "1 credit free again" in ran.out
    assert "released by cli:" in selling.done("operations", "show", "1").out
    assert "No cases are waiting for a decision." in selling.done("attention").out


def test_adopt_takes_the_account_and_spends_the_credits(selling: Shell, stuck: str) -> None:
    assert selling("attention", "adopt", "1", "no-such-account", "--yes").code == 1
    assert wallet(selling) == ("50", "1")

    selling.done("attention", "adopt", "1", stuck, "--yes")

    assert wallet(selling) == ("49", "0")
    assert selling.done("subscriptions", "show", "1", "--json").json["account_id"] == stuck


def test_retry_ends_with_6_while_a_person_is_still_needed(selling: Shell, stuck: str) -> None:
    ran = selling("attention", "retry", "1", "--yes")

    assert ran.code == 6, ran.out + ran.err
    assert "[attention]" in ran.err
    assert "panelbridge attention" in ran.err or "adopt" in ran.err
    assert wallet(selling) == ("50", "1")


def test_what_is_settled_cannot_be_decided_and_nothing_is_asked(selling: Shell) -> None:
    selling.order(501)

    ran = selling("attention", "release", "1", "--reason", "saw it", typed="y\n")

    assert ran.code == 1
    assert "is done; only one in attention, or one that keeps failing, waits" in ran.err
    assert "Go on?" not in ran.err


def test_an_item_that_no_operation_waits_for_is_dismissed_with_a_reason(selling: Shell) -> None:
    selling.done("credits", "limits", "--floor", "60")  # fifty are there: the watch finds that too few
    watch_floors(selling)
    (item,) = selling.done("attention", "list", "--json").json

    ran = selling.done("attention", "dismiss", str(item["id"]), "--reason", "a top-up is on its way")

    assert f"Dismissed: item {item['id']}" in ran.out
    assert selling.done("attention", "list", "--json").json == []
    again = selling("attention", "dismiss", str(item["id"]), "--reason", "a top-up is on its way")
    assert again.code != 0
    assert f"no item {item['id']} is open" in again.err.lower()

    watch_floors(selling)  # a process that starts anew tells nothing twice
    assert selling.done("attention", "list", "--json").json == []


def test_what_an_operation_waits_for_cannot_be_dismissed(selling: Shell, stuck: str) -> None:
    (item,) = selling.done("attention", "list", "--json").json

    ran = selling("attention", "dismiss", str(item["id"]), "--reason", "go away")

    assert ran.code != 0
    assert "waits for a decision" in ran.err
    assert len(selling.done("attention", "list", "--json").json) == 1


def test_an_account_that_another_subscription_has_is_refused_by_name(selling: Shell, stuck: str) -> None:
    selling.order(502)
    theirs = selling.done("subscriptions", "show", "2", "--json").json["account_id"]

    ran = selling("attention", "adopt", "1", theirs, "--yes")

    assert ran.code == 1, ran.err
    assert "[account_managed]" in ran.err
    assert "subscription 2" in ran.err
    assert wallet(selling) == ("49", "1")
