"""Sphinx: MyST pages in the Furo theme, built with warnings as errors."""

from __future__ import annotations

import tomllib
from pathlib import Path

project = "panelbridge"
author = "the panelbridge authors"
project_copyright = "the panelbridge authors"
release = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]["version"]
version = release

extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
nitpicky = True
smartquotes = False  # it would make one dash of the two of an option

html_theme = "furo"
html_title = f"panelbridge {release}"
html_static_path = ["_static"]
html_copy_source = False
