"""The public surface is listed, sorted and explained; everything else is private by name."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
import typing
from pathlib import Path

import pytest

import panelbridge
from tests.support.house import ROOT, backends

# A name added here is a promise; a name removed breaks somebody's adapter: with a changelog line only.
# fmt: off
SURFACE = [
    "Absent", "AccountId", "AccountRef", "AccountState", "AdapterLoadError", "AuthenticationFailed",
    "Capabilities", "CapacityExhausted", "Conflict", "ConnectDetail", "ConnectKind", "Connection",
    "Connections", "ContractBroken", "CreateOrder",
    "Credentials", "Extend", "FindBy", "Found", "InsufficientPanelCredit",
    "InvalidOrder", "Lookup",
    "NotFound", "OrderFact", "Outcome", "OutcomeUnknown", "Package", "PackageChange", "PackageWrite",
    "PanelAccount", "PanelAdapter", "PanelBalance", "PanelBusy", "PanelError", "PanelRefused",
    "PanelSettings", "PanelUnreachable", "PermissionMissing", "Purchase", "RateLimited", "Secret",
    "SerialiseWrites", "SettingsInvalid", "SignOn", "Term", "TextRule", "Unknown", "Unsupported",
    "Usage", "Verb", "VerbResult", "adapters", "load_adapter", "read_settings",
]
# fmt: on

PACKAGES = [
    ROOT / "panelbridge",
    ROOT / "whmcs_module_shim",
    *(ROOT / "adapters" / name for name in backends()),
]
ROOMS = sorted(path for package in PACKAGES for path in package.rglob("__init__.py"))


def _order(name: str) -> tuple[int, str]:
    """Constants, then classes, then the rest: the order the linter sorts ``__all__`` in."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


def test_the_surface_is_what_was_promised() -> None:
    assert panelbridge.__all__ == SURFACE
    assert sorted(SURFACE) == SURFACE


@pytest.mark.parametrize("name", SURFACE)
def test_every_public_name_exists_and_says_what_it_is(name: str) -> None:
    thing = getattr(panelbridge, name)

    if inspect.isclass(thing) or inspect.isfunction(thing):
        assert inspect.getdoc(thing), f"panelbridge.{name} has no docstring"
    else:
        assert typing.get_origin(thing) is not None or isinstance(thing, typing.NewType)


def test_a_name_is_loaded_when_it_is_first_used() -> None:
    script = "import sys, panelbridge; print('pydantic' in sys.modules, panelbridge.Term, panelbridge.Gone)"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert "module 'panelbridge' has no attribute 'Gone'" in ran.stderr
    script = script.replace(", panelbridge.Gone", "")
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.split()[0] == "False"


def _body(room: Path) -> list[ast.stmt]:
    """What the file says. The library's own loads its names late, so they stand in a block for types."""
    body = ast.parse(room.read_text()).body
    if room != ROOT / "panelbridge" / "__init__.py":
        return body
    (block,) = [node for node in body if isinstance(node, ast.If)]
    assert ast.unparse(block.test) == "TYPE_CHECKING"
    listed = [
        node for node in body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    ]
    return [*block.body, *listed]


@pytest.mark.parametrize("room", ROOMS, ids=lambda path: str(path.relative_to(ROOT)))
def test_an_init_file_only_re_exports_and_sorts_what_it_exports(room: Path) -> None:
    body = _body(room)
    exported: list[str] | None = None
    for node in body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            exported = ast.literal_eval(node.value)
            continue
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        assert is_docstring or isinstance(node, ast.ImportFrom), (
            f"line {node.lineno} does more than re-export"
        )
    imports = [node for node in body if isinstance(node, ast.ImportFrom) and node.module != "__future__"]
    imported = sorted((alias.asname or alias.name for node in imports for alias in node.names), key=_order)

    assert imported == (exported or [])
