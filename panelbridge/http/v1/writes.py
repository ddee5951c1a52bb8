"""Writes of the whole bridge: whether anything leaves it, why not, and what waits until it does."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import Annotated

from pydantic import Field

from panelbridge.access import Scope
from panelbridge.actions.fields import Answer, Body, Bool, Code, Line
from panelbridge.actions.problems import Problem
from panelbridge.http.call import Call
from panelbridge.http.routes import Resource
from panelbridge.http.v1.panels import panel_named
from panelbridge.provisioning import OperationState, WriteStop
from panelbridge.service.effects import lift_stop, stop_effects

resource = Resource(tag="panels")


class PanelWaits(Answer):
    """What one panel is sent once its writes are on."""

    panel: str
    writes_enabled: bool
    waiting: int = Field(description="operations that are not settled and wait for nothing but writes")
    sent_before: int = Field(description="of these, how many were sent before and are looked up first")
    verbs: dict[str, int] = Field(description="how many of each verb")


class WritesView(Answer):
    """Whether effects leave the bridge."""

    stopped: bool
    code: str | None = Field(description="why: behind, copied, witness_gone, told_behind, restored, by_hand")
    message: str | None
    since: datetime | None
    panels: tuple[PanelWaits, ...]


class WritesChange(Body):
    """On for all panels or those named; off stops every effect of the bridge."""

    enabled: Bool
    panels: Annotated[tuple[Code, ...], Field(max_length=1000)] = ()
    reason: Line = "switched off"


@resource.get("/v1/writes", answer=WritesView, scope=Scope.ADMIN)
def show_writes(call: Call) -> WritesView:
    """Show whether effects leave the bridge, and what waits for which panel."""
    effects = call.unit.effects
    verbs: dict[int, Counter[str]] = {}
    sent: Counter[int] = Counter()
    for item in effects.waiting():
        verbs.setdefault(item.panel_id, Counter())[item.verb.value] += item.count
        sent[item.panel_id] += item.count if item.state is OperationState.SENT else 0
    stop = effects.stopped()
    return WritesView(
        stopped=stop is not None,
        code=stop.code if stop else None,
        message=stop.message if stop else None,
        since=stop.since if stop else None,
        panels=tuple(
            PanelWaits(
                panel=panel.code,
                writes_enabled=panel.writes_enabled,
                waiting=sum(verbs.get(panel.id, {}).values()),
                sent_before=sent[panel.id],
                verbs=dict(verbs.get(panel.id, {})),
            )
            for panel in call.unit.subscriptions.panels()
        ),
    )


@resource.write("PATCH", "/v1/writes", scope=Scope.ADMIN, body=WritesChange, answer=WritesView)
def change_writes(call: Call, body: WritesChange) -> WritesView:
    """Let effects out again, or stop every effect of the bridge."""
    if not body.enabled:
        if body.panels:
            raise Problem("invalid_request", "Off is for the whole bridge.", field="panels")
        stop_effects(call.unit, WriteStop(code="by_hand", message=body.reason, since=call.now))
        return show_writes(call)
    store = call.unit.subscriptions
    wanted = [panel_named(call, code) for code in body.panels] or store.panels()
    if lift_stop(call.unit, call.caller.actor, call.now):
        call.after_commit(call.services.books_confirmed)
    for panel in wanted:
        store.save_panel(replace(panel, writes_enabled=True))
    return show_writes(call)
