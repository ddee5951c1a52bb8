"""Installations: the billing systems of a reseller."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType, Protocol

from panelbridge.ledger import ResellerId

InstallationId = NewType("InstallationId", int)


class Mode(StrEnum):
    """Live reaches real panels only, test reaches practice panels only."""

    LIVE = "live"
    TEST = "test"


@dataclass(frozen=True, kw_only=True)
class Installation:
    """One billing system of a reseller, bound to its system URL and a random id its module keeps."""

    id: InstallationId
    reseller_id: ResellerId
    code: str  # by which people name it
    mode: Mode
    system_url: str | None = None  # None until first use
    module_id: str | None = None  # random, made by the module; None until first use
    bound_at: datetime | None = None  # UTC; None until first use


class InstallationStore(Protocol):
    """Every call runs in the caller's transaction."""

    def installation(self, installation: InstallationId) -> Installation | None: ...
    def lock(self, installation: InstallationId) -> Installation | None:
        """As it is now, and as nobody else binds it until this transaction ends."""
        ...

    def named(self, code: str) -> Installation | None: ...
    def all(self) -> Sequence[Installation]:
        """By code. For what must know every one of them; a list reads a ``page``."""
        ...

    def page(self, after: int, limit: int) -> Sequence[Installation]:
        """By number, those above ``after``."""
        ...

    def add(self, installation: Installation) -> Installation:
        """Insert; the record's id is ignored and the new one returned."""
        ...

    def bind(
        self, installation: InstallationId, *, system_url: str | None, module_id: str | None, at: datetime
    ) -> None:
        """Bind it to a system URL and its module; ``None`` for both sets it free."""
        ...
