"""What a verb returns when it reached its end state."""

from __future__ import annotations

from dataclasses import dataclass

from panelbridge.contract.models.account import PanelAccount
from panelbridge.contract.models.outcome import Outcome


@dataclass(frozen=True, kw_only=True)
class VerbResult:
    """``outcome`` is done or already; every other end is a ``PanelError``."""

    outcome: Outcome
    account: PanelAccount | None  # as read back after the write; None after a terminate
    differs: tuple[str, ...] = ()  # fields the panel set otherwise than asked ("username", "password", ...)
    note: str | None = None  # for a person, such as "disabled for good: this panel has no delete"

    def __post_init__(self) -> None:
        if self.outcome not in (Outcome.DONE, Outcome.ALREADY):
            msg = f"a verb returns done or already and raises otherwise, got {self.outcome}"
            raise ValueError(msg)
