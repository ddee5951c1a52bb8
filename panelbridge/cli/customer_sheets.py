"""``panelbridge customers import`` and ``export``: customers from a CSV file, and into one."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from panelbridge.cli import names
from panelbridge.cli.exits import Exit
from panelbridge.cli.options import AsJson, ResellerCode, Yes
from panelbridge.cli.screen import Screen
from panelbridge.cli.typed import parse_pairs

if TYPE_CHECKING:
    from panelbridge.actions.customer_sheets import ImportReport


def add_to(app: typer.Typer) -> None:
    """Make these commands of the group ``app``."""
    app.command("import")(import_command)
    app.command("export")(export_command)


def import_command(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A CSV file with a line of column names.")],
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map", metavar="COLUMN=FIELD", help="What a column is, where its name does not say it."
        ),
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(help="Of the file, where it is not UTF-8: cp1252, iso8859-15, ...")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would be done.")] = False,
    reseller: ResellerCode = None,
    installation: Annotated[
        str | None,
        typer.Option(help="The shop whose client ids these are.", autocompletion=names.installations),
    ] = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Read customers from a CSV file: shows what would be done, asks, and does it. Safe to run again."""
    from panelbridge.actions.customer_sheets import WantedImport, import_customers
    from panelbridge.cli.bridge import open_bridge, read_options
    from panelbridge.cli.owners import reseller_meant

    screen = Screen(as_json=as_json)
    given: dict[str, Any] = {
        "csv": _text_of(screen, file, encoding),
        "mapping": parse_pairs(mapping or (), option="--map"),
        "installation": installation,
    }
    with open_bridge(context) as bridge:
        if installation is None:
            given["reseller"] = reseller_meant(bridge, reseller).code
        wanted = read_options(WantedImport, **given, dry_run=True)
        report = bridge.act(import_customers, body=wanted)
        if not dry_run:
            if not yes:
                _tell(screen, report)
            screen.confirm(f"{report.added} customers are added, {report.changed} changed.", yes=yes)
            with screen.working("reading the file"):
                report = bridge.act(import_customers, body=read_options(WantedImport, **given))
    if screen.as_json:
        screen.json(report.model_dump(mode="json"))
    _tell(screen, report)
    if report.failed:
        raise typer.Exit(Exit.FAULTS)


def export_command(
    context: typer.Context,
    out: Annotated[Path, typer.Argument(help="The file that is written; - is standard output.")],
    tag: Annotated[str | None, typer.Option(help="Only with this tag.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="DATE", help="Registered on that day or later.")
    ] = None,
    before: Annotated[str | None, typer.Option(metavar="DATE", help="Registered before that day.")] = None,
    reseller: ResellerCode = None,
) -> None:
    """Write customers to a CSV file, in fourteen columns."""
    from panelbridge.actions.customer_forms import CustomerFilters
    from panelbridge.actions.customer_sheets import export_customers
    from panelbridge.cli.bridge import open_bridge, read_options

    wanted = read_options(
        CustomerFilters, tag=tag, registered_from=since, registered_before=before, reseller=reseller
    )
    with open_bridge(context) as bridge:
        lines = bridge.act(export_customers, query=wanted).lines
        if str(out) == "-":
            sys.stdout.writelines(lines)
            return
        out.touch(mode=0o600)  # names and addresses of people
        with out.open("w", encoding="utf-8", newline="") as file:
            file.writelines(lines)
    Screen().hint(f"Written: {out}")


def _text_of(screen: Screen, file: Path, encoding: str | None) -> str:
    """The file's text. Where it is not UTF-8, somebody who sees the names says what it is."""
    from panelbridge.actions.refused import Refused
    from panelbridge.customers import sheets

    content = file.read_bytes()
    try:
        found = sheets.decoded(content, encoding)
        if found is None:
            found = sheets.decoded(content, _asked(screen, sheets.samples(content)))
    except sheets.SheetUnreadable as error:
        raise Refused("invalid_request", f"{file}: {error}", advice="Name its encoding: --encoding") from None
    return found or ""


def _asked(screen: Screen, samples: Mapping[str, Sequence[str]]) -> str:
    for name, lines in samples.items():
        screen.facts([(name, "\n".join(lines))])
    if not sys.stdin.isatty() or screen.as_json:
        typer.echo(
            "The file is not UTF-8. Above is how its lines read in each likely encoding: choose the one "
            "whose names are right, with --encoding. Nothing was done.",
            err=True,
        )
        raise typer.Exit(Exit.USAGE)
    chosen: str = typer.prompt("The file is not UTF-8. In which encoding are the names right?", err=True)
    return chosen


def _tell(screen: Screen, report: ImportReport) -> None:
    would = "would be " if report.dry_run else ""
    screen.facts(
        [
            *((column, f"is {field}") for column, field in report.columns.items()),
            ("ignored columns", report.ignored),
            ("lines", report.lines),
            (f"{would}added", report.added),
            (f"{would}changed", report.changed),
            ("known already", report.already),
            ("left out", report.failed),
        ],
        title="Dry run" if report.dry_run else f"Import {report.import_id}",
    )
    for error in report.errors:
        screen.say(f"  line {error.line}: {error.message}")
