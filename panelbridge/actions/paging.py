"""Lists come in pages: ``?after=<cursor>&limit=``; ``next`` is the cursor of the next page or null."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Annotated, TypeVar

from pydantic import BeforeValidator, Field, Strict

from panelbridge.actions.fields import Count, Query, whole

ItemT = TypeVar("ItemT")

Limit = Annotated[int, Strict(), BeforeValidator(whole), Field(ge=1, le=500)]


class PageQuery(Query):
    """Which page."""

    after: Count = 0
    limit: Limit = 100


def page(
    items: Iterable[ItemT], query: PageQuery, cursor: Callable[[ItemT], int]
) -> tuple[Sequence[ItemT], int | None]:
    """The items of the page and the cursor of the next; ``items`` need no order."""
    ordered = sorted((item for item in items if cursor(item) > query.after), key=cursor)
    return cut(ordered, query, cursor)


def cut(
    items: Iterable[ItemT], query: PageQuery, cursor: Callable[[ItemT], int]
) -> tuple[Sequence[ItemT], int | None]:
    """As ``page``, for items that already begin after the cursor; give one more than the limit."""
    found = list(islice(items, query.limit + 1))
    if len(found) <= query.limit:
        return found, None
    kept = found[: query.limit]
    return kept, cursor(kept[-1])
