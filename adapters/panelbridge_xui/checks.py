"""Pure: whether a line is ours, how far it is from what was asked, and what no credits are spent on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from panelbridge.contract.exceptions import Conflict, InvalidOrder
from panelbridge.contract.models import CreateOrder, Credentials, Purchase
from panelbridge_xui import mapping
from panelbridge_xui.kinds import Kind
from panelbridge_xui.rows import LINE_FLAGS, DeviceRow, LineRow, PackageRow

_FLAG_NAMES = {"is_trial": "trial", "is_restreamer": "restreamer", "is_isplock": "isp_lock"}
_EXTRA_NAMES = {
    "pair_id": "pair",
    "force_server_id": "forced_server",
    "forced_country": "forced_country",
    "isp_desc": "isp_lock",
    "as_number": "isp_lock",
}


def same_password(line: LineRow, credentials: Credentials) -> bool:
    return line.password.get_secret_value() == credentials.password.get_secret_value()


def owned(line: LineRow, order: CreateOrder, *, password_ignored: bool = False) -> bool:
    """Whether everything readable that proves ownership matches: name, password and reference.

    Emptied notes tell nothing. A password of the panel's own making (``password_ignored``: our group may not
    choose it) says nothing either, but then the reference must be there.
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


def moved_fields(before: LineRow, after: LineRow) -> tuple[str, ...]:
    """What an edit must leave alone unless it was asked to change it, and did not.

    Nothing is told of as null, as empty text, as 0 and as ``"[]"``: they are one.
    """
    reported = (*_columns_kept(before, after), *_settings_kept(before, after))
    return tuple(dict.fromkeys(name for name, same in reported if not same))


def _columns_kept(before: LineRow, after: LineRow) -> Iterator[tuple[str, bool]]:
    yield "username", before.username == after.username
    yield "password", before.password == after.password
    yield "until", mapping.same_second(before.expires_at, after.expires_at)
    yield "enabled", before.enabled == after.enabled
    yield "banned", before.admin_enabled == after.admin_enabled
    yield "connections", before.connections == after.connections
    yield "package", before.package_id == after.package_id
    yield "options.bouquets", set(before.bouquets) == set(after.bouquets)
    yield "outputs", set(before.outputs) == set(after.outputs)
    yield "reference", (before.reseller_notes or "") == (after.reseller_notes or "")
    yield "owner", before.member_id == after.member_id
    yield "device", _device_kept(before.device, after.device)


def _settings_kept(before: LineRow, after: LineRow) -> Iterator[tuple[str, bool]]:
    """What belongs to no plan of ours, and was set by somebody at the panel."""
    yield "admin_notes", (before.admin_notes or "") == (after.admin_notes or "")
    yield "contact", (before.contact or "") == (after.contact or "")
    yield "allowed_ips", set(before.allowed_ips) == set(after.allowed_ips)
    yield "allowed_ua", set(before.allowed_ua) == set(after.allowed_ua)
    for flag in LINE_FLAGS:
        yield _FLAG_NAMES.get(flag, flag), (flag in before.flags) == (flag in after.flags)
    had, has = dict(before.extras), dict(after.extras)
    for column, name in _EXTRA_NAMES.items():
        yield name, had.get(column) == has.get(column)


def _device_kept(before: DeviceRow | None, after: DeviceRow | None) -> bool:
    """Its MAC, and every column that was set: what the box itself reports may have another value by now."""
    if before is None or after is None:
        return before is after
    return before.mac == after.mac and {name for name, _ in before.hardware} <= {
        name for name, _ in after.hardware
    }


def sellable(package: PackageRow | None, kind: Kind) -> PackageRow:
    """The package, when it can be bought for an account that exists. Raises ``InvalidOrder``."""
    if package is None or kind not in package.kinds:
        raise InvalidOrder(f"the package is not offered to us for an account of kind {kind}", field="package")
    if package.trial_only:
        raise InvalidOrder("a trial package cannot extend a line", field="package")
    return package


def check_unmoved(line: LineRow, purchase: Purchase) -> None:
    """The fence's first half: buy only on the expiry the purchase was planned on. Raises ``Conflict``."""
    if not mapping.same_second(line.expires_at, purchase.before):
        raise Conflict(
            "the line's expiry is not what it was when this purchase was planned; nothing was bought",
            advice="The bridge reads the line again; somebody else may have extended it.",
        )


def needed(purchase: Purchase | None) -> Purchase:
    if purchase is None:
        raise InvalidOrder("this panel only sells terms: a purchase is needed", field="purchase")
    return purchase


def check_no_restart(line: LineRow, present: PackageRow | None, wanted: PackageRow, now: datetime) -> None:
    """Refuse a purchase that throws away paid time. An expired line has none left."""
    if line.expires_at is None:
        raise InvalidOrder(
            "the line never expires; a purchase would limit it, counted from now", field="package"
        )
    if line.expires_at > now and mapping.restarts_term(present, wanted):
        raise InvalidOrder(
            "the package does not fit the line's present one, so the panel would restart the term and the "
            "remaining time would be lost",
            field="package",
            advice="Sell a package of the same kind, or let the plan allow a restart.",
        )
