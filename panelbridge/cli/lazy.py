"""The commands by name: a command's file is imported when the command is named, not when all are listed.

This is the one way in which the command line loads late. The table says where a command is and how it is
listed; and inside a command's file the functions import what they work with, so that its --help needs none
of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar

import typer
import typer.main
from typer.core import TyperCommand, TyperGroup


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A command, or a group of them."""

    place: str  # module of panelbridge.cli, and in it the function of a command or the app of a group
    help: str  # as the list of commands shows it


class LazyGroup(TyperGroup):
    """Lists from ``entries``; who runs or completes a command gets the real one."""

    entries: ClassVar[Mapping[str, Entry]] = {}

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for name, entry in self.entries.items():
            self.commands[name] = TyperCommand(name, help=entry.help)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Where a command comes first, no option of the whole program was given.

        So typer is not asked to read one, for which it loads pydantic.
        """
        if not args or args[0] not in self.entries:
            return super().parse_args(ctx, args)
        own, self.params, self.add_help_option = self.params, [], False
        try:
            return super().parse_args(ctx, args)
        finally:
            self.params, self.add_help_option = own, True

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that ``args`` begin with, loaded."""
        if args[0] in self.entries:
            self.load(args[0])
        return super().resolve_command(ctx, args)

    def load(self, name: str) -> None:
        """Import the command's file."""
        module, _, attribute = self.entries[name].place.partition(":")
        found = getattr(import_module(f"panelbridge.cli.{module}"), attribute)
        if isinstance(found, typer.Typer):
            self.commands[name] = typer.main.get_group(found)
            self.commands[name].name = name
            return
        alone = typer.Typer(add_completion=False)
        alone.command(name)(found)
        self.commands[name] = typer.main.get_command(alone)

    def load_all(self) -> None:
        """For whoever looks at every command: the reference page, and tests."""
        for name in self.entries:
            self.load(name)
