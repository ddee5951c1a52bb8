"""Resellers, installations, panels, plans and subscriptions on SQLAlchemy Core."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Row,
    Table,
    bindparam,
    case,
    cast,
    func,
    insert,
    select,
    text,
    update,
)

from panelbridge.contract.models import AccountId, Term
from panelbridge.contract.secret import Secret
from panelbridge.ledger import Credits, ResellerId
from panelbridge.lifecycle import Anchor, SubscriptionState, SuspensionReason
from panelbridge.storage.engine.prepared import Prepared, StoreMemory
from panelbridge.storage.provisioning.effects_tables import SPENT_SUBSCRIPTIONS, marks
from panelbridge.storage.subscriptions.tables import (
    installations,
    panels,
    plan_versions,
    plans,
    resellers,
    subscriptions,
)
from panelbridge.storage.vault.sealing import Vault
from panelbridge.subscriptions import (
    Installation,
    InstallationId,
    Mode,
    Panel,
    PanelId,
    Plan,
    PlanId,
    PlanTerm,
    Reseller,
    Subscription,
    SubscriptionId,
    Suspension,
)
from panelbridge.subscriptions.models import NextChange


def _by_id(table: Table) -> Prepared:
    return Prepared(select(table).where(table.c.id == bindparam("wanted")), typed=True)


_RESELLER, _INSTALLATION = _by_id(resellers), _by_id(installations)
_PANEL, _SUBSCRIPTION = _by_id(panels), _by_id(subscriptions)
_OF_SERVICE = Prepared(
    select(subscriptions).where(
        subscriptions.c.installation_id == bindparam("installation"),
        subscriptions.c.service_id == bindparam("service"),
    ),
    typed=True,
)
_PLAN_AT = Prepared(
    select(plan_versions, plans.c.reseller_id, plans.c.code, plans.c.id)
    .join(plans, plans.c.id == plan_versions.c.plan_id)
    .where(plan_versions.c.plan_id == bindparam("wanted"), plan_versions.c.version == bindparam("at")),
    typed=True,
)
_PLAN_NOW = select(plan_versions, plans.c.reseller_id, plans.c.code, plans.c.id).join(
    plans, (plans.c.id == plan_versions.c.plan_id) & (plans.c.version == plan_versions.c.version)
)
_PLAN_LATEST = Prepared(_PLAN_NOW.where(plans.c.id == bindparam("wanted")), typed=True)
_PLAN_NAMED = Prepared(
    _PLAN_NOW.where(plans.c.reseller_id == bindparam("reseller"), plans.c.code == bindparam("named")),
    typed=True,
)
_OF_ACCOUNT = Prepared(  # by the index that holds one account to one living subscription
    select(subscriptions).where(
        subscriptions.c.panel_id == bindparam("panel"),
        subscriptions.c.account_id == bindparam("account"),
        text("state != 'terminated'"),
    ),
    typed=True,
)
_CODES = Prepared(
    select(
        select(plans.c.code).where(plans.c.id == bindparam("plan")).scalar_subquery(),
        select(panels.c.code).where(panels.c.id == bindparam("panel")).scalar_subquery(),
    )
)
# Where they are not named as the column.
_FIELDS = {"anchor_start": "anchor", "anchor_months": "anchor", "refused": "state"}
_KEPT_COLUMNS = [column.name for column in subscriptions.c if column.name != "id"]
# An id names one subscription for ever: accounts at panels bear it. What lost books gave out is spent.
_NEXT_ID = 1 + func.max(
    func.coalesce(select(func.max(subscriptions.c.id)).scalar_subquery(), 0),
    func.coalesce(
        select(cast(marks.c.value, Integer)).where(marks.c.name == SPENT_SUBSCRIPTIONS).scalar_subquery(), 0
    ),
)
_ADD = Prepared(
    insert(subscriptions)
    .values({name: bindparam(name) for name in _KEPT_COLUMNS} | {"id": _NEXT_ID})
    .returning(subscriptions.c.id),
    typed=True,
)


@lru_cache(maxsize=256)
def _saving(columns: frozenset[str]) -> Prepared:
    return Prepared(
        update(subscriptions)
        .where(subscriptions.c.id == bindparam("wanted"))
        .values({name: bindparam(f"new_{name}") for name in sorted(columns)}),
        typed=True,
    )


class SqlSubscriptionStore:
    """Implements ``panelbridge.subscriptions.SubscriptionStore`` inside an open transaction."""

    def __init__(self, connection: Connection, vault: Vault, memory: StoreMemory | None = None) -> None:
        self._connection = connection
        self._vault = vault
        self._memory = memory or StoreMemory()
        # As this transaction saw or wrote them last: nobody else changes what it sees, so a row is read once.
        self._read: dict[SubscriptionId, Subscription] = {}
        self._panels: dict[PanelId, Panel] = {}
        self._plans: dict[tuple[PlanId, int], Plan] = {}  # a version never changes

    def reseller(self, reseller: ResellerId) -> Reseller | None:
        row = self._one(_RESELLER, wanted=reseller)
        return _reseller(row) if row else None

    def resellers(self) -> Sequence[Reseller]:
        rows = self._connection.execute(select(resellers).order_by(resellers.c.code))
        return [_reseller(row) for row in rows]

    def add_reseller(self, code: str, name: str, parent: ResellerId | None = None) -> Reseller:
        made = self._insert(resellers, {"code": code, "name": name, "parent_id": parent})
        return Reseller(id=ResellerId(made), code=code, name=name, parent_id=parent)

    def installation(self, installation: InstallationId) -> Installation | None:
        row = self._one(_INSTALLATION, wanted=installation)
        return _installation(row) if row else None

    def installations(self) -> Sequence[Installation]:
        rows = self._connection.execute(select(installations).order_by(installations.c.code))
        return [_installation(row) for row in rows]

    def add_installation(self, installation: Installation) -> Installation:
        made = self._insert(
            installations,
            {
                "reseller_id": installation.reseller_id,
                "code": installation.code,
                "mode": installation.mode.value,
                "system_url": installation.system_url,
                "module_id": installation.module_id,
                "bound_at": installation.bound_at,
            },
        )
        return replace(installation, id=InstallationId(made))

    def bind_installation(
        self, installation: InstallationId, *, system_url: str | None, module_id: str | None, at: datetime
    ) -> None:
        self._connection.execute(
            update(installations)
            .where(installations.c.id == installation)
            .values(system_url=system_url, module_id=module_id, bound_at=at if system_url else None)
        )

    def panel(self, panel: PanelId) -> Panel | None:
        found = self._panels.get(panel)
        if found is None:
            rows = _PANEL.run(self._connection, {"wanted": panel})
            found = rows.known(self._memory.panels, self._panel)
            if found is not None:
                self._panels[panel] = found
        return found

    def panel_named(self, code: str) -> Panel | None:
        row = self._connection.execute(select(panels).where(panels.c.code == code)).one_or_none()
        return self._panel(row) if row else None

    def panels(self) -> Sequence[Panel]:
        return [self._panel(row) for row in self._connection.execute(select(panels).order_by(panels.c.code))]

    def add_panel(self, panel: Panel) -> Panel:
        made = self._insert(panels, {**_panel_values(panel), "secrets": {}})
        added = replace(panel, id=PanelId(made))
        self._seal_panel(added)
        return added

    def save_panel(self, panel: Panel) -> None:
        self._connection.execute(update(panels).where(panels.c.id == panel.id).values(**_panel_values(panel)))
        self._seal_panel(panel)
        self._panels.pop(panel.id, None)

    def plan(self, plan: PlanId, version: int | None = None) -> Plan | None:
        if version is None:
            return self._known_plan(_PLAN_LATEST, wanted=plan)
        return self._plans.get((plan, version)) or self._known_plan(_PLAN_AT, wanted=plan, at=version)

    def plan_named(self, reseller: ResellerId, code: str) -> Plan | None:
        return self._known_plan(_PLAN_NAMED, reseller=reseller, named=code)

    def plans(self, reseller: ResellerId | None = None) -> Sequence[Plan]:
        query = _PLAN_NOW.order_by(plans.c.code)
        if reseller is not None:
            query = query.where(plans.c.reseller_id == reseller)
        return [_plan(row) for row in self._connection.execute(query)]

    def save_plan(self, plan: Plan) -> Plan:
        known = self.plan_named(plan.reseller_id, plan.code)
        version = known.version + 1 if known else 1
        if known is None:
            owner = {"reseller_id": plan.reseller_id, "code": plan.code, "version": 1}
            plan_id = PlanId(self._insert(plans, owner))
        else:
            plan_id = known.id
            self._connection.execute(update(plans).where(plans.c.id == plan_id).values(version=version))
        saved = replace(plan, id=plan_id, version=version)
        self._connection.execute(insert(plan_versions).values(**_plan_values(saved)))
        return saved

    def codes(self, plan: PlanId, panel: PanelId) -> tuple[str | None, str | None]:
        known = self._memory.codes.get((plan, panel))
        if known is None:
            known = _CODES.run(self._connection, {"plan": plan, "panel": panel}).first()
            if None not in known:
                self._memory.codes[plan, panel] = known
        return known

    def subscription(self, subscription: SubscriptionId) -> Subscription | None:
        return self._read.get(subscription) or self._known_subscription(_SUBSCRIPTION, wanted=subscription)

    def of_service(self, installation: InstallationId, service_id: int) -> Subscription | None:
        return self._known_subscription(_OF_SERVICE, installation=installation, service=service_id)

    def cancelled(self, installation: InstallationId) -> Sequence[int]:
        query = select(subscriptions.c.service_id).where(
            subscriptions.c.installation_id == installation,
            subscriptions.c.cancelled_at.is_not(None),
            subscriptions.c.state != SubscriptionState.TERMINATED.value,
        )
        return list(self._connection.execute(query.order_by(subscriptions.c.service_id)).scalars())

    def of_account(self, panel: PanelId, account: AccountId) -> Subscription | None:
        return self._known_subscription(_OF_ACCOUNT, panel=panel, account=account)

    def holder(
        self, panels: Sequence[PanelId], account: AccountId, username: str, *, but: SubscriptionId
    ) -> Subscription | None:
        query = select(subscriptions).where(
            subscriptions.c.panel_id.in_(panels),
            (subscriptions.c.account_id == account)
            | (subscriptions.c.account_id.is_not(None) & (subscriptions.c.username == username)),
            subscriptions.c.state != SubscriptionState.TERMINATED.value,
            subscriptions.c.id != but,
        )
        row = self._connection.execute(query.order_by(subscriptions.c.id).limit(1)).one_or_none()
        return self._subscription(row) if row else None

    def sharing_login(self, subscription: Subscription) -> Sequence[Subscription]:
        query = select(subscriptions).where(
            subscriptions.c.panel_id == subscription.panel_id,
            subscriptions.c.installation_id == subscription.installation_id,
            subscriptions.c.customer == subscription.customer,
            subscriptions.c.username == subscription.username,
            subscriptions.c.account_id.is_not(None),
            subscriptions.c.state != SubscriptionState.TERMINATED.value,
            subscriptions.c.id != subscription.id,
        )
        found = [self._subscription(row) for row in self._connection.execute(query.order_by("id"))]
        self._read.update({item.id: item for item in found})
        return found

    def insert(self, subscription: Subscription) -> Subscription:
        made = _ADD.run(self._connection, self._values(subscription)).scalar_one()
        added = replace(subscription, id=SubscriptionId(made))
        self._read[added.id] = added
        return added

    def save(self, subscription: Subscription) -> None:
        values = self._values(subscription)
        read = self._read.get(subscription.id)
        if read is not None:  # unchanged columns are left alone: each has its indexes and parents
            now, before = vars(subscription), vars(read)
            values = {
                name: value
                for name, value in values.items()
                if now[field := _FIELDS.get(name, name)] is not before[field] and now[field] != before[field]
            }
        self._read[subscription.id] = subscription
        if values:
            named = {f"new_{name}": value for name, value in values.items()}
            _saving(frozenset(values)).run(self._connection, named | {"wanted": subscription.id})

    def search(
        self,
        *,
        reseller: ResellerId | None = None,
        installation: InstallationId | None = None,
        panel: PanelId | None = None,
        state: SubscriptionState | None = None,
        entitled_before: datetime | None = None,
        expiring_within: timedelta | None = None,
        now: datetime | None = None,
        after: SubscriptionId | None = None,
        limit: int = 100,
    ) -> Sequence[Subscription]:
        query = select(subscriptions).order_by(subscriptions.c.id).limit(limit)
        exact = {"reseller_id": reseller, "installation_id": installation, "panel_id": panel}
        for name, value in exact.items():
            if value is not None:
                query = query.where(subscriptions.c[name] == value)
        if state is not None:
            query = query.where(*_in_state(state))
        if entitled_before is not None:
            query = query.where(subscriptions.c.entitled_until <= entitled_before)
        if expiring_within is not None and now is not None:
            query = query.where(subscriptions.c.entitled_until.between(now, now + expiring_within))
        if after is not None:
            query = query.where(subscriptions.c.id > after)
        return [self._subscription(row) for row in self._connection.execute(query)]

    def account_ids(self, panel: PanelId, limit: int = 1000) -> Sequence[AccountId]:
        """Ids of the panel's accounts that the books hold, those of the newest subscriptions first."""
        held = subscriptions.c.account_id
        query = select(held).where(subscriptions.c.panel_id == panel, held.is_not(None))
        newest = query.order_by(subscriptions.c.id.desc()).limit(limit)
        return [AccountId(row[0]) for row in self._connection.execute(newest)]

    def counts(self) -> dict[str, int]:
        """Subscriptions by state."""
        state = case((subscriptions.c.refused, SubscriptionState.REFUSED.value), else_=subscriptions.c.state)
        query = select(state, func.count()).group_by(state)
        return {row[0]: row[1] for row in self._connection.execute(query)}

    def _known_plan(self, query: Prepared, **values: Any) -> Plan | None:
        found: Plan | None = query.run(self._connection, values).known(self._memory.plans, _plan)
        if found is not None:
            self._plans[found.id, found.version] = found
        return found

    def _known_subscription(self, query: Prepared, **values: Any) -> Subscription | None:
        found: Subscription | None = query.run(self._connection, values).known(
            self._memory.subscriptions, self._subscription
        )
        if found is not None:
            self._read[found.id] = found
        return found

    def _one(self, query: Prepared, **values: Any) -> Any:
        return query.run(self._connection, values).first()

    def _insert(self, table: Table, values: dict[str, Any]) -> int:
        key = self._connection.execute(insert(table), values).inserted_primary_key
        if key is None:
            msg = f"{table.name} gave no id"
            raise RuntimeError(msg)
        return int(key[0])

    def _seal_panel(self, panel: Panel) -> None:
        sealed = {
            name: self._vault.keep(secret, table="panels", row=str(panel.id), field=name)
            for name, secret in panel.secrets.items()
        }
        self._connection.execute(update(panels).where(panels.c.id == panel.id).values(secrets=sealed))

    def _panel(self, row: Row[Any]) -> Panel:
        return Panel(
            id=PanelId(row.id),
            code=row.code,
            backend=row.backend,
            settings=row.settings,
            secrets={
                name: self._vault.at_rest(sealed, table="panels", row=str(row.id), field=name)
                for name, sealed in row.secrets.items()
            },
            practice=row.practice,
            writes_enabled=row.writes_enabled,
        )

    def _values(self, subscription: Subscription) -> dict[str, Any]:
        anchor = subscription.anchor
        return {
            "installation_id": subscription.installation_id,
            "service_id": subscription.service_id,
            "reseller_id": subscription.reseller_id,
            "panel_id": subscription.panel_id,
            "plan_id": subscription.plan_id,
            "plan_version": subscription.plan_version,
            "term": str(subscription.term),
            "state": _stored_state(subscription.state).value,
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

    def _subscription(self, row: Row[Any]) -> Subscription:
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

    def _opened(self, sealed: str | None, place: str, field: str) -> Secret | None:
        if sealed is None:
            return None
        return self._vault.at_rest(sealed, table="subscriptions", row=place, field=field)


def _stored_state(state: SubscriptionState) -> SubscriptionState:
    """A refused order is a pending one with a mark: the column's own rule knows the four others."""
    return SubscriptionState.PENDING if state is SubscriptionState.REFUSED else state


def _in_state(state: SubscriptionState) -> tuple[ColumnElement[bool], ...]:
    marked = subscriptions.c.refused if state is SubscriptionState.REFUSED else ~subscriptions.c.refused
    return subscriptions.c.state == _stored_state(state).value, marked


def _row_name(installation: int, service: int) -> str:
    """Known before the row has an id: the natural key of a subscription."""
    return f"{installation}.{service}"


def _reseller(row: Row[Any]) -> Reseller:
    parent = ResellerId(row.parent_id) if row.parent_id is not None else None
    return Reseller(id=ResellerId(row.id), code=row.code, name=row.name, parent_id=parent)


def _installation(row: Row[Any]) -> Installation:
    return Installation(
        id=InstallationId(row.id),
        reseller_id=ResellerId(row.reseller_id),
        code=row.code,
        mode=Mode(row.mode),
        system_url=row.system_url,
        module_id=row.module_id,
        bound_at=row.bound_at,
    )


def _panel_values(panel: Panel) -> dict[str, Any]:
    return {
        "code": panel.code,
        "backend": panel.backend,
        "settings": dict(panel.settings),
        "practice": panel.practice,
        "writes_enabled": panel.writes_enabled,
    }


def _plan_values(plan: Plan) -> dict[str, Any]:
    return {
        "plan_id": plan.id,
        "version": plan.version,
        "title": plan.title,
        "panel_id": plan.panel_id,
        "terms": [
            {
                "term": str(offer.term),
                "package": offer.package,
                "price": offer.price.units,
                "extra_connection": offer.extra_connection.units
                if offer.extra_connection is not None
                else None,
            }
            for offer in plan.terms
        ],
        "connections": plan.connections,
        "options": dict(plan.options),
        "queue_without_credit": plan.queue_without_credit,
        "allow_purchase": plan.allow_purchase,
        "allow_restart": plan.allow_restart,
        "grace_hours": plan.grace_hours,
        "active": plan.active,
    }


def _plan(row: Row[Any]) -> Plan:
    offers = tuple(
        PlanTerm(
            term=Term.parse(item["term"]),
            package=item["package"],
            price=Credits(units=item["price"]),
            extra_connection=Credits(units=extra)
            if (extra := item["extra_connection"]) is not None
            else None,
        )
        for item in row.terms
    )
    return Plan(
        id=PlanId(row.id),
        reseller_id=ResellerId(row.reseller_id),
        code=row.code,
        version=row.version,
        title=row.title,
        panel_id=PanelId(row.panel_id),
        terms=offers,
        connections=row.connections,
        options=row.options,
        queue_without_credit=row.queue_without_credit,
        allow_purchase=row.allow_purchase,
        allow_restart=row.allow_restart,
        grace_hours=row.grace_hours,
        active=row.active,
    )


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
