"""JMESPath over replies. A condition that fails is no match; a value that cannot be had is an error.

One function is ours: ``entries(table)``, a list of its entries, each a table of one, for lists keyed by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import jmespath
from jmespath import functions
from jmespath.exceptions import JMESPathError


class QueryInvalid(ValueError):
    """No JMESPath; told when the file is loaded."""


class QueryFailed(ValueError):
    """The reply has not what is asked of it."""


class _Functions(functions.Functions):
    """Those of the language, and ``entries``."""

    @functions.signature({"types": ["object"]})
    def _func_entries(self, table: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [{name: value} for name, value in table.items()]


_OPTIONS = jmespath.Options(custom_functions=_Functions())


@lru_cache(maxsize=4096)
def _compiled(source: str) -> Any:
    return jmespath.compile(source)


def check(source: str) -> None:
    """Raises ``QueryInvalid``."""
    try:
        _compiled(source)
    except (JMESPathError, ValueError) as error:
        raise QueryInvalid(f"{source!r} is no JMESPath: {str(error).splitlines()[0]}") from None


def holds(source: str, facts: Mapping[str, Any]) -> bool:
    """Whether the condition is exactly true. Whatever goes wrong in it (``>`` on text) is no match."""
    try:
        found = _compiled(source).search(facts, options=_OPTIONS)
    except Exception:  # noqa: BLE001 - jmespath lets TypeError and others of the compared values through
        return False
    return found is True


def ask(source: str, facts: Mapping[str, Any]) -> Any:
    """The value, null where there is none. Raises ``QueryFailed``."""
    try:
        return _compiled(source).search(facts, options=_OPTIONS)
    except Exception:  # noqa: BLE001 - as above
        raise QueryFailed(f"{source} cannot be read") from None


def is_missing(source: str, facts: Mapping[str, Any]) -> bool:
    """Whether a plain path (``body.user.name``) leads over a key that is not there.

    JMESPath reads a missing key as null; a panel that renamed a field must not read as one that has none.
    """
    here: Any = facts
    for name in plain_path(source) or ():
        if not isinstance(here, Mapping) or name not in here:
            return True
        here = here[name]
    return False


@lru_cache(maxsize=4096)
def plain_path(source: str) -> tuple[str, ...] | None:
    """Keys of a path without functions and filters; ``None`` for anything else."""
    return _keys(_compiled(source).parsed)


@lru_cache(maxsize=4096)
def table_made(source: str) -> tuple[str, ...] | None:
    """Keys of the table that a query such as ``body.user.{name: login}`` makes, ``None`` if it makes none."""
    node = _compiled(source).parsed
    while node["type"] == "subexpression":
        node = node["children"][-1]
    if node["type"] != "multi_select_dict":
        return None
    return tuple(pair["value"] for pair in node["children"])


_KINDS = {
    "comparator": "boolean", "not_expression": "boolean",
    "contains": "boolean", "starts_with": "boolean", "ends_with": "boolean",
    "length": "number", "abs": "number", "ceil": "number", "floor": "number", "sum": "number",
    "avg": "number", "type": "type",
}  # fmt: skip


def kind_made(source: str) -> str | None:
    """``boolean``, ``number`` or ``type`` where the outermost part of the query can come to nothing else."""
    try:
        node = _compiled(source).parsed
    except (JMESPathError, ValueError):  # reported elsewhere
        return None
    name = node["value"] if node["type"] == "function_expression" else node["type"]
    return _KINDS.get(name)


def _keys(node: Any) -> tuple[str, ...] | None:
    if node["type"] == "field":
        return (node["value"],)
    if node["type"] != "subexpression":
        return None
    parts = [_keys(child) for child in node["children"]]
    return None if None in parts else tuple(name for part in parts if part for name in part)
