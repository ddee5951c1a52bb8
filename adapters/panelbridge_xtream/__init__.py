"""The xtream backend: Xtream Codes v1/v2 panels and their forks, over ``api.php``."""

from __future__ import annotations

from panelbridge_xtream.adapter import XtreamAdapter
from panelbridge_xtream.settings import XtreamPackage, XtreamSettings

__all__ = ["XtreamAdapter", "XtreamPackage", "XtreamSettings"]
