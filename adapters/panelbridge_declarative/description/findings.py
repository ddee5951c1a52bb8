"""What is wrong with a description, or worth a look."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One of them; ``key`` is the place in the file, such as ``op.create.request``."""

    key: str
    message: str
    fatal: bool = True

    def __str__(self) -> str:
        return f"{self.key}: {self.message}" if self.key else self.message
