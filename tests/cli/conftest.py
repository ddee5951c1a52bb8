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
from panelbridge.subscriptions import Mode
from panelbridge.testing.practice import PracticeProcess


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

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self._patch = monkeypatch

    @property
    def config(self) -> ServiceConfig:
        return ServiceConfig(data_folder=self.folder)

    def __call__(self, *words: str, typed: str | None = None) -> Ran:
        """``typed``: somebody sits there and types this; else nobody can be asked."""
        out, err = io.StringIO(), io.StringIO()
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


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A shell whose data folder does not exist yet."""
    monkeypatch.setenv("PANELBRIDGE_ANSWER_BUDGET", "1.5")
    monkeypatch.delenv("PANELBRIDGE_CONFIG", raising=False)
    return Shell(tmp_path / "data", monkeypatch)


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder as ``init`` leaves it; making one takes a second, copying it none."""
    folder = tmp_path_factory.mktemp("made") / "data"
    first_setup(ServiceConfig(data_folder=folder), mode=Mode.TEST)
    return folder


@pytest.fixture
def shell(bare: Shell, made_once: Path) -> Shell:
    """A shell after ``init --mode test``."""
    shutil.copytree(made_once, bare.folder)
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
