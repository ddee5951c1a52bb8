"""Values out of a reply, strict: what is missing or unreadable is an error that names the field, never 0."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from typing import Any

from panelbridge.contract.exceptions import ContractBroken
from panelbridge.contract.models import (
    AccountId,
    AccountState,
    ConnectDetail,
    ConnectKind,
    Package,
    PanelAccount,
    Usage,
)
from panelbridge.contract.secret import Secret
from panelbridge_declarative.description import queries
from panelbridge_declarative.description.filters import FilterRefused, as_int
from panelbridge_declarative.description.spec import ResultField, Results

Facts = Mapping[str, Any]
Values = dict[str, Any]
NEVER = "never"
"""An expiry, or a last use, that is none."""

_FROM_WHOLE: Mapping[str, Callable[[int, datetime], Any]] = {
    "epoch_s": lambda value, _: datetime.fromtimestamp(value, UTC),
    "epoch_ms": lambda value, _: datetime.fromtimestamp(value / 1000, UTC),
    "days_left": lambda value, now: now + timedelta(days=value),
    "int": lambda value, _: value,
}
_SIZES = {"bytes": 1, "mib": 1024**2, "gib": 1024**3}


def values_from(results: Results, facts: Facts, now: datetime) -> Values:
    """What ``results`` say, by name. Raises ``ContractBroken``."""
    values = {}
    for name, field in results.items():
        try:
            values[name] = _value(field, facts, now)
        except (queries.QueryFailed, FilterRefused, ValueError, OverflowError, TypeError, InvalidOperation):
            broken = True
        else:
            broken = False
        if broken:
            raise ContractBroken(f"the panel's reply has no readable {name} at {field.at}", field=name)
    return values


def _value(field: ResultField, facts: Facts, now: datetime) -> Any:
    value = queries.ask(field.at, facts)
    if value is None:
        return _instead_of_null(field, facts)
    if isinstance(field.never, list) and value in field.never and not isinstance(value, bool):
        return NEVER
    if field.pattern is not None:
        value = _captured(field.pattern, value)
        if value is None:  # what somebody else wrote there is as good as nothing
            return _instead_of_null(field, facts)
    if field.swap is not None:
        value = str(value).replace(*field.swap)
    if field.map is not None:
        return _mapped(field, value)
    return value if field.unit is None else _in_unit(field, value, now)


def _instead_of_null(field: ResultField, facts: Facts) -> Any:
    if field.missing is not None:
        return field.missing
    if field.optional:
        return None
    if field.never is not False and not queries.is_missing(field.at, facts):
        return NEVER
    raise FilterRefused("is missing")


def _captured(pattern: str, value: Any) -> str | None:
    if not isinstance(value, str):
        raise FilterRefused("is no text")
    found = re.search(pattern, value)
    return None if found is None else found[1]


def _mapped(field: ResultField, value: Any) -> Any:
    if not isinstance(value, (str, int, float)):
        raise FilterRefused("is no plain value")
    key = value if isinstance(value, str) else json.dumps(value)
    found = (field.map or {}).get(key, field.otherwise)
    if found is None:
        raise FilterRefused("is not in the map")
    return found


def _in_unit(field: ResultField, value: Any, now: datetime) -> Any:
    unit = field.unit or "int"
    if unit in _SIZES:
        return int(Decimal(str(_number(value))) * _SIZES[unit])
    if unit == "iso":
        return _utc(datetime.fromisoformat(value))
    if unit == "date":
        return _utc(datetime.strptime(value, field.format or ""))  # noqa: DTZ007 - zone set by _utc
    return _FROM_WHOLE[unit](as_int(value), now)


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise FilterRefused("is no number")
    return value


def account_from(values: Values, now: datetime) -> PanelAccount:
    """The account that ``values`` describe. Raises ``ContractBroken``."""
    username = _text(values, "username")
    if username is None:
        raise ContractBroken("the panel's reply has no username", field="username")
    expires = values.get("expires")
    at = expires if isinstance(expires, datetime) else None
    password = _text(values, "password")
    return PanelAccount(
        id=AccountId(_text(values, "id") or username),
        username=username,
        state=_state(values, at, now),
        expires_at=at,
        never_expires=expires == NEVER,
        password=None if password is None else Secret(password),
        package=_text(values, "package"),
        connections=_whole(values, "connections"),
        reference=_text(values, "reference"),
        trial=values.get("trial") is True,
        mac=_text(values, "mac"),
        connect=tuple(_details(values)),
    )


def unreadable(results: Results, facts: Facts, now: datetime) -> PanelAccount:
    """An account that the panel lists and of which no more than its names can be read."""
    own, username = (reported(results, name, facts, now) for name in ("id", "username"))
    if "id" not in results:
        own = username
    return PanelAccount(id=AccountId(own or ""), username=username or "", state=AccountState.UNREADABLE)


def is_named(results: Results, facts: Facts, now: datetime) -> bool:
    """Whether the row says a login name as text; without one it could be anybody's."""
    try:
        return isinstance(values_from({"username": results["username"]}, facts, now)["username"], str)
    except ContractBroken:
        return False


def reported(results: Results, name: str, facts: Facts, now: datetime) -> str | None:
    """A name of the row, ``None`` where it says none; nothing else of the row is read."""
    try:
        return _text(values_from({name: results[name]}, facts, now), name) if name in results else None
    except ContractBroken:
        return None


# A result of that name is how a customer connects, reported by the panel with the account.
_CONNECT = {
    "access_key": (ConnectKind.ACCESS_KEY, "Access key", True),
    "subscription_link": (ConnectKind.ACCESS_KEY, "Subscription link", True),
    "portal": (ConnectKind.PORTAL, "Portal address", False),
    "playlist": (ConnectKind.PLAYLIST, "Playlist (M3U)", True),
    "server": (ConnectKind.SERVER, "Server", False),
    "web": (ConnectKind.WEB, "Web page", False),
}


def _details(values: Values) -> Iterator[ConnectDetail]:
    for name, (kind, label, secret) in _CONNECT.items():
        value = _text(values, name)
        if value:
            yield ConnectDetail(kind=kind, label=label, value=Secret(value), secret=secret)


def _state(values: Values, expires: datetime | None, now: datetime) -> AccountState:
    """Left open where the panel does not tell it: then it is usable until it expires."""
    reported = values.get("state") or AccountState.ACTIVE.value
    try:
        state = AccountState(reported)
    except ValueError:
        state = None
    if state is None:
        raise ContractBroken("the panel's reply has a state that the description does not map", field="state")
    if state is AccountState.ACTIVE and expires is not None and expires <= now:
        return AccountState.EXPIRED
    return state


def _text(values: Values, name: str) -> str | None:
    value = values.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if value is not None and (not isinstance(value, str) or (not value and name in ("id", "username"))):
        raise ContractBroken(f"the panel's reply has a {name} that is no text", field=name)
    return value


def _whole(values: Values, name: str) -> int | None:
    value = values.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise ContractBroken(f"the panel's reply has a {name} that is no whole number", field=name)
    return value


def package_from(values: Values) -> Package:
    """Raises ``ContractBroken``."""
    own = _text(values, "id")
    if own is None:
        raise ContractBroken("the panel's package has no id", field="id")
    return Package(
        id=own,
        name=_text(values, "name") or own,
        connections=_whole(values, "connections"),
        price=amount(values, "price"),
        trial=values.get("trial") is True,
    )


def usage_from(values: Values) -> Usage:
    """Raises ``ContractBroken``."""
    username = _text(values, "username")
    if username is None:
        raise ContractBroken("the panel's reply has no username", field="username")
    seen = values.get("last_seen")
    return Usage(
        id=AccountId(_text(values, "id") or username),
        username=username,
        disk_bytes=_whole(values, "disk_bytes"),
        disk_limit_bytes=_whole(values, "disk_limit_bytes"),
        traffic_bytes=_whole(values, "traffic_bytes"),
        traffic_limit_bytes=_whole(values, "traffic_limit_bytes"),
        connections=_whole(values, "connections"),
        last_seen=seen if isinstance(seen, datetime) else None,
        never_seen=seen == NEVER,
        address=_text(values, "address"),
        player=_text(values, "player"),
    )


def amount(values: Values, name: str) -> Decimal | None:
    """A number with all its digits. Raises ``ContractBroken``."""
    value = values.get(name)
    if value is None:
        return None
    found = None if isinstance(value, bool) else _decimal(value)
    if found is None or not found.is_finite():
        raise ContractBroken(f"the panel's reply has a {name} that is no number", field=name)
    return found


def _decimal(value: Any) -> Decimal | None:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def text_of(values: Values, name: str) -> str | None:
    """Raises ``ContractBroken``."""
    return _text(values, name)


def clock_skew(facts: Facts, now: datetime) -> float | None:
    """Seconds that the panel's clock is ahead, by the Date of its reply; ``None`` when it has none."""
    try:
        reported = parsedate_to_datetime(facts["headers"].get("date", ""))
    except ValueError:
        return None
    return (_utc(reported) - now).total_seconds()
