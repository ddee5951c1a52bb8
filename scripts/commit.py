"""Which commit an output tells of."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def commit() -> str:
    """Marked dirty where anything but the kept output of an earlier run differs from it."""
    dirty = _git("status", "--porcelain", "--", ":!benchmarks/*.txt", ":!benchmarks/*.json")
    return _git("describe", "--always") + ("-dirty" if dirty else "")


def _git(*words: str) -> str:
    said = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True)
    return said.stdout.strip()
