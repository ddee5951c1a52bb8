"""The example of a third party's backend is short, and green on everything."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from panelbridge.testing.scorecard import Mark

EXAMPLE = Path(__file__).parents[2] / "examples" / "custom_adapter"
CODE = [path for path in (EXAMPLE / "panelbridge_acme").glob("*.py") if path.name != "practice.py"]


@pytest.fixture
def installed(tmp_path: Path) -> dict[str, str]:
    """An environment in which the example is installed beside this checkout."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    info = tmp_path / f"panelbridge_acme-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Name: {project['name']}\nVersion: {project['version']}\n")
    points = project["entry-points"]["panelbridge.adapters"]
    lines = "\n".join(f"{name} = {target}" for name, target in points.items())
    (info / "entry_points.txt").write_text(f"[panelbridge.adapters]\n{lines}\n")
    return os.environ | {"PYTHONPATH": os.pathsep.join((str(tmp_path), str(EXAMPLE)))}


def test_it_is_an_adapter_in_under_150_lines() -> None:
    counted = {path.name: len(path.read_text().splitlines()) for path in CODE}
    assert set(counted) == {"__init__.py", "adapter.py", "client.py", "mapping.py"}
    assert sum(counted.values()) < 150, counted


def test_it_passes_the_whole_suite_with_one_command(installed: dict[str, str]) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "panelbridge.testing.check", "acme", "--json"],
        env=installed,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    (card,) = json.loads(ran.stdout)
    marks = {finding["part"]: set() for finding in card["findings"]}
    for finding in card["findings"]:
        marks[finding["part"]].add(Mark(finding["mark"]))
    only_fenced = {part for part, found in marks.items() if Mark.PASSED not in found}
    assert only_fenced == {"fence"}, "everything but purchases applies to it"
