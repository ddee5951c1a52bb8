"""The key file: its keys seal secrets and sign the books."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from panelbridge.service.books import open_database, require_own_key
from panelbridge.service.config import ServiceConfig
from panelbridge.service.data_folder import claim_data_folder
from panelbridge.storage.vault.key_file import add_key, open_vault, read_keys
from panelbridge.storage.vault.resealing import Resealed, reseal

__all__ = ["KeyFile", "Resealed", "describe_key_file", "seal_anew"]


@dataclass(frozen=True, kw_only=True)
class KeyFile:
    """Where it is and how many keys are in it; never a key."""

    file: Path
    keys: int
    newest: str  # its id


def describe_key_file(config: ServiceConfig) -> KeyFile:
    """Raises ``KeyFileError``."""
    keys = len(read_keys(config.key_file))
    return KeyFile(file=config.key_file, keys=keys, newest=open_vault(config.key_file).chain.current)


def seal_anew(config: ServiceConfig, *, new_key: bool) -> Resealed:
    """Seal every secret with the newest key; ``new_key``: one that is added first.

    Raises ``DataFolderTaken`` while ``serve`` runs, and storage's errors.
    """
    with claim_data_folder(config.data_folder):
        database = open_database(config)
        try:
            require_own_key(database, open_vault(config.key_file), config.key_file)
            if new_key:  # it is on the disk before the first value is sealed with it
                add_key(config.key_file)
            with database.write() as connection:
                return reseal(connection, open_vault(config.key_file))
        finally:
            database.close()
