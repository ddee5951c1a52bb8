"""Routes as declared data: what a path takes, answers and may refuse. Serving and OpenAPI both read this."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import BaseModel

from panelbridge.access import Scope
from panelbridge.actions.fields import Query
from panelbridge.http.decoding import JSON, BodyFormat

Action = Callable[..., Any]


class Effect(StrEnum):
    READS = "reads"  # the view runs in one read transaction
    CHANGES = "changes"  # one write transaction, which also keeps the answer under the caller's own key
    ACTS = "acts"  # the view opens its own transactions (it may call a panel); its answer is kept afterwards
    CALLS = "calls"  # reads outside a transaction: it asks a panel and keeps nothing


@dataclass(frozen=True, kw_only=True)
class Route:
    """One method of one path."""

    method: str
    path: str  # Flask's spelling
    name: str  # operationId
    tag: str
    summary: str
    view: Action
    effect: Effect
    scope: Scope | None = None  # None: no key needed
    body: type[BaseModel] | None = None
    query: type[Query] | None = None
    answer: type[BaseModel] | None = None
    status: int = 200
    also: tuple[int, ...] = ()  # other statuses with the same body
    formats: tuple[BodyFormat, ...] = ()  # of the body, besides JSON
    answer_type: str = "application/json"
    problems: tuple[int, ...] = ()
    spent: Action | None = None  # raises ``key_spent`` where what the key made has ended since
    serve: Callable[..., Any] | None = None  # a billing system's own way: (dispatcher, route) to a response

    @property
    def keyed(self) -> bool:
        """Whether the caller must send a key of its own."""
        return self.effect in (Effect.CHANGES, Effect.ACTS) and self.serve is None

    @property
    def media_types(self) -> tuple[str, ...]:
        """What the body may be."""
        return (JSON, *(item.media_type for item in self.formats))
