"""Whether anything may be done outside: the switch above those of the panels, and who threw it.

*Writes off* stops every effect outside: calls that change a panel today, and whatever else leaves the bridge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from panelbridge.contract.capabilities import Verb
from panelbridge.contract.exceptions import PanelError
from panelbridge.contract.models import Outcome
from panelbridge.provisioning.models import OperationState
from panelbridge.subscriptions import PanelId


class Unwitnessed(PanelError):
    """The witness could not be written, so the call was not sent."""

    code = "unwitnessed"
    default_outcome = Outcome.RETRY_LATER
    default_advice = "Fix what is named; the bridge goes on by itself. Nothing was sent."


@dataclass(frozen=True, kw_only=True)
class WriteStop:
    """Why nothing leaves the bridge, until a person has looked."""

    code: str  # a key of WHY_STOPPED
    message: str
    since: datetime  # UTC
    highest_operation: int | None = None  # ids up to this one were given out once, by books we do not have


WHY_STOPPED: dict[str, str] = {
    "behind": "the database is older than what its witness saw: it was rolled back",
    "copied": "folder or database are not those the witness knows: a copy, or moved",
    "witness_gone": "the database knows of a witness, and there is none that can be read",
    "told_behind": "a shop was told operation ids that this database never gave out",
    "restored": "a backup was restored",
    "by_hand": "a person switched them off",
}


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """So many unsettled operations of one kind, which are sent once writes are on."""

    panel_id: PanelId
    verb: Verb
    state: OperationState
    count: int


class EffectsStore(Protocol):
    def stopped(self) -> WriteStop | None:
        """Why nothing may leave; ``None`` while it may."""
        ...

    def lock(self) -> WriteStop | None:
        """What ``stopped`` says; nobody else stops or lifts anything until this transaction ends."""
        ...

    def stop(self, stop: WriteStop) -> bool:
        """Nothing leaves any more, and every panel's writes are off. False when it was stopped before."""
        ...

    def lift(self, actor: str, at: datetime) -> None:
        """Effects are let out again; ids that were given out once are never given out again."""
        ...

    def waiting(self) -> Sequence[Waiting]: ...
    def highest_operation(self) -> int:
        """The highest operation id ever given out, by these books or by those they replace."""
        ...
