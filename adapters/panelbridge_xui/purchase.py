"""What is checked before our credits are spent. Pure; every refusal here means that nothing was bought."""

from __future__ import annotations

from datetime import datetime

from panelbridge.exceptions import Conflict, InvalidOrder
from panelbridge.models import Purchase
from panelbridge_xui import mapping
from panelbridge_xui.kinds import Kind
from panelbridge_xui.rows import LineRow, PackageRow


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
