"""Tables and store of API keys and kept answers."""

from __future__ import annotations
