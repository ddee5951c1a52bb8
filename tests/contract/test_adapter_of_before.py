"""A third party's backend, kept as it was before the contract got its room: the changelog's line mends it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CHANGELOG = HERE.parents[1] / "CHANGELOG.md"


@pytest.fixture
def mended(tmp_path: Path) -> dict[str, str]:
    """An environment with the old package in it, after the one line that the changelog names."""
    shutil.copytree(HERE / "adapter_of_before", tmp_path / "acme")
    (line,) = re.findall(r"`(sed -i -E [^`]*panelbridge\.contract[^`]*)`", CHANGELOG.read_text())
    subprocess.run(["bash", "-ec", line], cwd=tmp_path / "acme", check=True, stdin=subprocess.DEVNULL)
    info = tmp_path / "panelbridge_acme-1.0.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: panelbridge-acme\nVersion: 1.0.0\n")
    (info / "entry_points.txt").write_text("[panelbridge.adapters]\nacme = panelbridge_acme:AcmeAdapter\n")
    return os.environ | {"PYTHONPATH": os.pathsep.join((str(tmp_path), str(tmp_path / "acme")))}


def test_the_changelogs_line_makes_it_pass_the_suite(mended: dict[str, str]) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "panelbridge.testing.check", "acme", "--json"],
        env=mended,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        stdin=subprocess.DEVNULL,
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr
    (card,) = json.loads(ran.stdout)
    assert len(card["findings"]) > 50
