"""The Dispatcharr backend: users of a self-hosted stream manager that knows no expiry and no suspension."""

from __future__ import annotations

from panelbridge_dispatcharr.adapter import DispatcharrAdapter
from panelbridge_dispatcharr.settings import DispatcharrSettings

__all__ = ["DispatcharrAdapter", "DispatcharrSettings"]
