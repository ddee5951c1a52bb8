"""Numbered migrations, run by Alembic inside the caller's transaction."""

from __future__ import annotations

from panelbridge.storage.engine.migrations.upgrading import upgrade

__all__ = ["upgrade"]
