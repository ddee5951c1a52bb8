"""A subscription's row and its record."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row

from panelbridge.contract.models import AccountId, Term
from panelbridge.contract.secret import Secret
from panelbridge.ledger import ResellerId
from panelbridge.lifecycle import Anchor, SubscriptionState, SuspensionReason
from panelbridge.storage.vault.sealing import Vault
from panelbridge.subscriptions import (
    InstallationId,
    NextChange,
    PanelId,
    PlanId,
    Subscription,
    SubscriptionId,
    Suspension,
)


class SubscriptionRows:
    """From rows to records and back, their secrets sealed."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def record(self, row: Row[Any]) -> Subscription:
        anchor = Anchor(start=row.anchor_start, months=row.anchor_months) if row.anchor_start else None
        place = _row_name(row.installation_id, row.service_id)
        return Subscription(
            id=SubscriptionId(row.id),
            installation_id=InstallationId(row.installation_id),
            service_id=row.service_id,
            reseller_id=ResellerId(row.reseller_id),
            panel_id=PanelId(row.panel_id),
            plan_id=PlanId(row.plan_id),
            plan_version=row.plan_version,
            term=Term.parse(row.term),
            state=SubscriptionState.REFUSED if row.refused else SubscriptionState(row.state),
            generation=row.generation,
            revision=row.revision,
            created_at=row.created_at,
            package=row.package,
            anchor=anchor,
            period_from=row.period_from,
            entitled_until=row.entitled_until,
            panel_until=row.panel_until,
            account_id=AccountId(row.account_id) if row.account_id else None,
            adopted_reference=row.adopted_reference,
            customer=row.customer,
            username=row.username,
            connections=row.connections,
            mac=row.mac,
            suspensions=tuple(_suspension(item) for item in row.suspensions),
            next_change=_change(row.next_change),
            cancelled_at=row.cancelled_at,
            password=self._opened(row.password, place, "password"),
            connect=self._opened(row.connect, place, "connect"),
        )

    def values(self, subscription: Subscription) -> dict[str, Any]:
        anchor = subscription.anchor
        return {
            "installation_id": subscription.installation_id,
            "service_id": subscription.service_id,
            "reseller_id": subscription.reseller_id,
            "panel_id": subscription.panel_id,
            "plan_id": subscription.plan_id,
            "plan_version": subscription.plan_version,
            "term": str(subscription.term),
            "state": stored_state(subscription.state).value,
            "refused": subscription.state is SubscriptionState.REFUSED,
            "generation": subscription.generation,
            "revision": subscription.revision,
            "created_at": subscription.created_at,
            "package": subscription.package,
            "anchor_start": anchor.start if anchor else None,
            "anchor_months": anchor.months if anchor else 0,
            "period_from": subscription.period_from,
            "entitled_until": subscription.entitled_until,
            "panel_until": subscription.panel_until,
            "account_id": subscription.account_id,
            "adopted_reference": subscription.adopted_reference,
            "customer": subscription.customer,
            "username": subscription.username,
            "password": self._sealed(subscription, "password"),
            "connect": self._sealed(subscription, "connect"),
            "connections": subscription.connections,
            "mac": subscription.mac,
            "suspensions": [_suspension_values(item) for item in subscription.suspensions],
            "next_change": _change_values(subscription.next_change),
            "cancelled_at": subscription.cancelled_at,
        }

    def _sealed(self, subscription: Subscription, field: str) -> str | None:
        secret: Secret | None = getattr(subscription, field)
        if secret is None:
            return None
        place = _row_name(subscription.installation_id, subscription.service_id)
        return self._vault.keep(secret, table="subscriptions", row=place, field=field)

    def _opened(self, sealed: str | None, place: str, field: str) -> Secret | None:
        if sealed is None:
            return None
        return self._vault.at_rest(sealed, table="subscriptions", row=place, field=field)


def stored_state(state: SubscriptionState) -> SubscriptionState:
    """A refused order is a pending one with a mark: the column's own rule knows the four others."""
    return SubscriptionState.PENDING if state is SubscriptionState.REFUSED else state


def _row_name(installation: int, service: int) -> str:
    """Known before the row has an id: the natural key of a subscription."""
    return f"{installation}.{service}"


def _suspension_values(item: Suspension) -> dict[str, str]:
    return {"reason": item.reason.value, "owner": item.owner, "note": item.note, "at": item.at.isoformat()}


def _suspension(item: dict[str, str]) -> Suspension:
    return Suspension(
        reason=SuspensionReason(item["reason"]),
        owner=item["owner"],
        note=item["note"],
        at=datetime.fromisoformat(item["at"]),
    )


def _change_values(change: NextChange | None) -> dict[str, Any] | None:
    if change is None:
        return None
    return {
        "plan_id": change.plan_id,
        "plan_version": change.plan_version,
        "term": str(change.term),
        "connections": change.connections,
        "asked_by": change.asked_by,
        "asked_at": change.asked_at.isoformat(),
    }


def _change(values: dict[str, Any] | None) -> NextChange | None:
    if values is None:
        return None
    return NextChange(
        plan_id=PlanId(values["plan_id"]),
        plan_version=values["plan_version"],
        term=Term.parse(values["term"]),
        connections=values["connections"],
        asked_by=values["asked_by"],
        asked_at=datetime.fromisoformat(values["asked_at"]),
    )
