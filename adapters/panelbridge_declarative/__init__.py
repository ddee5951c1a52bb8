"""Any panel over HTTP, described in a TOML or JSON file instead of in Python."""

from __future__ import annotations

from panelbridge_declarative.adapter import DeclarativeAdapter
from panelbridge_declarative.settings import DeclarativeSettings

__all__ = ["DeclarativeAdapter", "DeclarativeSettings"]
