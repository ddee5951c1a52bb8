"""What a command prints: tables for a person, JSON for a program. Results go to standard output, all else
to standard error.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from textwrap import indent
from typing import TYPE_CHECKING, Any, Literal

import typer

from panelbridge.actions.batches import batches
from panelbridge.cli.cells import cell
from panelbridge.cli.exits import Exit

if TYPE_CHECKING:
    from pydantic import BaseModel
    from rich.console import Console
    from rich.table import Table

_BATCH = 500  # rows that are laid out together
_PIPE_WIDTH = 220  # a table in a pipe is not folded at 80 columns
_LONG = 22  # a text longer than this may be folded inside its column


class Screen:
    """``as_json``: nothing but one JSON document on standard output."""

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json

    def say(self, text: str = "", *, style: str | None = None) -> None:
        """A line for a person."""
        if not self.as_json:
            _console(sys.stdout).print(text, style=style, markup=False, highlight=False, soft_wrap=True)

    def hint(self, text: str) -> None:
        """What to do next, or what to know; on standard error, so that a pipe gets the result alone."""
        if not self.as_json:
            _console(sys.stderr).print(text, style="dim", markup=False, highlight=False, soft_wrap=True)

    def json(self, value: Any) -> None:
        """The one document of this command."""
        typer.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))

    def json_list(self, items: Iterable[Any]) -> None:
        """The one document, a list, written as it is read; nothing for a person."""
        if not self.as_json:
            return
        begun = False
        for batch in batches(items, _BATCH):
            reported = [
                indent(json.dumps(one, indent=2, ensure_ascii=False, default=str), "  ") for one in batch
            ]
            typer.echo((",\n" if begun else "[\n") + ",\n".join(reported), nl=False)
            begun = True
        typer.echo("\n]" if begun else "[]")

    def answer(self, model: BaseModel, *facts: tuple[str, object], title: str = "") -> None:
        """One thing: the model for a program, the facts for a person."""
        if self.as_json:
            self.json(model.model_dump(mode="json"))
        else:
            self.facts(facts, title=title)

    def facts(self, facts: Iterable[tuple[str, object]], *, title: str = "") -> None:
        """Names and values below each other."""
        shown = [(name, cell(value)) for name, value in facts]
        width = max((len(name) for name, _ in shown), default=0) + 2
        if title:
            self.say(title, style="bold")
        for name, value in shown:
            first, *rest = value.splitlines() or [""]
            self.say(f"  {name:<{width}}{first}")
            for line in rest:
                self.say(f"  {'':<{width}}{line}")

    def table(
        self,
        columns: Sequence[str],
        rows: Iterable[Sequence[object]],
        *,
        empty: str,
        right: Sequence[str] = (),
    ) -> None:
        """A table, or the sentence that says why there is none. ``right``: columns of numbers."""
        if self.as_json:
            return
        self.long_table(columns, list(rows), empty=empty, right=right)

    def long_table(
        self,
        columns: Sequence[str],
        rows: Iterable[Sequence[object]],
        *,
        empty: str,
        right: Sequence[str] = (),
    ) -> None:
        """The same of ``rows`` that are read anew each time they are iterated, and never all kept."""
        if self.as_json:
            return
        longest = _longest(rows)
        if not longest:
            self.say(empty)
            return
        longest = [max(_width(name), width) for name, width in zip(columns, longest, strict=True)]
        console = _console(sys.stdout)
        needed = sum(min(width, _LONG) for width in longest) + 3 * len(columns)
        if needed > console.width:
            self._blocks(columns, rows)
            return
        fits = sum(longest) + 3 * len(columns) <= console.width
        for number, batch in enumerate(batches(rows, _BATCH)):
            table = _empty_table(columns, longest, right, header=number == 0, fixed=fits)
            _fill(table, batch)
            console.print(table, highlight=False)

    def _blocks(self, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """The rows one below the other, where the window is too narrow to put them side by side."""
        for row in rows:
            reported = ((name, cell(value)) for name, value in zip(columns, row, strict=True))
            self.facts(item for item in reported if item[1] not in ("", "-"))
            self.say()

    @contextmanager
    def working(self, text: str) -> Iterator[None]:
        """Something takes a while: a sign of life where a person looks, nothing in a pipe."""
        if self.as_json or not sys.stderr.isatty():
            yield
            return
        with _console(sys.stderr).status(text, spinner="dots"):
            yield

    def confirm(self, consequence: str, *, yes: bool, question: str = "Go on?") -> None:
        """Say what would happen and ask, unless ``yes``. Ends the command when the answer is no."""
        if yes:
            return
        _console(sys.stderr).print(consequence, markup=False, highlight=False, soft_wrap=True)
        if not sys.stdin.isatty():
            typer.echo(
                "Not a terminal: cannot ask for confirmation. Nothing was done. Add --yes to go on.", err=True
            )
            raise typer.Exit(Exit.USAGE)
        if not typer.confirm(question, err=True):
            typer.echo("Nothing was done.", err=True)
            raise typer.Exit(Exit.REFUSED)


def _longest(rows: Iterable[Sequence[object]]) -> list[int]:
    """The width of each column; empty when there is no row."""
    found: list[int] = []
    for row in rows:
        widths = [_width(cell(value)) for value in row]
        found = [*map(max, found, widths)] if found else widths
    return found


def _empty_table(
    columns: Sequence[str], longest: Sequence[int], right: Sequence[str], *, header: bool, fixed: bool
) -> Table:
    """``fixed``: as wide as the longest cell of all, so that parts of one table stand below each other."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, show_header=header)
    for name, width in zip(columns, longest, strict=True):
        side: Literal["left", "right"] = "right" if name in right else "left"
        wide = width if fixed else None
        table.add_column(name, justify=side, overflow="fold", no_wrap=width <= _LONG, min_width=wide)
    return table


def _fill(table: Table, rows: Iterable[Sequence[object]]) -> None:
    from rich.text import Text

    for row in rows:
        table.add_row(*(Text(cell(value)) for value in row))


def _width(text: str) -> int:
    return max(map(len, text.splitlines()), default=0)


def _console(stream: Any) -> Console:
    from rich.console import Console

    return Console(file=stream, width=None if stream.isatty() else _PIPE_WIDTH)
