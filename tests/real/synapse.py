"""A Synapse of its own on loopback, and an admin."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.real.started import INSTALLED, free_port, not_installed, started, wait_for

PYTHON = INSTALLED / "synapse/bin/python"
HOST = "ex.test"


def missing() -> str | None:
    return not_installed(PYTHON)


@dataclass(frozen=True, kw_only=True)
class Synapse:
    url: str
    username: str
    password: str


@contextmanager
def running_synapse(folder: Path) -> Iterator[Synapse]:
    port = free_port()
    _configure(folder, port)
    command: list[Path | str] = [PYTHON, "-m", "synapse.app.homeserver", "-c", "homeserver.yaml"]
    log = folder / "synapse.log"
    with started(command, log=log, cwd=folder) as process:
        url = f"http://127.0.0.1:{port}/"
        wait_for(f"{url}health", process, log)
        register: list[Path | str] = [
            INSTALLED / "synapse/bin/register_new_matrix_user",
            "-c",
            "homeserver.yaml",
        ]
        register += ["-u", "root1", "-p", "rootpw1", "-a", url]
        _run(folder, register)
        yield Synapse(url=url, username="root1", password="rootpw1")


def _configure(folder: Path, port: int) -> None:
    generate: list[Path | str] = [PYTHON, "-m", "synapse.app.homeserver", "--server-name", HOST]
    generate += ["--config-path", "homeserver.yaml", "--generate-config", "--report-stats=no"]
    _run(folder, generate)
    path = folder / "homeserver.yaml"
    text = path.read_text()
    for pattern, value in (
        (r"^    - ::1\n", ""),
        (r"port: 8008", f"port: {port}"),
        (r"^      - federation\n", ""),
        (r"^trusted_key_servers:.*", "trusted_key_servers: []"),
        (r'^.*server_name: "matrix.org".*\n', ""),
    ):
        text = re.sub(pattern, value, text, flags=re.MULTILINE)
    # Its login limit is for strangers; the tests log in as often as they run.
    limit = "{per_second: 1000, burst_count: 1000}"
    names = ("address", "account", "failed_attempts")
    text += "\nrc_login: {" + ", ".join(f"{name}: {limit}" for name in names) + "}\n"
    path.write_text(text)


def _run(folder: Path, command: list[Path | str]) -> None:
    words = [str(part) for part in command]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode:
        raise RuntimeError(f"{words[1]} failed: {(done.stdout + done.stderr)[-2000:]}")
