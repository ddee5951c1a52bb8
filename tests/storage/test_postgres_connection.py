"""How a database server is reached, as the guide's page says: TLS, password file, and no pooler between."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import socket
import subprocess
import tempfile
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, make_url, text

from examples.demo.bridge import free_port
from panelbridge.actions.first_setup import first_setup
from panelbridge.actions.machine_checks import check_machine
from panelbridge.service.books import open_database, peek
from panelbridge.service.config import ServiceConfig, read_config
from panelbridge.storage.engine.database import Database
from panelbridge.storage.exceptions import StorageFailed
from tests.support import postgres
from tests.support.house import ROOT

PAGE = (ROOT / "docs" / "postgresql.md").read_text()


@dataclass(frozen=True, kw_only=True)
class Secured:
    """The run's server with TLS on, a database made as the page says, and the files that its URL names."""

    folder: Path
    owner: str
    service: str

    def config(self, **given: str) -> ServiceConfig:
        settings = {"database_url": self.service, "database_owner_url": self.owner, **given}
        return read_config(None, data_folder=self.folder / "data", **settings)


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    folder = tmp_path_factory.mktemp("secured")
    server = postgres.server_url()
    certificate = _certificate(folder)
    _as_administrator("ALTER SYSTEM SET ssl = on", "SELECT pg_reload_conf()")
    try:
        while _as_administrator("SHOW ssl") != "on":  # it reloads when it comes to that
            time.sleep(0.05)
        (sql,) = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
        _as_administrator(*(line for line in sql.splitlines() if line))
        (lines,) = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
        passwords = folder / "pgpass"
        passwords.write_text(lines.replace("db.example.net:5432", f"localhost:{server.port}"))
        passwords.chmod(0o600)
        (settings,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
        here = settings.replace("db.example.net:5432", f"localhost:{server.port}")
        here = here.replace("/etc/panelbridge/ca.pem", str(certificate))
        urls = tomllib.loads(here.replace("/etc/panelbridge/pgpass", str(passwords)))
        yield Secured(folder=folder, owner=urls["database_owner_url"], service=urls["database_url"])
    finally:
        _as_administrator("ALTER SYSTEM RESET ssl", "SELECT pg_reload_conf()")


def _certificate(folder: Path) -> Path:
    """Of a server named localhost, signed by itself; the server reads a copy, for it is another user."""
    place = Path(str(_as_administrator("SHOW data_directory")))
    certificate, key = folder / "server.pem", folder / "server.key"
    subprocess.run(
        shlex.split(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost"
            f" -addext subjectAltName=DNS:localhost -keyout {key} -out {certificate}"
        ),
        check=True,
        capture_output=True,
    )
    for file in (certificate, key):  # under the names that it looks for by default
        here = Path(shutil.copy(file, place / f"server{'.crt' if file == certificate else '.key'}"))
        os.chown(here, place.stat().st_uid, -1)
        here.chmod(0o600)
    return certificate


def _as_administrator(*statements: str) -> object:
    engine = create_engine(postgres.server_url(), poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        found = None
        for statement in statements:
            answer = connection.execute(text(statement))
            found = answer.scalar() if answer.returns_rows else None
    return found


def test_the_pages_blocks_lead_to_a_service_behind_tls_without_a_password_in_its_configuration(
    secured: Secured,
) -> None:
    config = secured.config()
    assert "password" not in secured.service
    first_setup(config)
    database = open_database(config)
    with database.read() as connection:
        query = text("SELECT ssl, current_user FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        assert tuple(connection.execute(query).one()) == (True, "panelbridge")
    database.close()
    (said,) = [one for one in check_machine(config) if one.check == "database"]
    assert "TLS" in said.cause
    assert "no TLS" not in said.cause


def test_a_service_whose_role_owns_nothing_starts_without_the_owner_while_the_schema_is_the_newest(
    secured: Secured,
) -> None:
    first_setup(secured.config())
    alone = read_config(None, data_folder=secured.folder / "data", database_url=secured.service)
    assert not first_setup(alone).created


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"host": "127.0.0.1"}, "127.0.0.1"),  # which is not the name in the certificate
        ({"sslrootcert": str(ROOT / "tests" / "nowhere.pem")}, "nowhere.pem"),
        ({"password": "wr0ng-s3cret"}, "password authentication failed"),
    ],
    ids=["another name", "another authority", "another password"],
)
def test_a_server_that_cannot_be_trusted_is_refused_without_a_secret(
    secured: Secured, change: dict[str, str], said: str
) -> None:
    url = make_url(secured.service)
    query = {name: change.get(name, value) for name, value in url.query.items()}
    url = url.set(host=change.get("host", url.host), password=change.get("password"), query=query)
    config = secured.config(database_url=url.render_as_string(hide_password=False))
    with pytest.raises(StorageFailed) as told:
        peek(config).exists()
    assert said in str(told.value)
    assert "s3cret" not in str(told.value)


def test_without_tls_and_with_the_owners_role_doctor_says_what_to_change(tmp_path: Path) -> None:
    config = read_config(None, data_folder=tmp_path / "data", database_url=postgres.empty_url())
    first_setup(config)
    told = [one.cause for one in check_machine(config) if one.check == "database"]
    assert any("owns the tables" in message for message in told)
    assert all(str(postgres.server_url().password) not in message for message in told)


@contextmanager
def _pgbouncer(folder: Path, mode: str) -> Iterator[str]:
    """Debian's PgBouncer in that mode; the URL of a database behind it."""
    program = Path("/usr/sbin/pgbouncer")
    if not program.exists():
        pytest.skip("PgBouncer is missing: apt-get install pgbouncer")
    url = make_url(postgres.owner_url_of_fresh())
    port = free_port()
    (folder / "users").write_text(f'"{url.username}" "{url.password}"\n')
    settings = folder / "pgbouncer.ini"
    settings.write_text(
        f"[databases]\n* = host={url.host} port={url.port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
        f"listen_port = {port}\nunix_socket_dir =\nauth_type = trust\nauth_file = {folder}/users\n"
        f"pool_mode = {mode}\n"
    )
    as_user = []
    if os.geteuid() == 0:  # it refuses root, and reads the files as that user
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        for place in (folder, settings, folder / "users"):
            shutil.chown(place, "postgres")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*as_user, program, settings.name], cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        _wait_for(port)
        yield url.set(port=port).render_as_string(hide_password=False)
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int) -> None:
    for _ in range(400):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("PgBouncer does not listen")


@pytest.fixture
def place() -> Iterator[Path]:
    """Where another user can enter."""
    with tempfile.TemporaryDirectory(prefix="panelbridge-pooler-") as folder:
        yield Path(folder)


def test_a_pooler_in_transaction_mode_is_refused_by_name(place: Path) -> None:
    with _pgbouncer(place, "transaction") as url:
        database = Database(url)
        with pytest.raises(StorageFailed, match=r"a pooler in transaction mode \(PgBouncer"), database.read():
            pass
        database.close()


def test_a_pooler_in_session_mode_does_no_harm(place: Path) -> None:
    with _pgbouncer(place, "session") as url:
        database = Database(url)
        with database.write() as connection:
            assert connection.execute(text("SHOW lock_timeout")).scalar_one() == "30s"
        database.close()
