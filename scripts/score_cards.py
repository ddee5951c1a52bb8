"""Run the conformance suite of every backend and keep its score card, from which a page of the docs is made.

Run it as ``.venv/bin/python -m scripts.score_cards [BACKEND...]``: the named ones, or all. Each set-up of a
practice panel takes about half a minute. Exits 1 when something failed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from panelbridge import adapters
from panelbridge.testing.check import CannotCheck, run_suite, setups_of
from panelbridge.testing.scorecard import ScoreCard
from scripts.markdown import table

KEPT = Path(__file__).resolve().parents[1] / "docs" / "reference" / "score-cards.json"


def kept_cards() -> list[dict[str, Any]]:
    """Score cards as they were last made, by backend and set-up."""
    cards: list[dict[str, Any]] = json.loads(KEPT.read_text()) if KEPT.exists() else []
    return cards


def keep(cards: Iterable[dict[str, Any]]) -> None:
    """Write them down, a line a card."""
    ordered = sorted(cards, key=lambda card: (card["backend"], card["setup"]))
    lines = ",\n".join(json.dumps(card, ensure_ascii=False) for card in ordered)
    KEPT.write_text(f"[\n{lines}\n]\n")


def short(card: ScoreCard) -> dict[str, Any]:
    """The card, with reasons only where a whole part does not apply."""
    document = card.document()
    for part in (*document["parts"], document["total"]):
        if part["mark"] != "not applicable":
            part["reasons"] = []
    return document


def score_cards_page() -> str:
    """Every backend on every part of the suite."""
    cards = kept_cards()
    parts = list(dict.fromkeys(part["part"] for card in cards for part in card["parts"]))
    rows = []
    for card in cards:
        marks = {part["part"]: _mark(part) for part in card["parts"]}
        rows.append([card["backend"], card["setup"], *(marks.get(part, "") for part in parts)])
    reasons = "\n".join(
        f"- **{card['backend']}**, {card['setup']}: {part['part']}: {'; '.join(part['reasons'])}"
        for card in cards
        for part in card["parts"]
        if part["mark"] == "not applicable"
    )
    return f"""# Score cards

What `panelbridge check BACKEND` found of each backend, in each set-up of its practice panel: how many tests
of each part of the conformance suite passed. **-** is a part that does not apply, for the reason below; what
failed would stand here as such. The tests of each backend run the same suite with every change.

{table(["backend", "set-up", *parts], rows)}

## What does not apply, and why

{reasons}
"""


def _mark(part: dict[str, Any]) -> str:
    if part["failed"]:
        return f"**{part['failed']} failed**"
    return str(part["passed"]) if part["passed"] else "-"


def main() -> int:
    """Make the cards of the named backends anew; the exit code."""
    named = sys.argv[1:] or [entry.name for entry in adapters()]
    cards = {(card["backend"], card["setup"]): card for card in kept_cards()}
    failed = False
    for backend in named:
        cards = {key: card for key, card in cards.items() if key[0] != backend}
        try:
            found = run_suite(backend, setups_of(backend, None))
        except CannotCheck as error:
            sys.stderr.write(f"{backend}: {error}\n")
            failed = True
            continue
        for card in found:
            cards[backend, card.setup] = short(card)
            failed |= not card.green
            for failure in card.failures:
                sys.stderr.write(
                    f"{backend} {card.setup}: {failure.part}: {failure.name}: {failure.message}\n"
                )
        keep(cards.values())
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
