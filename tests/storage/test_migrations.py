from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import panelbridge.storage
from panelbridge.storage import Database
from panelbridge.storage.engine import guards_sqlite, migrations
from panelbridge.storage.engine.schema import metadata
from tests.ledger.books import ANNA, Books


def load_tables() -> None:
    found = pkgutil.walk_packages(panelbridge.storage.__path__, "panelbridge.storage.")
    tables = [module.name for module in found if module.name.endswith("tables")]
    assert len(tables) >= 7
    for name in tables:
        importlib.import_module(name)


def ours(name: str | None, kind: str, _parents: object) -> bool:
    """Not the index of trigrams, which each database has in its own way, and the other not."""
    trigrams = ("customer_find", "ix_customer_profiles_find")
    return kind not in ("table", "index") or not str(name).startswith(trigrams)


def test_migrations_build_what_the_tables_say(tmp_path: Path) -> None:
    load_tables()
    database = Database(f"sqlite:///{tmp_path}/x.db")
    database.migrate()
    with database.read() as connection:
        opts = {"compare_type": True, "include_name": ours}
        context = MigrationContext.configure(connection, opts=opts)
        assert [] == compare_metadata(context, metadata)
    database.close()


def test_checks_of_the_ledger_are_in_the_database(books: Books) -> None:
    # Alembic does not compare CHECK constraints.
    load_tables()
    with books.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name LIKE 'ledger_%'").all()
    stored = {name for row in rows for name in re.findall(r"ck_\w+", row[0] or "")}
    declared = {
        str(constraint.name)
        for table in metadata.tables.values()
        if table.name.startswith("ledger_")
        for constraint in table.constraints
        if str(constraint.name).startswith("ck_")
    }
    assert declared == stored
    assert "ck_ledger_wallets_available" in stored


def test_migrating_again_keeps_the_books_and_mends_the_guards(books: Books) -> None:
    with books.database.write() as connection:
        for name in guards_sqlite.TRIGGERS:
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
    assert "guard" in books.problems()
    books.database.migrate()
    assert books.verify().whole
    with books.read() as ledger:
        assert "100" == str(ledger.wallet(ANNA).balance)


def test_no_migration_rebuilds_a_table_of_the_ledger() -> None:
    folder = Path(migrations.__file__).parent / "versions"
    for file in folder.glob("*.py"):
        rebuilt = re.findall(
            r"(?:batch_alter_table|drop_table|rename_table)\(\s*[\"'](ledger_\w+)", file.read_text()
        )
        assert [] == rebuilt, file.name
