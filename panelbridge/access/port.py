"""What the access room needs from storage. Every call runs in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from panelbridge.access.models import ApiKey, NewApiKey, StoredAnswer
from panelbridge.subscriptions import InstallationId


class AccessStore(Protocol):
    def lock_setup(self) -> None:
        """Nobody else makes what a bridge has once (its name, its first keys) until this transaction ends."""
        ...

    def bridge_name(self) -> str | None:
        """The short random name of this bridge, first part of every reference; ``None`` before it has one."""
        ...

    def name_bridge(self, name: str) -> None:
        """Give the name, once for ever."""
        ...

    def add_key(self, key: NewApiKey) -> ApiKey: ...
    def key(self, prefix: str) -> ApiKey | None: ...
    def keys(
        self, *, installation: InstallationId | None = None, after: int = 0, limit: int = 100
    ) -> Sequence[ApiKey]: ...
    def revoke_key(self, prefix: str, at: datetime) -> ApiKey | None:
        """The key as it is now, or ``None``. A key revoked before keeps its first time."""
        ...

    def note_key_use(self, prefix: str, at: datetime) -> None: ...

    def lock_answer(self, owner: str, key: str) -> StoredAnswer | None:
        """The answer kept under the key; nobody else looks for it or opens it until this transaction ends."""
        ...

    def answer(self, owner: str, key: str) -> StoredAnswer | None: ...
    def open_answer(self, owner: str, key: str, fingerprint: str, at: datetime) -> None: ...
    def keep_answer(self, owner: str, key: str, status: int, body: str) -> None:
        """Store the final answer of an opened key. A final answer is never replaced."""
        ...
