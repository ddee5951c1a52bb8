"""``panelbridge keys``: API keys. The text of a key is shown once, by the command that makes it."""

from __future__ import annotations

from typing import Annotated

import typer

from panelbridge.cli import names
from panelbridge.cli.choices import SCOPES, ModeName
from panelbridge.cli.options import AsJson, Yes
from panelbridge.cli.screen import Screen

app = typer.Typer(no_args_is_help=True, help="API keys of shops and of the operator.")


def _scope(word: str) -> str:
    if word not in SCOPES:
        raise typer.BadParameter(f"{word!r} is not one of {', '.join(SCOPES)}", param_hint="--scope")
    return word


@app.command("list")
def list_command(context: typer.Context, as_json: AsJson = False) -> None:
    """List keys by their public part."""
    from panelbridge.actions import keys
    from panelbridge.actions.paging import PageQuery
    from panelbridge.cli.bridge import open_bridge
    from panelbridge.cli.owners import installations_by_id

    screen = Screen(as_json=as_json)
    with open_bridge(context) as bridge:
        found = bridge.every(keys.list_keys, PageQuery)
        shops = installations_by_id(bridge)
        now = bridge.services.clock()
    if screen.as_json:
        screen.json([item.model_dump(mode="json") for item in found])
        return
    rows = []
    for item in found:
        shop = shops.get(item.installation_id or 0)
        expired = item.expires_at is not None and item.expires_at <= now
        state = "revoked" if item.revoked_at else "expired" if expired else "valid"
        owner = shop.code if shop else "operator"
        rows.append((item.prefix, owner, item.scopes, state, item.expires_at, item.last_used_at, item.label))
    screen.table(
        ("key", "of", "may", "state", "expires", "last used", "label"),
        rows,
        empty="There is no key. Make one: panelbridge keys add INSTALLATION",
    )


@app.command("add")
def add_command(
    context: typer.Context,
    installation: Annotated[
        str | None,
        typer.Argument(
            help="The shop it belongs to; or --operator.",
            metavar="[INSTALLATION]",
            autocompletion=names.installations,
        ),
    ] = None,
    operator: Annotated[bool, typer.Option("--operator", help="A key of the operator: may do all.")] = False,
    scope: Annotated[
        list[str] | None,
        typer.Option(
            metavar=f"<{'|'.join(SCOPES)}>",
            parser=_scope,
            help="What it may do. Default: read and provision, or admin.",
        ),
    ] = None,
    mode: Annotated[
        ModeName | None, typer.Option(help="Of an operator's key; a shop's is the shop's.")
    ] = None,
    label: Annotated[str, typer.Option(help="What it is for.")] = "",
    expires: Annotated[str | None, typer.Option(help="90d, or a date such as 2027-01-31.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and show it, this once."""
    from panelbridge.access import Scope
    from panelbridge.actions import keys
    from panelbridge.cli.bridge import open_bridge, read_options
    from panelbridge.cli.typed import parse_moment
    from panelbridge.subscriptions import Mode

    if (installation is None) == (not operator):
        raise typer.BadParameter("name an installation, or say --operator", param_hint="INSTALLATION")
    screen = Screen(as_json=as_json)
    chosen = scope or (["admin"] if operator else ["read", "provision"])
    with open_bridge(context) as bridge:
        ends = parse_moment(expires, bridge.services.clock(), option="--expires") if expires else None
        body = read_options(
            keys.WantedKey,
            installation=installation,
            mode=Mode(mode) if mode else None,
            scopes=frozenset(Scope(word) for word in chosen),
            label=label,
            expires_at=ends,
        )
        made = bridge.change(keys.make_key, body=body)
    screen.answer(
        made,
        ("key", made.key),
        ("of", installation or "operator"),
        ("mode", made.mode),
        ("may", made.scopes),
        ("expires", made.expires_at or "never"),
        title="API key (shown once, not stored)",
    )
    if installation is not None:
        screen.hint(f"In the WHMCS server record: username {made.mode.value}, password this key.")


@app.command("revoke")
def revoke_command(
    context: typer.Context,
    prefix: Annotated[
        str,
        typer.Argument(help="Its public part: pb_live_AbC123xyz0", metavar="KEY", autocompletion=names.keys),
    ],
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Revoke a key: from now on it is refused, by a running `serve` within five seconds."""
    from panelbridge.access import prefix_of
    from panelbridge.actions import keys
    from panelbridge.cli.bridge import open_bridge

    screen = Screen(as_json=as_json)
    public = prefix_of(prefix) or prefix  # somebody pasted the whole key
    with open_bridge(context) as bridge:
        screen.confirm(
            f"Key {public} will be refused from now on. What uses it stops working; there is no way back.",
            yes=yes,
        )
        gone = bridge.change(keys.revoke_key, prefix=public)
    screen.answer(gone, ("key", gone.prefix), ("revoked", gone.revoked_at), title="Revoked")
