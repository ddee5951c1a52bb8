"""Implementations of the ports on SQLAlchemy Core: the database file, its guards, and sealed secrets."""

from __future__ import annotations

from panelbridge.storage.engine.database import Database
from panelbridge.storage.exceptions import StorageBusy

__all__ = ["Database", "StorageBusy"]
