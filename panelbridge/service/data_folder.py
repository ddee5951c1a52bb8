"""One data folder, one running bridge: a second one would run the same work twice."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from panelbridge.service.config import ServiceConfig
from panelbridge.storage.file_lock import FileLock, LockHeld

LOCK_NAME = "serve.lock"


class DataFolderTaken(RuntimeError):
    """Another bridge serves from this folder, or the folder cannot be used; the message says which."""


@contextmanager
def claim_data_folder(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; the kernel gives it back when every process of this bridge has ended.

    Raises ``DataFolderTaken``.
    """
    try:
        lock = FileLock(folder / LOCK_NAME)
    except OSError as error:
        raise DataFolderTaken(
            f"The data folder {folder} cannot be used: {error.strerror}. Run `panelbridge init` first."
        ) from None
    try:
        lock.take()
    except LockHeld as held:
        lock.close()
        raise DataFolderTaken(
            f"Another `panelbridge serve` (process {held.pid or 'unknown'}) already serves from {folder}. "
            "Stop it first, or give this one a data folder of its own."
        ) from None
    try:
        yield
    finally:
        lock.close()


def serves_now(config: ServiceConfig) -> bool:
    """Whether a ``serve`` runs from the data folder, as its lock file says.

    The lock itself is not tried: a ``serve`` that starts in that moment would be refused.
    """
    try:
        holder = int((config.data_folder / LOCK_NAME).read_text("ascii"))
        os.kill(holder, 0)
    except PermissionError:
        return True  # it runs, as another user
    except (OSError, ValueError):
        return False
    return True
