"""What a program at the shell relies on: one form of errors, one form of lists, a version."""

from __future__ import annotations

import json
from importlib.metadata import version

import pytest

from tests.cli.conftest import Shell


def test_it_tells_its_version(bare: Shell) -> None:
    told = bare("--version")

    assert (told.code, told.out) == (0, f"panelbridge {version('panelbridge')}\n")


@pytest.mark.parametrize(
    "words",
    [
        ("panels", "show", "--json"),
        ("panels", "show", "main", "--nonsense", "--json"),
        ("nonsense", "--json"),
        ("subscriptions", "list", "--limit", "many", "--json"),
        ("subscriptions", "list", "--expiring", "soon", "--json"),
    ],
    ids=" ".join,
)
def test_a_usage_error_is_json_where_json_was_asked(shell: Shell, words: tuple[str, ...]) -> None:
    ran = shell(*words)

    assert ran.code == 2, ran.err
    assert ran.err.startswith("{"), ran.err
    told = json.loads(ran.err)
    assert (told["code"], told["exit"]) == ("usage", 2)
    assert told["message"]


LISTS = (
    ("adapters",),
    ("attention",),
    ("attention", "list"),
    ("credits", "history"),
    ("installations", "list"),
    ("keys", "list"),
    ("operations", "list"),
    ("panels", "list"),
    ("plans", "list"),
    ("resellers", "list"),
    ("subscriptions", "list"),
)


@pytest.mark.parametrize("words", LISTS, ids=" ".join)
def test_every_list_is_an_array(shell: Shell, words: tuple[str, ...]) -> None:
    ran = shell(*words, "--json")

    assert ran.code == 0, ran.err
    assert isinstance(ran.json, list)


@pytest.mark.parametrize(
    "words",
    [
        ("operations", "show", "9" * 30),
        ("subscriptions", "show", "9" * 30),
        ("attention", "adopt", "9" * 30, "1", "--yes"),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_a_number_larger_than_any_is_not_found(shell: Shell, words: tuple[str, ...]) -> None:
    ran = shell(*words)

    assert ran.code == 1, ran.err
    assert "[not_found]" in ran.err


def test_a_folder_that_is_not_there_is_named(shell: Shell) -> None:
    ran = shell("credits", "history", "--csv", "/nowhere/at/all/history.csv")

    assert ran.code == 1, ran.err
    assert "/nowhere/at/all/history.csv" in ran.err
    assert "No such file or directory" in ran.err
