"""Long runs of things, so many at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

ItemT = TypeVar("ItemT")


def batches(items: Iterable[ItemT], size: int) -> Iterator[list[ItemT]]:
    """All of ``items`` in their order, ``size`` together; the last ones may be fewer."""
    left = iter(items)
    while batch := list(islice(left, size)):
        yield batch
