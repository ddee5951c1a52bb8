"""Which schema this release needs."""

from __future__ import annotations

from importlib.resources import files


def newest_schema() -> str:
    """The newest revision this release brings. Its files are named by revision, so nothing is imported."""
    folder = files("panelbridge.storage.engine.migrations") / "versions"
    return max(item.name.removesuffix(".py") for item in folder.iterdir() if item.name[:4].isdigit())
