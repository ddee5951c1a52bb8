from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ledger.books import ANNA, BORIS, Books, credits_of
from tests.support.ready import migrated


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    """Anna has 100 credits, Boris none."""
    made = Books(migrated(tmp_path / "books.db"))
    with made.write() as ledger:
        ledger.open_wallet(ANNA)
        ledger.open_wallet(BORIS)
        ledger.top_up(ANNA, credits_of("100"), key="first", actor="operator", reason="paid invoice 7")
    yield made
    made.database.close()
