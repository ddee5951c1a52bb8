"""The OpenAPI 3.1 document, made from the declared routes. Small on purpose: pydantic writes the schemas."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import JsonSchemaValue, models_json_schema

from panelbridge.actions.fields import CODE_PATTERN
from panelbridge.actions.problems import MEDIA_TYPE
from panelbridge.http.routes import Route

Mode = Literal["validation", "serialization"]
Schemas = Mapping[Any, JsonSchemaValue]  # by (model, mode)

_REF = "#/components/schemas/{model}"
_PATH_PART = re.compile(r"<(?:(\w+):)?(\w+)>")
_KEY_PATTERN = r"^[\x21-\x7e]{1,200}$"

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

_MODULE_HEADERS: Mapping[str, JsonSchemaValue] = {
    "Panelbridge-Mode": {"type": "string", "enum": ["live", "test"]},
    "Panelbridge-System-Url": {"type": "string", "maxLength": 500},
    "Panelbridge-Installation": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
    "Panelbridge-Deadline": {"type": "number", "minimum": 0},
    "Panelbridge-Module": {"type": "string", "maxLength": 40},
    "Panelbridge-Whmcs": {"type": "string", "maxLength": 40},
    "Panelbridge-Time": {"type": "number", "minimum": 0},
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


def build_document(routes: Iterable[Route]) -> dict[str, Any]:
    """The whole document."""
    listed = list(routes)
    schemas, definitions = models_json_schema(_models(listed), ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for route in listed:
        operation = _operation(route, schemas)
        paths.setdefault(_PATH_PART.sub(r"{\2}", route.path), {})[route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "panelbridge",
            "version": version("panelbridge"),
            "description": "Provisioning bridge between billing and panels. Errors are RFC 9457 problems.",
        },
        "paths": paths,
        "components": {
            "schemas": definitions.get("$defs", {}),
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "bearerFormat": "pb_live_…"}},
        },
    }


def _models(routes: list[Route]) -> list[tuple[type[BaseModel], Mode]]:
    wanted: dict[tuple[type[BaseModel], Mode], None] = {(ProblemBody, "serialization"): None}
    for route in routes:
        if route.body is not None:
            wanted[route.body, "validation"] = None
        if route.answer is not None:
            wanted[route.answer, "serialization"] = None
    return sorted(wanted, key=lambda item: (item[0].__name__, item[1]))


def _operation(route: Route, schemas: Schemas) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.name,
        "tags": [route.tag],
        "summary": route.summary,
        "parameters": [*_path_parameters(route), *_query_parameters(route), *_header_parameters(route)],
        "responses": _responses(route, schemas),
        "security": [{"key": []}] if route.scope is not None else [],
    }
    if route.scope is not None:
        operation["description"] = f"Needs a key with the scope `{route.scope.value}`."
    if route.body is not None:
        schema = schemas[route.body, "validation"]
        content = {media: {"schema": schema} for media in route.media_types}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _responses(route: Route, schemas: Schemas) -> dict[str, Any]:
    content: dict[str, Any] = {}
    if route.answer is not None:
        content = {"content": {route.answer_type: {"schema": schemas[route.answer, "serialization"]}}}
    elif route.answer_type != "application/json":
        content = {"content": {route.answer_type: {"schema": {"type": "string"}}}}
    responses: dict[str, Any] = {
        str(status): {"description": "Done" if status != 202 else "Pending", **content}  # noqa: PLR2004
        for status in (route.status, *route.also)
    }
    problem = {"content": {MEDIA_TYPE: {"schema": schemas[ProblemBody, "serialization"]}}}
    listed = {*route.problems, *((401, 403, 422) if route.scope is not None else ())}
    for status in sorted(listed):
        responses[str(status)] = {"description": _PROBLEM_TEXT[status], **problem}
    responses["default"] = {"description": "Any other problem", **problem}
    return responses


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    found = []
    for kind, name in _PATH_PART.findall(route.path):
        schema: JsonSchemaValue = {"type": "string", "maxLength": 64, "pattern": CODE_PATTERN}
        if kind == "int":
            schema = {"type": "integer", "minimum": 0, "maximum": 10**15 - 1}
        elif name == "prefix":
            schema = {"type": "string", "pattern": "^pb_(live|test)_[0-9A-Za-z]{10}$"}
        found.append({"name": name, "in": "path", "required": True, "schema": schema})
    return found


def _query_parameters(route: Route) -> list[dict[str, Any]]:
    if route.query is None:
        return []
    schema = route.query.model_json_schema()
    required = schema.get("required", ())
    definitions = schema.get("$defs", {})
    return [
        {"name": name, "in": "query", "required": name in required, "schema": _inline(item, definitions)}
        for name, item in schema.get("properties", {}).items()
    ]


def _inline(schema: Any, definitions: Mapping[str, Any]) -> Any:
    """A parameter's schema without ``$ref`` and without null: a query string has no null."""
    if "$ref" in schema:
        return definitions[schema["$ref"].rsplit("/", 1)[1]]
    options = [_inline(item, definitions) for item in schema.get("anyOf", ()) if item.get("type") != "null"]
    if len(options) == 1:
        kept = {name: value for name, value in schema.items() if name in ("description", "title")}
        return {**options[0], **kept}
    return {name: value for name, value in schema.items() if not (name == "default" and value is None)}


def _header_parameters(route: Route) -> list[dict[str, Any]]:
    if route.serve is not None:
        return [
            {"name": name, "in": "header", "required": False, "schema": schema}
            for name, schema in _MODULE_HEADERS.items()
        ]
    if route.keyed:
        schema = {"type": "string", "pattern": _KEY_PATTERN}
        text = "The caller's own key: the same when it repeats, another for another request"
        return [
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": True,
                "schema": schema,
                "description": text,
            }
        ]
    return []
