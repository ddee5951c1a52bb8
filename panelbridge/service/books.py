"""Which books are there. New ones are never made in place of lost ones, nor signed with another key."""

from __future__ import annotations

from pathlib import Path

from panelbridge.service.config import ServiceConfig
from panelbridge.service.schema import newest_schema
from panelbridge.storage.engine.address import is_server
from panelbridge.storage.engine.database import Database, file_of
from panelbridge.storage.engine.peek import Peek, peek_at
from panelbridge.storage.exceptions import KeyFileError, StorageForbidden
from panelbridge.storage.ledger.reading import newest_key_id
from panelbridge.storage.provisioning.effects_store import SqlEffectsStore
from panelbridge.storage.vault.sealing import Vault

DATABASE_NAME = "panelbridge.db"
_KEY_MARK = "key"  # under which the database keeps the id of a key of its key file


class BooksLost(RuntimeError):
    """There are no books where there must be some; the message says what shows it, and what to do."""


def database_url(config: ServiceConfig) -> str:
    """The configured database, else the SQLite file of the data folder."""
    return config.database_url or f"sqlite:///{config.data_folder / DATABASE_NAME}"


def database_file(config: ServiceConfig) -> Path:
    """The SQLite file of ``config``."""
    return file_of(database_url(config))


def books_folder(config: ServiceConfig) -> Path:
    """The folder whose copy would be a second bridge: the SQLite file's, else the data folder."""
    return config.data_folder if on_server(config) else database_file(config).parent


def on_server(config: ServiceConfig) -> bool:
    """Whether the books are on a PostgreSQL server."""
    return is_server(database_url(config))


def open_database(config: ServiceConfig) -> Database:
    """The database of ``config``, with its pool and its patience."""
    return Database(
        database_url(config),
        patience=config.database_patience,
        owner_url=config.database_owner_url,
        pool_size=config.database_pool,
    )


def peek(config: ServiceConfig) -> Peek:
    """A look at the database of ``config``, before it is opened."""
    return peek_at(database_url(config))


def require_books(config: ServiceConfig) -> None:
    """Raises ``BooksLost`` when there is no database, or an emptied one: none is made here."""
    found = peek(config)
    if found.exists():
        found.refuse_damaged()
        return
    raise BooksLost(
        f"The database {found.name} {found.missing()}. Restore the last backup with `panelbridge restore`; "
        "`panelbridge init` makes one, for a new set-up only."
    )


def refuse_in_place_of_lost(config: ServiceConfig) -> None:
    """Before new books are made: raises ``BooksLost`` when something shows that there were some."""
    found = peek(config)
    if found.exists():
        return
    traces = [str(one) for one in (*found.traces(), config.witness) if one.exists()]
    if traces:
        raise BooksLost(
            f"There were books here, and the database {found.name} is gone or empty (see "
            f"{', '.join(traces)}). Nothing was made. Restore the last backup with `panelbridge restore`; "
            "if you do want new, empty books, move the files named to another place first."
        )


def bring_up_to_date(config: ServiceConfig, database: Database) -> None:
    """The schema is the newest. A role that owns no table needs the owner's URL only when it is not.

    Raises ``StorageForbidden``.
    """
    looked = peek(config)
    if config.database_owner_url is None and looked.exists() and not looked.may_migrate():
        found, wanted = looked.schema(), newest_schema()
        if found != wanted:
            raise StorageForbidden(
                f"the database is at schema {found or 'none'}, this release needs {wanted}, and the role of "
                "database_url does not own its tables"
            )
        return
    database.migrate()


def require_own_key(database: Database, vault: Vault, key_file: Path) -> None:
    """These books were made with this key file. Raises ``KeyFileError`` when they were not."""
    with database.read() as connection:
        noted = SqlEffectsStore(connection).mark(_KEY_MARK)
        signed = newest_key_id(connection)
    for key in (noted, signed):
        if key is not None and key not in vault.chain.keys:
            raise KeyFileError(
                f"the key file {key_file} does not belong to this database, which was made with key {key}"
            )
    if noted is None:
        with database.write() as connection:
            SqlEffectsStore(connection).set_mark(_KEY_MARK, vault.chain.current)
