"""The reference backend: the shortest whole adapter, over a protocol small enough to read in one sitting."""

from __future__ import annotations

from panelbridge_reference.adapter import ReferenceAdapter
from panelbridge_reference.settings import ReferenceSettings

__all__ = ["ReferenceAdapter", "ReferenceSettings"]
