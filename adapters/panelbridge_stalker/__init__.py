"""Stalker Portal and Ministra, through their REST API v1, as a panelbridge backend."""

from __future__ import annotations

from panelbridge_stalker.adapter import StalkerAdapter
from panelbridge_stalker.settings import StalkerSettings

__all__ = ["StalkerAdapter", "StalkerSettings"]
