"""SQL that we write as text, spelled as SQLite spells it, and the same for PostgreSQL."""

from __future__ import annotations

import re

_JSON_MEMBER = re.compile(r"json_extract\((\S+), '\$\.(\w+)'\)")
_DIFFERS = re.compile(r" IS NOT (?!NULL)")
_EQUALS = re.compile(r" IS (?!NOT NULL|NULL|DISTINCT)")


def for_postgres(sql: str) -> str:
    """Comparisons that count NULL as a value (``IS``, ``IS NOT``), and members of JSON."""
    sql = _DIFFERS.sub(" IS DISTINCT FROM ", sql)
    sql = _EQUALS.sub(" IS NOT DISTINCT FROM ", sql)
    return _JSON_MEMBER.sub(r"\1 ->> '\2'", sql)
