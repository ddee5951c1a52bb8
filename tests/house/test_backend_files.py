"""Every backend has the files that ``docs/developer.md`` names and no other; a name is the same in each."""

from __future__ import annotations

import ast
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.support.house import ROOT, backends

ADAPTERS = ROOT / "adapters"


def rows(head: str) -> list[list[str]]:
    """The cells of the developer guide's table that begins with ``head``."""
    lines = (ROOT / "docs" / "developer.md").read_text().splitlines()
    table = lines[lines.index(head) + 2 :]
    end = next(at for at, line in enumerate(table) if not line.startswith("|"))
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in table[:end]]


def own() -> dict[str, list[str]]:
    """By package the files that only it has."""
    named: dict[str, list[str]] = {package: [] for package in backends()}
    for backend, file, _ in rows("| backend | file | because |"):
        named[f"panelbridge_{backend}"].append(file)
    return named


def files(package: Path) -> set[str]:
    """Names in the folder, those of folders with a slash."""
    parts = (path for path in package.iterdir() if path.name != "__pycache__")
    return {f"{path.name}/" if path.is_dir() else path.name for path in parts}


def strays(package: Path) -> set[str]:
    allowed = [file for file, *_ in rows("| file | holds | names |")] + own()[package.name]
    return {name for name in files(package) if not any(fnmatch(name, pattern) for pattern in allowed)}


@pytest.mark.parametrize("package", backends())
def test_a_backend_has_no_file_beyond_the_guide(package: str) -> None:
    assert strays(ADAPTERS / package) == set()


def test_a_file_of_another_name_is_a_stray(tmp_path: Path) -> None:
    package = tmp_path / "panelbridge_whm"
    package.mkdir()
    for name in ("lookups.py", "reader.py", "tables.py"):  # the last is another backend's peculiarity
        (package / name).touch()
    (package / "steps").mkdir()
    assert strays(package) == {"reader.py", "tables.py", "steps/"}


def test_the_guide_names_no_file_that_is_gone() -> None:
    for package, patterns in own().items():
        there = files(ADAPTERS / package)
        assert all(any(fnmatch(name, pattern) for name in there) for pattern in patterns), package
    for name, *_ in rows("| file | holds | names |"):
        assert any((ADAPTERS / package / name).exists() for package in backends()), name


@pytest.mark.parametrize(("file", "name"), [("lookups.py", "Lookups"), ("create.py", "Creation")])
def test_what_does_the_same_has_the_same_name(file: str, name: str) -> None:
    found = [ADAPTERS / package / file for package in backends()]
    for module in filter(Path.exists, found):
        classes = {node.name for node in ast.parse(module.read_text()).body if isinstance(node, ast.ClassDef)}
        assert name in classes, module


def test_what_refuses_is_called_check() -> None:
    for module in (path for package in backends() if (path := ADAPTERS / package / "checks.py").exists()):
        functions = [node for node in ast.parse(module.read_text()).body if isinstance(node, ast.FunctionDef)]
        assert any(function.name.startswith("check_") for function in functions), module
