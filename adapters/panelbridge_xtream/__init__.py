"""The xtream backend."""

from __future__ import annotations
