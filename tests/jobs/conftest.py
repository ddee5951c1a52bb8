from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from panelbridge.jobs import JobRunner
from tests.jobs.fake_journal import FakeJournal

Start = Callable[..., JobRunner]
StartWorker = Callable[..., tuple[subprocess.Popen[str], str]]
ROOT = Path(__file__).parents[2]


def until(holds: Callable[[], object], seconds: float = 15.0) -> bool:
    """Whether ``holds`` came true in time."""
    ends, never = time.monotonic() + seconds, threading.Event()
    while not holds():
        if time.monotonic() > ends:
            return False
        never.wait(0.02)
    return True


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[FakeJournal]:
    made = FakeJournal(tmp_path / "journal.db")
    yield made
    made.engine.dispose()


@pytest.fixture
def start(journal: FakeJournal) -> Iterator[Start]:
    """Starts a runner on the journal, and stops it in the end."""
    runners: list[JobRunner] = []

    def started(**options: Any) -> JobRunner:
        settings: dict[str, Any] = {"due": journal.due, "settle": journal.settle} | options
        runner = JobRunner(journal.engine, **settings)
        runner.start()
        runners.append(runner)
        return runner

    yield started
    for runner in runners:
        runner.stop()


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[StartWorker]:
    """Starts worker processes; the line each says first is in ``said``."""
    workers: list[subprocess.Popen[str]] = []

    def started(hangs: str = "never") -> tuple[subprocess.Popen[str], str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.jobs.worker", str(tmp_path / "journal.db"), hangs],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        workers.append(process)
        assert process.stdout is not None
        return process, process.stdout.readline().strip()

    yield started
    for process in workers:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
