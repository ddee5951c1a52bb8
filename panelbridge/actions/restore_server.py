"""A dump put into an empty database of a PostgreSQL server; the one that it was made of stays as it is."""

from __future__ import annotations

from pathlib import Path

from panelbridge.actions.refused import Refused
from panelbridge.actions.restored import Restored, prove_and_stop
from panelbridge.service.books import books_folder, database_url, open_database, peek
from panelbridge.service.compose import utc_now
from panelbridge.service.config import ServiceConfig
from panelbridge.storage.engine.database import Database
from panelbridge.storage.engine.manifest import Manifest, read_manifest
from panelbridge.storage.engine.postgres_copy import clear, is_empty, load, rows_of
from panelbridge.storage.engine.postgres_tools import require_tool
from panelbridge.storage.exceptions import StorageFailed
from panelbridge.storage.vault.key_file import open_vault
from panelbridge.storage.vault.sealing import Vault
from panelbridge.storage.witness import Witness

_NEW_ONE = (
    "Make an empty database (createdb), name it in database_url and database_owner_url, and restore into "
    "that; the one that is there stays as it is."
)


def require_restorable(config: ServiceConfig, file: Path, *, replace: bool) -> None:
    """Before anybody is asked. Raises ``Refused``, ``ToolMissing`` and storage's errors."""
    if replace:
        raise Refused(
            "invalid_request",
            "--replace is for a SQLite file; a database of a server is never put aside",
            advice=_NEW_ONE,
        )
    require_tool("pg_restore", least=_manifest(file).release)
    owner = Database(_owner_url(config))
    try:
        _require_empty(config, owner)
    finally:
        owner.close()


def restore(config: ServiceConfig, file: Path) -> Restored:
    """As ``restore.restore``, of a dump."""
    vault, manifest = open_vault(config.key_file), _manifest(file)
    owner, database = Database(_owner_url(config)), open_database(config)
    try:
        _require_empty(config, owner)  # again: somebody was asked meanwhile
        load(_owner_url(config), file, manifest)
        try:
            _require_same_rows(owner, file, manifest)
            database.migrate()
            highest = _highest_operation(config, database, vault)
            proved = prove_and_stop(config, database, vault, file, highest_operation=highest)
        except BaseException:
            with owner.write() as connection:
                clear(connection)
            raise
    finally:
        database.close()
        owner.close()
    return Restored.of(peek(config).name, None, proved)


def _owner_url(config: ServiceConfig) -> str:
    return config.database_owner_url or database_url(config)


def _manifest(file: Path) -> Manifest:
    try:
        return read_manifest(file)
    except StorageFailed as error:
        raise Refused(
            "invalid_request",
            f"the file {file} is not a whole panelbridge database: {error}",
            advice="Keep a dump and its manifest together; without them take another backup.",
        ) from None


def _require_empty(config: ServiceConfig, owner: Database) -> None:
    with owner.read() as connection:
        empty = is_empty(connection)
    if not empty:
        raise Refused("code_taken", f"the database {peek(config).name} is not empty", advice=_NEW_ONE)


def _require_same_rows(owner: Database, file: Path, manifest: Manifest) -> None:
    with owner.read() as connection:
        found = rows_of(connection)
    if found != dict(manifest.rows):
        raise Refused(
            "invalid_request",
            f"what {file} put in place is not what its manifest counts",
            advice="Take another backup; this one cannot be used.",
        )


def _highest_operation(config: ServiceConfig, database: Database, vault: Vault) -> int | None:
    """The books before are not asked, they may be gone: their witness knows."""
    witness = Witness(config.witness, books_folder(config), database, vault.witness, utc_now)
    try:
        said = witness.last()
    finally:
        witness.close()
    return None if said is None else said.seen.operation
