"""What accounts use, day by day: kept ninety days, addresses as a keyed hash of their network."""

from __future__ import annotations

from panelbridge.usage.models import UsageSample
from panelbridge.usage.network import network_of
from panelbridge.usage.port import UsageStore
from panelbridge.usage.sampling import KEPT_DAYS, UsageSampler

__all__ = ["KEPT_DAYS", "UsageSample", "UsageSampler", "UsageStore", "network_of"]
