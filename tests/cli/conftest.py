"""The command as somebody at a shell meets it: words in, exit code and two streams out."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from panelbridge.actions.first_setup import first_setup
from panelbridge.cli.main import main
from panelbridge.contract.models import Term
from panelbridge.provisioning import CreateCommand, OperationId, Provisioner, Reply
from panelbridge.service.compose import compose
from panelbridge.service.config import ServiceConfig
from panelbridge.storage.engine.database import Database
from panelbridge.storage.engine.postgres_copy import is_empty
from panelbridge.subscriptions import Mode
from panelbridge.testing.practice import PracticeProcess
from tests.support import postgres


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What a command left."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Terminal(io.StringIO):
    """Standard input that somebody types into."""

    def isatty(self) -> bool:
        return True


class Shell:
    """Runs the command on one data folder, in this process."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, server: str | None = None) -> None:
        """``server``: the URL of its database for the owner; none: the SQLite file in the folder."""
        self.folder = folder
        self.server = server
        self._patch = monkeypatch
        self._enter()

    @property
    def config(self) -> ServiceConfig:
        return ServiceConfig(data_folder=self.folder, **database_of(self.server))

    def _enter(self) -> None:
        """What is started from here on is told of this database."""
        for name in ("database_url", "database_owner_url", "test_database"):
            self._patch.delenv(f"PANELBRIDGE_{name.upper()}", raising=False)
        for name, value in database_of(self.server).items():
            self._patch.setenv(f"PANELBRIDGE_{name.upper()}", value)

    def elsewhere(self, name: str) -> Shell:
        """Another machine: an empty folder, and where the bridge is on a server, an empty database."""
        folder = self.folder.parent / name
        folder.mkdir(mode=0o700)
        return Shell(folder, self._patch, postgres.empty_url() if self.server else None)

    def cloned(self, name: str) -> Shell:
        """What ``cp -a`` of the data folder makes, and with a server a copy of its database."""
        folder = self.folder.parent / name
        shutil.copytree(self.folder, folder)
        return Shell(folder, self._patch, postgres.copy_of(self.server) if self.server else None)

    @contextmanager
    def database(self) -> Iterator[Database]:
        """The books past every action, as their owner opens them."""
        opened = Database(self.server or f"sqlite:///{self.folder / 'panelbridge.db'}")
        yield opened
        opened.close()

    def is_empty(self) -> bool:
        """Whether nothing was put in place: no file, or no table."""
        if self.server is None:
            return not (self.folder / "panelbridge.db").exists()
        with self.database() as database, database.read() as connection:
            return is_empty(connection)

    def __call__(self, *words: str, typed: str | None = None) -> Ran:
        """``typed``: somebody sits there and types this; else nobody can be asked."""
        out, err = io.StringIO(), io.StringIO()
        self._enter()
        self._patch.setattr("sys.stdin", io.StringIO() if typed is None else Terminal(typed))
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
            main(["--data", str(self.folder), *words])
        code = ended.value.code
        return Ran(code=int(code or 0), out=out.getvalue(), err=err.getvalue())

    def done(self, *words: str, typed: str | None = None) -> Ran:
        """Run it, and it is done."""
        ran = self(*words, typed=typed)
        assert ran.code == 0, ran.err
        return ran

    def order(self, service_id: int = 501, plan: str = "gold", **more: Any) -> Reply:
        """What a shop does: create the account of a service."""
        services = compose(self.config, migrate=False)
        try:
            with services.units.read() as unit:
                shop = next(item for item in unit.installations.all() if item.code == "shop")
            command = CreateCommand(
                installation=shop,
                service_id=service_id,
                actor="test",
                plan=plan,
                term=Term.parse("1m"),
                **more,
            )
            answer: Reply = services.provisioner.submit(command)
            return answer
        finally:
            services.close()

    def pursue(self, operation: int, *, hours: int) -> None:
        """What ``serve`` does with an operation that is due, so many hours later."""
        services = compose(self.config, migrate=False)
        try:
            deps, later = services.provisioner.deps, timedelta(hours=hours)
            deps = replace(deps, clock=lambda: services.clock() + later)
            if hasattr(deps, "elapsed"):  # the code before knew the date alone
                tick = deps.elapsed()
                aged = replace(tick, seconds=tick.seconds + later.total_seconds())
                deps = replace(deps, elapsed=lambda: aged)
            Provisioner(services.units, deps).step(OperationId(operation))
        finally:
            services.close()


def database_of(server: str | None) -> dict[str, str]:
    """Settings that name it: for the service's role, which owns nothing, and for the owner."""
    if server is None:
        return {}
    return {"database_url": postgres.as_application(server), "database_owner_url": server}


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A shell whose data folder does not exist yet."""
    monkeypatch.setenv("PANELBRIDGE_ANSWER_BUDGET", "1.5")
    monkeypatch.delenv("PANELBRIDGE_CONFIG", raising=False)
    return Shell(tmp_path / "data", monkeypatch, postgres.empty_url() if postgres.IN_USE else None)


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str | None]:
    """A data folder and its database as ``init`` leaves them; making them takes a second, a copy less."""
    folder = tmp_path_factory.mktemp("made") / "data"
    server = postgres.empty_url() if postgres.IN_USE else None
    first_setup(ServiceConfig(data_folder=folder, **database_of(server)), mode=Mode.TEST)
    return folder, server


@pytest.fixture
def shell(bare: Shell, made_once: tuple[Path, str | None]) -> Shell:
    """A shell after ``init --mode test``."""
    folder, server = made_once
    shutil.copytree(folder, bare.folder)
    if server is not None:  # whoever has the shell before init has this one too
        bare.server = postgres.copy_of(server)
    return bare


@pytest.fixture(scope="session")
def shared_practice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PracticeProcess]:
    with PracticeProcess("reference", books=tmp_path_factory.mktemp("panel") / "books.sqlite") as panel:
        yield panel


@pytest.fixture
def practice(shared_practice: PracticeProcess) -> Iterator[PracticeProcess]:
    yield shared_practice
    shared_practice.control.clear_faults()


@pytest.fixture
def selling(shell: Shell, practice: PracticeProcess, tmp_path: Path) -> Shell:
    """A panel, a plan and fifty credits, all set up by commands."""
    settings = tmp_path / "settings.json"
    settings.write_text(json.dumps({**practice.settings, "late_commit": 0}))
    settings.chmod(0o600)
    shell.done("panels", "add", "main", "--backend", "reference", "--practice", "--settings", str(settings))
    shell.done(
        "plans", "add", "gold", "--panel", "main", "--term", "1m=basic-1m@1+0.5", "--term", "12m=basic-12m@10"
    )
    shell.done("credits", "top-up", "50", "--reason", "opening credit")
    return shell


@contextmanager
def nothing_changed(look: Callable[[], object]) -> Iterator[None]:
    """What ``look`` sees is the same after the block."""
    before = look()
    yield
    assert look() == before
