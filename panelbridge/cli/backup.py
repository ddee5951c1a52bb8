"""``panelbridge backup`` and ``restore``: the books, whole and in one state; never the key file."""

from __future__ import annotations

import os
import re
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from panelbridge.actions.refused import Refused
from panelbridge.cli.options import AsJson, Yes
from panelbridge.cli.screen import Screen

if TYPE_CHECKING:
    from panelbridge.ledger import VerifyReport
    from panelbridge.service.config import ServiceConfig
    from panelbridge.storage.units import SqlUnits

_STAMP = "%Y%m%dT%H%M%SZ"
_DATED = re.compile(r"panelbridge-\d{8}T\d{6}Z\.db")
_BESIDE = ("", "-wal", "-shm")  # SQLite's own files beside a database


def backup_command(
    context: typer.Context,
    to: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FOLDER|FILE.db]", help="A folder, which is made if need be, gets a dated file."
        ),
    ] = None,
    keep: Annotated[
        int | None,
        typer.Option(min=1, help="Of the dated files in the folder, keep so many; older ones are removed."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Copy the database while the service runs. The key file is not in the copy: keep it elsewhere."""
    from panelbridge.service.books import database_file, database_url
    from panelbridge.service.compose import utc_now
    from panelbridge.storage.engine.database import Database

    screen = Screen(as_json=as_json)
    config = context.obj()
    _require_file(database_file(config), "Run `panelbridge init`, or name the right folder with --data.")
    target = to or Path()
    folder = target if target.is_dir() or not target.suffix else None
    if folder is not None:
        _make_folder(folder)
        target = folder / f"panelbridge-{utc_now():{_STAMP}}.db"
    elif keep is not None:
        raise Refused(
            "invalid_request", "--keep counts dated files in a folder", advice="Name a folder, not a file."
        )
    _require_free(target)
    database = Database(database_url(config))
    try:
        with screen.working(f"copying to {target}"):
            database.back_up(target)
    finally:
        database.close()
    counts = _looked_through(target)
    removed = _remove_older(folder, keep) if folder is not None and keep is not None else []
    size = target.stat().st_size
    if screen.as_json:
        screen.json(
            {
                "file": str(target),
                "bytes": size,
                "key_file": str(config.key_file),
                "removed": removed,
                **counts,
            }
        )
    screen.facts(
        (
            ("file", target),
            ("size", f"{size / 1024 / 1024:.1f} MB, read through and whole"),
            ("in it", f"{counts['subscriptions']} subscriptions, {counts['transfers']} transfers of credits"),
            ("removed", "\n".join(removed) or None),
            ("NOT in it", f"the key file {config.key_file}\nWithout it nobody can open this copy."),
        ),
        title="Backed up",
    )
    screen.hint("Keep the key file elsewhere: whoever has both has every panel credential and password.")


def restore_command(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Put the database that is there aside, under another name.")
    ] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Put a backup in place. Panel writes are off then, until somebody compared and switched them on."""
    from panelbridge.service.books import database_file
    from panelbridge.service.data_folder import claim_data_folder

    screen = Screen(as_json=as_json)
    config = context.obj()
    _require_file(file, "Name the file that `panelbridge backup` wrote.")
    _looked_through(file)
    config.data_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = database_file(config)
    if target.exists() and not replace:
        raise Refused(
            "code_taken",
            f"there is a database at {target} already",
            advice="With --replace it is put aside under another name; nothing is deleted.",
        )
    screen.confirm(
        f"The database becomes that of {file}. What happened after that backup is not in it: accounts\n"
        "made and payments taken since then are unknown to it. Panel writes will be off for every panel.",
        yes=yes,
    )
    with claim_data_folder(config.data_folder):
        placed = _put_in_place(config, file, target)
        aside = _swap(target)
    if screen.as_json:
        screen.json(
            {
                "database": str(target),
                "put_aside": str(aside) if aside else None,
                "writes_off": placed.panels,
                "doubts": placed.doubts,
            }
        )
    screen.facts(
        (
            ("database", target),
            ("put aside", aside),
            ("books", "whole: every chain and guard was verified"),
            ("to look at", "\n".join(placed.doubts) or None),
            ("panel writes", f"off for {', '.join(placed.panels) or 'no panel: there is none'}"),
        ),
        title="Restored",
    )
    screen.hint(_AFTERWARDS)


_AFTERWARDS = """
Before you switch writes on, for each panel:
  1. panelbridge panels accounts PANEL     which accounts belong to no subscription?
  2. panelbridge credits history           which payments since the backup are missing?
  3. adopt or book what is missing, then   panelbridge panels writes on PANEL"""


def _make_folder(folder: Path) -> None:
    from panelbridge.storage.owner import give_to_owner_of

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


def _remove_older(folder: Path, keep: int) -> list[str]:
    """Only files that this command named, oldest first; their names sort by time."""
    dated = sorted(one for one in folder.glob("panelbridge-*Z.db") if _DATED.fullmatch(one.name))
    for one in dated[:-keep]:
        one.unlink()
    return [str(one) for one in dated[:-keep]]


def _require_file(path: Path, advice: str) -> None:
    if not path.is_file():
        raise Refused("configuration", f"there is no file {path}", advice=advice)


def _require_free(target: Path) -> None:
    if target.exists():
        raise Refused(
            "code_taken", f"{target} exists already", advice="Choose another name; nothing is overwritten."
        )
    if not target.absolute().parent.is_dir():
        raise Refused("configuration", f"there is no folder {target.absolute().parent}", advice="Make it.")


def _looked_through(path: Path) -> dict[str, int]:
    """Counts of what is in it. Raises ``Refused`` when it is no whole database of ours."""
    import sqlite3

    wrong = Refused(
        "invalid_request",
        f"the file {path} is not a whole panelbridge database",
        advice="Take another backup; this one cannot be used.",
    )
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as copy:
            whole = copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            tables = {"subscriptions": "subscriptions", "transfers": "ledger_transfers"}
            counts = {
                name: int(copy.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - ours
                for name, table in tables.items()
            }
    except sqlite3.DatabaseError:
        raise wrong from None
    if not whole:
        raise wrong
    return counts


def _fresh(target: Path) -> Path:
    return target.with_name(f"{target.name}.restoring")


@dataclass(frozen=True, kw_only=True)
class _Placed:
    """What is in place now."""

    panels: list[str]
    doubts: list[str]  # what `ledger verify` says besides; rows of older releases may know too little


def _put_in_place(config: ServiceConfig, file: Path, target: Path) -> _Placed:
    """A copy beside the target, brought up to date, verified with the key file, and with all writes off.

    Raises storage's errors, and ``Refused``; nothing of the present database was touched then.
    """
    from panelbridge.service.books import require_own_key
    from panelbridge.service.compose import utc_now
    from panelbridge.storage.audit import verify_ledger
    from panelbridge.storage.engine.database import Database
    from panelbridge.storage.units import SqlUnits
    from panelbridge.storage.vault.key_file import open_vault

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
    return _Placed(panels=off, doubts=[problem.message for problem in report.problems])


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


def _stop_writes(units: SqlUnits, file: Path, replaced: Path) -> list[str]:
    """Nothing leaves the restored bridge until a person has compared. Returns the panels."""
    from panelbridge.provisioning import WriteStop
    from panelbridge.service.compose import utc_now
    from panelbridge.service.effects import stop_effects

    stop = WriteStop(
        code="restored",
        message=f"restored from {file.name}: what happened after that backup is not in it",
        since=utc_now(),
        highest_operation=_last_operation(replaced),
    )
    with units.write() as unit:
        stop_effects(unit, stop)
        return [panel.code for panel in unit.panels.all()]


def _last_operation(database: Path) -> int | None:
    """The highest operation id the database that is replaced ever gave out, if it can still tell."""
    import sqlite3

    if not database.exists():
        return None
    query = "SELECT seq FROM sqlite_sequence WHERE name = 'operations'"
    try:
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            row = connection.execute(query).fetchone()
    except sqlite3.DatabaseError:
        return None
    return int(row[0]) if row else None


def _swap(target: Path) -> Path | None:
    """The fresh copy becomes the database; the one that was there keeps its bytes under another name."""
    from panelbridge.service.compose import utc_now

    aside = None
    if target.exists():
        aside = target.with_name(f"{target.name}.before-{utc_now():{_STAMP}}")
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
    import shutil

    from panelbridge.storage.owner import give_to_owner_of

    handle = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    give_to_owner_of(target.parent, handle)
    with os.fdopen(handle, "wb") as out, source.open("rb") as original:
        shutil.copyfileobj(original, out)
        out.flush()
        os.fsync(out.fileno())


def _remove(fresh: Path) -> None:
    for end in (*_BESIDE, ".lock"):
        fresh.with_name(fresh.name + end).unlink(missing_ok=True)
