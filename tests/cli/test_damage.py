"""A full disk and a damaged file are told as what they are, without a backtrace."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.cli.conftest import Shell
from tests.cli.test_beside_serve import serving, wait_for


def of_serve(folder: Path) -> list[int]:
    """The process that serves from ``folder``, and its worker."""
    parent = int((folder / "serve.lock").read_text())
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [parent, *map(int, children)]


def limit(folder: Path, most: int) -> None:
    """No file of the service grows beyond ``most`` bytes: to it, the disk is full."""
    for process in of_serve(folder):
        resource.prlimit(process, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


def test_a_full_disk_is_told_and_the_service_is_not_ready(selling: Shell) -> None:
    key = selling.done("keys", "add", "--operator", "--json").json["key"]
    with serving(selling) as url:
        limit(selling.folder, 4096)
        try:
            reply = requests.post(
                f"{url}/v1/resellers",
                json={"code": "second", "name": "Second"},
                headers={"Authorization": f"Bearer {key}", "Idempotency-Key": "one"},
                timeout=30,
            )
            assert "storage_full" in reply.text
            assert reply.status_code == 503
            wait_for(lambda: requests.get(f"{url}/readyz", timeout=10).status_code == 503)
            told = requests.get(f"{url}/readyz", timeout=10).json()["checks"]
        finally:
            limit(selling.folder, resource.RLIM_INFINITY)
        wait_for(lambda: requests.get(f"{url}/readyz", timeout=10).status_code == 200)

    (database,) = [item for item in told if item["name"] == "database"]
    assert database["ok"] is False
    assert "disk is full" in database["message"]


def hurt(shell: Shell, how: str) -> None:
    database = shell.folder / "panelbridge.db"
    content = bytearray(database.read_bytes())
    if how == "no database":
        content[:4096] = b"no database at all" + bytes(4078)
    else:  # every page but the first, which holds the schema
        content[4096:] = b"\xff" * (len(content) - 4096)
    database.write_bytes(content)


@pytest.mark.parametrize("how", ["no database", "pages"])
@pytest.mark.parametrize(
    "words", [("ledger", "verify"), ("doctor",), ("serve",), ("init",), ("credits", "history")]
)
def test_a_damaged_database_is_named(selling: Shell, words: tuple[str, ...], how: str) -> None:
    hurt(selling, how)

    ran = subprocess.run(
        [sys.executable, "-m", "panelbridge.command", *words],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | {"PANELBRIDGE_DATA_FOLDER": str(selling.folder), "PANELBRIDGE_PORT": "1"},
    )

    said = " ".join((ran.stdout + ran.stderr).split())  # a table folds its lines
    assert ran.returncode in (1, 4, 8), said
    assert "damaged" in said
    assert "restore the last good backup" in said
    assert ".py:" not in said
