from __future__ import annotations

from tests.ledger.conftest import books

__all__ = ["books"]
