"""The freeradius backend."""

from __future__ import annotations
