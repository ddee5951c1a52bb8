"""The jellyfin backend."""

from __future__ import annotations
