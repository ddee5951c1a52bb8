"""Debian's PostgreSQL for tests: one server a run, and for each test a copy of a migrated database."""

from __future__ import annotations

import contextlib
import fcntl
import functools
import itertools
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, Connection, NullPool, create_engine, make_url, text

from panelbridge.storage.engine.database import Database

SCRIPT = Path(__file__).parents[2] / "scripts" / "postgres"
APPLICATION = "panelbridge_app"  # the service's role, which owns nothing
# Whether this run's tests are to run there, where they can run on either database.
IN_USE = "postgresql" in (os.environ.get("TEST_DATABASE"), os.environ.get("PANELBRIDGE_TEST_DATABASE"))
_TEMPLATE = "ready"
_numbers = itertools.count(1)


def fresh_url() -> str:
    """Of a database of its own with the newest schema and nothing in it, as the service's role."""
    return as_application(owner_url_of_fresh())


def owner_url_of_fresh() -> str:
    """The same as the role that owns the tables."""
    name = f"t{os.getpid()}_{next(_numbers)}"
    _administration().execute(text(f"CREATE DATABASE {name} TEMPLATE {_template()}"))
    return _of(name)


def empty_url() -> str:
    """Of a database with nothing in it at all, as its owner."""
    _template()  # makes the service's role
    name = f"e{os.getpid()}_{next(_numbers)}"
    _administration().execute(text(f"CREATE DATABASE {name}"))
    return _of(name)


def copy_of(url: str) -> str:
    """Of a database that is as that one is now. Nobody may be connected to it."""
    name = f"c{os.getpid()}_{next(_numbers)}"
    _administration().execute(text(f"CREATE DATABASE {name} TEMPLATE {make_url(url).database}"))
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def dropped(url: str) -> None:
    """There is no database at ``url``."""
    _administration().execute(text(f"DROP DATABASE {make_url(url).database} WITH (FORCE)"))


def emptied(url: str) -> None:
    """The database of ``url`` is another one under its name, with nothing in it."""
    dropped(url)
    _administration().execute(text(f"CREATE DATABASE {make_url(url).database}"))


def replace(url: str, older: str) -> None:
    """The database of ``url`` becomes ``older``, as if restored by hand. ``older`` is gone then."""
    dropped(url)
    names = make_url(older).database, make_url(url).database
    _administration().execute(text("ALTER DATABASE {} RENAME TO {}".format(*names)))


def settings_of(owner_url: str) -> dict[str, str]:
    """The configuration of a service on it, as variables; the service's role owns nothing."""
    _template()  # makes the role
    return {
        "PANELBRIDGE_DATABASE_URL": as_application(owner_url),
        "PANELBRIDGE_DATABASE_OWNER_URL": owner_url,
    }


def as_application(owner_url: str) -> str:
    """The same database for the service's role."""
    return make_url(owner_url).set(username=APPLICATION).render_as_string(hide_password=False)


def owner_of(url: URL) -> str:
    """The same database for the role that owns its tables."""
    return url.set(username=server_url().username).render_as_string(hide_password=False)


def _of(name: str) -> str:
    return server_url().set(database=name).render_as_string(hide_password=False)


@functools.cache
def server_url() -> URL:
    """Of the run's server; the first who asks starts it, and it ends with the run."""
    folder = _folder()
    caller = os.getppid() if "PYTEST_XDIST_TESTRUNUID" in os.environ else os.getpid()
    with _alone(folder / "start"):
        if not (folder / "url").exists():
            _start(folder, caller)
    return make_url((folder / "url").read_text().strip())


def _folder() -> Path:
    """The run's own; the server removes it as it ends."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    folder = Path(tempfile.gettempdir()) / f"panelbridge-postgres-{run}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _start(folder: Path, caller: int) -> None:
    # In a session of its own: an interrupted run ends its caller, and so the server.
    command = ["setsid", "--fork", str(SCRIPT), str(folder), str(caller)]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as it:
        assert it.stdout is not None
        said = it.stdout.readline()
        if not said.startswith(b"postgresql"):
            raise RuntimeError(f"PostgreSQL did not start: {(said + it.stdout.read()).decode()}")


@dataclass(frozen=True)
class OwnServer:
    """A server of one test alone, which may be ended as by a crash."""

    folder: Path
    process: subprocess.Popen[bytes]
    url: str  # of a migrated database, as the service's role

    def restart(self) -> None:
        """It is gone without a farewell, and comes back with what was committed."""
        before = self._restarts()
        self.process.send_signal(signal.SIGUSR1)
        never, ends = threading.Event(), time.monotonic() + 60
        while self._restarts() == before:
            assert time.monotonic() < ends, (self.folder / "server.log").read_text()[-2000:]
            never.wait(0.05)

    def _restarts(self) -> str:
        told = self.folder / "restarts"
        return told.read_text() if told.exists() else ""


@contextlib.contextmanager
def own_server() -> Iterator[OwnServer]:
    """In a folder that its user may enter, and that is removed with it."""
    folder = Path(tempfile.mkdtemp(prefix="panelbridge-postgres-own-"))
    command = [str(SCRIPT), str(folder), str(os.getpid())]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            owner = process.stdout.readline().decode().strip()
            assert owner.startswith("postgresql"), owner
            with create_engine(owner, poolclass=NullPool).begin() as connection:
                password = make_url(owner).password
                connection.execute(text(f"CREATE ROLE {APPLICATION} LOGIN PASSWORD '{password}'"))
            database = Database(as_application(owner), owner_url=owner)
            database.migrate()
            database.close()
            yield OwnServer(folder, process, as_application(owner))
        finally:
            process.terminate()


@functools.cache
def _administration() -> Connection:
    return create_engine(server_url(), poolclass=NullPool, isolation_level="AUTOCOMMIT").connect()


@functools.cache
def _template() -> str:
    """Made once in a run; what migrations do is shown in ``tests/storage/test_postgres_migrations.py``."""
    with _alone(_folder() / "template"):
        server = _administration()
        query = text("SELECT 1 FROM pg_database WHERE datname = :name")
        if server.execute(query, {"name": _TEMPLATE}).scalar_one_or_none():
            return _TEMPLATE
        server.execute(text(f"CREATE ROLE {APPLICATION} LOGIN PASSWORD '{server_url().password}'"))
        server.execute(text("CREATE DATABASE making"))
        database = Database(as_application(_of("making")), owner_url=_of("making"))
        database.migrate()
        database.close()
        server.execute(text(f"ALTER DATABASE making RENAME TO {_TEMPLATE}"))
    return _TEMPLATE


@contextlib.contextmanager
def _alone(place: Path) -> Iterator[None]:
    """One process of the run at a time."""
    with Path(f"{place}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
