"""``panelbridge practice BACKEND``: a simulated panel to try everything on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from whmcs_module_shim.cli.options import AsJson
from whmcs_module_shim.cli.screen import Screen


def practice_command(
    context: typer.Context,
    backend: Annotated[str, typer.Argument(metavar="BACKEND", help="See `panelbridge adapters`.")],
    books: Annotated[Path, typer.Option(help="SQLite file of the panel's own books.")] = Path(
        "practice.sqlite"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: a free one.")] = 0,
    option: Annotated[
        list[str] | None, typer.Option("--option", metavar="NAME=VALUE", help="Of the simulated panel.")
    ] = None,
    add: Annotated[
        str | None, typer.Option(metavar="PANEL", help="Make it known to this bridge under that code.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run a simulated panel until Ctrl-C. It speaks the real protocol and keeps its books in a file."""
    from panelbridge.testing.practice import PracticeServer
    from panelbridge.testing.practice.__main__ import practice_class
    from panelbridge.testing.practice.ending import Ending
    from whmcs_module_shim.cli.typed import parse_pairs

    screen = Screen(as_json=as_json)
    panel = practice_class(backend)(books, parse_pairs(option or [], option="--option"))
    with PracticeServer(panel, host="127.0.0.1", port=port) as server:
        settings = panel.settings(server.url)
        announced = {"backend": backend, "url": server.url, "imitates": panel.imitates, "settings": settings}
        if add is not None:
            _make_known(context, add, backend, settings)
        end = Ending()
        if screen.as_json:
            typer.echo(json.dumps(announced))
        screen.facts(
            (
                ("imitates", panel.imitates),
                ("address", server.url),
                ("its books", f"{server.url}_practice/books   (kept in {books})"),
                ("settings", _shown(settings)),
            ),
            title=f"Practice panel {backend}; Ctrl-C ends it",
        )
        if add is None:
            screen.hint("--add PANEL makes it known to the bridge, secrets included.")
        else:
            screen.hint(f"Known to the bridge as panel {add}. Try: panelbridge panels test {add}")
        end.wait()


def _shown(settings: dict[str, Any]) -> str:
    return "\n".join(f"{name} = {value}" for name, value in settings.items())


def _make_known(context: typer.Context, code: str, backend: str, settings: dict[str, Any]) -> None:
    """Add the panel, or give a practice panel of that code its new address. Raises ``Refused``."""
    from whmcs_module_shim.api import panels
    from whmcs_module_shim.cli.bridge import open_bridge, read_options
    from whmcs_module_shim.cli.faults import Refused

    with open_bridge(context) as bridge:
        with bridge.services.units.read() as unit:
            known = unit.subscriptions.panel_named(code)
        if known is None:
            body = read_options(
                panels.NewPanel,
                code=code,
                backend=backend,
                settings=settings,
                practice=True,
                writes_enabled=True,
            )
            bridge.change(panels.add_panel, body=body)
            return
        if not known.practice or known.backend != backend:
            raise Refused(
                "code_taken",
                f"panel {code} is another one: {known.backend}, {'practice' if known.practice else 'real'}",
                advice="Choose another code for the practice panel.",
            )
        bridge.change(
            panels.change_panel, code=code, body=read_options(panels.PanelChange, settings=settings)
        )
