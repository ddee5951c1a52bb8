"""Reading the panel's values: any number may come as an int, a numeric string or null.

Seen on XC_VM 2025-07: a non-zero value is a string, zero is a native 0, absent is null; older builds are
reported to send every number as a string. What fits none of these is loud, and the message never holds
the value, which may be a password.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from panelbridge.contract.exceptions import ContractBroken

Row = Mapping[str, Any]


def _broken(field: str, expected: str) -> ContractBroken:
    return ContractBroken(f"the panel's reply holds no {expected} in field {field!r}", field=field)


def present(row: Row, field: str) -> Any:
    """The raw value of a field that must be there. Raises ``ContractBroken`` when it is missing."""
    if field not in row:
        raise ContractBroken(f"the panel's reply lacks field {field!r}", field=field)
    return row[field]


def integer_or_none(row: Row, field: str) -> int | None:
    """An int, a numeric string, or null. Raises ``ContractBroken``."""
    value = present(row, field)
    if value is None or value == "":
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value):
        return int(value)
    raise _broken(field, "whole number")


def integer(row: Row, field: str) -> int:
    """A number that must be there. Raises ``ContractBroken``."""
    value = integer_or_none(row, field)
    if value is None:
        raise _broken(field, "whole number")
    return value


def switch(row: Row, field: str) -> bool:
    """0 or 1. Raises ``ContractBroken`` for anything else, null included."""
    value = integer(row, field)
    if value not in (0, 1):
        raise _broken(field, "0 or 1")
    return value == 1


def flag(row: Row, field: str) -> bool:
    """A flag that is off when null, zero or missing. Raises ``ContractBroken`` when it is no number."""
    return field in row and integer_or_none(row, field) not in (None, 0)


def text_or_none(row: Row, field: str) -> str | None:
    """A string or null; a number is read as its digits. Raises ``ContractBroken``."""
    value = present(row, field)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise _broken(field, "text")


def text(row: Row, field: str) -> str:
    """A string that must be there and not be empty. Raises ``ContractBroken``."""
    value = text_or_none(row, field)
    if not value:
        raise _broken(field, "text")
    return value


def money(row: Row, field: str) -> Decimal:
    """Panel credit as printed: float, whole or with four decimal places. Raises ``ContractBroken``."""
    value = present(row, field)
    if isinstance(value, int | Decimal | str) and not isinstance(value, bool):
        try:
            amount = Decimal(str(value))
        except InvalidOperation:
            raise _broken(field, "amount of credit") from None
        if amount.is_finite():
            return amount
    raise _broken(field, "amount of credit")


def json_list(row: Row, field: str) -> tuple[str, ...]:
    """A column holding a JSON array as text, such as ``"[1,2]"``; null and empty are no elements."""
    value = present(row, field)
    if value is None or value == "":
        return ()
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise _broken(field, "JSON array") from None
    if not isinstance(value, list) or not all(isinstance(item, str | int) for item in value):
        raise _broken(field, "JSON array")
    return tuple(str(item) for item in value)


def moment(epoch: int, field: str) -> datetime:
    """Epoch seconds as aware UTC. Raises ``ContractBroken`` outside the years 1 to 9999."""
    try:
        return datetime.fromtimestamp(epoch, UTC)
    except (OverflowError, OSError, ValueError):
        raise _broken(field, "moment in time") from None
