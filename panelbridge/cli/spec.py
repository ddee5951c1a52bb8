"""``panelbridge spec``: descriptions of panels, for whoever writes one."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from panelbridge.actions.refused import Refused
from panelbridge.cli.exits import Exit
from panelbridge.cli.options import AsJson, Yes
from panelbridge.cli.screen import Screen

app = typer.Typer(
    no_args_is_help=True, help="Descriptions of panels (backend declarative): check, try, record."
)

File = Annotated[str, typer.Argument(metavar="FILE", help="A .toml or .json file, or a shipped one's name.")]


@app.command("check")
def check_command(file: File, as_json: AsJson = False) -> None:
    """Show every error of a description with its place, and what never matches. Nothing is called."""
    screen = Screen(as_json=as_json)
    where, findings = _commands().check(file)
    faults = [finding for finding in findings if finding.fatal]
    if screen.as_json:
        listed = [{"key": one.key, "message": one.message, "fatal": one.fatal} for one in findings]
        screen.json({"file": where, "fit": not faults, "findings": listed})
    for finding in findings:
        screen.say(f"{where}: {'' if finding.fatal else 'warning: '}{finding}")
    if faults:
        screen.hint(f"{len(faults)} of these keep the description from being used.")
        raise typer.Exit(Exit.FAULTS)
    screen.say(f"{where} can be used.")


@app.command("try")
def try_command(
    file: File,
    operation: Annotated[str, typer.Argument(metavar="OP", help="get, create, suspend, ...")],
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A setting of the file, or base_url; else made up."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the requests an operation would send, for a made-up account, secrets starred. Nothing is sent."""
    from panelbridge.cli.typed import parse_pairs

    screen = Screen(as_json=as_json)
    given = parse_pairs(sets or [], option="--set")
    base_url = given.pop("base_url", "https://panel.example/")
    commands = _commands()
    try:
        shown = commands.dry_run(file, operation, given, base_url)
    except (commands.SpecInvalid, LookupError) as error:
        raise _refused(str(error.args[0])) from None
    if screen.as_json:
        screen.json([{**vars(one), "headers": dict(one.headers)} for one in shown])
    for one in shown:
        _show(screen, one)
    screen.hint("Nothing was sent.")


@app.command("record")
def record_command(
    file: File,
    settings: Annotated[
        typer.FileText,
        typer.Option("--settings", help="JSON file with the panel's settings, secrets included."),
    ],
    package: Annotated[str, typer.Option(help="The package of the throwaway account.")],
    out: Annotated[Path, typer.Option(help="The cassette to write.")] = Path("cassette.json"),
    option: Annotated[
        list[str] | None, typer.Option("--option", metavar="NAME=VALUE", help="An option of the order.")
    ] = None,
    yes: Yes = False,
) -> None:
    """Run one round on a panel with a throwaway account and keep what was said; secrets are replaced."""
    from panelbridge.cli.settings_file import settings_in
    from panelbridge.cli.typed import parse_pairs

    screen = Screen()
    values = settings_in(settings)
    if not out.parent.is_dir():
        raise Refused(
            "invalid_request",
            f"{out} cannot be written: the folder does not exist",
            advice="Give --out FILE in a folder that is there; nothing was sent.",
        )
    screen.confirm(
        f"An account is created at {values.get('base_url', 'the panel')}, changed and terminated. "
        "It may cost credit there.",
        yes=yes,
    )
    with screen.working("running the round"):
        chosen = parse_pairs(option or [], option="--option")
        count, ends = _commands().record(file, values, package, chosen, out)
    screen.table(("call", "how it ended"), ends, empty="Nothing was called.")
    screen.say(f"{count} requests are kept in {out}.")
    screen.hint("Look it over before you pass it on: links of the throwaway account may stand in it.")
    if not dict(ends).get("create", "").startswith("done"):
        raise Refused(
            "invalid_request",
            "the round made no account, so the cassette shows little",
            advice="See how its calls ended; correct the settings, the package or the description.",
        )


def _commands() -> Any:
    """The backend's own module: the shim imports no backend, it asks the registry."""
    from panelbridge.contract.registry import load_adapter

    package = load_adapter("declarative").__module__.partition(".")[0]
    return import_module(f"{package}.commands")


def _show(screen: Screen, one: Any) -> None:
    facts: list[tuple[str, object]] = [("request", one.request or one.problem)]
    facts += [("header", f"{name}: {value}") for name, value in one.headers.items()]
    facts += [("body", _indented(one.body))] if one.body else []
    facts += [("only when", one.when)] if one.when else []
    screen.facts(facts, title=one.part)


def _indented(body: str) -> str:
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        return body


def _refused(message: str) -> Refused:
    return Refused("invalid_request", message, advice="`panelbridge spec check FILE` shows every error.")
