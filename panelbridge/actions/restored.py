"""What every restored copy goes through on either database: its key, its books, and all writes off."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from panelbridge.actions.refused import Refused
from panelbridge.ledger import VerifyReport
from panelbridge.provisioning import WriteStop
from panelbridge.service.books import require_own_key
from panelbridge.service.compose import utc_now
from panelbridge.service.config import ServiceConfig
from panelbridge.service.effects import stop_effects
from panelbridge.storage.audit import verify_ledger
from panelbridge.storage.engine.database import Database
from panelbridge.storage.units import SqlUnits
from panelbridge.storage.vault.sealing import Vault


@dataclass(frozen=True, kw_only=True)
class Proved:
    """A copy whose writes are off."""

    panels: tuple[str, ...]  # whose writes are off
    doubts: tuple[str, ...]  # what `ledger verify` says besides; rows of older releases may know too little


@dataclass(frozen=True, kw_only=True)
class Restored:
    """What is in place now."""

    database: str
    put_aside: Path | None  # the database file that was there
    panels: tuple[str, ...]
    doubts: tuple[str, ...]

    @classmethod
    def of(cls, database: str, put_aside: Path | None, proved: Proved) -> Self:
        return cls(database=database, put_aside=put_aside, panels=proved.panels, doubts=proved.doubts)


def prove_and_stop(
    config: ServiceConfig, database: Database, vault: Vault, file: Path, *, highest_operation: int | None
) -> Proved:
    """Raises ``KeyFileError`` and ``Refused`` when the copy may not become the books.

    ``highest_operation``: the last id that the books before are known to have given out.
    """
    require_own_key(database, vault, config.key_file)
    panels = _stop_writes(SqlUnits(database, vault, utc_now), file, highest_operation)
    report = verify_ledger(database, vault.chain)
    _require_whole(file, report)
    return Proved(panels=panels, doubts=tuple(problem.message for problem in report.problems))


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


def _stop_writes(units: SqlUnits, file: Path, highest_operation: int | None) -> tuple[str, ...]:
    """Nothing leaves the restored bridge until a person has compared. Returns the panels."""
    stop = WriteStop(
        code="restored",
        message=f"restored from {file.name}: what happened after that backup is not in it",
        since=utc_now(),
        highest_operation=highest_operation,
    )
    with units.write() as unit:
        stop_effects(unit, stop)
        return tuple(panel.code for panel in unit.panels.all())
