"""ServiceSignOn, AdminSignOn and PanelLinks: ways into the panel, asked for on a click and never stored."""

from __future__ import annotations

from urllib.parse import urlsplit

from panelbridge.access import Scope
from panelbridge.actions.caller import Caller
from panelbridge.actions.problems import Problem
from panelbridge.contract.models import SignOn
from panelbridge.service.services import Services
from panelbridge.subscriptions import Panel, PanelId
from panelbridge.transport import deadline
from whmcs_module_shim.module_calls.answer import ModuleAnswer
from whmcs_module_shim.module_calls.params import ModuleRequest, ServiceRequest
from whmcs_module_shim.module_calls.registry import Kind, module_function
from whmcs_module_shim.module_calls.rendering import find_subscription
from whmcs_module_shim.module_calls.sold_panels import sold_panels


@module_function("ServiceSignOn", kind=Kind.MUTATES, request=ServiceRequest)
def service_sign_on(services: Services, caller: Caller, request: ServiceRequest) -> ModuleAnswer:
    """A one-time login of the service's customer to his panel."""
    with services.units.read() as unit:
        subscription = find_subscription(unit, caller, request.serviceid)
        panel = unit.panels.panel(subscription.panel_id) if subscription is not None else None
    if subscription is None or panel is None or subscription.account_id is None:
        raise Problem("not_provisioned", f"Service {request.serviceid} has no account.")
    if not services.panels.capabilities(panel.id).single_sign_on:
        raise Problem("sign_on_unsupported", f"Panel {panel.code} has no single sign-on for its customers.")
    with deadline(caller.budget):
        signed = services.panels.adapter(panel.id).sign_on(services.provisioner.account_ref(subscription))
    return _reported(services, panel, signed)


@module_function("AdminSignOn", kind=Kind.MUTATES, request=ModuleRequest, scope=Scope.PANEL_LOGIN)
def admin_sign_on(services: Services, caller: Caller, request: ModuleRequest) -> ModuleAnswer:
    """A one-time login to the administration of the one panel behind this installation's plans.

    Whoever uses it is whom the bridge is at the panel, so the key needs the scope panel_login.
    """
    able = [
        panel
        for panel in sold_panels(services, caller.require_installation())
        if services.panels.capabilities(panel.id).admin_sign_on
    ]
    if len(able) != 1:
        named = ", ".join(panel.code for panel in able) or "none"
        raise Problem(
            "sign_on_unsupported",
            f"Signing on needs exactly one panel that can do it; this installation's plans are on: {named}.",
        )
    with deadline(caller.budget):
        signed = services.panels.adapter(able[0].id).admin_sign_on()
    return _reported(services, able[0], signed)


@module_function("PanelLinks", kind=Kind.READS, request=ModuleRequest)
def panel_links(services: Services, caller: Caller, request: ModuleRequest) -> ModuleAnswer:
    """Where a person administers the panels behind this installation's plans. Asks no panel."""
    links = []
    for panel in sold_panels(services, caller.require_installation()):
        url = services.panels.adapter(panel.id).admin_link()
        if url is not None:
            links.append({"panel": panel.code, "url": url})
    return ModuleAnswer(message=f"{len(links)} links.", data={"links": links})


def _reported(services: Services, panel: Panel, signed: SignOn) -> ModuleAnswer:
    """The address, after a look at where it leads: a browser is sent there with a login in its hand."""
    url = signed.url.get_secret_value()
    parts = urlsplit(url)
    host = _host_of(services, panel.id)
    if parts.hostname is None or parts.hostname.lower() != host or parts.username or parts.password:
        raise Problem(
            "sign_on_unsafe",
            f"Panel {panel.code} named a login address that is not on {host}; nobody is sent there.",
        )
    if parts.scheme != "https" and not panel.practice:
        raise Problem("sign_on_unsafe", f"Panel {panel.code} named a login address without https.")
    expires = signed.expires_at.isoformat() if signed.expires_at is not None else None
    return ModuleAnswer(message="Signed on.", data={"url": url, "expires_at": expires})


def _host_of(services: Services, panel: PanelId) -> str:
    settings = services.panels.adapter(panel).settings
    return (urlsplit(str(getattr(settings, "base_url", ""))).hostname or "").lower()
