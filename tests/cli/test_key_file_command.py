"""A new key for secrets and signatures: what was sealed and signed before stays good."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from panelbridge.service.data_folder import claim_data_folder
from tests.cli.conftest import Shell


def keys_in(file: Path) -> list[bytes]:
    return [line for line in file.read_bytes().splitlines() if line and not line.startswith(b"#")]


def sealed_in(shell: Shell) -> set[str]:
    with closing(sqlite3.connect(shell.folder / "panelbridge.db")) as connection:
        rows = connection.execute(
            "SELECT password FROM operations WHERE password IS NOT NULL"
            " UNION SELECT password FROM subscriptions WHERE password IS NOT NULL"
            " UNION SELECT value FROM panels, json_each(panels.secrets)"
        )
        return {str(row[0]) for row in rows}


def test_after_a_rotation_everything_is_sealed_anew_and_everything_goes_on(selling: Shell) -> None:
    selling.order(9401)
    before, old = sealed_in(selling), keys_in(selling.folder / "secret.key")
    password = selling.done("subscriptions", "show", "shop:9401", "--show-password", "--json").json[
        "password"
    ]

    ran = selling("key-file", "rotate", "--yes", "--json")

    assert ran.code == 0, ran.err
    assert keys_in(selling.folder / "secret.key")[1:] == old
    assert not before & sealed_in(selling)
    assert ran.json["resealed"] == len(before)
    shown = selling.done("subscriptions", "show", "shop:9401", "--show-password", "--json").json
    assert shown["password"] == password
    assert selling.order(9402).operation.state.value == "done"
    assert selling.done("ledger", "verify", "--json").json["whole"] is True


def test_a_rotation_waits_until_serve_has_stopped(selling: Shell) -> None:
    before = (selling.folder / "secret.key").read_bytes()
    with claim_data_folder(selling.folder):
        ran = selling("key-file", "rotate", "--yes")

    assert ran.code == 4
    assert "already serves from" in ran.err
    assert (selling.folder / "secret.key").read_bytes() == before
