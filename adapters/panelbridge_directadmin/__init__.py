"""The directadmin backend: DirectAdmin, spoken to through its legacy API."""

from __future__ import annotations

from panelbridge_directadmin.adapter import DirectAdminAdapter
from panelbridge_directadmin.settings import DirectAdminSettings

__all__ = ["DirectAdminAdapter", "DirectAdminSettings"]
