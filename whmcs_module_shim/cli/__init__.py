"""The ``panelbridge`` command: one file per group of commands."""

from __future__ import annotations

from whmcs_module_shim.cli.main import main

__all__ = ["main"]
