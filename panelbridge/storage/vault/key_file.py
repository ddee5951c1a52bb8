"""The secret key file: one Fernet key a line, newest first, readable by its owner alone.

It lies beside the database only in the simplest set-up; a backup of one without the other is worth nothing
to a thief, so they are kept apart.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from cryptography.fernet import Fernet

from panelbridge.storage.exceptions import KeyFileError, VaultError
from panelbridge.storage.owner import give_to_owner_of
from panelbridge.storage.vault.sealing import Vault

_HEADING = (
    "# panelbridge secret keys, newest first. Back this file up apart from the database; remove no line.\n"
)


def create_key_file(path: Path) -> bool:
    """A key file exists at ``path``, mode 0600. False when it existed; it is then left as it is."""
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return False
    give_to_owner_of(path.parent, handle)
    _write(handle, [Fernet.generate_key()])
    _sync_folder(path.parent)
    return True


def add_key(path: Path) -> None:
    """A new key comes first; what was sealed stays readable and is re-sealed by ``Vault.rotate``."""
    keys = [Fernet.generate_key(), *read_keys(path)]
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    give_to_owner_of(path, handle)
    _write(handle, keys)
    fresh.replace(path)
    _sync_folder(path.parent)


def read_keys(path: Path) -> list[bytes]:
    """The keys, newest first. Raises ``KeyFileError`` when missing, empty or readable by others."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise KeyFileError(f"the key file {path} cannot be read: {error.strerror}") from None
    if mode & 0o077:
        raise KeyFileError(f"the key file {path} is open to others (mode {mode:04o}): run chmod 600 on it")
    keys = [line.strip() for line in lines if line.strip() and not line.startswith(b"#")]
    if not keys:
        raise KeyFileError(f"the key file {path} holds no key")
    return keys


def open_vault(path: Path) -> Vault:
    """The vault over the key file at ``path``."""
    try:
        return Vault(read_keys(path))
    except VaultError as error:
        raise KeyFileError(f"the key file {path} is malformed: {error}") from None


def _write(handle: int, keys: list[bytes]) -> None:
    with os.fdopen(handle, "wb") as file:
        file.write(_HEADING.encode() + b"\n".join(keys) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
