"""A backup of a SQLite file put in place; the database that was there keeps its bytes under another name."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from panelbridge.actions.backup import STAMP
from panelbridge.actions.database_copy import last_operation, look_through
from panelbridge.actions.refused import Refused
from panelbridge.actions.restored import Proved, Restored, prove_and_stop
from panelbridge.service.books import database_file
from panelbridge.service.compose import utc_now
from panelbridge.service.config import ServiceConfig
from panelbridge.storage.engine.database import Database
from panelbridge.storage.owner import give_to_owner_of
from panelbridge.storage.vault.key_file import open_vault

_BESIDE = ("", "-wal", "-shm")  # SQLite's own files beside a database


def require_restorable(config: ServiceConfig, file: Path, *, replace: bool) -> None:
    """Before anybody is asked. Raises ``Refused``."""
    look_through(file)
    target = database_file(config)
    if target.exists() and not replace:
        raise Refused(
            "code_taken",
            f"there is a database at {target} already",
            advice="With --replace it is put aside under another name; nothing is deleted.",
        )


def restore(config: ServiceConfig, file: Path) -> Restored:
    """As ``restore.restore``, of a file."""
    target = database_file(config)
    prepared = _prepare(config, file, target)
    aside = _swap(target)
    return Restored.of(str(target), aside, prepared)


def _prepare(config: ServiceConfig, file: Path, target: Path) -> Proved:
    """A copy beside the target, brought up to date, verified with the key file, and with all writes off."""
    vault = open_vault(config.key_file)
    fresh = _fresh(target)
    _remove(fresh)
    _copy_private(file, fresh)
    try:
        database = Database(f"sqlite:///{fresh}")
        try:
            database.migrate()
            return prove_and_stop(config, database, vault, file, highest_operation=last_operation(target))
        finally:
            database.close()
    except BaseException:
        _remove(fresh)
        raise


def _fresh(target: Path) -> Path:
    return target.with_name(f"{target.name}.restoring")


def _swap(target: Path) -> Path | None:
    """The fresh copy becomes the database; the one that was there keeps its bytes under another name."""
    aside = None
    if target.exists():
        aside = target.with_name(f"{target.name}.before-{utc_now():{STAMP}}")
        for end in _BESIDE:
            old = target.with_name(target.name + end)
            if old.exists():
                old.rename(aside.with_name(aside.name + end))
    fresh = _fresh(target)
    fresh.rename(target)
    _remove(fresh)
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return aside


def _copy_private(source: Path, target: Path) -> None:
    handle = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    give_to_owner_of(target.parent, handle)
    with os.fdopen(handle, "wb") as out, source.open("rb") as original:
        shutil.copyfileobj(original, out)
        out.flush()
        os.fsync(out.fileno())


def _remove(fresh: Path) -> None:
    for end in (*_BESIDE, ".lock"):
        fresh.with_name(fresh.name + end).unlink(missing_ok=True)
