"""What a route takes besides its body, for the OpenAPI document: parts of the path, query and headers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic.json_schema import JsonSchemaValue

from panelbridge.actions.fields import CODE_PATTERN
from panelbridge.http.routes import Route

PATH_PART = re.compile(r"<(?:(\w+):)?(\w+)>")
_KEY_PATTERN = r"^[\x21-\x7e]{1,200}$"
_MODULE_HEADERS: Mapping[str, JsonSchemaValue] = {
    "Panelbridge-Mode": {"type": "string", "enum": ["live", "test"]},
    "Panelbridge-System-Url": {"type": "string", "maxLength": 500},
    "Panelbridge-Installation": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
    "Panelbridge-Deadline": {"type": "number", "minimum": 0},
    "Panelbridge-Module": {"type": "string", "maxLength": 40},
    "Panelbridge-Whmcs": {"type": "string", "maxLength": 40},
    "Panelbridge-Time": {"type": "number", "minimum": 0},
}


def parameters(route: Route) -> list[dict[str, Any]]:
    """All of them, in that order."""
    return [*_path_parameters(route), *_query_parameters(route), *_header_parameters(route)]


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
