"""Writes of the whole bridge: whether anything leaves it, why not, and what waits until it does."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import Annotated

from pydantic import Field

from panelbridge.actions.context import Context
from panelbridge.actions.fields import Body, Bool, Code, Line, View
from panelbridge.actions.panels import panel_named
from panelbridge.actions.problems import Problem
from panelbridge.provisioning import OperationState, WriteStop
from panelbridge.service.effects import lift_stop, stop_effects


class PanelWaits(View):
    """What one panel is sent once its writes are on."""

    panel: str
    writes_enabled: bool
    waiting: int = Field(description="operations that are not settled and wait for nothing but writes")
    sent_before: int = Field(description="of these, how many were sent before and are looked up first")
    verbs: dict[str, int] = Field(description="how many of each verb")


class WritesView(View):
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


def show_writes(context: Context) -> WritesView:
    """Show whether effects leave the bridge, and what waits for which panel."""
    effects = context.unit.effects
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
            for panel in context.unit.panels.all()
        ),
    )


def change_writes(context: Context, body: WritesChange) -> WritesView:
    """Let effects out again, or stop every effect of the bridge."""
    if not body.enabled:
        if body.panels:
            raise Problem("invalid_request", "Off is for the whole bridge.", field="panels")
        stop_effects(context.unit, WriteStop(code="by_hand", message=body.reason, since=context.now))
        return show_writes(context)
    store = context.unit.panels
    wanted = [panel_named(context, code) for code in body.panels] or store.all()
    if lift_stop(context.unit, context.caller.actor, context.now):
        context.after_commit(context.services.books_confirmed)
    for panel in wanted:
        now = store.lock_named(panel.code) or panel  # its record is written whole
        store.save(replace(now, writes_enabled=True))
    return show_writes(context)
