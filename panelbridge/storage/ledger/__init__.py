"""The ledger's tables and store."""

from __future__ import annotations
