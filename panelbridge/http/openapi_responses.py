"""What a route answers, for the OpenAPI document: its own statuses, and its problems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import JsonSchemaValue

from panelbridge.actions.problems import MEDIA_TYPE
from panelbridge.http.routes import Route

Schemas = Mapping[Any, JsonSchemaValue]  # by (model, mode)

_PROBLEM_TEXT = {
    400: "The body or a header cannot be read",
    401: "No valid API key",
    402: "Not enough credits",
    403: "The key may not do this",
    404: "Not found",
    409: "Refused in the present state",
    413: "The body is too large",
    415: "The content type is not supported",
    422: "A field is wrong",
    503: "Too much at once",
}


class ProblemBody(BaseModel):
    """An error (RFC 9457)."""

    model_config = ConfigDict(extra="allow", title="Problem")

    type: str = Field(description="urn:panelbridge:problem: and the code")
    title: str
    status: int
    detail: str
    code: str = Field(description="stable and machine readable")
    retry_safe: bool = Field(description="the same request may be sent again without doubling anything")
    advice: str = Field(description="who can fix it, and how")
    request_id: str
    field: str | None = Field(default=None, description="the field of the request that is wrong")


def responses(route: Route, schemas: Schemas) -> dict[str, Any]:
    """By status."""
    content: dict[str, Any] = {}
    if route.answer is not None:
        content = {"content": {route.answer_type: {"schema": schemas[route.answer, "serialization"]}}}
    elif route.answer_type != "application/json":
        content = {"content": {route.answer_type: {"schema": {"type": "string"}}}}
    found: dict[str, Any] = {
        str(status): {"description": "Done" if status != 202 else "Pending", **content}  # noqa: PLR2004
        for status in (route.status, *route.also)
    }
    problem = {"content": {MEDIA_TYPE: {"schema": schemas[ProblemBody, "serialization"]}}}
    listed = {*route.problems, *((401, 403, 422) if route.scope is not None else ())}
    for status in sorted(listed):
        found[str(status)] = {"description": _PROBLEM_TEXT[status], **problem}
    found["default"] = {"description": "Any other problem", **problem}
    return found
