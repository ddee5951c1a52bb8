"""The whm backend."""

from __future__ import annotations
