"""A backup put in place. Panel writes are off then, until somebody compared and switched them on."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from panelbridge.actions.backup import STAMP
from panelbridge.actions.database_copy import last_operation, look_through, require_file
from panelbridge.actions.refused import Refused
from panelbridge.ledger import VerifyReport
from panelbridge.provisioning import WriteStop
from panelbridge.service.books import database_file, require_own_key
from panelbridge.service.compose import utc_now
from panelbridge.service.config import ServiceConfig
from panelbridge.service.data_folder import claim_data_folder
from panelbridge.service.effects import stop_effects
from panelbridge.storage.audit import verify_ledger
from panelbridge.storage.engine.database import Database
from panelbridge.storage.owner import give_to_owner_of
from panelbridge.storage.units import SqlUnits
from panelbridge.storage.vault.key_file import open_vault

_BESIDE = ("", "-wal", "-shm")  # SQLite's own files beside a database


@dataclass(frozen=True, kw_only=True)
class Restored:
    """What is in place now."""

    database: Path
    put_aside: Path | None  # the database that was there
    panels: tuple[str, ...]  # whose writes are off
    doubts: tuple[str, ...]  # what `ledger verify` says besides; rows of older releases may know too little


def require_restorable(config: ServiceConfig, file: Path, *, replace: bool) -> None:
    """Before anybody is asked. Raises ``Refused``."""
    require_file(file, "Name the file that `panelbridge backup` wrote.")
    look_through(file)
    target = database_file(config)
    if target.exists() and not replace:
        raise Refused(
            "code_taken",
            f"there is a database at {target} already",
            advice="With --replace it is put aside under another name; nothing is deleted.",
        )


def restore(config: ServiceConfig, file: Path) -> Restored:
    """Put the backup in place, verified and with all writes off; what was there is kept under another name.

    Raises storage's errors, and ``Refused``; nothing of the present database was touched then.
    """
    config.data_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = database_file(config)
    with claim_data_folder(config.data_folder):
        panels, report = _prepare(config, file, target)
        aside = _swap(target)
    return Restored(
        database=target,
        put_aside=aside,
        panels=panels,
        doubts=tuple(problem.message for problem in report.problems),
    )


def _fresh(target: Path) -> Path:
    return target.with_name(f"{target.name}.restoring")


def _prepare(config: ServiceConfig, file: Path, target: Path) -> tuple[tuple[str, ...], VerifyReport]:
    """A copy beside the target, brought up to date, verified with the key file, and with all writes off."""
    vault = open_vault(config.key_file)
    fresh = _fresh(target)
    _remove(fresh)
    _copy_private(file, fresh)
    try:
        database = Database(f"sqlite:///{fresh}")
        try:
            database.migrate()
            require_own_key(database, vault, config.key_file)
            off = _stop_writes(SqlUnits(database, vault, utc_now), file, target)
            report = verify_ledger(database, vault.chain)
        finally:
            database.close()
        _require_whole(file, report)
    except BaseException:
        _remove(fresh)
        raise
    return off, report


def _require_whole(file: Path, report: VerifyReport) -> None:
    if not report.blocking:
        return
    first, *others = (problem.message for problem in report.blocking)
    more = f", and {len(others)} more" if others else ""
    raise Refused(
        "ledger_broken",
        f"the books of {file} are not whole with this key file: {first}{more}",
        advice="Put the key file in place that belongs to this backup, or take another backup.",
    )


def _stop_writes(units: SqlUnits, file: Path, replaced: Path) -> tuple[str, ...]:
    """Nothing leaves the restored bridge until a person has compared. Returns the panels."""
    stop = WriteStop(
        code="restored",
        message=f"restored from {file.name}: what happened after that backup is not in it",
        since=utc_now(),
        highest_operation=last_operation(replaced),
    )
    with units.write() as unit:
        stop_effects(unit, stop)
        return tuple(panel.code for panel in unit.panels.all())


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
