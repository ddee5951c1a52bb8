"""The score cards in the docs are those of the backends that are here: none is missing, none is red."""

from __future__ import annotations

from panelbridge import adapters
from panelbridge.testing.check import run_suite, setups_of
from panelbridge.testing.conformance import suites
from panelbridge.testing.scorecard import part_of
from scripts.score_cards import kept_cards, score_cards_page

RENEW = "run .venv/bin/python -m scripts.score_cards BACKEND, then -m scripts.generate_docs"


def test_there_is_a_card_for_each_backend_in_each_set_up() -> None:
    here = {(entry.name, setup) for entry in adapters() for setup in setups_of(entry.name, None)}
    assert {(card["backend"], card["setup"]) for card in kept_cards()} == here, RENEW


def test_every_card_has_every_part_and_is_green() -> None:
    parts = {part_of(name) for name in vars(suites) if name.startswith("Test")}
    for card in kept_cards():
        assert {part["part"] for part in card["parts"]} == parts, f"{card['backend']}: {RENEW}"
        assert card["green"], (card["backend"], card["setup"], card["failures"])


def test_the_page_shows_what_does_not_apply_and_why() -> None:
    assert "capabilities.extend is SET, nothing is fenced" in score_cards_page()


def test_a_second_run_in_the_same_process_is_of_its_own_set_up() -> None:
    first, second = (run_suite("reference", [setup], ["fence"]) for setup in ("set", "none"))

    assert ([card.setup for card in first], [card.setup for card in second]) == (["set"], ["none"])
