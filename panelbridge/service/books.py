"""Which books are there. New ones are never made in place of lost ones, nor signed with another key."""

from __future__ import annotations

from pathlib import Path

from panelbridge.service.config import ServiceConfig
from panelbridge.storage.engine.database import Database, file_of
from panelbridge.storage.exceptions import KeyFileError, StorageDamaged
from panelbridge.storage.ledger.reading import newest_key_id
from panelbridge.storage.provisioning.effects_store import SqlEffectsStore
from panelbridge.storage.vault.sealing import Vault

DATABASE_NAME = "panelbridge.db"
_KEY_MARK = "key"  # under which the database keeps the id of a key of its key file
_SQLITE = b"SQLite format 3\0"  # the first bytes of every such file
_LEFT_BEHIND = ("-wal", "-shm", ".lock")  # beside a database that was in use


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
    url = database_url(config)
    return file_of(url).parent if url.startswith("sqlite") else config.data_folder


def has_books(config: ServiceConfig) -> bool:
    """Whether there is a database with something in it."""
    path = database_file(config)
    return path.is_file() and path.stat().st_size > 0


def require_books(config: ServiceConfig) -> None:
    """Raises ``BooksLost`` when there is no database, or an emptied one: none is made here."""
    if has_books(config):
        refuse_damaged(database_file(config))
        return
    path = database_file(config)
    what = "is empty" if path.is_file() else "does not exist"
    raise BooksLost(
        f"The database {path.absolute()} {what}. Restore the last backup with `panelbridge restore`; "
        "`panelbridge init` makes one, for a new set-up only."
    )


def refuse_damaged(path: Path) -> None:
    """Raises ``StorageDamaged`` when the file does not even begin as a database does."""
    with path.open("rb") as file:
        if file.read(len(_SQLITE)) != _SQLITE:
            raise StorageDamaged(f"{path.absolute()} is damaged: it is no SQLite database")


def refuse_in_place_of_lost(config: ServiceConfig) -> None:
    """Before new books are made: raises ``BooksLost`` when something shows that there were some."""
    if has_books(config):
        return
    path = database_file(config)
    beside = [path.with_name(path.name + end) for end in _LEFT_BEHIND]
    traces = [str(one) for one in (path, config.witness, *beside) if one.exists()]
    if traces:
        raise BooksLost(
            f"There were books here, and the database {path.absolute()} is gone or empty (see "
            f"{', '.join(traces)}). Nothing was made. Restore the last backup with `panelbridge restore`; "
            "if you do want new, empty books, move the files named to another place first."
        )


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
