"""The FreeRADIUS backend: the server's own SQL tables, with or without daloRADIUS beside them."""

from __future__ import annotations

from panelbridge_freeradius.adapter import FreeRadiusAdapter
from panelbridge_freeradius.settings import FreeRadiusSettings

__all__ = ["FreeRadiusAdapter", "FreeRadiusSettings"]
