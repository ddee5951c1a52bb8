"""``panelbridge practice BACKEND``: a simulated panel to try everything on."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from panelbridge.cli import names
from panelbridge.cli.options import AsJson
from panelbridge.cli.screen import Screen

if TYPE_CHECKING:
    from panelbridge.testing.practice import Setup


def practice_command(
    context: typer.Context,
    backend: Annotated[
        str,
        typer.Argument(metavar="BACKEND", help="See `panelbridge adapters`.", autocompletion=names.backends),
    ],
    books: Annotated[Path, typer.Option(help="SQLite file of the panel's own books.")] = Path(
        "practice.sqlite"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: a free one.")] = 0,
    setup: Annotated[
        str | None, typer.Option(metavar="NAME", help="One of its set-ups, such as a dialect; the first.")
    ] = None,
    option: Annotated[
        list[str] | None, typer.Option("--option", metavar="NAME=VALUE", help="Of the simulated panel.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=1000, help="Accounts to begin with, in new books.")] = 3,
    add: Annotated[
        str | None, typer.Option(metavar="PANEL", help="Make it known to this bridge under that code.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run a simulated panel until Ctrl-C: the real protocol, and its books in a file.

    Its control page, for a browser on this machine, has its faults as buttons, its books and its settings.
    """
    from panelbridge.cli.typed import parse_pairs
    from panelbridge.testing.practice import PracticeServer, practice_class
    from panelbridge.testing.practice.ending import Ending

    screen = Screen(as_json=as_json)
    chosen = _chosen_setup(backend, setup)
    options = {**chosen.practice_options, **parse_pairs(option or [], option="--option")}
    with _faults_of_input(backend, books, port):
        panel = practice_class(backend)(books, options)
        panel.snapshot()  # books of another panel lack its tables
        listening = PracticeServer(panel, host="127.0.0.1", port=port)
    with listening as server:
        settings = {**panel.settings(server.url), **chosen.settings}
        page = f"{server.url}_practice/"
        announced = {
            "backend": backend,
            "url": server.url,
            "page": page,
            "imitates": panel.imitates,
            "settings": settings,
        }
        seeded = "" if panel.snapshot()["effects"] else _seeded(backend, settings, chosen, seed)
        if add is not None:
            _make_known(context, add, backend, settings)
        end = Ending()
        if screen.as_json:
            typer.echo(json.dumps(announced))
        screen.facts(
            (
                ("imitates", panel.imitates),
                ("address", server.url),
                ("control page", page),
                ("its books", f"{page}books   (kept in {books})"),
                ("settings", _shown(settings)),
            ),
            title=f"Practice panel {backend}; Ctrl-C ends it",
        )
        if seeded:
            screen.hint(seeded)
        if add is None:
            screen.hint("--add PANEL makes it known to the bridge, secrets included.")
        else:
            screen.hint(f"Known to the bridge as panel {add}. Try: panelbridge panels test {add}")
        end.wait()


@contextmanager
def _faults_of_input(backend: str, books: Path, port: int) -> Iterator[None]:
    """What a caller chose wrongly is reported as that. Raises ``Refused``."""
    from panelbridge.actions.refused import Refused
    from panelbridge.testing.practice import OptionInvalid

    try:
        yield
    except sqlite3.Error:
        raise Refused(
            "invalid_request",
            f"{books} cannot be used as books: no file can be made there, or it is not of this panel",
            advice="Give --books FILE: a new file, or the one that this practice panel kept before.",
        ) from None
    except OptionInvalid as error:
        raise Refused(
            "invalid_request",
            f"the practice panel of {backend} was not started: {error}",
            advice="Give --option one of those, or leave it out.",
        ) from None
    except ValueError as error:
        raise Refused(
            "invalid_request",
            f"a value of --option is none that this practice panel can read: {error}",
            advice="The README of the backend lists its options and their values.",
        ) from None
    except OSError as error:
        raise Refused(
            "invalid_request",
            f"port {port} cannot be listened on: {error.strerror}",
            advice="Give another --port, or none for a free one.",
        ) from None


def _chosen_setup(backend: str, name: str | None) -> Setup:
    """What the panel is run as, and what can be ordered there. Raises ``Refused``."""
    from panelbridge.actions.refused import Refused
    from panelbridge.testing.practice import Setup, practice_class

    known = practice_class(backend).setups
    if name is None:
        return next(iter(known.values()), Setup())
    if name not in known:
        raise Refused(
            "invalid_request",
            f"the practice panel of {backend} has no set-up {name!r}",
            advice=f"There are: {', '.join(known) or 'none'}.",
        )
    return known[name]


def _seeded(backend: str, settings: dict[str, Any], setup: Setup, count: int) -> str:
    """Make some accounts the way the bridge does, so that there is something to see; told in words."""
    from panelbridge import PanelError, Verb, load_adapter, read_settings
    from panelbridge.testing.orders import order_for

    kind = load_adapter(backend)
    made = 0
    try:
        with kind(read_settings(kind.settings_model_for(settings), settings)) as adapter:
            declared = adapter.capabilities
            for number in range(count):
                order = order_for(
                    declared, package=setup.package, term=setup.term, options=setup.options, tried_by="seed"
                )
                account = adapter.create(order).account
                made += 1
                if number == 1 and account is not None and Verb.SUSPEND in declared.verbs:
                    adapter.suspend(account.ref, "to have one that is")
    except PanelError as error:
        return f"{made} accounts to begin with; the next one failed: {error.message}"
    return f"{made} accounts to begin with." if made else ""


def _shown(settings: dict[str, Any]) -> str:
    return "\n".join(f"{name} = {value}" for name, value in settings.items())


def _make_known(context: typer.Context, code: str, backend: str, settings: dict[str, Any]) -> None:
    """Add the panel, or give a practice panel of that code its new address. Raises ``Refused``."""
    from panelbridge.actions import panels
    from panelbridge.actions.refused import Refused
    from panelbridge.cli.bridge import open_bridge, read_options

    with open_bridge(context) as bridge:
        with bridge.services.units.read() as unit:
            known = unit.panels.named(code)
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
