"""A PostgreSQL server for figures: a throw-away one, that writes what it acknowledges as a real one does."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, NullPool, create_engine, make_url, text

_SCRIPT = Path(__file__).resolve().parents[1] / "scripts" / "postgres"
_ROLE = "bench_app"  # owns nothing, as the service's role should
_AS_A_REAL_ONE = ("fsync = on", "full_page_writes = on")  # the tests' server has them off


@contextmanager
def server() -> Iterator[URL]:
    """The URL of its first database, for its superuser. It ends with us."""
    with subprocess.Popen(
        [str(_SCRIPT)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            url = make_url(process.stdout.readline().strip())
            _run(url, *(f"ALTER SYSTEM SET {setting}" for setting in _AS_A_REAL_ONE))
            _run(url, "SELECT pg_reload_conf()", f"CREATE ROLE {_ROLE} LOGIN PASSWORD '{url.password}'")
            yield url
        finally:
            process.terminate()


def new_database(url: URL, name: str, template: str = "template1") -> tuple[str, str]:
    """A copy of ``template``, else an empty one: its URL for the service's role, and for the owner."""
    _run(url, f"CREATE DATABASE {name} TEMPLATE {template}")
    owner = url.set(database=name)
    service = owner.set(username=_ROLE)
    return service.render_as_string(hide_password=False), owner.render_as_string(hide_password=False)


@contextmanager
def configured(url: URL, name: str) -> Iterator[None]:
    """A bridge that is set up inside has its books in a new database there."""
    service, owner = new_database(url, name)
    named = {"PANELBRIDGE_DATABASE_URL": service, "PANELBRIDGE_DATABASE_OWNER_URL": owner}
    os.environ.update(named)
    try:
        yield
    finally:
        for variable in named:
            del os.environ[variable]


def environment(url: URL) -> dict[str, str]:
    """For PostgreSQL's own programs."""
    return {
        **os.environ,
        "PGHOST": str(url.host),
        "PGPORT": str(url.port),
        "PGUSER": str(url.username),
        "PGPASSWORD": str(url.password),
        "PGDATABASE": str(url.database),
    }


def _run(url: URL, *statements: str) -> None:
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
