"""The command where the service's packages are not installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

WITHOUT = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if f"{{name}}.".startswith({missing!r} + "."):
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
from panelbridge.command import main
main()
"""


@pytest.mark.parametrize("missing", ["typer", "pydantic_settings"])
def test_without_the_extra_the_command_says_what_to_install(missing: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT.format(missing=missing)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert ran.returncode == 3
    assert f"needs {missing}, which is not installed" in ran.stderr
    assert "pip install 'panelbridge[service]'" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_broken_import_of_our_own_is_not_hidden() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT.format(missing="panelbridge.cli")],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert "ModuleNotFoundError: No module named 'panelbridge.cli" in ran.stderr


def test_help_opens_no_database(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", "from panelbridge.command import main; main()", "--help"],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
    )

    assert ran.returncode == 0
    assert "serve" in ran.stdout
