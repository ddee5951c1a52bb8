"""The three answers of a look-up. Unknown is an answer of its own: an outage never reads as absence."""

from __future__ import annotations

from dataclasses import dataclass

from panelbridge.contract.models.account import PanelAccount


@dataclass(frozen=True, kw_only=True)
class Found:
    account: PanelAccount


@dataclass(frozen=True, kw_only=True)
class Absent:
    proof: str  # what proves it: the panel's own, documented "no such account"


@dataclass(frozen=True, kw_only=True)
class Unknown:
    cause: str  # why the panel could not tell


Lookup = Found | Absent | Unknown
