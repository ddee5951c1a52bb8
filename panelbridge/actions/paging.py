"""Lists come in pages: ``?after=<cursor>&limit=``; ``next`` is the cursor of the next page or null."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Protocol, TypeVar

from pydantic import BeforeValidator, Field, Strict

from panelbridge.actions.fields import Count, Query, whole

ItemT = TypeVar("ItemT")

Limit = Annotated[int, Strict(), BeforeValidator(whole), Field(ge=1, le=500)]


class PageQuery(Query):
    """Which page."""

    after: Count = 0
    limit: Limit = 100


class _Limited(Protocol):
    @property
    def limit(self) -> int: ...


def cut(
    found: Sequence[ItemT], query: _Limited, cursor: Callable[[ItemT], int]
) -> tuple[Sequence[ItemT], int | None]:
    """The items of the page and the cursor of the next.

    ``found``: what stands behind the cursor asked for, one more than the limit where there is more. A store
    reads no more than that, by an index: a page takes as long in large books as in small ones.
    """
    if len(found) <= query.limit:
        return found, None
    kept = found[: query.limit]
    return kept, cursor(kept[-1])


class _Numbered(Protocol):
    @property
    def id(self) -> int: ...


NumberedT = TypeVar("NumberedT", bound=_Numbered)


def only(item: NumberedT | None, query: PageQuery) -> Sequence[NumberedT]:
    """The list of a caller who may see this one alone."""
    return () if item is None or item.id <= query.after else (item,)
