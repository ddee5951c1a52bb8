"""Why something waits for a person, by code."""

from __future__ import annotations

from collections.abc import Mapping

SENT_AGAIN = "sent_again"
"""Code of an item that outlives its operation: a person closes it."""

WHY: Mapping[str, str] = {
    "account_absent": "a verb met an account that the panel proved absent",
    "account_conflict": "the name or device belongs to an account that is not provably ours",
    "account_without_charge": "the account of a released operation turned up after all, and was never paid",
    "credits_low": "a reseller's credits fell below the floor",
    "exists_id_unknown": "our account exists, and nothing we may read shows its id",
    "bought_twice": "a purchase that was sent again took effect both times, and was charged once",
    "fence_mismatch": "the expiry is where one purchase cannot have put it",
    "half_made": "a part of an account is at the panel, and nothing we may call completes or removes it",
    "install_failed": "the panel made the server and could not install it",
    "insufficient_panel_credit": "our credit at the panel itself is used up; the order waits",
    "late_creates": "more accounts than a round takes away were finished after their services had ended",
    "moved_elsewhere": "somebody moved an expiry before a purchase; nothing was bought",
    "not_settled": "an operation has been tried in vain for a while; the bridge goes on",
    "panel_waits": "operations of a panel have been tried in vain, or wait behind it; the bridge goes on",
    "purchase_in_doubt": "a purchase shows no effect, and is not sent again by itself",
    "purchase_without_charge": "a released purchase took effect after all, and was never charged",
    "sent_again": "a purchase without any effect was sent again; the first one may still take effect",
    "length_differs": "a package lasts longer or shorter at the panel than the term that was sold",
    "old_hold": "credits have been held for more than a day",
    "orphan_account": "billing deleted a service whose account still exists",
    "package_differs": "the account has another package or number of connections than was sold",
    "refunded": "billing refunded an invoice of a service; nothing was taken back here",
    "shop_settings": "a setting of the shop can undo prepaid renewals",
    "step_failed": "the next step of an operation broke several times in a row; the log says where",
    "unknown_too_long": "the panel could not be asked for a day",
    "writes_off": "the bridge stopped every effect outside until a person has looked; the message says why",
    "waits_for_credit": "a renewal that billing takes for done waits for the reseller's credit",
}
"""What puts a thing before a person, by code; other codes are those of the panel error it ended with."""
