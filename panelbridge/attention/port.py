"""What the attention room needs from storage. Every call runs in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from panelbridge.attention.models import AttentionId, AttentionItem, Subject


class AttentionStore(Protocol):
    def raise_item(self, item: AttentionItem) -> AttentionItem:
        """Open ``item``, or tell anew the open one of its code, subject and operation; returns that one."""
        ...

    def resolve(self, item: AttentionId, *, resolution: str, actor: str, at: datetime) -> None:
        """Close the item; one that is closed stays as it is."""
        ...

    def resolve_of(self, operation: int, *, resolution: str, actor: str, at: datetime) -> None:
        """Close all items of the operation but those that outlive it."""
        ...

    def item(self, item: AttentionId) -> AttentionItem | None: ...

    def items(
        self,
        *,
        code: str | None = None,
        subject: Subject | None = None,
        open_only: bool = True,
        after: int = 0,
        limit: int | None = None,
    ) -> Sequence[AttentionItem]:
        """Those above ``after``, oldest first; all of them where no ``limit`` is given."""
        ...

    def of_installation(self, installation: int, after: int, limit: int) -> Sequence[AttentionItem]:
        """What is open of the installation's operations or of any panel, above ``after``, oldest first."""
        ...

    def count_open(self) -> int:
        """How many wait for a decision."""
        ...
