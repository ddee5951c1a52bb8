from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ledger.books import Books
from tests.ledger.conftest import books as books_on_both
from tests.support.ready import migrated

__all__ = ["books_on_both"]


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    """On a SQLite file: Anna has 100 credits, Boris none."""
    made = Books(migrated(tmp_path / "books.db"))
    made.begin()
    yield made
    made.database.close()
