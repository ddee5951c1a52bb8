from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select
from sqlalchemy.exc import StatementError

from panelbridge.ledger import InsufficientCredit
from panelbridge.storage import Database, StorageBusy
from panelbridge.storage.engine.schema import Instant
from panelbridge.storage.exceptions import StorageFailed
from tests.ledger.books import ANNA, Books, credits_of, sale


def impatient(books: Books) -> Books:
    return Books(books.path, patience=0.2)


def hold_one(books: Books, key: str) -> None:
    with books.write() as ledger:
        ledger.hold(ANNA, credits_of("1"), key=key, actor="a", context=sale())


def test_every_connection_is_durable_and_strict(books: Books) -> None:
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "recursive_triggers": 1}
    for door in (books.database.read, books.database.write):
        with door() as connection:
            found = {
                name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
                for name in (*wanted, "busy_timeout")
            }
        assert {**wanted, "busy_timeout": 30_000} == found


def test_a_foreign_lock_is_contention_and_says_nothing_about_credit(books: Books) -> None:
    other = sqlite3.connect(books.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = impatient(books)
    with pytest.raises(StorageBusy) as caught:
        hold_one(waiting, "h")
    assert not isinstance(caught.value, InsufficientCredit)
    assert caught.value.retry_safe
    other.execute("ROLLBACK")
    other.close()
    hold_one(waiting, "h")
    waiting.database.close()


def test_a_process_that_keeps_the_queue_is_contention(books: Books) -> None:
    code = (
        "import fcntl, sys; file = open(sys.argv[1]); fcntl.flock(file, fcntl.LOCK_EX);"
        "print('locked', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, f"{books.path}.lock"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdin is not None
    assert b"locked\n" == holder.stdout.readline()
    waiting = impatient(books)
    for _ in range(2):
        with pytest.raises(StorageBusy):
            hold_one(waiting, "h")
    holder.stdin.close()
    holder.stdout.close()
    assert 0 == holder.wait(10)
    hold_one(books, "other")
    hold_one(waiting, "h")
    hold_one(books, "and another")
    waiting.database.close()


def test_a_thread_that_keeps_the_turn_is_contention(books: Books) -> None:
    waiting = impatient(books)
    failures: list[BaseException] = []

    def second() -> None:
        try:
            hold_one(waiting, "h2")
        except StorageBusy as busy:
            failures.append(busy)

    with waiting.write():
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(10)
    assert 1 == len(failures)
    hold_one(waiting, "h3")
    waiting.database.close()


def test_a_read_is_a_snapshot(books: Books) -> None:
    with books.read() as before:
        first = before.wallet(ANNA)
        hold_one(books, "h")
        assert first == before.wallet(ANNA)
    with books.read() as after:
        assert "1" == str(after.wallet(ANNA).held)


def test_a_read_refuses_to_write(books: Books) -> None:
    with pytest.raises(StorageFailed, match="readonly"), books.read() as ledger:
        ledger.hold(ANNA, credits_of("1"), key="h", actor="a", context=sale())


def test_a_write_within_a_write_is_a_bug_and_not_a_deadlock(books: Books) -> None:
    with books.write(), pytest.raises(RuntimeError, match="open in this thread"):
        hold_one(books, "h")
    hold_one(books, "h")


def test_a_database_opened_before_a_fork_refuses(books: Books) -> None:
    child = os.fork()
    if child == 0:
        try:
            hold_one(books, "h")
        except RuntimeError:
            os._exit(7)
        os._exit(0)
    assert 7 == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://user:secret@host/db"])
def test_other_databases_are_refused_without_their_password(url: str) -> None:
    with pytest.raises(ValueError, match="SQLite file") as caught:
        Database(url)
    assert "secret" not in str(caught.value)


def test_the_files_are_their_owners_alone(books: Books) -> None:
    hold_one(books, "h")
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in books.path.parent.iterdir()}
    assert {"books.db", "books.db-wal", "books.db-shm", "books.db.lock"} == set(modes)
    assert {0o600} == set(modes.values())


def test_a_backup_is_whole_and_one_file(books: Books, tmp_path: Path) -> None:
    target = tmp_path / "copy" / "books.db"
    target.parent.mkdir()
    with books.write() as ledger:
        ledger.hold(ANNA, credits_of("1"), key="uncommitted", actor="a", context=sale())
        books.database.back_up(target)
    assert ["books.db"] == [file.name for file in target.parent.iterdir()]
    copy = Books(target)
    with copy.write() as ledger:
        assert ledger.keyed("uncommitted") is None
        assert "100" == str(ledger.wallet(ANNA).balance)
        assert ledger.verify().whole
    copy.database.close()
    with pytest.raises(FileExistsError):
        books.database.back_up(target)


def test_the_engine_for_jobs_writes_beside_ours(books: Books) -> None:
    engine = books.database.engine_for_jobs()
    assert engine is books.database.engine_for_jobs()
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE jobs (id INTEGER)")
        connection.exec_driver_sql("INSERT INTO jobs VALUES (1)")
    with books.database.read() as connection:
        assert 1 == connection.exec_driver_sql("SELECT count(*) FROM jobs").scalar_one()


def test_instants_are_aware_and_exact(tmp_path: Path) -> None:
    table = Table("moments", MetaData(), Column("id", Integer, primary_key=True), Column("at", Instant))
    database = Database(f"sqlite:///{tmp_path}/x.db")
    moment = datetime(2026, 2, 28, 23, 59, 59, 999_999, tzinfo=UTC)
    with database.write() as connection:
        table.create(connection)
        connection.execute(insert(table).values(id=1, at=moment))
        with pytest.raises(StatementError, match="naive"):
            connection.execute(insert(table).values(id=2, at=datetime(2026, 1, 1)))  # noqa: DTZ001
        assert moment == connection.execute(select(table.c.at).where(table.c.at <= moment)).scalar_one()
        raw = connection.exec_driver_sql("SELECT at, typeof(at) FROM moments").one()
    assert (1_772_323_199_999_999, "integer") == tuple(raw)
    database.close()
