"""The demonstration's output: one line a step, with its time and what the books say after it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape


class Timeline:
    """Prints steps as they end. Colours only where a person reads."""

    def __init__(self) -> None:
        self.console = Console(highlight=False)
        self._began = time.monotonic()

    def heading(self, text: str) -> None:
        self.console.print(f"\n[bold]{escape(text)}[/bold]")

    @contextmanager
    def step(self, what: str) -> Iterator[list[str]]:
        """Time the block; what it appends to the list is printed behind the step."""
        notes: list[str] = []
        began = time.monotonic()
        yield notes
        now = time.monotonic()
        clock, took = now - self._began, (now - began) * 1000
        line = f"  {clock:6.2f} s  {what:<34} {took:7.0f} ms   {'; '.join(notes)}"
        self.console.print(escape(line), soft_wrap=True)

    def say(self, text: str) -> None:
        self.console.print(escape(text), soft_wrap=True)
