"""The library alone, as the README shows it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from panelbridge.testing.practice import PracticeProcess

EXAMPLE = Path(__file__).parents[2] / "examples" / "library.py"


def test_the_example_creates_and_extends_an_account_in_twenty_lines(tmp_path: Path) -> None:
    assert len(EXAMPLE.read_text().splitlines()) <= 20
    with PracticeProcess("reference", books=tmp_path / "books.sqlite") as panel:
        (tmp_path / "settings.json").write_text(json.dumps(panel.settings))
        words = ["reference", str(tmp_path / "settings.json"), "anna2345", "TrainWindow7", "basic-1m"]
        ran = subprocess.run(
            [sys.executable, str(EXAMPLE), *words], capture_output=True, text=True, timeout=60, check=True
        )
        books = panel.control.books()
    assert "done" in ran.stdout
    assert "TrainWindow7" not in ran.stdout + ran.stderr
    assert books["counts"] == {"create": 1, "extend": 1}
    assert books["accounts"]["anna2345"]["password"] == "TrainWindow7"


def test_the_library_needs_no_server() -> None:
    """Importing the contract, the transport and a backend loads nothing of the service."""
    program = (
        "import sys, panelbridge, panelbridge.transport, panelbridge_reference, panelbridge_xui\n"
        "heavy = {'flask', 'sqlalchemy', 'dbos', 'waitress', 'alembic', 'cryptography', 'pytest'}\n"
        "heavy |= {'sqlite3'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert ran.stdout.strip() == "[]"
