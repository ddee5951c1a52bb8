"""What a test starts from and need not see made: a migrated database, a practice panel that answers."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import tempfile
from pathlib import Path

from panelbridge.storage.engine.database import Database
from panelbridge.testing.practice import PracticeProcess, PracticeServer, practice_class
from tests.support import postgres


@functools.cache
def _migrated() -> Path:
    """Made once in a process; what the migrations do is shown in ``tests/storage/test_migrations.py``."""
    folder = Path(tempfile.mkdtemp(prefix="panelbridge-ready-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    database = Database(f"sqlite:///{folder / 'ready.db'}")
    database.migrate()
    database.close()
    return folder / "ready.db"


def migrated(path: Path) -> Path:
    """``path``, where a database with the newest schema and nothing in it is now."""
    return Path(shutil.copy(_migrated(), path))


def on_postgres() -> bool:
    """Whether this run's rigs keep their books on PostgreSQL."""
    return "postgresql" in (os.environ.get("TEST_DATABASE"), os.environ.get("PANELBRIDGE_TEST_DATABASE"))


def ready_database(path: Path) -> Database:
    """The database at ``path`` with the newest schema: an older one is migrated, a new one is a copy.

    With ``PANELBRIDGE_TEST_DATABASE=postgresql`` the path stands for a database of the run's server; a file
    beside it tells other processes which.
    """
    where = path.with_suffix(".url")
    if on_postgres() and not where.exists():
        where.write_text(postgres.fresh_url())
    if where.exists():
        return Database(where.read_text())
    known = path.exists()
    database = Database(f"sqlite:///{path if known else migrated(path)}")
    if known:
        database.migrate()
    return database


def as_owner(database: Database, statement: str) -> None:
    """What the service's role may not: the owner of the tables runs ``statement``."""
    with database.read() as connection:
        url, on_server = connection.engine.url, connection.dialect.name != "sqlite"
    owned = Database(postgres.owner_of(url)) if on_server else database
    with owned.write() as connection:
        connection.exec_driver_sql(statement)
    if on_server:
        owned.close()


class PracticeHere(PracticeProcess):
    """The same over the same wire, in threads of this process: it is there at once.

    For tests in which nobody minds how a panel's process starts or dies.
    """

    _server: PracticeServer | None = None

    def start(self) -> None:
        panel = practice_class(self._backend)(self._books, self._options)
        self._server = PracticeServer(panel, host=self._host, port=self._port)
        self._server.start()
        self._port = self._server.port
        self._announced = {"url": self._server.url, "settings": self._server.settings}

    def _end(self, *, kill: bool) -> None:
        del kill
        server, self._server = self._server, None
        if server is not None:
            server.stop()
