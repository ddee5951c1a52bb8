"""The declarative backend."""

from __future__ import annotations
