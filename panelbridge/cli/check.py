"""``panelbridge check BACKEND``: the score card of an adapter, on a practice panel or on a real one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from panelbridge.actions.refused import Refused
from panelbridge.cli import names
from panelbridge.cli.exits import Exit
from panelbridge.cli.options import AsJson, Yes
from panelbridge.cli.screen import Screen
from panelbridge.cli.settings_file import check_file_mode

if TYPE_CHECKING:
    from panelbridge import PanelAdapter
    from panelbridge.testing.scorecard import ScoreCard

ENV_PREFIX = "PANELBRIDGE_CHECK_"
_FAILED = 1  # a program that runs this in CI asks "green or not"


def check_command(
    backend: Annotated[
        str,
        typer.Argument(metavar="BACKEND", help="See `panelbridge adapters`.", autocompletion=names.backends),
    ],
    setup: Annotated[
        str | None, typer.Option(metavar="NAME", help="One set-up of its practice panel, not all of them.")
    ] = None,
    part: Annotated[
        list[str] | None, typer.Option(metavar="PART", help="Only this part of the suite, such as 'faults'.")
    ] = None,
    live: Annotated[
        bool, typer.Option("--live", help="On a real panel, with one throwaway account. May cost credit.")
    ] = False,
    settings: Annotated[
        Path | None,
        typer.Option(help=f"Of the real panel, TOML or JSON; each field also as {ENV_PREFIX}FIELD."),
    ] = None,
    package: Annotated[str | None, typer.Option(metavar="ID", help="Live: what to order.")] = None,
    other_package: Annotated[
        str, typer.Option(metavar="ID", help="Live: what to change to; without it no change is tried.")
    ] = "",
    term: Annotated[str, typer.Option(help="Live: the length of the package, such as 1m or 30d.")] = "1m",
    option: Annotated[
        list[str] | None, typer.Option("--option", metavar="NAME=VALUE", help="Live: option of the order.")
    ] = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Prove an adapter and print its score card. Exits 1 when something failed."""
    screen = Screen(as_json=as_json)
    if live:
        card = _live(screen, backend, settings, package, other_package, term, option or [], yes=yes)
        cards = [card]
    else:
        cards = _practised(screen, backend, setup, part or [])
    if screen.as_json:
        screen.json(
            {"green": all(card.green for card in cards), "cards": [card.document() for card in cards]}
        )
    for card in cards:
        _show(screen, card)
    if not all(card.green for card in cards):
        raise typer.Exit(_FAILED)


def _practised(screen: Screen, backend: str, setup: str | None, parts: list[str]) -> list[ScoreCard]:
    """The suite, in a process of its own: pytest is nothing to load into this one."""
    from panelbridge.testing.check import NEEDED, CannotCheck, missing, setups_of
    from panelbridge.testing.scorecard import Finding, ScoreCard

    if missing():
        typer.echo(
            f"The check needs {' and '.join(missing())}.\nInstall it: pip install {' '.join(NEEDED)}",
            err=True,
        )
        raise typer.Exit(Exit.NOT_INSTALLED)
    try:
        setups = setups_of(backend, setup)
    except CannotCheck as error:
        raise _cannot(str(error)) from None
    command = [sys.executable, "-m", "panelbridge.testing.check", backend, "--json"]
    command += [] if setup is None else ["--setup", setup]
    for part in parts:
        command += ["--part", part]
    with screen.working(f"running the suite against {', '.join(setups)}"):
        ran = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if ran.returncode not in (0, 1) or not ran.stdout:
        raise _cannot(ran.stderr.strip() or "the suite ended without any output")
    return [
        ScoreCard(
            backend=given["backend"],
            setup=given["setup"],
            findings=tuple(Finding.read(one) for one in given["findings"]),
        )
        for given in json.loads(ran.stdout)
    ]


def _live(
    screen: Screen,
    backend: str,
    file: Path | None,
    package: str | None,
    other_package: str,
    term: str,
    option: list[str],
    *,
    yes: bool,
) -> ScoreCard:
    from panelbridge import Term, load_adapter, read_settings
    from panelbridge.cli.typed import parse_pairs
    from panelbridge.testing.live import LiveCheck
    from panelbridge.testing.practice import Setup
    from panelbridge.testing.scorecard import ScoreCard

    kind = load_adapter(backend)
    values = _settings(file)
    for name in kind.settings_model_for(values).model_fields:
        given = os.environ.get(f"{ENV_PREFIX}{name.upper()}")
        values |= {} if given is None else {name: given}
    chosen = read_settings(kind.settings_model_for(values), values)
    try:
        length = Term.parse(term)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--term") from None
    with kind(chosen) as adapter:
        command = Setup(
            package=_package(adapter, package),
            other_package=other_package,
            term=length,
            options=parse_pairs(option, option="--option"),
        )
        check = LiveCheck(adapter, command)
        screen.confirm("\n".join([f"On {_where(chosen, backend)}:", *_bullets(check.plan())]), yes=yes)
        with closing(check.run()) as steps, screen.working("trying one account on the real panel"):
            findings = tuple(steps)
    return ScoreCard(backend=backend, setup="live", findings=findings)


def _settings(file: Path | None) -> dict[str, Any]:
    """What the file says; the environment comes over it. Raises ``Refused``."""
    if file is None:
        raise _cannot("--live needs --settings FILE: the address of the real panel and its credential")
    try:
        with file.open() as opened:
            text = opened.read()
            values = tomllib.loads(text) if file.suffix == ".toml" else json.loads(text)
            if isinstance(values, dict):
                check_file_mode(opened, values)
    except OSError as error:
        raise _cannot(f"{file} cannot be read: {error.strerror}") from None
    except ValueError:
        raise _cannot(f"{file} is no {'TOML' if file.suffix == '.toml' else 'JSON'}") from None
    if not isinstance(values, dict):
        raise _cannot(f"{file} holds no settings by name")
    return values


def _package(adapter: PanelAdapter[Any], named: str | None) -> str:
    """The package to order. Raises ``Refused`` naming what there is: nothing is bought by guessing."""
    from panelbridge import PanelError

    if named is not None:
        return named
    try:
        sold = [
            f"{package.id} ({package.name})" for package in adapter.list_packages() if not package.unreadable
        ]
    except PanelError as error:
        raise _cannot(f"name the --package to order; the panel did not list any: {error.message}") from None
    if sold:
        raise _cannot(f"name the --package to order; the panel sells {', '.join(sold[:20])}")
    return ""


def _where(settings: Any, backend: str) -> str:
    return str(getattr(settings, "base_url", f"the panel of {backend}"))


def _bullets(lines: list[str]) -> list[str]:
    return [f"  - {line}" for line in lines]


def _cannot(message: str) -> Refused:
    return Refused(
        "invalid_request", message, advice="`panelbridge check --help` shows the forms; nothing was tried."
    )


def _show(screen: Screen, card: ScoreCard) -> None:
    from panelbridge.testing.scorecard import Mark

    screen.say(f"{card.backend}, {card.setup}", style="bold")
    if card.setup == "live":
        rows = [(one.name, one.mark.value, one.message) for one in card.findings]
        screen.table(("step", "", ""), rows, empty="Nothing was tried.")
    else:
        lines = [
            (
                line.part,
                line.passed,
                line.not_applicable,
                line.failed,
                "; ".join(line.reasons) if line.mark is Mark.NOT_APPLICABLE else line.mark.value,
            )
            for line in (*card.lines(), card.total())
        ]
        numbers = ("passed", "not applicable", "failed")
        screen.table(("part", *numbers, ""), lines, empty="Nothing was tried.", right=numbers)
    for failure in card.failures:
        screen.say(f"FAILED {failure.part}: {failure.name}\n  {failure.message}")
    screen.say()
