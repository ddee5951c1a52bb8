"""The set-up: what it prints without root, that nothing is faked without PHP, and how results are counted."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.house import ROOT


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the set-up on a machine where PHP is missing and the caller is not root."""
    room = tmp_path / "checkout"
    (room / "scripts").mkdir(parents=True)
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, room)
    for name in ("bootstrap", "test"):
        shutil.copy(ROOT / "scripts" / name, room / "scripts")
    _program(
        tmp_path / "bin" / "dpkg-query", 'case "$*" in *php-cli*|*php-curl*) exit 1;; esac; echo installed'
    )
    _program(tmp_path / "bin" / "id", "echo 1000")
    return room


def _program(path: Path, script: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def _run(checkout: Path, *command: str) -> subprocess.CompletedProcess[str]:
    # As from a user's shell: below `make test` the inner make would say which directory it enters.
    shell = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    environment = {**shell, "PATH": f"{checkout.parent / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(
        command,
        cwd=checkout,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )


@pytest.mark.parametrize("target", ["run", "test", "lint"])
def test_without_root_it_stops_with_the_exact_line(checkout: Path, target: str) -> None:
    stopped = _run(checkout, "make", target)

    assert "apt-get install -y --no-install-recommends php-cli php-curl\n" in stopped.stderr
    assert stopped.returncode != 0
    assert stopped.stdout == ""
    assert not (checkout / ".venv").exists()


def _fake_python(checkout: Path) -> None:
    """One that makes an environment of itself, and whose pip installs whatever it is told."""
    stand_in = checkout.parent / "stand-in"
    _program(
        stand_in,
        f'[ "$1" = -c ] && {{ echo {stand_in}; exit 0; }}; [ "$1" = -m ] || exit 0\n'
        '[ "$2" = venv ] && mkdir -p "$3/bin" && cp "$0" "$3/bin/python"; exit 0',
    )
    for name in ("python3", "python3.11", "python3.12"):
        _program(checkout.parent / "bin" / name, f'exec {stand_in} "$@"')


def test_a_wheel_is_built_without_php(checkout: Path) -> None:
    _fake_python(checkout)

    built = _run(checkout, "make", "wheel")

    assert "apt-get" not in built.stderr
    assert built.returncode == 0, built.stderr


def test_a_style_checker_that_debian_does_not_have_stops_no_run(checkout: Path) -> None:
    _fake_python(checkout)
    _program(
        checkout.parent / "bin" / "dpkg-query",
        'case "$*" in *php-codesniffer*) exit 1;; esac; echo installed',
    )
    _program(checkout.parent / "bin" / "id", "echo 0")
    _program(checkout.parent / "bin" / "apt-get", "echo 'E: no such package' >&2; exit 100")

    ran = _run(checkout, "scripts/bootstrap")

    assert ran.returncode == 0, ran.stderr
    assert "has no php-codesniffer: left out" in ran.stdout


def test_what_takes_long_is_said_before_it_starts(checkout: Path) -> None:
    _fake_python(checkout)
    _program(checkout.parent / "bin" / "id", "echo 0")
    _program(checkout.parent / "bin" / "apt-get", "exit 0")

    ran = _run(checkout, "scripts/bootstrap")

    said = ran.stdout.splitlines()
    assert [line for line in said if "installing php-cli php-curl" in line and "takes minutes" in line], said
    assert [line for line in said if "locked packages" in line and "takes minutes" in line], said


def test_a_broken_apt_says_what_to_run(checkout: Path) -> None:
    _program(checkout.parent / "bin" / "id", "echo 0")
    _program(checkout.parent / "bin" / "apt-get", "echo 'E: Unable to locate package' >&2; exit 100")

    stopped = _run(checkout, "make", "run")

    assert "Unable to locate package" in stopped.stderr
    assert "apt-get install -y --no-install-recommends php-cli php-curl\n" in stopped.stderr
    assert stopped.returncode != 0


def test_without_a_usable_python_it_says_what_is_needed(checkout: Path) -> None:
    _program(checkout.parent / "bin" / "dpkg-query", "echo installed")
    for name in ("python3", "python3.11", "python3.12"):
        _program(checkout.parent / "bin" / name, "exit 1")
    script = checkout / "scripts" / "bootstrap"
    script.write_text(script.read_text().replace("/usr/bin/python3;", "/nowhere/python3;"))

    stopped = _run(checkout, "scripts/bootstrap")

    assert "apt-get install -y python3-venv" in stopped.stderr
    assert stopped.returncode == 1


def test_make_alone_lists_what_there_is() -> None:
    listed = subprocess.run(
        ["make"], cwd=ROOT, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )

    for target in ("run", "test", "lint", "docs", "bench", "help"):
        assert f"make {target} " in listed.stdout


def test_results_of_both_languages_are_counted_together(tmp_path: Path) -> None:
    for name, of in (("php", "Panelbridge.LifecycleTest"), ("python", "tests.ledger.test_chain")):
        cases = "".join(
            f'<testcase classname="{of}" name="a" time="0.6">{result}</testcase>'
            for result in ("", "<failure/>", "<skipped/>")
        )
        (tmp_path / f"{name}.xml").write_text(f"<testsuites><testsuite>{cases}</testsuite></testsuites>")

    counted = subprocess.run(
        [sys.executable, ROOT / "scripts/tally.py", tmp_path],
        check=True,
        capture_output=True,
        text=True,
    )

    assert counted.stdout == (
        "php: 3 tests, 2 s\ntests/ledger: 3 tests, 2 s\n2 passed, 2 failed, 2 skipped\n"
    )
