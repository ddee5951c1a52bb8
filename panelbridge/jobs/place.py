"""Telling an error without its text, which may hold what must not be logged or stored."""

from __future__ import annotations

import traceback
from pathlib import Path


def place_of(error: Exception) -> str:
    """Kind and place, such as ``OSError at client.py:42``."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"
