"""The directadmin backend."""

from __future__ import annotations
