"""The filters an expression may use. Null stays null through all of them but ``default``."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from jinja2 import Undefined

_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


class FilterRefused(ValueError):
    """A value that this filter cannot take; the message never holds the value."""


def path(value: Any) -> str:
    """One segment of a path, quoted whole: a slash in a value never becomes a step."""
    text = as_text(value)
    if text in {"", ".", ".."} or _CONTROL.search(text):
        raise FilterRefused("cannot be a part of an address")
    return quote(text, safe="")


def as_text(value: Any) -> str:
    """A text or a number as text. A truth value has no one spelling, so it is refused."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise FilterRefused(f"a {kind_of(value)} is no text")
    return str(value)


def as_int(value: Any) -> int:
    """A whole number, or text that is one."""
    if isinstance(value, bool) or not isinstance(value, (int, str, float)):
        raise FilterRefused(f"a {kind_of(value)} is no whole number")
    if isinstance(value, float) and not value.is_integer():
        raise FilterRefused("has a fraction")
    try:
        return int(value)
    except (ValueError, OverflowError):
        raise FilterRefused("is no whole number") from None


def kind_of(value: Any) -> str:
    """The JSON word for what ``value`` is."""
    kinds: dict[type, str] = {
        type(None): "null", bool: "truth value", str: "text", list: "list", dict: "table", datetime: "moment",
    }  # fmt: skip
    return kinds.get(type(value), "number")


def _moment(value: Any) -> datetime:
    if not isinstance(value, datetime):
        raise FilterRefused(f"a {kind_of(value)} is no moment")
    return value.astimezone(UTC)


def _iso(value: Any) -> str:
    return _moment(value).strftime("%Y-%m-%dT%H:%M:%SZ")


def _date(value: Any, form: str) -> str:
    return _moment(value).strftime(form)


def _default(value: Any, fallback: Any) -> Any:
    return fallback if value is None or isinstance(value, Undefined) else value


def _join(value: Any, between: str = "") -> str:
    if not isinstance(value, list):
        raise FilterRefused(f"a {kind_of(value)} is no list")
    return between.join(as_text(item) for item in value)


def _with(value: Any, name: Any, entry: Any) -> dict[str, Any]:
    """The table with that entry another one. Entries that are null are left out, as in a request."""
    if not isinstance(value, dict) or not isinstance(name, str):
        raise FilterRefused(f"a {kind_of(value)} is no table")
    return {key: item for key, item in {**value, name: entry}.items() if item is not None}


def _without(value: Any, *names: Any) -> dict[str, Any]:
    """The table without these entries: what a read shows and a write does not take."""
    if not isinstance(value, dict):
        raise FilterRefused(f"a {kind_of(value)} is no table")
    return {key: item for key, item in value.items() if key not in names}


def _swap(value: Any, given: Any, written: Any) -> str:
    """The text with one sign in place of another, which a read turns back (``swap`` of a result)."""
    text = as_text(value)
    if written in text:
        raise FilterRefused(f"holds {written!r}, which this panel's description writes for {given!r}")
    return text.replace(given, written)


def _kept_null(work: Callable[..., Any]) -> Callable[..., Any]:
    def apply(value: Any, *arguments: Any) -> Any:
        return None if value is None else work(value, *arguments)

    return apply


_WORK: dict[str, Callable[..., Any]] = {
    "epoch_s": lambda value: int(_moment(value).timestamp()),
    "epoch_ms": lambda value: round(_moment(value).timestamp() * 1000),
    "iso": _iso,
    "date": _date,
    "gib": lambda value: as_int(value) * 1024**3,
    "mib": lambda value: as_int(value) * 1024**2,
    "b64": lambda value: base64.b64encode(as_text(value).encode()).decode(),
    "lower": lambda value: as_text(value).lower(),
    "str": as_text,
    "int": as_int,
    "join": _join,
    "with": _with,
    "without": _without,
    "swap": _swap,
}
FILTERS: dict[str, Callable[..., Any]] = {
    "path": path,  # null in a path would be an address of its own, so it is refused
    "default": _default,
    **{name: _kept_null(work) for name, work in _WORK.items()},
}
"""By name. With arguments: ``date('%d.%m.%Y')``, ``default(0)``, ``join(',')``, ``with('key', value)``,
``without('key')``, ``swap(':', '/')``."""

WITH_ARGUMENT = {
    "date": (1, 1),
    "default": (1, 1),
    "join": (0, 1),
    "with": (2, 2),
    "without": (1, 9),
    "swap": (2, 2),
}
"""How few and how many arguments; all other filters take none."""
