"""The ``panelbridge`` command: one file per group of commands."""

from __future__ import annotations

from panelbridge.cli.main import main

__all__ = ["main"]
