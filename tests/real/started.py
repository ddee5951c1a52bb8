"""Starting a server that nobody here wrote, and waiting until it answers."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parents[2]
INSTALLED = ROOT / ".bootstrap/real"
PATIENCE = 90.0


def not_installed(*needed: Path | str | None) -> str | None:
    """The reason of a skip, when something needed is not there."""
    lacking = [str(one) for one in needed if one is None or not Path(one).exists()]
    return "the real servers are not installed: run scripts/real-servers" if lacking else None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def started(
    command: Sequence[str | Path],
    *,
    log: Path,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """The process, in a group of its own, which is ended as a whole."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=cwd,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            continue
    process.wait()


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return once ``url`` is answered, whatever the status. Raises ``RuntimeError`` with the log's end."""
    session = requests.Session()
    session.trust_env = False
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends and process.poll() is None:
        try:
            session.get(url, timeout=2)
        except requests.RequestException:
            select_nothing(0.1)
        else:
            return
    raise RuntimeError(f"{url} did not come up: {log.read_text(errors='replace')[-2000:]}")


def select_nothing(seconds: float) -> None:
    """A server's start cannot be waited for in another way than by asking again."""
    time.sleep(seconds)
