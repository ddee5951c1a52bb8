"""A copy of a server's database by its own programs, and the way back into an empty one."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from panelbridge.storage.engine import postgres_copy
from panelbridge.storage.engine.database import Database
from panelbridge.storage.engine.manifest import manifest_of, read_manifest
from panelbridge.storage.engine.schema_check import schema_problems
from panelbridge.storage.exceptions import StorageFailed, ToolMissing
from tests.ledger.books import ANNA, BORIS, Books, credits_of
from tests.support import postgres


@pytest.fixture(scope="module")
def books() -> Iterator[Books]:
    """As the service opens them: by a role that owns nothing."""
    made = Books(postgres.fresh_url())
    made.begin()
    yield made
    made.database.close()


def test_a_copy_has_one_state_and_goes_back_whole_with_numbers_that_continue(
    books: Books, tmp_path: Path
) -> None:
    dump, owner_url = tmp_path / "copy.dump", postgres.empty_url()
    with books.write() as ledger:  # open while the copy is made, and not in it
        ledger.top_up(BORIS, credits_of("7"), key="meanwhile", actor="operator", reason="paid")
        books.database.back_up(dump)
    with books.read() as ledger:
        last = ledger.wallet(ANNA).id

    manifest = read_manifest(dump)
    assert 1 == manifest.rows["ledger_transfers"]
    assert [0o600] * 2 == [stat.S_IMODE(one.stat().st_mode) for one in (dump, manifest_of(dump))]
    postgres_copy.load(owner_url, dump, manifest)
    restored = Database(postgres.as_application(owner_url), owner_url=owner_url)
    restored.migrate()
    with restored.read() as connection:
        assert manifest.rows == postgres_copy.rows_of(connection)
    again = Books(postgres.as_application(owner_url))
    assert again.verify().whole
    assert [] == schema_problems(restored)
    with again.write() as ledger:
        assert credits_of("0") == ledger.wallet(BORIS).balance
        third = ledger.open_wallet(type(ANNA)(99))
        assert third.id > last
        ledger.top_up(BORIS, credits_of("1"), key="after", actor="operator", reason="paid")
    again.database.close()
    restored.close()


def test_what_was_put_into_an_empty_database_can_be_taken_out_again(books: Books, tmp_path: Path) -> None:
    dump, owner_url = tmp_path / "copy.dump", postgres.empty_url()
    books.database.back_up(dump)
    postgres_copy.load(owner_url, dump, read_manifest(dump))
    owner = Database(owner_url)
    with owner.write() as connection:
        assert not postgres_copy.is_empty(connection)
        postgres_copy.clear(connection)
        assert postgres_copy.is_empty(connection)
    owner.close()
    postgres_copy.load(owner_url, dump, read_manifest(dump))


def test_a_copy_with_a_changed_byte_is_refused(books: Books, tmp_path: Path) -> None:
    dump = tmp_path / "copy.dump"
    books.database.back_up(dump)
    content = bytearray(dump.read_bytes())
    content[-1] ^= 1
    dump.write_bytes(content)
    with pytest.raises(StorageFailed, match="is not whole"):
        read_manifest(dump)
    manifest_of(dump).unlink()
    with pytest.raises(StorageFailed, match=r"manifest .*copy\.dump\.json cannot be read"):
        read_manifest(dump)


@pytest.mark.parametrize(
    ("script", "told"),
    [
        (None, "pg_dump is not installed: install the package postgresql-client-15 or a newer one"),
        ("echo 'pg_dump (PostgreSQL) 13.9'", "pg_dump is of PostgreSQL 13, which is older than 15"),
    ],
)
def test_a_program_that_is_missing_or_too_old_is_named_with_its_package(
    script: str | None, told: str, books: Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if script is not None:
        program = tmp_path / "pg_dump"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissing, match=told.replace("(", r"\(")):
        books.database.back_up(tmp_path / "copy.dump")
    assert not (tmp_path / "copy.dump").exists()


def test_no_password_is_on_a_command_line_or_in_an_error(
    books: Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program here says all it was told, and fails; what it wrote is not left."""
    program = tmp_path / "pg_dump"
    program.write_text(
        "#!/bin/sh\n"
        'if [ "$1" = --version ]; then echo "pg_dump (PostgreSQL) 15.1"; exit 0; fi\n'
        f'echo "$@" >{tmp_path}/told\nenv >{tmp_path}/environment\n'
        'echo half\necho "wrong password: $PGPASSWORD" >&2\nexit 1\n'
    )
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    password = make_url(books.url).password
    assert password is not None

    with pytest.raises(StorageFailed) as failed:
        books.database.back_up(tmp_path / "copy.dump")

    assert "pg_dump failed: wrong password: ***" == str(failed.value)
    assert password not in (tmp_path / "told").read_text()
    assert f"PGPASSWORD={password}" in (tmp_path / "environment").read_text()
    assert not (tmp_path / "copy.dump").exists()


def test_other_schemas_are_not_in_a_copy(tmp_path: Path) -> None:
    """Those of the job engine, for one: its tables may be lost, and belong to another role."""
    url = postgres.owner_url_of_fresh()
    owner = Database(url)
    with owner.write() as connection:
        connection.execute(text('CREATE SCHEMA "other one"'))
        connection.execute(text('CREATE TABLE "other one".secrets (id bigint)'))
    owner.close()
    service = Database(postgres.as_application(url))
    service.back_up(tmp_path / "copy.dump")
    service.close()
    empty = postgres.empty_url()
    postgres_copy.load(empty, tmp_path / "copy.dump", read_manifest(tmp_path / "copy.dump"))
    restored = Database(empty)
    with restored.read() as connection:
        query = text("SELECT count(*) FROM pg_namespace WHERE nspname = 'other one'")
        assert 0 == connection.execute(query).scalar_one()
    restored.close()
