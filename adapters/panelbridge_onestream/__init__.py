"""The onestream backend."""

from __future__ import annotations
