"""Starting: init, what a missing folder says, exit codes, and how little is loaded for it."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, get_args

import pytest

from panelbridge.access import Scope
from panelbridge.cli import choices
from panelbridge.cli.main import Commands, all_commands
from panelbridge.customers import ContactKind
from panelbridge.ledger import TransferKind
from panelbridge.lifecycle import SubscriptionState, SuspensionReason
from panelbridge.subscriptions import Mode
from tests.cli.conftest import Shell

HEAVY = ("sqlalchemy", "flask", "alembic", "dbos", "pydantic", "requests")
HEAVY += ("panelbridge.contract", "panelbridge.ledger", "panelbridge.subscriptions")


def test_init_makes_everything_for_its_owner_alone_and_tells_the_keys(bare: Shell) -> None:
    ran = bare.done("init", "--mode", "test", "--reseller", "acme", "--installation", "tv")

    assert stat.S_IMODE(bare.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((bare.folder / "secret.key").stat().st_mode) == 0o600
    assert stat.S_IMODE((bare.folder / "panelbridge.db").stat().st_mode) == 0o600
    assert ran.out.count("pb_test_") == 2
    assert "shown once, not stored" in ran.out
    assert "acme" in ran.out
    assert "tv (test)" in ran.out


def test_init_twice_changes_nothing_and_tells_no_key(bare: Shell) -> None:
    first = bare.done("init", "--json").json
    key_file = (bare.folder / "secret.key").read_bytes()
    keys = bare.done("keys", "list", "--json").json

    again = bare.done("init")

    assert first["created"] is True
    assert first["admin_key"].startswith("pb_live_")
    assert "Nothing to do" in again.out
    assert "pb_live_" not in again.out + again.err
    assert bare.done("keys", "list", "--json").json == keys
    assert (bare.folder / "secret.key").read_bytes() == key_file


def test_the_first_keys_work(bare: Shell) -> None:
    made = bare.done("init", "--json").json

    listed = {item["prefix"]: item["scopes"] for item in bare.done("keys", "list", "--json").json}

    assert listed[made["admin_key"].rpartition("_")[0]] == ["admin"]
    assert listed[made["shop_key"].rpartition("_")[0]] == ["provision", "read"]


def test_init_refuses_a_code_that_is_none(bare: Shell) -> None:
    ran = bare("init", "--reseller", "Acme TV")

    assert ran.code == 1
    assert "code:" in ran.err
    assert not bare.folder.exists()


def test_without_a_database_it_says_what_to_do(bare: Shell) -> None:
    ran = bare("panels", "list")

    assert ran.code == 4
    assert f"There is no database at {bare.folder}/panelbridge.db." in ran.err
    assert "Run `panelbridge init`" in ran.err
    assert "[configuration]" in ran.err
    assert not bare.folder.exists()


def test_a_program_gets_its_error_as_json(bare: Shell) -> None:
    ran = bare("panels", "list", "--json")

    told = json.loads(ran.err)
    assert (ran.out, told["code"], told["exit"], told["retry_safe"]) == ("", "configuration", 4, True)


def test_without_any_configuration_the_folder_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PANELBRIDGE_DATA_FOLDER", raising=False)
    ran = subprocess.run(
        [sys.executable, "-m", "panelbridge.command", "panels", "list"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ran.returncode == 4
    assert "Name the folder: --data FOLDER" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_database_of_another_release_is_left_alone(shell: Shell) -> None:
    import sqlite3

    with sqlite3.connect(shell.folder / "panelbridge.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999_future'")
    connection.close()

    ran = shell("panels", "list")

    assert ran.code == 4
    assert "schema 9999_future" in ran.err
    assert "panelbridge backup" in ran.err


def test_a_key_file_open_to_others_is_refused(shell: Shell) -> None:
    (shell.folder / "secret.key").chmod(0o644)

    ran = shell("panels", "list")

    assert ran.code == 4
    assert "open to others" in ran.err


@pytest.mark.parametrize(
    "words",
    [("nonsense",), ("panels", "show"), ("credits", "top-up", "5"), ("panels", "writes", "maybe")],
)
def test_a_wrong_command_line_ends_with_2(shell: Shell, words: tuple[str, ...]) -> None:
    assert shell(*words).code == 2


def test_help_loads_nothing_that_it_does_not_show(tmp_path: Path) -> None:
    """Not of the whole, and of no group or command, all of them asked in one process."""
    script = f"""
import sys
from contextlib import suppress
from panelbridge.cli.main import Commands, main
for words in (["--help"], *([name, "--help"] for name in Commands.entries)):
    with suppress(SystemExit):
        main(words)
    print(words[0], [name for name in {HEAVY} if name in sys.modules], file=sys.stderr)
"""
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, cwd=tmp_path, check=False
    )

    asked = ["--help", *Commands.entries]
    assert ran.returncode == 0
    assert ran.stderr.splitlines() == [f"{name} []" for name in asked]
    shown = ("init", "serve", "doctor", "attention", "revoke", "unsuspend", "Cases waiting for a decision")
    assert [word for word in shown if word not in ran.stdout] == []


@pytest.mark.parametrize(
    ("spelled", "words"),
    [
        (choices.ModeName, Mode),
        (Literal[choices.SCOPES], Scope),
        (choices.StateName, SubscriptionState),
        (choices.ReasonName, SuspensionReason),
        (choices.KindName, TransferKind),
        (choices.ContactName, ContactKind),
    ],
)
def test_an_option_takes_every_word_that_there_is(spelled: Any, words: type[StrEnum]) -> None:
    assert list(get_args(spelled)) == [word.value for word in words]


def test_each_command_is_listed_with_its_own_first_line() -> None:
    whole = all_commands()
    own = {name: (command.help or "").split("\n\n")[0] for name, command in whole.commands.items()}

    assert {name: entry.help for name, entry in whole.entries.items()} == own


def test_a_bug_is_told_as_one_without_a_secret(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("https://user:hunter2@panel.example/")

    monkeypatch.setattr("panelbridge.actions.panels.list_panels", broken)

    ran = shell("panels", "list")

    assert ran.code == 70
    assert "[internal]" in ran.err
    assert "hunter2" not in ran.err
