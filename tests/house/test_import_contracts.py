"""Each import contract is kept by the code, and breaks when the import it forbids is written."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.house import BIN, ROOT, backends, pyproject

# contract: what must not be written, (a module, the import)
TRESPASSES = {
    "Rooms use what is below them": (
        ("panelbridge/provisioning/rules.py", "import panelbridge.testing"),
        ("panelbridge/provisioning/rules.py", "import panelbridge.storage"),
        ("panelbridge/storage/units.py", "import panelbridge.jobs"),
        ("panelbridge/http/routes.py", "import panelbridge.cli"),
        ("panelbridge/service/compose.py", "import panelbridge.http"),
        ("panelbridge/ledger/rules.py", "import panelbridge.contract.adapter"),
        ("panelbridge/contract/registry.py", "import panelbridge.transport"),
    ),
    "Backends are joined by entry points: nothing imports one, not even another": (
        ("panelbridge/contract/registry.py", "import panelbridge_xui"),
        ("adapters/panelbridge_reference/mapping.py", "import panelbridge_xui"),
        ("whmcs_module_shim/door.py", "import panelbridge_reference"),
    ),
    "Billing systems are joined by entry points: the product knows none": (
        ("panelbridge/provisioning/rules.py", "import whmcs_module_shim"),
        ("panelbridge/http/decoding.py", "import phpserialize"),
    ),
    "A backend sees contract, transport and the kit for backends": (
        ("adapters/panelbridge_xui/mapping.py", "import panelbridge.ledger"),
        ("adapters/panelbridge_xui/mapping.py", "import flask"),
    ),
    "Flask is in HTTP and in the doors of billing systems": (
        ("panelbridge/actions/plans.py", "import flask"),
        ("panelbridge/service/serve.py", "import flask"),
    ),
    "typer and rich are in the command line only": (("panelbridge/actions/plans.py", "import typer"),),
    "SQL is in storage, and in jobs where it joins the engine": (
        ("panelbridge/provisioning/rules.py", "import sqlalchemy"),
        ("panelbridge/cli/plans.py", "import sqlalchemy"),
    ),
    "The shim speaks to the service's rooms, not to tables, jobs or the command line": (
        ("whmcs_module_shim/door.py", "import panelbridge.storage.units"),
    ),
    "Faces show what actions did: they open no database themselves": (
        ("panelbridge/cli/keys.py", "import panelbridge.storage.units"),
        ("panelbridge/http/health.py", "import panelbridge.storage.units"),
    ),
    "The kit for backends knows the contract, not the product": (
        ("panelbridge/testing/clock.py", "import panelbridge.lifecycle"),
    ),
    "Ledger and lifecycle rules are pure": (("panelbridge/lifecycle/terms.py", "import requests"),),
}
PLANTED = [(contract, *plant) for contract, plants in TRESPASSES.items() for plant in plants]

VERDICT = re.compile(r"^(\S.*?) (KEPT|BROKEN)(?: \(.*\))?\s*$", re.MULTILINE)


def _judge(checkout: Path) -> tuple[int, dict[str, str], str]:
    """The exit code, KEPT or BROKEN per contract, and all that was said."""
    paths = os.pathsep.join([str(checkout), str(checkout / "adapters")])
    judged = subprocess.run(
        [BIN / "lint-imports", "--no-cache"],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": paths, "COLUMNS": "200", "NO_COLOR": "1"},
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    said = " ".join((judged.stdout + judged.stderr).split())
    return judged.returncode, dict(VERDICT.findall(judged.stdout)), said


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the Python sources that may be spoilt."""
    for package in ("panelbridge", "whmcs_module_shim", *(f"adapters/{name}" for name in backends())):
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("php", "__pycache__")
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_contract_has_a_trespass_that_breaks_it() -> None:
    contracts = [contract["name"] for contract in pyproject()["tool"]["importlinter"]["contracts"]]

    assert sorted(contracts) == sorted(TRESPASSES)


def test_the_code_keeps_every_contract(checkout: Path) -> None:
    code, verdicts, _ = _judge(checkout)

    assert verdicts == dict.fromkeys(TRESPASSES, "KEPT")
    assert code == 0


def test_each_trespass_is_named_and_breaks_its_contract(checkout: Path) -> None:
    for _, file, trespass in PLANTED:
        with (checkout / file).open("a") as source:
            source.write(f"\n{trespass}\n")

    code, verdicts, said = _judge(checkout)

    assert verdicts == dict.fromkeys(TRESPASSES, "BROKEN")
    unseen = [f"{file}: {trespass}" for _, file, trespass in PLANTED if _link(file, trespass) not in said]
    assert unseen == []
    assert code == 1


def test_a_new_room_is_held_before_it_has_a_place(checkout: Path) -> None:
    room = checkout / "panelbridge" / "parlour" / "__init__.py"
    room.parent.mkdir()
    room.touch()
    with (checkout / "adapters/panelbridge_xui/mapping.py").open("a") as source:
        source.write("\nimport panelbridge.parlour\n")

    code, _, said = _judge(checkout)

    assert code == 1
    assert "panelbridge.parlour" in said  # no layer names it
    _name_it(checkout)
    code, verdicts, said = _judge(checkout)
    assert verdicts["A backend sees contract, transport and the kit for backends"] == "BROKEN"
    assert "panelbridge_xui.mapping -> panelbridge.parlour" in said


def _link(file: str, trespass: str) -> str:
    module = file.removeprefix("adapters/").removesuffix(".py").replace("/", ".")
    return f"{module} -> {trespass.removeprefix('import ')}"


def _name_it(checkout: Path) -> None:
    settings = checkout / "pyproject.toml"
    text = settings.read_text()
    assert '  "service",\n' in text
    settings.write_text(text.replace('  "service",\n', '  "service",\n  "parlour",\n', 1))


def test_every_backend_of_this_house_is_named_where_a_wildcard_cannot() -> None:
    linter = pyproject()["tool"]["importlinter"]
    apart = next(one for one in linter["contracts"] if one["name"].startswith("Backends are joined"))

    assert sorted(apart["protected_modules"]) == sorted(backends())
    assert sorted(set(linter["root_packages"]) - {"panelbridge", "whmcs_module_shim"}) == sorted(backends())
