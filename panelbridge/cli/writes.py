"""``panelbridge writes``: whether anything leaves the bridge, and what is sent once it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from panelbridge.cli import names
from panelbridge.cli.options import AsJson, Yes
from panelbridge.cli.screen import Screen

if TYPE_CHECKING:
    from panelbridge.actions.writes import PanelWaits, WritesView
    from panelbridge.cli.bridge import Bridge

app = typer.Typer(no_args_is_help=True, help="Whether anything leaves the bridge, for all panels at once.")


@app.command("show")
def show_command(context: typer.Context, as_json: AsJson = False) -> None:
    """Show whether writes are on, why not, and what waits for which panel."""
    from panelbridge.actions import writes
    from panelbridge.cli.bridge import open_bridge

    screen = Screen(as_json=as_json)
    with open_bridge(context) as bridge:
        _tell(screen, bridge.read(writes.show_writes))


@app.command("on")
def on_command(
    context: typer.Context,
    panel: Annotated[
        list[str] | None,
        typer.Argument(metavar="PANEL", help="Left out: all.", autocompletion=names.panels),
    ] = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Let changes out again, after you compared. Says first what waits, how many, and for which panel."""
    from panelbridge.actions import writes
    from panelbridge.cli.bridge import open_bridge, read_options

    screen = Screen(as_json=as_json)
    with open_bridge(context) as bridge:
        confirm_on(screen, bridge, panel or [], yes=yes)
        body = read_options(writes.WritesChange, enabled=True, panels=tuple(panel or ()))
        _tell(screen, bridge.change(writes.change_writes, body=body))


@app.command("off")
def off_command(
    context: typer.Context,
    reason: Annotated[str, typer.Option(help="Why; it is shown until they are on again.")] = "by hand",
    as_json: AsJson = False,
) -> None:
    """Stop every effect of the bridge at once: it goes on reading, and orders wait or are refused."""
    from panelbridge.actions import writes
    from panelbridge.cli.bridge import open_bridge, read_options

    screen = Screen(as_json=as_json)
    with open_bridge(context) as bridge:
        body = read_options(writes.WritesChange, enabled=False, reason=reason)
        _tell(screen, bridge.change(writes.change_writes, body=body))


def confirm_on(screen: Screen, bridge: Bridge, named: list[str], *, yes: bool) -> None:
    """Say what is sent as soon as writes are on, and ask unless ``yes``; nothing was sent yet."""
    from panelbridge.actions import writes

    view: WritesView = bridge.read(writes.show_writes)
    meant = [item for item in view.panels if not named or item.panel in named]
    text = [f"Writes are off: {view.message}"] if view.stopped else []
    names = ", ".join(item.panel for item in meant) or "no panel"
    text.append(f"Switching writes on for {names}: orders that wait are sent to the panel from now on.")
    text.extend(f"  {waits(item)}" for item in meant)
    text.append(
        "Compare first what the panels hold:  panelbridge panels accounts PANEL   and   "
        "panelbridge subscriptions list"
    )
    if yes:
        screen.hint("\n".join(text[:-1]))
    elif view.stopped or any(not item.writes_enabled for item in meant):
        screen.confirm("\n".join(text), yes=False)


def waits(item: PanelWaits) -> str:
    """``main: 3 operations wait (2 create, 1 extend); 1 was sent before and is looked up first``."""
    if not item.waiting:
        return f"{item.panel}: nothing waits"
    verbs = ", ".join(f"{count} {verb}" for verb, count in item.verbs.items())
    many = "1 operation waits" if item.waiting == 1 else f"{item.waiting} operations wait"
    before = f"; {item.sent_before} sent before, looked up first" if item.sent_before else ""
    return f"{item.panel}: {many} ({verbs}){before}"


def _tell(screen: Screen, view: WritesView) -> None:
    if screen.as_json:
        screen.json(view.model_dump(mode="json"))
    if view.stopped:
        screen.say(f"Writes are OFF for the whole bridge [{view.code}]: {view.message}")
    screen.table(
        ("panel", "writes", "waits"),
        (
            (item.panel, "on" if item.writes_enabled else "off", waits(item).partition(": ")[2])
            for item in view.panels
        ),
        empty="There is no panel yet.",
    )
