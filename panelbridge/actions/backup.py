"""A backup: the books, whole and in one state, while the service runs; never the key file.

Of a SQLite file it is one; of a database of a server a dump, and beside it a manifest of what is in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from panelbridge.actions.copies import CopyKind, copies_of
from panelbridge.actions.refused import Refused
from panelbridge.service.books import open_database, peek
from panelbridge.service.compose import utc_now
from panelbridge.service.config import ServiceConfig
from panelbridge.storage.owner import give_to_owner_of

STAMP = "%Y%m%dT%H%M%SZ"
_DATED = re.compile(r"panelbridge-\d{8}T\d{6}Z")


@dataclass(frozen=True, kw_only=True)
class Backup:
    """A copy that was made, and read through."""

    file: Path
    size: int  # bytes
    subscriptions: int
    transfers: int
    beside: Path | None  # its manifest
    removed: tuple[str, ...]  # older dated files of the same folder


@dataclass(frozen=True, kw_only=True)
class BackupPlace:
    """Where a backup goes."""

    file: Path
    folder: Path | None  # the folder that was named, where the file gets a dated name


def backup_place(config: ServiceConfig, to: Path | None, *, keep: int | None) -> BackupPlace:
    """A folder, made if need be, gets a dated file. Raises ``Refused``; nothing was copied then."""
    found, kind = peek(config), copies_of(config)
    if not found.exists():
        raise Refused(
            "configuration",
            f"there is no database at {found.name}",
            advice="Run `panelbridge init`, or name the right folder with --data.",
        )
    target = to or Path()
    folder = target if target.is_dir() or not target.suffix else None
    if folder is not None:
        _make_folder(folder)
        target = folder / f"panelbridge-{utc_now():{STAMP}}{kind.suffix}"
    elif keep is not None:
        raise Refused(
            "invalid_request", "--keep counts dated files in a folder", advice="Name a folder, not a file."
        )
    for one in kind.beside(target):
        _require_free(one)
    return BackupPlace(file=target, folder=folder)


def back_up(config: ServiceConfig, place: BackupPlace, *, keep: int | None = None) -> Backup:
    """Copy the database and read the copy through; of the dated files keep ``keep``. Raises ``Refused``."""
    database = open_database(config)
    try:
        database.back_up(place.file)
    finally:
        database.close()
    kind = copies_of(config)
    counts = kind.counted(place.file)
    removed = _remove_older(place.folder, kind, keep) if place.folder is not None and keep is not None else ()
    return Backup(
        file=place.file,
        size=place.file.stat().st_size,
        subscriptions=counts["subscriptions"],
        transfers=counts["ledger_transfers"],
        beside=next(iter(kind.beside(place.file)[1:]), None),
        removed=removed,
    )


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    parent = folder.absolute().parent
    try:
        folder.mkdir(mode=0o700)
        give_to_owner_of(parent, folder)
    except OSError as error:
        missing = (
            f"there is no folder {parent}"
            if not parent.is_dir()
            else f"the folder {folder} cannot be made: {error.strerror}"
        )
        advice = "Name a folder." if folder.exists() else "Make it, or name another folder."
        raise Refused("configuration", missing, advice=advice) from None


def _require_free(target: Path) -> None:
    if target.exists():
        raise Refused(
            "code_taken", f"{target} exists already", advice="Choose another name; nothing is overwritten."
        )
    if not target.absolute().parent.is_dir():
        raise Refused("configuration", f"there is no folder {target.absolute().parent}", advice="Make it.")


def _remove_older(folder: Path, kind: CopyKind, keep: int) -> tuple[str, ...]:
    """Only files that a backup named, oldest first; their names sort by time."""
    dated = sorted(one for one in folder.glob(f"panelbridge-*Z{kind.suffix}") if _DATED.fullmatch(one.stem))
    for one in dated[:-keep]:
        for part in kind.beside(one):
            part.unlink(missing_ok=True)
    return tuple(str(one) for one in dated[:-keep])
