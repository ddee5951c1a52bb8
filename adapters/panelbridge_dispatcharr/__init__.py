"""The dispatcharr backend."""

from __future__ import annotations
