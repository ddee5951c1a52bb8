"""What the command line does with a description: check it, show its requests, record a round."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from panelbridge_declarative import cassette
from panelbridge_declarative.description.findings import Finding
from panelbridge_declarative.description.load import SpecInvalid, find, load
from panelbridge_declarative.preview import Preview, preview

__all__ = ["SpecInvalid", "check", "dry_run", "record"]


def check(name: str) -> tuple[str, tuple[Finding, ...]]:
    """Name of the file, and everything found in it."""
    try:
        description = load(name)
    except SpecInvalid as error:
        return Path(name).name, error.findings
    return description.where, description.warnings


def dry_run(
    name: str, op: str, given: Mapping[str, Any], base_url: str = "https://panel.example/"
) -> list[Preview]:
    """The requests of ``op``. Raises ``SpecInvalid`` and ``LookupError``."""
    return list(preview(load(name).spec, op, given, base_url))


def record(
    name: str, settings: Mapping[str, Any], package: str, options: Mapping[str, str], out: Path
) -> tuple[int, list[tuple[str, str]]]:
    """Write a cassette to ``out``; returns how many requests it holds, and how each call ended.

    Raises ``SettingsInvalid``.
    """
    path = str(find(name)) if not Path(name).suffix else name
    made = cassette.record({**settings, "spec": path}, package, options)
    out.write_text(json.dumps(made, indent=1, sort_keys=True) + "\n", "utf-8")
    return len(made["exchanges"]), [(call["call"], call["ended"]) for call in made["calls"]]
