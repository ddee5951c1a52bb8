"""Checks of ``map``: a key that no value of the reply can ever equal is a mistake, and a silent one.

Keys are compared with texts as they are, and with numbers and truth values as JSON writes them. Null never
gets there: ``missing`` speaks of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress

from panelbridge_declarative.description import queries
from panelbridge_declarative.description.findings import Finding
from panelbridge_declarative.description.spec import ResultField

_NOT_JSON = {"True": "true", "False": "false", "None": "null"}
_TYPES = ("number", "string", "boolean", "array", "object", "null")


def check_map(key: str, field: ResultField) -> Iterator[Finding]:
    """A finding for each key of ``field.map`` that can never match."""
    for one in field.map or {}:
        why = _never(one, field)
        if why is not None:
            yield Finding(key=f"{key}.map", message=f"the key {one!r} can never match: {why}")


def _never(one: str, field: ResultField) -> str | None:
    if one == "null":
        return "null is no key; say missing, or optional"
    if one in _NOT_JSON:
        return f"JSON writes {_NOT_JSON[one]!r}; where a panel sends that word as text, compare it in at"
    return _not_captured(one, field) or _not_of_kind(one, field)


def _not_captured(one: str, field: ResultField) -> str | None:
    if field.swap is not None and field.swap[0] in one:
        return f"swap leaves no {field.swap[0]!r} in the value"
    group = None if field.pattern is None or field.swap is not None else _first_group(field.pattern)
    if group is None:
        return None
    with suppress(re.error):
        return None if re.fullmatch(group, one) else f"the pattern's group {group!r} never captures it"
    return None


def _not_of_kind(one: str, field: ResultField) -> str | None:
    """By what the query can come to, where that is reported by its outermost part."""
    if field.pattern is not None or field.swap is not None:
        return None
    match queries.kind_made(field.at):
        case "boolean" if one not in ("true", "false"):
            return "the query comes to true or false"
        case "number" if not _is_number(one):
            return "the query comes to a number"
        case "type" if one not in _TYPES:
            return f"type() comes to one of {', '.join(_TYPES)}"
    return None


def _is_number(one: str) -> bool:
    try:
        value = json.loads(one)
    except ValueError:
        return False
    return isinstance(value, (int, float)) and not isinstance(value, bool) and json.dumps(value) == one


def _first_group(pattern: str) -> str | None:
    """The source of the first capturing group, where it can be cut out by its brackets alone."""
    if re.search(r"\[[^\]]*[()]|\\[()\d]", pattern):
        return None
    start = next((found.end() for found in re.finditer(r"\((?!\?)", pattern)), None)
    depth = 1
    for at in range(start or 0, len(pattern) if start is not None else 0):
        depth += {"(": 1, ")": -1}.get(pattern[at], 0)
        if depth == 0:
            return pattern[start:at]
    return None
