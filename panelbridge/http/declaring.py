"""How a resource declares its routes: what reads, and what changes something under the caller's own key."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from panelbridge.access import Scope
from panelbridge.actions.fields import Body, Query, View
from panelbridge.http.routes import Action, Effect, Route


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
