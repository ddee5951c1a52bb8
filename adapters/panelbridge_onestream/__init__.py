"""1-Stream panels, through their B2B billing API, as a panelbridge backend."""

from __future__ import annotations

from panelbridge_onestream.adapter import OneStreamAdapter
from panelbridge_onestream.settings import ListDialect, OneStreamSettings

__all__ = ["ListDialect", "OneStreamAdapter", "OneStreamSettings"]
