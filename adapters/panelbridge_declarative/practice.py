"""The practice panel of each description: option ``spec`` chooses the one in ``practice_<name>``.

A description joins by a module of that name whose ``PRACTICE`` is a ``PracticePanel``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

from panelbridge.testing.practice import (
    OptionInvalid,
    PracticePanel,
    PracticeReply,
    PracticeRequest,
    Setup,
)
from panelbridge_declarative.description.load import shipped

_FIRST = "marzban"


def practice_of(name: str) -> type[PracticePanel]:
    """The class that imitates what the description ``name`` is for. Raises ``OptionInvalid``."""
    module = f"panelbridge_declarative.practice_{name.replace('-', '_')}"
    if name not in shipped() or find_spec(module) is None:
        raise OptionInvalid(f"no practice panel imitates spec={name!r}; there are {', '.join(practised())}")
    found: type[PracticePanel] = import_module(module).PRACTICE
    return found


def practised() -> tuple[str, ...]:
    """Shipped descriptions that have a practice panel."""
    module = "panelbridge_declarative.practice_{}"
    return tuple(name for name in shipped() if find_spec(module.format(name.replace("-", "_"))) is not None)


def _setups() -> Iterator[tuple[str, Setup]]:
    for spec in practised():
        for name, setup in practice_of(spec).setups.items():
            options = {"spec": spec, **setup.practice_options}
            yield (spec if name == "" else f"{spec}-{name}"), replace(setup, practice_options=options)


class DeclarativePracticePanel(PracticePanel):
    """Stands for all of them: making one makes the panel that option ``spec`` names."""

    imitates = "the panel that option spec names"
    setups: ClassVar[Mapping[str, Setup]] = dict(_setups())

    def __new__(cls, books: Path, options: Mapping[str, str] | None = None) -> Any:
        chosen = dict(options or {})
        spec = chosen.pop("spec", _FIRST)
        described = practice_of(spec)
        try:
            return described(books, chosen)
        except OptionInvalid as error:
            raise OptionInvalid(f"with spec={spec}, {error}") from None

    def seed(self) -> None:
        raise NotImplementedError

    def respond(self, request: PracticeRequest) -> PracticeReply:
        raise NotImplementedError

    def operation(self, request: PracticeRequest) -> str:
        raise NotImplementedError

    def snapshot(self) -> dict[str, Any]:
        raise NotImplementedError

    def settings(self, url: str) -> dict[str, Any]:
        raise NotImplementedError


PRACTICE = DeclarativePracticePanel
