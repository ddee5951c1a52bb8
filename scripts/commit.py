"""Which commit an output shows, and an earlier one in a scratch folder."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def commit() -> str:
    """Marked dirty where anything but the kept output of an earlier run differs from it."""
    dirty = _git("status", "--porcelain", "--", ":!benchmarks/*.txt", ":!benchmarks/*.json")
    return _git("describe", "--always") + ("-dirty" if dirty else "")


@contextmanager
def checked_out(commit: str) -> Iterator[Path]:
    """A scratch folder with that commit."""
    with tempfile.TemporaryDirectory(prefix="panelbridge-before-") as folder:
        place = Path(folder) / "tree"
        _git("worktree", "add", "--quiet", "--detach", str(place), commit)
        try:
            yield place
        finally:
            _git("worktree", "remove", "--force", str(place))


def _git(*words: str) -> str:
    said = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True)
    return said.stdout.strip()
