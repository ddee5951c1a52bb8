"""Panels: the remote systems, what they sell, and whether they answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Self

from pydantic import BaseModel, Field, JsonValue, SecretStr

from panelbridge.actions.context import Context
from panelbridge.actions.fields import Body, Bool, Code, View
from panelbridge.actions.paging import PageQuery, cut
from panelbridge.actions.problems import Problem
from panelbridge.contract.exceptions import AdapterLoadError, SettingsInvalid
from panelbridge.contract.exposures import exposures
from panelbridge.contract.registry import load_adapter
from panelbridge.contract.secret import Secret, readable
from panelbridge.contract.settings import read_settings, secret_fields
from panelbridge.service.effects import lift_stop
from panelbridge.subscriptions import Panel, PanelId

STARS = "***"

Settings = dict[str, JsonValue]  # a backend's own: most are single values, some a map or a list


class NewPanel(Body):
    """A panel to be added. ``settings`` are the backend's own; its secrets are sealed and never shown."""

    code: Code
    backend: Code = Field(description="name of an installed adapter")
    settings: Settings = Field(repr=False)
    practice: Bool = Field(default=False, description="a simulated panel: test keys only")
    writes_enabled: Bool = True


class PanelChange(Body):
    """What shall be different. Settings left out stay as they are."""

    settings: Settings = Field(default_factory=dict, repr=False)
    writes_enabled: Bool | None = None


class PanelView(View):
    """A panel; its secrets are starred."""

    id: int
    code: str
    backend: str
    settings: dict[str, Any]
    practice: bool
    writes_enabled: bool

    @classmethod
    def of(cls, panel: Panel) -> Self:
        """What is shown of ``panel``."""
        return cls(
            id=panel.id,
            code=panel.code,
            backend=panel.backend,
            settings={**panel.settings, **dict.fromkeys(panel.secrets, STARS)},
            practice=panel.practice,
            writes_enabled=panel.writes_enabled,
        )


class PanelPage(View):
    """A page of panels."""

    items: tuple[PanelView, ...]
    next: int | None


class ConnectionView(View):
    """What a panel says of itself."""

    version: str | None
    identity: str
    missing_permissions: tuple[str, ...]
    clock_skew: float | None = Field(description="seconds, panel minus bridge")
    balance: str | None = Field(description="our credit at the panel, in the panel's own unit")
    warnings: tuple[str, ...]


def panel_named(context: Context, code: str) -> Panel:
    """The panel ``code``. Raises ``not_found``."""
    return _known(context.unit.panels.named(code), code)


def _panel_to_change(context: Context, code: str) -> Panel:
    """Nobody else changes it meanwhile: its record is written whole. Raises ``not_found``."""
    return _known(context.unit.panels.lock_named(code), code)


def _known(panel: Panel | None, code: str) -> Panel:
    if panel is None:
        raise Problem("not_found", f"There is no panel {code}.")
    return panel


def panel_to_ask(context: Context, code: str) -> Panel:
    """The panel, for a view that calls it. Raises ``not_found`` and, for a shop's key, ``mode_mismatch``."""
    with context.services.units.read() as unit:
        panel = _known(unit.panels.named(code), code)
    if not context.caller.is_operator:
        context.caller.check_panel(panel)
    return panel


def list_panels(context: Context, query: PageQuery) -> PanelPage:
    """List panels."""
    found = context.unit.panels.page(query.after, query.limit + 1)
    items, after = cut(found, query, lambda panel: panel.id)
    return PanelPage(items=tuple(PanelView.of(panel) for panel in items), next=after)


def show_panel(context: Context, code: str) -> PanelView:
    """Show one panel."""
    return PanelView.of(panel_named(context, code))


def add_panel(context: Context, body: NewPanel) -> PanelView:
    """Add a panel; its settings are checked, the panel is not called."""
    store = context.unit.panels
    if store.named(body.code) is not None:
        raise Problem("code_taken", f"There is a panel {body.code} already.", field="code")
    model = _settings_model(body.backend, body.settings)
    plain, secrets = _split(model, body.settings)
    panel = Panel(
        id=PanelId(0),
        code=body.code,
        backend=body.backend,
        settings=plain,
        secrets=secrets,
        practice=body.practice,
        writes_enabled=body.writes_enabled and context.unit.effects.lock() is None,
    )
    return PanelView.of(store.add(panel))


def change_panel(context: Context, body: PanelChange, code: str) -> PanelView:
    """Change settings of a panel, or switch its writes on or off."""
    if body.writes_enabled:
        context.unit.effects.lock()  # before any panel: who stops everything changes them all
    panel = _panel_to_change(context, code)
    if body.settings:
        # One that cannot be opened is missing here, and named unless it is given anew.
        known = {name: readable(secret) for name, secret in panel.secrets.items()}
        kept = {name: value for name, value in known.items() if value is not None}
        values = {**panel.settings, **kept, **body.settings}
        plain, secrets = _split(_settings_model(panel.backend, values), values)
        panel = replace(panel, settings=plain, secrets=secrets)
    if body.writes_enabled is not None:
        panel = replace(panel, writes_enabled=body.writes_enabled)
    if body.writes_enabled and lift_stop(context.unit, context.caller.actor, context.now):
        context.after_commit(context.services.books_confirmed)
    context.unit.panels.save(panel)
    context.after_commit(lambda: context.services.panel_changed(panel.id))
    return PanelView.of(panel)


def show_connection(context: Context, code: str) -> ConnectionView:
    """Ask the panel who we are, what we may do, and how far its clock is off."""
    found = context.services.panels.adapter(panel_to_ask(context, code).id).test_connection()
    balance = f"{found.balance.amount} {found.balance.unit}" if found.balance is not None else None
    return ConnectionView(
        version=found.version,
        identity=found.identity,
        missing_permissions=found.missing_permissions,
        clock_skew=found.clock_skew,
        balance=balance,
        warnings=found.warnings,
    )


def _settings_model(backend: str, values: Mapping[str, Any]) -> type[BaseModel]:
    try:
        return load_adapter(backend).settings_model_for(values)
    except AdapterLoadError as error:
        raise Problem("invalid_request", f"backend: {error}.", field="backend") from None
    except SettingsInvalid as error:
        raise Problem("invalid_request", f"settings: {error}.", field="settings") from None


def _split(model: type[BaseModel], given: Any) -> tuple[dict[str, Any], dict[str, Secret]]:
    """The settings checked, with the secret ones apart. Raises ``invalid_request`` naming the fields."""
    try:
        settings = read_settings(model, dict(given))
    except SettingsInvalid as error:
        raise Problem("invalid_request", f"settings: {error}.", field="settings") from None
    for risk in exposures(settings):
        if not risk.accepted:
            raise Problem(
                "invalid_request",
                f"settings: {risk.setting}: {risk.what}.",
                field=f"settings.{risk.setting}",
                advice=f"Use https with a certificate that can be checked, or `fingerprint`; or accept it by "
                f"name: set {risk.accepted_by} to true. It is then logged at each start.",
            )
    names = secret_fields(model)
    values = {name: getattr(settings, name) for name in names}
    secrets = {name: value for name, value in values.items() if isinstance(value, SecretStr)}
    return settings.model_dump(mode="json", exclude=set(names)), secrets
