"""Real books on either database for tests, and a clock that moves only when told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from panelbridge.ledger import ChainKeys, Credits, Ledger, ResellerId, TransferContext, VerifyReport
from panelbridge.storage import Database
from panelbridge.storage.ledger.store import SqlLedgerStore

ANNA = ResellerId(11)
BORIS = ResellerId(12)
KEYS = ChainKeys(current="k1", keys={"k1": b"1" * 32})


class Clock:
    """Aware UTC time that stands still."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 31, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, length: timedelta) -> None:
        self.now += length


class Books:
    """A migrated database, a SQLite file or the URL of any, and the ledger over it."""

    def __init__(self, place: Path | str, keys: ChainKeys = KEYS, patience: float = 30.0) -> None:
        self.url = place if isinstance(place, str) else f"sqlite:///{place}"
        self.keys = keys
        self.clock = Clock()
        self.database = Database(self.url, patience=patience)

    @property
    def path(self) -> Path:
        return self.database.path

    def begin(self) -> None:
        """Anna has 100 credits, Boris none."""
        with self.write() as ledger:
            ledger.open_wallet(ANNA)
            ledger.open_wallet(BORIS)
            ledger.top_up(ANNA, credits_of("100"), key="first", actor="operator", reason="paid invoice 7")

    @contextmanager
    def write(self) -> Iterator[Ledger]:
        with self.database.write() as connection:
            yield Ledger(SqlLedgerStore(connection, self.keys), self.clock)

    @contextmanager
    def read(self) -> Iterator[Ledger]:
        with self.database.read() as connection:
            yield Ledger(SqlLedgerStore(connection, self.keys), self.clock)

    def verify(self) -> VerifyReport:
        with self.write() as ledger:
            return ledger.verify()

    def problems(self) -> list[str]:
        return [problem.code for problem in self.verify().problems]


def credits_of(text: str) -> Credits:
    return Credits.parse(text)


def sale(subscription: int = 501, operation: int | None = None) -> TransferContext:
    return TransferContext(
        subscription=subscription, operation=operation, plan="gold", term="1m", reason="create"
    )
