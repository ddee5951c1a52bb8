"""What the wheel holds: all of the product, nothing of the workshop."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

from tests.support.house import ROOT, backends, files

WORKSHOP = ("tests/", "docs/", "benchmarks/", "examples/", "scripts/", "standin/", "php/tests/")
SHIPPED = {"panelbridge": Path(), "whmcs_module_shim": Path()} | dict.fromkeys(backends(), Path("adapters"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    folder = tmp_path_factory.mktemp("dist")
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert built.returncode == 0, built.stderr
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as archive:
        yield archive


def test_every_source_file_of_every_package_is_in_it(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    missing = []
    for package, root in SHIPPED.items():
        own = root / package
        for path in files():
            if path.is_relative_to(own) and not any(part in path.as_posix() for part in WORKSHOP):
                shipped_as = path.relative_to(root).as_posix()
                missing += [shipped_as] if shipped_as not in names else []

    assert missing == []


def test_nothing_else_is_in_it(wheel: zipfile.ZipFile) -> None:
    tops = {PurePosixPath(name).parts[0] for name in wheel.namelist()}
    strangers = [name for name in wheel.namelist() for part in WORKSHOP if part in name]

    assert {top for top in tops if not top.endswith(".dist-info")} == set(SHIPPED)
    assert strangers == []


def test_it_is_typed_and_brings_the_module_the_licence_and_the_command(wheel: zipfile.ZipFile) -> None:
    names = wheel.namelist()
    told = {name.rpartition("/")[2]: wheel.read(name).decode() for name in names if ".dist-info/" in name}

    for package in SHIPPED:
        assert f"{package}/py.typed" in names
    assert "whmcs_module_shim/php/modules/servers/panelbridge/panelbridge.php" in names
    assert "LICENSE" in told
    assert "panelbridge = panelbridge.command:main" in told["entry_points.txt"]
    assert "[panelbridge.adapters]" in told["entry_points.txt"]
    assert "Provides-Extra: service" in told["METADATA"]
