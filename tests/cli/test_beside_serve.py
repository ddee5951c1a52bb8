"""Commands on the data folder while ``serve`` runs from it: one journal, one set of books."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import requests

from panelbridge.testing.practice import PracticeProcess
from tests.cli.conftest import Shell

_PATIENCE = 30.0


def wait_for(seen: Callable[[], bool]) -> None:
    """Until another process did its part, for a bounded time."""
    pause, ends = threading.Event(), time.monotonic() + _PATIENCE
    while not seen():
        assert time.monotonic() < ends, "it did not happen in time"
        pause.wait(0.1)


@contextmanager
def serving(shell: Shell) -> Iterator[str]:
    """A ``serve`` of its own process; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    log = (shell.folder.parent / "serve.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "panelbridge.command", "serve"],
        env=os.environ | {"PANELBRIDGE_DATA_FOLDER": str(shell.folder), "PANELBRIDGE_PORT": str(port)},
        stdout=log,
        stderr=log,
    )

    def ready() -> bool:
        assert process.poll() is None, (shell.folder.parent / "serve.log").read_text()
        try:
            return requests.get(f"{url}/readyz", timeout=1).status_code == 200
        except requests.RequestException:
            return False

    try:
        wait_for(ready)
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        log.close()


@pytest.fixture
def served(selling: Shell, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Shell, str]]:
    with serving(selling) as url:
        monkeypatch.setenv("PANELBRIDGE_PORT", url.rpartition(":")[2])
        yield selling, url


def test_serve_goes_on_with_what_a_command_left_pending(
    served: tuple[Shell, str], practice: PracticeProcess
) -> None:
    shell, _ = served
    shell.order(501)
    name = shell.done("subscriptions", "show", "1", "--json").json["username"]
    practice.control.set_fault("timeout_after_commit", "suspend", seconds=4)

    ran = shell("subscriptions", "suspend", "1", "--yes")

    assert ran.code == 5, ran.out + ran.err
    assert "the running `serve` goes on with it" in ran.err
    number = str(shell.done("operations", "list", "--json").json[-1]["id"])
    wait_for(lambda: shell.done("operations", "show", number, "--json").json["state"] == "done")
    assert practice.control.books()["accounts"][name]["state"] == "suspended"
    assert shell.done("subscriptions", "show", "1", "--json").json["state"] == "suspended"


def test_doctor_and_backup_while_it_serves(served: tuple[Shell, str]) -> None:
    shell, url = served

    ran = shell.done("doctor")
    shell.done("backup", str(shell.folder.parent))

    assert f"ready at {url}/readyz" in ran.out
    assert "nothing wrong" in ran.out


def test_a_key_made_by_a_command_works_at_once_and_revoked_soon_not(served: tuple[Shell, str]) -> None:
    shell, url = served
    made = shell.done("keys", "add", "--operator", "--json").json

    def status() -> int:
        headers = {"Authorization": f"Bearer {made['key']}"}
        return requests.get(f"{url}/v1/panels", headers=headers, timeout=5).status_code

    assert status() == 200
    shell.done("keys", "revoke", made["prefix"], "--yes")
    wait_for(lambda: status() == 401)


def test_changed_settings_of_a_panel_say_when_they_count(served: tuple[Shell, str]) -> None:
    shell, _ = served

    ran = shell.done("panels", "set", "main", "--set", "read_timeout=15")

    assert "with its next order" in ran.err
