"""Values as people read them."""

from __future__ import annotations

from collections.abc import Mapping


def cell(value: object) -> str:
    """A value as people read it."""
    from datetime import datetime

    if value is None or value == ():
        return "-"
    if value is True or value is False:
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={item}" for name, item in value.items()) or "-"
    if isinstance(value, (tuple, list, set, frozenset)):
        return ", ".join(cell(item) for item in value)
    return str(getattr(value, "value", value))
