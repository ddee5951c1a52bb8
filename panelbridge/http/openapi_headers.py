"""Which headers a route reads besides the key, for the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic.json_schema import JsonSchemaValue

from panelbridge.http.routes import Route

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


def header_parameters(route: Route) -> list[dict[str, Any]]:
    """Those of a billing system's module, or the caller's own key where something changes."""
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
