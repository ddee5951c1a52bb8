"""The tvheadend backend."""

from __future__ import annotations
