"""Table and store of what only a person can decide."""

from __future__ import annotations
