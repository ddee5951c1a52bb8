"""Facts about this checkout that the house tests compare."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


@cache
def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def backends() -> tuple[str, ...]:
    """Names of the folders of ``adapters/``, which are import names."""
    return tuple(sorted(path.name for path in (ROOT / "adapters").iterdir() if path.name[0].isalpha()))


@cache
def files() -> tuple[Path, ...]:
    """Every file that git tracks or would track, relative to the checkout."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    paths = (Path(name) for name in listed.stdout.split("\0") if name)
    return tuple(sorted(path for path in paths if (ROOT / path).is_file()))
