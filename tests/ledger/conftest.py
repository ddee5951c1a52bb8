from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ledger.books import Books
from tests.support import postgres
from tests.support.ready import migrated


@pytest.fixture(params=["sqlite", "postgresql"])
def books(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Books]:
    """On each database: Anna has 100 credits, Boris none."""
    made = Books(migrated(tmp_path / "books.db") if request.param == "sqlite" else postgres.fresh_url())
    made.begin()
    yield made
    made.database.close()
