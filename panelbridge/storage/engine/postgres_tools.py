"""PostgreSQL's own programs (pg_dump, pg_restore). Their environment alone says where the database is:
a command line can be read by every user of the machine.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from typing import BinaryIO

from sqlalchemy import URL

from panelbridge.storage.exceptions import StorageFailed, ToolMissing

_VERSION = re.compile(r"\(PostgreSQL\) (\d+)")
_SHOWN = 3  # lines of what a program said last; the first of its errors stands there


def require_tool(name: str, *, least: int) -> None:
    """``name`` is installed, and of release ``least`` or newer. Raises ``ToolMissing``."""
    package = f"install the package postgresql-client-{least} or a newer one"
    if shutil.which(name) is None:
        raise ToolMissing(f"{name} is not installed: {package}")
    said = subprocess.run([name, "--version"], capture_output=True, text=True, check=False).stdout
    found = _VERSION.search(said)
    if found is None:
        raise ToolMissing(f"{name} does not tell its version: {package}")
    if int(found[1]) < least:
        raise ToolMissing(f"{name} is of PostgreSQL {found[1]}, which is older than {least}: {package}")


def run_tool(
    name: str,
    arguments: Sequence[str],
    url: URL | None = None,
    *,
    reads: BinaryIO | None = None,
    writes: BinaryIO | None = None,
) -> None:
    """To its end. Raises ``StorageFailed`` with what it said, never with a password."""
    done = subprocess.run(
        [name, *arguments],
        stdin=reads or subprocess.DEVNULL,
        stdout=writes or subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "LC_ALL": "C", **_environment(url)},
        check=False,
    )
    if done.returncode == 0:
        return
    lines = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    said = "; ".join(lines[:_SHOWN]) or f"exit {done.returncode}"
    if url is not None and url.password:
        said = said.replace(url.password, "***")
    raise StorageFailed(f"{name} failed: {said}")


def _environment(url: URL | None) -> Mapping[str, str]:
    """https://www.postgresql.org/docs/15/libpq-envars.html"""
    if url is None:
        return {}
    settings = {**url.translate_connect_args(database="database", username="user"), **url.query}
    return {f"PG{name.replace('_', '').upper()}": str(value) for name, value in settings.items()}
