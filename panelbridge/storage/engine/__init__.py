"""Connections, the write queue, schema, guards and migrations: what knows no meaning of a table."""

from __future__ import annotations
