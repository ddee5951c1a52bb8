"""What only a PostgreSQL server can do to us, and what it must refuse."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import make_url, text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from panelbridge.ledger import Credits, LedgerBroken
from panelbridge.storage.engine import guard_trials
from panelbridge.storage.engine.database import Database
from panelbridge.storage.engine.guards_postgres import TRIGGERS
from panelbridge.storage.engine.schema import metadata
from panelbridge.storage.engine.schema_check import schema_problems
from panelbridge.storage.exceptions import StorageBusy, StorageFailed, StorageUnanswered, StorageUnreachable
from panelbridge.storage.ledger.agreement import disagreements
from tests.ledger.books import ANNA, BORIS, Books, credits_of
from tests.storage.test_migrations import load_tables, ours
from tests.support import postgres


@pytest.fixture(scope="module")
def owner_url() -> str:
    return postgres.owner_url_of_fresh()


@pytest.fixture(scope="module")
def books(owner_url: str) -> Iterator[Books]:
    """As the service opens them: by a role that owns nothing."""
    made = Books(postgres.as_application(owner_url))
    made.begin()
    yield made
    made.database.close()


@pytest.fixture(scope="module")
def owned(owner_url: str) -> Iterator[Database]:
    database = Database(owner_url)
    yield database
    database.close()


def test_migrations_build_what_the_tables_say(owned: Database) -> None:
    load_tables()
    owned.migrate()  # a second time
    with owned.read() as connection:
        opts = {"compare_type": True, "include_name": ours}
        context = MigrationContext.configure(connection, opts=opts)
        assert [] == compare_metadata(context, metadata)


def test_wallets_are_numbered_after_the_accounts_that_migrations_seed(books: Books) -> None:
    with books.read() as ledger:
        assert [5, 6] == sorted([ledger.wallet(ANNA).id, ledger.wallet(BORIS).id])


def test_amounts_and_prices_are_64_bits_wide(books: Books, owned: Database) -> None:
    with books.write() as ledger:
        ledger.top_up(BORIS, credits_of("900000000"), key="rich", actor="operator", reason="paid")
    with books.read() as ledger:
        assert credits_of("900000000") == ledger.wallet(BORIS).balance
    with owned.read() as connection:
        narrow = connection.execute(
            text(
                "SELECT table_name, column_name FROM information_schema.columns"
                " WHERE table_schema = 'public' AND data_type IN ('integer', 'smallint')"
            )
        ).all()
    assert [] == narrow


@pytest.mark.parametrize("role", ["application", "owner"])
def test_every_guard_holds_against(role: str, books: Books, owned: Database) -> None:
    database = books.database if role == "application" else owned
    with database.write() as connection:
        assert [] == guard_trials.broken(connection)


def test_each_guard_is_missed_when_it_is_gone(owned: Database) -> None:
    with owned.write() as connection:
        for trigger in TRIGGERS:
            savepoint = connection.begin_nested()
            connection.execute(text(f"DROP TRIGGER {trigger.name} ON {trigger.table}"))
            assert f"guard {trigger.name} is missing or altered" in (guard_trials.broken(connection) or ())
            savepoint.rollback()


def test_without_its_trigger_a_truncate_from_the_root_is_found(owned: Database) -> None:
    with owned.write() as connection:
        for trigger in TRIGGERS:
            if trigger.event == "TRUNCATE":
                connection.execute(text(f"DROP TRIGGER {trigger.name} ON {trigger.table}"))
        assert "truncate everything from its root" in (guard_trials.broken(connection) or ())
        connection.get_transaction().rollback()
        connection.begin()


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE ledger_transfers DISABLE TRIGGER ALL",
        "DROP TRIGGER guard_ledger_transfers_delete ON ledger_transfers",
        "TRUNCATE operations CASCADE",
        "DROP TABLE ledger_links",
        "SET session_replication_role = replica",
        "CREATE OR REPLACE FUNCTION guard_ledger_links_delete() RETURNS trigger LANGUAGE sql AS 'SELECT 1'",
    ],
)
def test_the_services_role_cannot_take_a_guard_away(books: Books, statement: str) -> None:
    with pytest.raises(ProgrammingError), books.database.write() as connection:
        connection.execute(text(statement))


def test_a_reader_sees_one_state_and_writes_nothing(books: Books) -> None:
    with books.read() as before:
        seen = before.wallet(ANNA).balance
        with books.write() as ledger:
            ledger.top_up(ANNA, Credits(units=1), key="meanwhile", actor="operator", reason="paid")
        assert seen == before.wallet(ANNA).balance
    with pytest.raises(StorageFailed), books.database.read() as connection:
        connection.execute(text("UPDATE ledger_wallets SET overdraft = 1"))


def test_a_refused_statement_that_nobody_undid_commits_nothing(books: Books) -> None:
    with (
        pytest.raises(RuntimeError, match="nothing was committed"),
        books.database.write() as connection,
        pytest.raises(IntegrityError),
    ):
        connection.execute(text("INSERT INTO ledger_accounts (kind) VALUES ('stock')"))


def test_a_second_write_in_one_thread_is_refused_before_it_waits_for_itself(books: Books) -> None:
    with books.write(), pytest.raises(RuntimeError, match="open in this thread"), books.write():
        pass


def waits_for_a_lock(database: Database) -> bool:
    query = text(
        "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    with database.read() as connection:
        return connection.execute(query).first() is not None


def test_two_top_ups_of_one_wallet_at_once_are_both_booked(books: Books, owned: Database) -> None:
    """Without the lock on the wallet's row the second would build on a tail that is gone."""
    with books.read() as ledger:
        before = ledger.wallet(ANNA).balance
    told: list[Exception] = []

    def second() -> None:
        try:
            with books.write() as ledger:
                ledger.top_up(ANNA, credits_of("2"), key="second", actor="operator", reason="paid")
        except (StorageBusy, LedgerBroken) as error:
            told.append(error)

    thread = threading.Thread(target=second)
    with books.write() as ledger:
        ledger.top_up(ANNA, credits_of("1"), key="first of two", actor="operator", reason="paid")
        thread.start()
        deadline = time.monotonic() + 20
        while not waits_for_a_lock(owned) and time.monotonic() < deadline and thread.is_alive():
            time.sleep(0.02)
        assert thread.is_alive(), told
    thread.join()
    assert [] == told
    with books.read() as ledger:
        assert before + credits_of("3") == ledger.wallet(ANNA).balance
    assert books.verify().whole


def test_wallets_of_two_resellers_do_not_wait_for_each_other(books: Books) -> None:
    hasty = Books(books.url, patience=0.5)
    with books.read() as ledger:
        before = ledger.wallet(BORIS).balance
    with books.write() as ledger:
        ledger.top_up(ANNA, credits_of("1"), key="held open", actor="operator", reason="paid")
        done = threading.Thread(target=lambda: top_up_of_boris(hasty))
        done.start()
        done.join()
    hasty.database.close()
    with books.read() as ledger:
        assert before + credits_of("1") == ledger.wallet(BORIS).balance


def top_up_of_boris(books: Books) -> None:
    with books.write() as ledger:
        ledger.top_up(BORIS, credits_of("1"), key="beside", actor="operator", reason="paid")


def test_a_row_locked_for_longer_than_our_patience_is_busy(books: Books) -> None:
    hasty = Books(books.url, patience=0.2)
    told: list[Exception] = []

    def second() -> None:
        try:
            with hasty.write() as ledger:
                ledger.top_up(ANNA, credits_of("1"), key="impatient", actor="operator", reason="paid")
        except StorageBusy as error:
            told.append(error)

    with books.write() as ledger:
        ledger.top_up(ANNA, credits_of("1"), key="slow", actor="operator", reason="paid")
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
    hasty.database.close()
    assert ["a row stayed locked for longer than our patience"] == [str(error) for error in told]


def end_sessions(owned: Database) -> None:
    """As a server does that goes down: every session of the service ends, and has ended when this returns."""
    query = text(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
        " WHERE usename = :role AND datname = current_database()"
    )
    with owned.read() as connection:
        assert all(connection.execute(query, {"role": postgres.APPLICATION}).scalars())


def test_sessions_that_ended_while_idle_fail_nobody(books: Books, owned: Database) -> None:
    with books.read() as ledger:
        seen = ledger.wallet(ANNA).balance
    end_sessions(owned)
    with books.read() as ledger:
        assert seen == ledger.wallet(ANNA).balance


def top_up_and_lose_the_server(books: Books, owned: Database, *, before_the_end: bool) -> None:
    with books.write() as ledger:
        ledger.top_up(ANNA, credits_of("1"), key="cut", actor="operator", reason="paid")
        end_sessions(owned)
        if before_the_end:
            ledger.wallet(ANNA)


def test_a_server_gone_before_the_end_changed_nothing(books: Books, owned: Database) -> None:
    with pytest.raises(StorageUnreachable) as gone:
        top_up_and_lose_the_server(books, owned, before_the_end=True)
    assert gone.value.retry_safe


def test_a_server_gone_at_the_end_is_not_known(books: Books, owned: Database) -> None:
    with pytest.raises(StorageUnanswered):
        top_up_and_lose_the_server(books, owned, before_the_end=False)


def test_journal_and_ledger_are_compared_there_too(owned: Database) -> None:
    with owned.write() as connection:
        assert [] == list(disagreements(connection))
        connection.execute(text("INSERT INTO resellers (code, name) VALUES ('poor', 'without a wallet')"))
        assert ["no_wallet"] == [problem.code for problem in disagreements(connection)]
        connection.execute(text("DELETE FROM resellers"))


FOREIGN = "CREATE FUNCTION foreign_one() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
CHANGES = (
    ("DROP INDEX uq_operations_one_sent", "index uq_operations_one_sent is gone"),
    (
        "ALTER TABLE operations ALTER COLUMN price TYPE integer",
        "column operations.price differs from what the migrations make",
    ),
    (
        "ALTER TABLE ledger_wallets DROP CONSTRAINT ck_ledger_wallets_available",
        "constraint ck_ledger_wallets_available is gone",
    ),
    (
        "CREATE RULE forget AS ON INSERT TO ledger_transfers DO INSTEAD NOTHING",
        "rule forget on ledger_transfers is none of ours",
    ),
    (
        f"{FOREIGN}; CREATE TRIGGER foreign_one BEFORE INSERT ON attempts EXECUTE FUNCTION foreign_one()",
        "trigger foreign_one on attempts is none of ours",
    ),
    (
        "ALTER TABLE attempts DISABLE TRIGGER ALL",
        "disabled foreign key fk_attempts_operation_id on attempts is none of ours",
    ),
    (
        "ALTER TABLE ledger_links ENABLE ROW LEVEL SECURITY",
        "table ledger_links differs from what the migrations make",
    ),
)


def test_what_was_changed_in_the_schema_is_named() -> None:
    """Nothing is told of a schema that nobody touched; it is compared by the role that owns nothing."""
    url = postgres.owner_url_of_fresh()
    owner, service = Database(url), Database(postgres.as_application(url))
    assert [] == schema_problems(service)
    with owner.write() as connection:
        for statement, _ in CHANGES:
            connection.execute(text(statement))
    told = {problem.message.partition(": ")[2] for problem in schema_problems(service)}
    assert {said for _, said in CHANGES} <= told
    owner.close()
    service.close()


def test_a_server_that_forgets_is_refused() -> None:
    url = postgres.owner_url_of_fresh()
    name = make_url(url).database
    careless = Database(url)
    with careless.write() as connection:
        connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = off"))
    careless.close()
    again = Database(url)
    with pytest.raises(StorageFailed, match="synchronous_commit is off"), again.read():
        pass
    again.close()
