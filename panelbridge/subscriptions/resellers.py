"""Resellers: owners of credits, plans and installations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from panelbridge.ledger import ResellerId


@dataclass(frozen=True, kw_only=True)
class Reseller:
    id: ResellerId
    code: str
    name: str
    parent_id: ResellerId | None = None


class ResellerStore(Protocol):
    """Every call runs in the caller's transaction."""

    def reseller(self, reseller: ResellerId) -> Reseller | None: ...
    def all(self) -> Sequence[Reseller]: ...
    def add(self, code: str, name: str, parent: ResellerId | None = None) -> Reseller: ...
