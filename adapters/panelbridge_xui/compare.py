"""Whether a line is ours, and how far it is from what was asked. Pure."""

from __future__ import annotations

from panelbridge.models import CreateOrder, Credentials
from panelbridge_xui.rows import LineRow


def same_password(line: LineRow, credentials: Credentials) -> bool:
    return line.password.get_secret_value() == credentials.password.get_secret_value()


def owned(line: LineRow, order: CreateOrder, *, password_ignored: bool = False) -> bool:
    """Whether everything readable that proves ownership matches: name, password and reference.

    Emptied notes tell nothing. A password of the panel's own making (``password_ignored``: our group may not
    choose it) tells nothing either, but then the reference must be there.
    """
    if line.username != order.credentials.username:
        return False
    if password_ignored:
        return line.reseller_notes == order.reference
    return same_password(line, order.credentials) and line.reseller_notes in (None, "", order.reference)


def create_differs(
    line: LineRow, order: CreateOrder, bouquets: tuple[str, ...] | None, *, expiry_fits: bool
) -> tuple[str, ...]:
    """Fields of a created line that are not as ordered."""
    asked = order.credentials
    checks = {
        "username": line.username == asked.username,
        "password": same_password(line, asked),
        "package": str(line.package_id) == order.package,
        "until": expiry_fits,
        "connections": order.connections is None or line.connections == order.connections,
        "reference": line.reseller_notes == order.reference,
        "options.bouquets": bouquets is None or set(line.bouquets) == set(bouquets),
    }
    return tuple(name for name, fits in checks.items() if not fits)
