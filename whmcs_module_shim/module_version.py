"""The version of a PHP module: of the one that ships, and of what lies where it shall go."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from panelbridge.actions.refused import Refused

INSIDE = "modules/servers/panelbridge"
VERSION_FILE = "lib/Version.php"
_VERSION = re.compile(r"NUMBER\s*=\s*'([0-9]+(?:\.[0-9]+)*)")


def refuse_newer(found: tuple[int, ...], ours: tuple[int, ...], where: Path) -> None:
    """Raises ``Refused`` where ``where`` holds a newer one, or something else."""
    if not found:
        raise Refused(
            "code_taken",
            f"{where} is not a panelbridge module, and it is not overwritten",
            advice="Choose another name, or move it away first.",
        )
    if found > ours:
        raise Refused(
            "code_taken",
            f"{where} holds version {'.'.join(map(str, found))}, newer than this release's",
            advice="Upgrade the bridge first. To go back on purpose, move the newer one away.",
        )


def version_in_zip(path: Path) -> tuple[int, ...]:
    """Of the module in a zip; empty where it holds none."""
    try:
        with zipfile.ZipFile(path) as archive:
            return version_in(archive.read(f"{INSIDE}/{VERSION_FILE}"))
    except (zipfile.BadZipFile, KeyError, OSError):
        return ()


def version_in(content: bytes) -> tuple[int, ...]:
    """What the module's own file says; empty where it says none."""
    match = _VERSION.search(content.decode("utf-8", "replace"))
    return tuple(int(part) for part in match[1].split(".")) if match else ()
