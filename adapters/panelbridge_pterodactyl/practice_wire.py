"""How the practice panel says things: resources, lists, and errors in the panel's own dress."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from panelbridge.testing.practice import PracticeReply

_CODES = {
    400: "DisplayException",
    401: "AuthenticationException",
    403: "AccessDeniedHttpException",
    404: "NotFoundHttpException",
    409: "ConflictHttpException",
    422: "ValidationException",
    429: "TooManyRequestsHttpException",
}


class Refused(Exception):
    """What the panel answers instead; ``fields`` are the broken rules of a 422, by field."""

    def __init__(
        self,
        status: int,
        code: str | None = None,
        *,
        fields: Mapping[str, str] | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(status)
        self.status = status
        self.code = code or _CODES[status]
        self.fields = dict(fields or {})
        self.retry_after = retry_after


def refusal(refused: Refused) -> PracticeReply:
    error = {"code": refused.code, "status": str(refused.status), "detail": "The practice panel refuses."}
    errors: list[dict[str, Any]] = [
        {**error, "meta": {"source_field": field, "rule": rule}} for field, rule in refused.fields.items()
    ]
    reply = PracticeReply.json({"errors": errors or [error]}, status=refused.status)
    if refused.retry_after is None:
        return reply
    headers = {"Retry-After": str(refused.retry_after)}
    return PracticeReply(status=refused.status, body=reply.body, headers=headers)


def resource(kind: str, attributes: Mapping[str, Any], *, status: int = 200) -> PracticeReply:
    return PracticeReply.json({"object": kind, "attributes": attributes}, status=status)


def listed(kind: str, rows: Sequence[Any], number: int, size: int) -> PracticeReply:
    """One page of a list."""
    shown = rows[(number - 1) * size : number * size]
    pagination = {
        "total": len(rows),
        "count": len(shown),
        "per_page": size,
        "current_page": number,
        "total_pages": max(1, -(-len(rows) // size)),
        "links": {},
    }
    data = [{"object": kind, "attributes": row} for row in shown]
    return PracticeReply.json({"object": "list", "data": data, "meta": {"pagination": pagination}})
