"""Settings of a panel from a JSON file, which may hold secrets: others must not be able to read it."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from typing import IO, Any, TextIO

from panelbridge.actions.refused import Refused


def settings_in(file: TextIO, beside: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The JSON object in ``file``; ``beside``: settings of the same panel. Raises ``Refused``."""
    try:
        values = json.load(file)
    except ValueError:
        values = None
    if isinstance(values, dict):
        check_file_mode(file, {**(beside or {}), **values})
    if not isinstance(values, dict):
        raise Refused(
            "invalid_request",
            "the settings file is not a JSON object",
            advice='Write it as {"base_url": "https://panel.example/", ...}.',
        )
    return values


def check_file_mode(file: IO[Any], values: Mapping[str, Any]) -> None:
    """Raises ``Refused`` where others may read the file, unless it says itself that this is accepted."""
    try:
        mode = os.fstat(file.fileno()).st_mode
    except (OSError, ValueError):
        return  # no file of this machine, such as text given by a program
    if stat.S_ISREG(mode) and mode & 0o077 and values.get("allow_open_file") not in (True, "true"):
        raise Refused(
            "invalid_request",
            f"other users of this machine may read {file.name}, mode {stat.S_IMODE(mode):04o}",
            advice=f"Run `chmod 600 {file.name}`, or accept it by name: allow_open_file true in it.",
        )
