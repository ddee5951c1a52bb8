"""Routes as declared data: what a path takes, answers and may refuse. Serving and OpenAPI both read this."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pydantic import BaseModel

from panelbridge.access import Scope
from panelbridge.actions.fields import Body, Query, View
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


@dataclass(frozen=True, kw_only=True)
class Resource:
    """Collects the routes of one resource file."""

    tag: str
    routes: list[Route] = field(default_factory=list)

    def get(
        self,
        path: str,
        view: Action,
        *,
        answer: type[BaseModel] | None = None,
        query: type[Query] | None = None,
        scope: Scope = Scope.READ,
        effect: Effect = Effect.READS,
        answer_type: str = "application/json",
        problems: tuple[int, ...] = (),
    ) -> None:
        """Declare what reads: ``view(context, [query], **path)``."""
        self._declare(
            "GET",
            path,
            view,
            (*((422,) if query else ()), *problems),
            effect=effect,
            scope=scope,
            query=query,
            answer=answer,
            answer_type=answer_type,
        )

    def write(
        self,
        method: str,
        path: str,
        view: Action,
        *,
        scope: Scope,
        answer: type[View],
        body: type[Body] | None = None,
        status: int = 200,
        also: tuple[int, ...] = (),
        effect: Effect = Effect.CHANGES,
        problems: tuple[int, ...] = (),
        spent: Action | None = None,
    ) -> None:
        """Declare what changes: ``view(context, [body], **path)``; it needs an Idempotency-Key."""
        self._declare(
            method,
            path,
            view,
            (400, 409, *((413, 415, 422) if body else ()), *problems),
            effect=effect,
            scope=scope,
            body=body,
            answer=answer,
            status=status,
            also=also,
            spent=spent,
        )

    def _declare(self, method: str, path: str, view: Action, problems: tuple[int, ...], **more: Any) -> None:
        """``problems``: beside that nothing is where the path leads to."""
        self.routes.append(
            Route(
                method=method,
                path=path,
                name=view.__name__,
                tag=self.tag,
                summary=_summary(view),
                view=view,
                problems=(*((404,) if "<" in path else ()), *problems),
                **more,
            )
        )


def _summary(view: Action) -> str:
    lines = (view.__doc__ or view.__name__).strip().splitlines()
    return lines[0].rstrip(".")
