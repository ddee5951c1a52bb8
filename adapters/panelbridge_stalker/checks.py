"""What is checked before anything is sent: the panel validates little, and stores what it is given."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from panelbridge.contract.capabilities import TextRule
from panelbridge.contract.exceptions import InvalidOrder
from panelbridge.contract.models import CreateOrder
from panelbridge.contract.secret import Secret
from panelbridge_stalker import dates
from panelbridge_stalker.mapping import Comment, Mark, Row, number_of

NAMES = TextRule()
"""Letters and digits: a login with ``/`` or ``,`` cannot be asked for, one with a colon may be a MAC."""

_REFERENCE = re.compile(r"[!-~]([ -~]{0,198}[!-~])?")
_PACKAGES = "packages"
_LONGEST = 255  # of anything put into a path


def address(identifier: str) -> str:
    """``identifier`` when it names one account in a path. Raises ``InvalidOrder``.

    An empty one would be answered with the first account of all, one with a comma with several.
    """
    fits = identifier.isprintable() and not set(identifier) & set("/,\\") and 0 < len(identifier) <= _LONGEST
    mac = mac_or_none(identifier) if ":" in identifier else None
    if not fits or identifier in (".", "..") or (":" in identifier and mac is None):
        raise InvalidOrder("the panel cannot be asked for an account of that name", field="id")
    return mac or identifier


def mac_or_none(text: str) -> str | None:
    """``text`` in upper-case colon form; ``None`` when it is no MAC."""
    digits = re.sub(r"[:.\s-]", "", text).upper()
    if re.fullmatch("[0-9A-F]{12}", digits) is None:
        return None
    return ":".join(digits[index : index + 2] for index in range(0, 12, 2))


def check_password(password: Secret) -> str:
    """The password in clear. An empty one would be ignored with success. Raises ``InvalidOrder``."""
    text = password.get_secret_value()
    breach = NAMES.breach(text)
    if breach is not None:
        raise InvalidOrder(f"the password {breach}", field="password")
    return text


def check_connections(connections: int | None) -> None:
    """Raises ``InvalidOrder``: an account serves one box, several boxes are several accounts."""
    if connections not in (None, 1):
        raise InvalidOrder("an account of this panel has one connection", field="connections")


def packages_of(options: Mapping[str, str]) -> frozenset[str] | None:
    """The option ``packages``: external ids, comma separated; ``None`` when it is not given."""
    if not set(options) <= {_PACKAGES}:
        raise InvalidOrder("the only option of this panel is packages", field="options")
    text = options.get(_PACKAGES)
    if text is None:
        return None
    return frozenset(item.strip() for item in text.split(",") if item.strip())


def first_fields(order: CreateOrder, zone: ZoneInfo | None) -> dict[str, str]:
    """The first of two writes: an account switched off and marked unfinished. Raises ``InvalidOrder``."""
    name = order.credentials.username
    breach = NAMES.breach(name)
    if breach is not None:
        raise InvalidOrder(f"the login name {breach}", field="username")
    check_connections(order.connections)
    fields = {
        "login": name,
        "password": check_password(order.credentials.password),
        "account_number": number_of(check_reference(order.reference)),
        "tariff_plan": order.package,
        "status": "0",
        "comment": Comment(reference=order.reference, mark=Mark.UNFINISHED).written(),
        **dated(order.until, zone),
    }
    if order.mac is not None:
        mac = mac_or_none(order.mac)
        if mac is None:
            raise InvalidOrder("the device address must be 12 hexadecimal digits", field="mac")
        fields["stb_mac"] = mac
    return fields


def last_fields(order: CreateOrder) -> dict[str, str]:
    """The second write: the password once more, for the panel's own create stores it in two statements."""
    password = check_password(order.credentials.password)
    return {"password": password, "comment": order.reference, "status": "1"}


def missing_fields(order: CreateOrder, row: Row, zone: ZoneInfo | None) -> dict[str, str]:
    """What an earlier try left otherwise than ordered, of plan and date."""
    wanted = {"tariff_plan": order.package, **dated(order.until, zone)}
    has = {"tariff_plan": row.tariff, "end_date": row.end_date}
    return {name: value for name, value in wanted.items() if has[name] != value}


def dated(until: datetime, zone: ZoneInfo | None) -> dict[str, str]:
    """``end_date``, where the panel keeps expiry. Raises ``InvalidOrder``."""
    return {} if zone is None else {"end_date": dates.end_date_to(until, zone)}


def check_reference(reference: str) -> str:
    """Raises ``InvalidOrder`` unless the comment can hold it and give it back."""
    is_plain = Comment.read(reference) == Comment(reference=reference)
    if not is_plain or _REFERENCE.fullmatch(reference) is None:
        raise InvalidOrder("a reference is 1 to 200 printable ASCII characters", field="reference")
    return reference
