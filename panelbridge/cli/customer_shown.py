"""A customer, and what came of a change to one, as commands show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from panelbridge.cli.screen import Screen

if TYPE_CHECKING:
    from panelbridge.actions.customer_views import CustomerChanged, CustomerView


def tell_changed(screen: Screen, reported: CustomerChanged) -> None:
    """What came of a change."""
    what = ", ".join(reported.changed) if reported.changed else "nothing: it was so already"
    screen.answer(reported, ("changed", what), title=f"Customer {reported.id}")


def customer_facts(view: CustomerView) -> list[tuple[str, object]]:
    """Names and values, without what is empty."""
    known = view.profile.model_dump() if view.profile is not None else {}
    facts = [(field.replace("_", " "), value) for field, value in known.items() if value]
    if view.merged_into is not None:
        facts.append(("merged into", f"customer {view.merged_into}"))
    if view.erased_at is not None:
        facts.append(("erased", view.erased_at))
    if view.client_id is not None:
        facts.append(("client id in the shop", view.client_id))
    of_place = ("country", "locale", "time_zone", "currency", "storefront", "agent", "registered_on")
    facts += [(field.replace("_", " "), value) for field in of_place if (value := getattr(view, field))]
    facts += [(f"{one.kind} (contact {one.id})", f"{one.value} {one.label}".strip()) for one in view.contacts]
    facts.append(("tags", view.tags))
    facts += [
        (
            f"consent: {one.purpose}",
            f"{'given' if one.given else 'taken back'} {one.at:%Y-%m-%d}, {one.source}",
        )
        for one in view.consents
    ]
    sold = [
        f"{one.id} {one.plan} {one.term}, {one.state}, {one.username or '-'}" for one in view.subscriptions
    ]
    facts.append(("subscriptions", "\n".join(sold) or "none"))
    facts.append(("profile edited in", view.owned_by))
    return facts
