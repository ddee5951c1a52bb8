"""Resellers: owners of credits, plans and installations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from panelbridge.ledger import ResellerId


@dataclass(frozen=True, kw_only=True)
class Reseller:
    id: ResellerId
    code: str  # by which people name it
    name: str
    parent_id: ResellerId | None = None  # of a sub-reseller: whose he is


class ResellerStore(Protocol):
    """Every call runs in the caller's transaction."""

    def reseller(self, reseller: ResellerId) -> Reseller | None: ...
    def named(self, code: str) -> Reseller | None: ...
    def all(self) -> Sequence[Reseller]:
        """By code. For what must know every one of them; a list reads a ``page``."""
        ...

    def page(self, after: int, limit: int) -> Sequence[Reseller]:
        """By number, those above ``after``."""
        ...

    def add(self, code: str, name: str, parent: ResellerId | None = None) -> Reseller: ...
