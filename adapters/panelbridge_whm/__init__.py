"""The whm backend: cPanel & WHM, spoken to through WHM API 1."""

from __future__ import annotations

from panelbridge_whm.adapter import WhmAdapter
from panelbridge_whm.settings import WhmSettings

__all__ = ["WhmAdapter", "WhmSettings"]
