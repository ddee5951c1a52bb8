"""The Tvheadend backend: an account is an access entry and a password entry of one name."""

from __future__ import annotations

from panelbridge_tvheadend.adapter import TvheadendAdapter
from panelbridge_tvheadend.settings import TvheadendSettings

__all__ = ["TvheadendAdapter", "TvheadendSettings"]
