"""The stalker backend."""

from __future__ import annotations
