from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ledger.books import Books
from tests.ledger.conftest import books as books_on_both
from tests.storage.two_sessions import Sessions, two_sessions
from tests.support import postgres
from tests.support.ready import migrated

__all__ = ["books_on_both"]


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    """On a SQLite file: Anna has 100 credits, Boris none."""
    made = Books(migrated(tmp_path / "books.db"))
    made.begin()
    yield made
    made.database.close()


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sessions]:
    owner = postgres.owner_url_of_fresh()
    folder = tmp_path_factory.mktemp("sessions") / "bridge"
    with two_sessions(folder, owner, postgres.as_application(owner), {}) as made:
        yield made
