"""The OpenAPI 3.1 document, made from the declared routes. Small on purpose: pydantic writes the schemas."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import version
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from panelbridge.http.openapi_parameters import PATH_PART, parameters
from panelbridge.http.openapi_responses import ProblemBody, Schemas, responses
from panelbridge.http.routes import Route

Mode = Literal["validation", "serialization"]

_REF = "#/components/schemas/{model}"


def build_document(routes: Iterable[Route]) -> dict[str, Any]:
    """The whole document."""
    listed = list(routes)
    schemas, definitions = models_json_schema(_models(listed), ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for route in listed:
        operation = _operation(route, schemas)
        paths.setdefault(PATH_PART.sub(r"{\2}", route.path), {})[route.method.lower()] = operation
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
        "parameters": parameters(route),
        "responses": responses(route, schemas),
        "security": [{"key": []}] if route.scope is not None else [],
    }
    if route.scope is not None:
        operation["description"] = f"Needs a key with the scope `{route.scope.value}`."
    if route.body is not None:
        schema = schemas[route.body, "validation"]
        content = {media: {"schema": schema} for media in route.media_types}
        operation["requestBody"] = {"required": True, "content": content}
    return operation
