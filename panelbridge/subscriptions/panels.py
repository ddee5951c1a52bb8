"""Panels: the remote systems that hold accounts, and how they are reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NewType, Protocol

from panelbridge.contract.secret import Secret

PanelId = NewType("PanelId", int)


@dataclass(frozen=True, kw_only=True)
class Panel:
    id: PanelId
    code: str  # by which people name it
    backend: str  # the name of its adapter
    settings: Mapping[str, object] = field(repr=False)  # without secrets
    secrets: Mapping[str, Secret] = field(default_factory=dict, repr=False)  # by setting; sealed at rest
    practice: bool = False  # a simulated one: only test keys reach it
    writes_enabled: bool = True  # false: it is only read, until a person has looked


class PanelStore(Protocol):
    """Every call runs in the caller's transaction."""

    def panel(self, panel: PanelId) -> Panel | None: ...
    def named(self, code: str) -> Panel | None: ...
    def lock_named(self, code: str) -> Panel | None:
        """As it is now, and as nobody else changes it until this transaction ends."""
        ...

    def all(self) -> Sequence[Panel]:
        """By code. For what must know every one of them; a list reads a ``page``."""
        ...

    def page(self, after: int, limit: int) -> Sequence[Panel]:
        """By number, those above ``after``."""
        ...

    def add(self, panel: Panel) -> Panel:
        """Insert; the record's id is ignored and the new one returned."""
        ...

    def save(self, panel: Panel) -> None: ...
