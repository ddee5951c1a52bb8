"""``panelbridge panels``: the remote systems."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated, Any

import typer

from panelbridge.cli import names
from panelbridge.cli.options import AsJson, Yes
from panelbridge.cli.screen import Screen

if TYPE_CHECKING:
    from panelbridge.actions.panel_accounts import AccountView
    from panelbridge.actions.panels import ConnectionView, PanelView

app = typer.Typer(no_args_is_help=True, help="The remote systems accounts are made on.")

Code = Annotated[str, typer.Argument(help="The panel's code.", metavar="PANEL", autocompletion=names.panels)]
Sets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="A setting that is no secret; repeat for more."),
]
SettingsFile = Annotated[
    typer.FileText | None,
    typer.Option("--settings", help="JSON file with settings, secrets included; - reads standard input."),
]


@app.command("list")
def list_command(context: typer.Context, as_json: AsJson = False) -> None:
    """List panels."""
    from panelbridge.actions import panels
    from panelbridge.actions.paging import PageQuery
    from panelbridge.cli.bridge import open_bridge

    screen = Screen(as_json=as_json)
    with open_bridge(context) as bridge:
        found: list[PanelView] = bridge.every(panels.list_panels, PageQuery)
    if screen.as_json:
        screen.json([item.model_dump(mode="json") for item in found])
    screen.table(
        ("panel", "backend", "kind", "writes", "address"),
        (
            (item.code, item.backend, _kind(item), _writes(item), item.settings.get("base_url"))
            for item in found
        ),
        empty="There is no panel yet. Add one: panelbridge panels add CODE --backend NAME",
    )


@app.command("show")
def show_command(context: typer.Context, code: Code, as_json: AsJson = False) -> None:
    """Show one panel; its secrets are starred."""
    from panelbridge.actions import panels
    from panelbridge.cli.bridge import open_bridge

    with open_bridge(context) as bridge:
        _show(Screen(as_json=as_json), bridge.read(panels.show_panel, code=code))


@app.command("add")
def add_command(
    context: typer.Context,
    code: Annotated[str, typer.Argument(help="A short name of your own, such as main.", metavar="PANEL")],
    backend: Annotated[
        str, typer.Option(help="Its kind: see `panelbridge adapters`.", autocompletion=names.backends)
    ],
    sets: Sets = None,
    settings: SettingsFile = None,
    practice: Annotated[bool, typer.Option("--practice", help="A simulated panel: test keys only.")] = False,
    writes_off: Annotated[bool, typer.Option("--writes-off", help="Read only until switched on.")] = False,
    as_json: AsJson = False,
) -> None:
    """Add a panel. Asks for the settings its backend needs and --settings and --set leave out."""
    from panelbridge.actions import panels
    from panelbridge.cli.asking import gather_settings
    from panelbridge.cli.bridge import open_bridge, read_options

    screen = Screen(as_json=as_json)
    with open_bridge(context) as bridge:
        values = gather_settings(backend, sets or [], settings)
        body = read_options(
            panels.NewPanel,
            code=code,
            backend=backend,
            settings=values,
            practice=practice,
            writes_enabled=not writes_off,
        )
        _show(screen, bridge.change(panels.add_panel, body=body), title=f"Added panel {code}")
    screen.hint(f"Nothing was sent to it yet. Try it: panelbridge panels test {code}")


@app.command("set")
def set_command(
    context: typer.Context,
    code: Code,
    sets: Sets = None,
    secret: Annotated[
        list[str] | None, typer.Option("--secret", metavar="NAME", help="A secret to be asked for.")
    ] = None,
    settings: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """Change settings of a panel; what is not named stays."""
    from panelbridge.actions import panels
    from panelbridge.cli.asking import changed_settings
    from panelbridge.cli.bridge import open_bridge, read_options
    from panelbridge.service.data_folder import serves_now

    screen = Screen(as_json=as_json)
    with open_bridge(context) as bridge:
        panel = bridge.read(panels.show_panel, code=code)
        values = changed_settings(panel.backend, panel.settings, sets or [], secret or [], settings)
        body = read_options(panels.PanelChange, settings=values)
        _show(screen, bridge.change(panels.change_panel, code=code, body=body), title=f"Changed panel {code}")
        running = serves_now(bridge.config)
    if running:
        screen.hint("The running `serve` takes the new settings with its next order.")


@app.command("writes")
def writes_command(
    context: typer.Context,
    wanted: Annotated[str, typer.Argument(metavar="on|off", autocompletion=names.on_or_off)],
    code: Annotated[
        str | None,
        typer.Argument(metavar="[PANEL]", help="Left out: every panel.", autocompletion=names.panels),
    ] = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Switch changes at a panel on or off. Off: it is only read, and what is ordered waits or is refused."""
    from panelbridge.actions import panels
    from panelbridge.actions.paging import PageQuery
    from panelbridge.cli.bridge import open_bridge, read_options
    from panelbridge.cli.writes import confirm_on

    if wanted not in ("on", "off"):
        raise typer.BadParameter("say on or off", param_hint="on|off")
    screen = Screen(as_json=as_json)
    with open_bridge(context) as bridge:
        known = bridge.every(panels.list_panels, PageQuery)
        named = [bridge.read(panels.show_panel, code=code)] if code else known
        if wanted == "on":
            confirm_on(screen, bridge, [item.code for item in named], yes=yes)
        body = read_options(panels.PanelChange, writes_enabled=wanted == "on")
        changed = [bridge.change(panels.change_panel, code=item.code, body=body) for item in named]
    if screen.as_json:
        screen.json([item.model_dump(mode="json") for item in changed])
    for item in changed:
        screen.say(f"Writes to panel {item.code} are {_writes(item)}.")


@app.command("test")
def try_command(context: typer.Context, code: Code, as_json: AsJson = False) -> None:
    """Ask a panel who we are, what we may do, our balance, and how far its clock is off. Changes nothing."""
    from panelbridge.actions import panels
    from panelbridge.cli.bridge import open_bridge
    from panelbridge.cli.exits import Exit

    screen = Screen(as_json=as_json)
    with open_bridge(context) as bridge, screen.working(f"asking panel {code}"):
        found: ConnectionView = bridge.ask(panels.show_connection, code=code)
    screen.answer(
        found,
        ("answers as", found.identity),
        ("version", found.version or "not reported"),
        ("balance there", found.balance or "it has none"),
        ("clock", f"{found.clock_skew:+.1f} s" if found.clock_skew is not None else "not reported"),
        ("missing permissions", "\n".join(found.missing_permissions) or "none"),
        ("warnings", "\n".join(found.warnings) or "none"),
        title=f"Panel {code} answers",
    )
    if found.missing_permissions:
        screen.hint("Ask the panel's owner for the permissions named; verbs that need them will be refused.")
        raise typer.Exit(Exit.FAULTS)


@app.command("packages")
def packages_command(context: typer.Context, code: Code, as_json: AsJson = False) -> None:
    """List what a panel can sell, asked of it now."""
    from panelbridge.actions import packages
    from panelbridge.cli.bridge import open_bridge, read_options

    screen = Screen(as_json=as_json)
    found: list[Any] = []
    with open_bridge(context) as bridge, screen.working(f"asking panel {code}"):
        after: str | None = None
        while not found or after is not None:
            query = read_options(packages.PackageQuery, after=after, limit=500)
            page = bridge.ask(packages.list_packages, query=query, code=code)
            found.extend(page.items)
            after = page.next
            if after is None:
                break
    if screen.as_json:
        screen.json([item.model_dump(mode="json") for item in found])
    screen.table(
        ("package", "name", "length", "connections", "price there", "trial", "devices", "unreadable"),
        (
            (
                item.id,
                item.name,
                "" if item.unreadable else item.term or "any",
                item.connections,
                item.price,
                item.trial,
                item.devices,
                item.unreadable,
            )
            for item in found
        ),
        empty="The panel offers us no package. Its owner grants them to our user there.",
        right=("connections", "price there"),
    )


@app.command("accounts")
def accounts_command(context: typer.Context, code: Code, as_json: AsJson = False) -> None:
    """List the accounts a panel shows us, each with the subscription it belongs to. Never their passwords."""
    from panelbridge.actions.panel_accounts import AccountView, list_accounts
    from panelbridge.cli.bridge import open_bridge
    from panelbridge.cli.spool import spooled

    screen = Screen(as_json=as_json)
    with ExitStack() as kept:
        with open_bridge(context) as bridge, screen.working(f"reading the accounts of panel {code}"):
            read = bridge.ask(list_accounts, code=code)
            accounts = kept.enter_context(spooled(AccountView, read))
        screen.json_list(_account_document(item) for item in accounts)
        screen.long_table(
            ("account", "username", "state", "expires", "package", "connections", "subscription"),
            _AccountRows(accounts),
            empty="The panel shows no account to us.",
            right=("connections",),
        )
        strangers = sum(item.subscription is None for item in accounts)
    if strangers:
        screen.hint(
            f"{strangers} of {len(accounts)} belong to no subscription: made by hand, or before the bridge."
        )


class _AccountRows:
    """The cells of the table, as often as they are asked for."""

    def __init__(self, accounts: Iterable[AccountView]) -> None:
        self._accounts = accounts

    def __iter__(self) -> Iterator[Sequence[object]]:
        for item in self._accounts:
            document = _account_document(item)
            yield tuple({**document, "subscription": item.subscription or "not ours"}.values())


def _account_document(item: AccountView) -> dict[str, Any]:
    """By column, in the order of the table."""
    shown = item.model_dump(exclude={"never_expires"})
    return shown | {"expires_at": "never" if item.never_expires else item.expires_at}


def _show(screen: Screen, panel: PanelView, title: str = "") -> None:
    facts: list[tuple[str, object]] = [
        ("panel", panel.code),
        ("backend", panel.backend),
        ("kind", _kind(panel)),
        ("writes", _writes(panel)),
        *((name, value) for name, value in panel.settings.items()),
    ]
    screen.answer(panel, *facts, title=title)


def _kind(panel: PanelView) -> str:
    return "practice" if panel.practice else "real"


def _writes(panel: PanelView) -> str:
    return "on" if panel.writes_enabled else "off"
