"""An attempt's row and its record."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Row,
)

from panelbridge.contract.models import Outcome
from panelbridge.provisioning.models import (
    Attempt,
    Fence,
    Look,
    OperationId,
)
from panelbridge.subscriptions import PanelId


def attempt_values(attempt: Attempt) -> dict[str, Any]:
    return {
        "operation_id": attempt.operation_id,
        "number": attempt.number,
        "panel_id": attempt.panel_id,
        "slot": attempt.slot,
        "owner": attempt.owner,
        "started_at": attempt.started_at,
        "deadline": attempt.deadline,
        "quiet_until": attempt.quiet_until,
        "boot": attempt.boot,
        "ends": attempt.ends,
        "looks": {boot: look.model_dump() for boot, look in attempt.looks.items()},
        "fence": attempt.fence.model_dump(mode="json") if attempt.fence else None,
        "finished_at": attempt.finished_at,
        "outcome": attempt.outcome.value if attempt.outcome else None,
        "code": attempt.code,
        "evidence": attempt.evidence,
        "cleared": attempt.cleared,
    }


def attempt_of(row: Row[Any]) -> Attempt:
    return Attempt(
        operation_id=OperationId(row.operation_id),
        number=row.number,
        panel_id=PanelId(row.panel_id),
        slot=row.slot,
        owner=row.owner,
        started_at=row.started_at,
        deadline=row.deadline,
        quiet_until=row.quiet_until,
        boot=row.boot,
        ends=row.ends,
        looks={boot: Look.model_validate(look) for boot, look in row.looks.items()},
        fence=Fence.model_validate(row.fence) if row.fence else None,
        finished_at=row.finished_at,
        outcome=Outcome(row.outcome) if row.outcome else None,
        code=row.code,
        evidence=row.evidence,
        cleared=row.cleared,
    )
