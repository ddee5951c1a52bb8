"""The journal's tables and store, and those of what leaves the bridge."""

from __future__ import annotations
