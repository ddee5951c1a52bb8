"""CI gives the README's first lines to a shell letter by letter, and fails when one of them does."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.house import ROOT


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """CI's script, with a README of three lines and everything else it calls standing in as done."""
    for name in (".ci/run", "scripts/readme"):
        if (ROOT / name).exists():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / ".bootstrap").mkdir()
    (tmp_path / "scripts").mkdir(exist_ok=True)
    for name in ("bootstrap", "real-servers", "lint", "docs", "check-wheel", "php-versions"):
        script = tmp_path / "scripts" / name
        script.write_text("#!/bin/sh\nexit 0\n")
        script.chmod(0o755)
    (tmp_path / "Makefile").write_text("test:\n\t@echo by its own way >> ran\n")
    _readme(tmp_path, "echo first >> ran    # with a comment", "make -s show", "echo last >> ran")
    return tmp_path


def _readme(checkout: Path, *lines: str) -> None:
    (checkout / "README.md").write_text(
        "# x\n\n```sh\n" + "\n".join(lines) + "\n```\n\n```sh\necho no >> ran\n```\n"
    )
    with (checkout / "Makefile").open("a") as makefile:
        makefile.write("show:\n\t@echo level $$MAKELEVEL >> ran\n")


def _ci(checkout: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [checkout / ".ci/run"],
        env={**os.environ, "MAKELEVEL": "3", "MAKEFLAGS": "w"},
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=120,
    )


def test_ci_runs_the_readmes_lines_as_they_are_written(checkout: Path) -> None:
    done = _ci(checkout)

    ran = checkout / "ran"
    assert ran.exists(), done.stdout
    assert ran.read_text().splitlines() == ["first", "level 1", "last"]
    assert done.returncode == 0


def test_a_line_that_fails_fails_ci(checkout: Path) -> None:
    _readme(checkout, "echo first >> ran", "exit 3", "echo last >> ran")

    done = _ci(checkout)

    assert "===== README: exit 3: FAILED" in done.stdout
    assert done.returncode == 1


@pytest.mark.parametrize("name", ["real-servers", "check-wheel", "php-versions", "docs"])
@pytest.mark.parametrize("end", ["exit 1", "kill -9 $PPID"])
def test_what_fails_beside_the_others_fails_ci(checkout: Path, name: str, end: str) -> None:
    (checkout / "scripts" / name).write_text(f"#!/bin/sh\necho {name} says why\n{end}\n")

    done = _ci(checkout)

    assert f"{name} says why" in done.stdout
    assert done.returncode != 0


def test_what_stays_up_is_ended_once_it_says_so(checkout: Path) -> None:
    _readme(checkout, "echo Up to play with; sleep 600", "echo last >> ran")

    done = _ci(checkout)

    assert "===== README: echo Up to play with; sleep 600: ok" in done.stdout
    assert done.returncode == 0


def test_what_stays_up_is_ended_also_where_ctrl_c_was_ignored(checkout: Path) -> None:
    """A shell lets what it runs in the background ignore Ctrl-C; so it was once CI itself ran there."""
    _readme(checkout, "echo Up to play with; sleep 30 && echo slept >> ran")

    done = subprocess.run(
        ["bash", "-c", "trap '' INT; exec scripts/readme run \"$(scripts/readme lines)\""],
        cwd=checkout,
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr
    assert not (checkout / "ran").exists()
