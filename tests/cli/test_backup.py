"""Backup while others work, and restore that starts with every panel's writes off."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from panelbridge.service.data_folder import claim_data_folder
from panelbridge.testing.practice import PracticeProcess
from tests.cli.conftest import Shell
from tests.support import postgres

# A SQLite file is put aside; a database of a server is not, its copy goes into an empty one.
OF_A_FILE = pytest.mark.skipif(postgres.IN_USE, reason="of a SQLite file: on a server nothing is put aside")
SUFFIX = ".dump" if postgres.IN_USE else ".db"


@pytest.fixture
def copy(selling: Shell, tmp_path: Path) -> Path:
    """A backup of a bridge that sold one account."""
    selling.order(501)
    target = tmp_path / "copy.db"
    selling.done("backup", str(target))
    return target


def elsewhere(shell: Shell, monkeypatch: pytest.MonkeyPatch, *, key: bool) -> Shell:
    """Another machine: an empty folder, with the key file or without."""
    other = shell.elsewhere("other")
    if key:
        shutil.copy2(shell.folder / "secret.key", other.folder)
    return other


def test_a_copy_made_while_a_write_is_open_is_whole(selling: Shell, tmp_path: Path) -> None:
    with selling.database() as database, database.write() as connection:
        connection.exec_driver_sql("UPDATE resellers SET name = 'not committed'")
        ran = selling.done("backup", str(tmp_path))

    (made,) = tmp_path.glob(f"panelbridge-*Z{SUFFIX}")
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert "NOT in it" in ran.out
    assert str(selling.folder / "secret.key") in ran.out


def test_neither_key_nor_secret_is_in_the_copy(selling: Shell, copy: Path, practice: PracticeProcess) -> None:
    content = copy.read_bytes()
    key = (selling.folder / "secret.key").read_bytes().splitlines()[-1]
    password = selling.done("subscriptions", "show", "1", "--show-password", "--json").json["password"]

    for secret in (key, practice.settings["token"].encode(), password.encode()):
        assert secret not in content


def test_nothing_is_overwritten(selling: Shell, copy: Path) -> None:
    before = copy.read_bytes()

    backup = selling("backup", str(copy))
    restore = selling("restore", str(copy), "--yes")

    assert (backup.code, restore.code) == (1, 1)
    assert copy.read_bytes() == before
    assert ("createdb" if postgres.IN_USE else "--replace") in restore.err


def test_a_restored_copy_has_its_books_and_writes_off(
    selling: Shell, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = elsewhere(selling, monkeypatch, key=True)

    ran = other.done("restore", str(copy), "--yes")

    assert "off for main" in ran.out
    assert "panels accounts" in ran.err
    assert other.done("subscriptions", "show", "shop:501", "--json").json["state"] == "active"
    assert other.done("ledger", "verify", "--json").json["whole"] is True
    assert other.done("panels", "show", "main", "--json").json["writes_enabled"] is False
    for file in other.folder.glob("panelbridge.db"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not [name for name in other.folder.iterdir() if "restoring" in name.name]


def test_an_order_on_a_restored_copy_is_refused_until_writes_are_on(
    selling: Shell, copy: Path, monkeypatch: pytest.MonkeyPatch, practice: PracticeProcess
) -> None:
    from panelbridge.provisioning import Refusal

    other = elsewhere(selling, monkeypatch, key=True)
    other.done("restore", str(copy), "--yes")
    before = practice.control.books()["counts"]

    with pytest.raises(Refusal, match="switched off"):
        other.order(502)

    assert practice.control.books()["counts"] == before
    other.done("panels", "writes", "on", "main", "--yes")
    assert other.order(502).operation.state.value == "done"


def test_what_was_sent_before_the_backup_is_looked_up_and_not_sent_again(
    selling: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, practice: PracticeProcess
) -> None:
    practice.control.set_fault("cut_before", "create")
    number = selling.order(7301).operation.id
    selling.done("backup", str(tmp_path / "sent.db"))
    other = elsewhere(selling, monkeypatch, key=True)
    other.done("restore", str(tmp_path / "sent.db"), "--yes")
    before = practice.control.books()["counts"]

    other.pursue(number, hours=1)

    assert practice.control.books()["counts"] == before
    shown = other.done("operations", "show", str(number), "--json").json
    assert (shown["state"], shown["code"]) == ("sent", "writes_off")
    other.done("panels", "writes", "on", "main", "--yes")
    other.pursue(number, hours=2)
    assert other.done("operations", "show", str(number), "--json").json["state"] == "done"


def test_without_its_key_file_a_copy_is_not_restored(
    selling: Shell, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = elsewhere(selling, monkeypatch, key=False)

    ran = other("restore", str(copy), "--yes")

    assert ran.code == 4
    assert "put the key file back" in ran.err
    assert other.is_empty()


def test_with_another_key_file_nothing_is_put_in_place(
    selling: Shell, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = elsewhere(selling, monkeypatch, key=False)
    (other.folder / "secret.key").write_bytes(Fernet.generate_key())
    (other.folder / "secret.key").chmod(0o600)

    ran = other("restore", str(copy), "--yes")

    assert ran.code == 4
    assert "does not belong to this database" in ran.err
    assert other.is_empty()
    shutil.copy2(selling.folder / "secret.key", other.folder)
    other.done("restore", str(copy), "--yes")


@OF_A_FILE
def test_with_another_key_file_nothing_is_touched(selling: Shell, copy: Path) -> None:
    key_file = selling.folder / "secret.key"
    key_file.write_bytes(Fernet.generate_key())
    before = (selling.folder / "panelbridge.db").read_bytes()

    ran = selling("restore", str(copy), "--replace", "--yes")

    assert ran.code == 4
    assert "does not belong to this database" in ran.err
    assert (selling.folder / "panelbridge.db").read_bytes() == before
    assert not list(selling.folder.glob("*before*"))


@OF_A_FILE
def test_the_database_that_was_there_is_put_aside(selling: Shell, copy: Path) -> None:
    selling.order(502)

    ran = selling.done("restore", str(copy), "--replace", "--yes", "--json").json

    aside = Path(ran["put_aside"])
    connection = sqlite3.connect(aside)
    assert connection.execute("SELECT count(*) FROM subscriptions").fetchone() == (2,)
    connection.close()
    assert len(selling.done("subscriptions", "list", "--json").json) == 1


def test_no_restore_under_a_running_service(
    selling: Shell, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = elsewhere(selling, monkeypatch, key=True)
    with claim_data_folder(other.folder):
        ran = other("restore", str(copy), "--yes")

    assert ran.code == 4
    assert "already serves from" in ran.err
    assert other.is_empty()


@pytest.mark.parametrize("content", [b"", b"no database at all", b"SQLite format 3\x00" + b"\xff" * 5000])
def test_a_file_that_is_no_backup_is_refused(shell: Shell, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "strange.db"
    file.write_bytes(content)

    ran = shell("restore", str(file), *(() if postgres.IN_USE else ("--replace",)), "--yes")

    assert ran.code == 1
    assert "is not a whole panelbridge database" in ran.err


def test_restoring_is_asked_with_what_it_means(
    selling: Shell, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = elsewhere(selling, monkeypatch, key=True)
    ran = other("restore", str(copy), typed="n\n")

    assert ran.code == 1
    assert "What happened after that backup is not in it" in ran.err
    assert other.is_empty()


def test_a_folder_that_is_not_there_is_made_and_gets_dated_files(selling: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "backups"

    selling.done("backup", str(folder))

    assert folder.is_dir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert len(list(folder.glob(f"panelbridge-*Z{SUFFIX}"))) == 1


def test_what_is_missing_is_said_when_a_folder_cannot_be_made(selling: Shell, tmp_path: Path) -> None:
    ran = selling("backup", str(tmp_path / "no" / "backups"))

    assert ran.code == 4
    assert f"there is no folder {tmp_path / 'no'}" in ran.err.lower()


def test_so_many_dated_files_are_kept_and_nothing_else_is_touched(selling: Shell, tmp_path: Path) -> None:
    older, old, mine = (
        f"panelbridge-{when}Z{SUFFIX}" for when in ("20200101T000000", "20210101T000000", "mine")
    )
    for name in (older, old, mine, f"{older}.json", f"{old}.json"):
        (tmp_path / name).touch()

    ran = selling("backup", str(tmp_path), "--keep", "2")

    assert ran.code == 0, ran.err
    left = sorted(one.name for one in tmp_path.glob(f"*{SUFFIX}"))
    assert left[0] == old
    assert left[-1] == mine
    assert len(left) == 3
    assert (tmp_path / f"{older}.json").exists() != postgres.IN_USE, "a dump goes with its manifest"


@OF_A_FILE
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can leave files that are another user's")
def test_what_root_restores_belongs_to_the_service(selling: Shell, copy: Path) -> None:
    for one in (selling.folder, *selling.folder.iterdir()):
        os.chown(one, 65534, 65534)
    for lock in selling.folder.glob("*.lock"):
        lock.unlink()

    selling.done("restore", str(copy), "--replace", "--yes")
    selling.done("panels", "writes", "on", "--yes")

    owners = {one.name: one.stat().st_uid for one in selling.folder.iterdir()}
    assert set(owners.values()) == {65534}, owners
