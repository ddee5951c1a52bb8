"""Any real panel, told in the environment: the round that ``panelbridge check --live`` makes of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from panelbridge import Term, load_adapter, read_settings
from panelbridge.testing.live import LiveCheck
from panelbridge.testing.practice import Setup
from panelbridge.testing.scorecard import Finding

PREFIX = "PANELBRIDGE_REAL_"
HOW = (
    f"no real panel is named: set {PREFIX}BACKEND, {PREFIX}SETTINGS (a JSON file of its settings) and, where"
    f" it sells packages, {PREFIX}PACKAGE; also {PREFIX}OTHER_PACKAGE, {PREFIX}TERM (1m), {PREFIX}OPTIONS"
    " (JSON). One account is made there, used for a moment and terminated; what the panel charges is charged"
)


@dataclass(frozen=True, kw_only=True)
class Named:
    """The panel, and what to order there."""

    backend: str
    settings: Mapping[str, Any] = field(repr=False)
    command: Setup


def named_in(environment: Mapping[str, str]) -> Named | None:
    """Raises ``ValueError`` and ``OSError`` for what is there and cannot be used."""
    told = {
        name.removeprefix(PREFIX): value for name, value in environment.items() if name.startswith(PREFIX)
    }
    if not told.get("BACKEND") or not told.get("SETTINGS"):
        return None
    return Named(
        backend=told["BACKEND"],
        settings=json.loads(Path(told["SETTINGS"]).read_text()),
        command=Setup(
            package=told.get("PACKAGE", ""),
            other_package=told.get("OTHER_PACKAGE", ""),
            term=Term.parse(told.get("TERM", "1m")),
            options=json.loads(told.get("OPTIONS", "{}")),
        ),
    )


def tried(panel: Named) -> list[Finding]:
    """How each step of the life of one account ended; whatever happens, none is left behind unsaid."""
    kind = load_adapter(panel.backend)
    settings = read_settings(kind.settings_model_for(panel.settings), dict(panel.settings))
    with kind(settings) as adapter:
        return list(LiveCheck(adapter, panel.command).run())
