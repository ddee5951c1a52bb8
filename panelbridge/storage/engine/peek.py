"""A look at the books before anything opens them as ours: whether they are there, and which schema they have.

A look makes nothing, migrates nothing and needs no key file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from sqlalchemy import make_url

from panelbridge.storage.engine.peek_sqlite import SqlitePeek


class Peek(Protocol):
    """Raises storage's errors, with texts for the operator."""

    @property
    def name(self) -> str:
        """How people are told of it; without a password."""
        ...

    def exists(self) -> bool:
        """Whether there is something of ours in it."""
        ...

    def missing(self) -> str:
        """Why it does not exist, as the end of a sentence."""
        ...

    def traces(self) -> Sequence[Path]:
        """Files beside it which show that there were books."""
        ...

    def refuse_damaged(self) -> None:
        """Raises ``StorageDamaged`` when it does not even begin as a database does."""

    def schema(self) -> str | None:
        """Its revision; ``None`` when it has none."""
        ...

    def may_migrate(self) -> bool:
        """Whether who looks owns the tables."""
        ...

    def condition(self) -> str:
        """In a few words, for ``doctor``. Raises ``StorageDamaged``."""
        ...

    def warnings(self) -> Sequence[tuple[str, str]]:
        """What an operator should change, and how."""
        ...

    def rows(self, query: str, values: Mapping[str, str], most: int) -> Sequence[tuple[str, str]]:
        """Pairs that ``query`` finds, where a shell completes names."""
        ...


def peek_at(url: str) -> Peek:
    """The look of its kind."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        return SqlitePeek(Path(address.database or ""))
    # The driver is loaded where it is used.
    from panelbridge.storage.engine.peek_postgres import PostgresPeek

    return PostgresPeek(address)
