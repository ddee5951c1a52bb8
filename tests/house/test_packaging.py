"""Folders, wheel packages, entry points and contracts name the same backends."""

from __future__ import annotations

import re

from panelbridge import PanelAdapter, adapters
from tests.support.house import ROOT, backends, pyproject

ROOMS = {f"{name}.py" for name in ("__init__", "adapter", "client", "mapping", "practice", "settings")}
ROOMS |= {"README.md", "py.typed"}


def test_every_backend_folder_is_shipped_and_announced() -> None:
    project = pyproject()
    shipped = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    points = project["project"]["entry-points"]["panelbridge.adapters"]

    assert backends() == tuple(
        sorted(p.removeprefix("adapters/") for p in shipped if p.startswith("adapters/"))
    )
    assert backends() == tuple(sorted(value.partition(":")[0] for value in points.values()))
    assert backends() == tuple(f"panelbridge_{name}" for name in sorted(points))


def test_the_source_root_is_no_package_and_every_backend_is_typed_and_explained() -> None:
    assert not (ROOT / "adapters" / "__init__.py").exists()
    for backend in backends():
        rooms = {path.name for path in (ROOT / "adapters" / backend).iterdir()}
        assert rooms >= ROOMS, f"{backend} lacks {', '.join(sorted(ROOMS - rooms))}"


def test_every_entry_point_loads_and_names_itself() -> None:
    loaded = {entry.name: entry.load() for entry in adapters()}

    assert [f"panelbridge_{name}" for name in loaded] == [*backends()]
    assert all(issubclass(adapter, PanelAdapter) for adapter in loaded.values())


def test_no_pytest_plugin_is_announced() -> None:
    # Such an entry point imports the library before coverage starts, and the measurement is wrong.
    assert "pytest11" not in pyproject()["project"]["entry-points"]


def test_base_dependencies_are_the_contracts_own() -> None:
    wanted = {re.split(r"[<>=\[; ]", item)[0] for item in pyproject()["project"]["dependencies"]}

    assert wanted == {"pydantic", "requests", "tenacity", "urllib3"}


def test_one_version_everywhere() -> None:
    version = pyproject()["project"]["version"]
    module = ROOT / "whmcs_module_shim/php/modules/servers/panelbridge/lib/Version.php"

    assert f"NUMBER = '{version}'" in module.read_text()
    assert f"## [{version}]" in (ROOT / "CHANGELOG.md").read_text()
