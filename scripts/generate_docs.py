"""Write the pages of docs/reference/ that are made from code; ``--check`` fails when one is stale.

Run it as ``.venv/bin/python -m scripts.generate_docs``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from scripts.page_backends import capabilities_page, settings_page
from scripts.page_errors import errors_page
from scripts.page_service import command_page, http_page
from scripts.score_cards import score_cards_page

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "reference"
NOTICE = "<!-- Made by scripts/generate_docs.py from the code. Edit the code, then run it. -->\n\n"

PAGES: dict[str, Callable[[], str]] = {
    "errors.md": errors_page,
    "capabilities.md": capabilities_page,
    "score-cards.md": score_cards_page,
    "settings.md": settings_page,
    "http.md": http_page,
    "command.md": command_page,
}


def main() -> int:
    """Write or check every page; the exit code."""
    stale = []
    for name, write in PAGES.items():
        path = FOLDER / name
        text = NOTICE + write().rstrip() + "\n"
        if path.exists() and path.read_text() == text:
            continue
        if "--check" in sys.argv[1:]:
            stale.append(path.relative_to(ROOT).as_posix())
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    if stale:
        sys.stderr.write(f"stale: {', '.join(stale)}; run .venv/bin/python -m scripts.generate_docs\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
