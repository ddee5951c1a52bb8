"""What a route takes besides its body, for the OpenAPI document."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic.json_schema import JsonSchemaValue

from panelbridge.actions.fields import CODE_PATTERN
from panelbridge.http.openapi_headers import header_parameters
from panelbridge.http.routes import Route

PATH_PART = re.compile(r"<(?:(\w+):)?(\w+)>")


def parameters(route: Route) -> list[dict[str, Any]]:
    """All of them, in that order."""
    return [*_path_parameters(route), *_query_parameters(route), *header_parameters(route)]


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    found = []
    for kind, name in PATH_PART.findall(route.path):
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
