"""Random sequences of everything that can be asked and go wrong: `SOAK_MODEL_SEQUENCES` makes it longer.

MODEL_SHORTEST=1 with the seed of a failure looks for its shortest sequence.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.model.machine import forget_room, run_sequences

SEED = int(os.environ.get("SOAK_SEED", "20261130"))
SEQUENCES = int(os.environ.get("SOAK_MODEL_SEQUENCES", "100"))
SHORTEST = bool(os.environ.get("MODEL_SHORTEST"))  # look for the shortest sequence that fails: minutes


@pytest.fixture(autouse=True)
def _room() -> Iterator[None]:
    yield
    forget_room()


def test_whatever_happens_everything_ends_and_the_books_and_the_panel_agree(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with capsys.disabled():
        print(f"\n{SEQUENCES} sequences, seed {SEED}")
    run_sequences(SEED, SEQUENCES, shortest=SHORTEST)
