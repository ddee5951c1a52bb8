"""The witness beside a database of a server: what is behind it, what is a copy, and what it may not ask."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from panelbridge.ledger import ChainKeys
from panelbridge.provisioning.effects import WriteStop
from panelbridge.storage.engine.database import Database
from panelbridge.storage.engine.database_identity import identity_of
from panelbridge.storage.exceptions import StorageFailed
from panelbridge.storage.witness import Witness
from tests.ledger.books import ANNA, BORIS, Books, Clock, credits_of
from tests.support import postgres

SIGNED = ChainKeys(current="k" * 16, keys={"k" * 16: b"1" * 32})
ATTEMPT = text("""
INSERT INTO attempts (operation_id, number, panel_id, owner, started_at, deadline, quiet_until, cleared)
VALUES (:operation, 1, 1, 'test', 1, 2, 3, FALSE)
""")


@dataclass(frozen=True)
class Stand:
    """Books on a server, and the folder where their witness lies."""

    folder: Path
    url: str

    @contextmanager
    def witness(self, url: str | None = None) -> Iterator[Witness]:
        """As a process that is just started opens it."""
        database = Database(url or self.url)
        made = Witness(self.folder / "witness", self.folder, database, SIGNED, Clock())
        yield made
        made.close()
        database.close()

    def compared(self, url: str | None = None) -> WriteStop | None:
        with self.witness(url) as witness:
            return witness.compare()

    @contextmanager
    def owner(self) -> Iterator[Connection]:
        """Who owns the tables, without the journal's foreign keys: only attempts matter here."""
        database = Database(self.url)
        with database.write() as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            yield connection
        database.close()

    def call(self, operation: int) -> None:
        with self.owner() as connection:
            connection.execute(ATTEMPT, {"operation": operation})
        with self.witness() as witness:
            assert witness.note() is None


@pytest.fixture
def stand(tmp_path: Path) -> Stand:
    """One call was made, and witnessed."""
    made = Stand(tmp_path, postgres.owner_url_of_fresh())
    books = Books(made.url)
    books.begin()
    books.database.close()
    made.call(1)
    return made


def test_a_database_that_nobody_touched_is_the_one(stand: Stand) -> None:
    assert stand.compared() is None
    stand.call(2)
    assert stand.compared() is None


def test_an_older_state_under_the_same_name_is_behind(stand: Stand) -> None:
    older = postgres.copy_of(stand.url)
    stand.call(2)

    postgres.replace(stand.url, older)

    stop = stand.compared()
    assert stop is not None
    assert ("behind", "2 calls were made, the journal knows of 1") == (
        stop.code,
        stop.message.split(": ")[1][:41],
    )


def test_a_copy_of_the_database_is_noticed(stand: Stand) -> None:
    stop = stand.compared(postgres.copy_of(stand.url))
    assert stop is not None
    assert "copied" == stop.code


def test_a_call_committed_after_a_later_one_is_missed_too(stand: Stand) -> None:
    """The lower number came last: without it the highest says nothing."""
    with stand.owner() as slow:
        slow.execute(ATTEMPT, {"operation": 2})
        stand.call(3)
    with stand.witness() as witness:
        assert witness.note() is None
    assert stand.compared() is None

    with stand.owner() as connection:
        connection.execute(text("DELETE FROM attempts WHERE operation_id = 2"))

    stop = stand.compared()
    assert stop is not None
    assert "not all are in the journal" in stop.message


def test_a_transfer_committed_after_a_later_one_is_in_its_chain(stand: Stand) -> None:
    books = Books(stand.url)
    with stand.witness() as witness:
        assert witness.note() is None
        with books.write() as slow:
            slow.top_up(ANNA, credits_of("1"), key="slow", actor="operator", reason="paid")
            other = Books(stand.url)
            with other.write() as quick:
                quick.top_up(BORIS, credits_of("1"), key="quick", actor="operator", reason="paid")
            other.database.close()
            with stand.owner() as connection:
                connection.execute(ATTEMPT, {"operation": 2})
            assert witness.note() is None
        with stand.owner() as connection:
            connection.execute(ATTEMPT, {"operation": 3})
        assert witness.note() is None
        record = witness.last()
    with books.read() as ledger:
        wallets = {one.id: (one.sequence, one.tail) for one in (ledger.wallet(ANNA), ledger.wallet(BORIS))}
    books.database.close()
    assert record is not None
    assert wallets == {wallet: (head.sequence, head.link) for wallet, head in record.seen.heads.items()}


def test_another_timeline_sends_nothing_more(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    """A standby took over: it may lack what the one before acknowledged last."""
    with stand.witness() as witness:
        assert witness.note() is None
        with witness._database.read() as connection:
            system, timeline, oid = identity_of(connection).split("/")
            assert (
                timeline
                == connection.execute(
                    text("SELECT lpad(upper(to_hex(timeline_id)), 8, '0') FROM pg_control_checkpoint()")
                ).scalar_one()
            )
        promoted = f"{system}/{int(timeline, 16) + 1:08X}/{oid}"
        monkeypatch.setattr("panelbridge.storage.witness.keeper.identity_of", lambda _: promoted)
        with stand.owner() as connection:
            connection.execute(ATTEMPT, {"operation": 2})
        refused = witness.note()
        assert refused is not None
        assert refused.retry_safe
        stop = witness.compare()
    assert stop is not None
    assert "copied" == stop.code


def test_a_hardened_server_is_asked_by_leave_of_the_owner_or_named(stand: Stand) -> None:
    application = postgres.as_application(stand.url)
    with stand.owner() as connection:
        connection.execute(text("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC"))
    with pytest.raises(StorageFailed, match="as a superuser, run GRANT EXECUTE ON FUNCTION"):
        stand.compared(application)

    database = Database(application, owner_url=stand.url)
    database.migrate()
    database.close()

    assert stand.compared(application) is None
