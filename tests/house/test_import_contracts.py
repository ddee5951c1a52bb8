"""Each import contract is kept by the code, and breaks when the import it forbids is written."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.house import BIN, ROOT, backends, pyproject

# contract: (a module, the import it must not have)
TRESPASSES = {
    "The library knows no backend, no shim, no Flask": (
        "panelbridge/contract/registry.py",
        "import panelbridge_xui",
    ),
    "A backend sees the adapter contract only": (
        "adapters/panelbridge_xui/mapping.py",
        "import panelbridge.ledger",
    ),
    "Backends are independent of each other": (
        "adapters/panelbridge_reference/mapping.py",
        "import panelbridge_xui",
    ),
    "The shim never imports a backend": ("panelbridge/actions/fields.py", "import panelbridge_reference"),
    "The ledger does not know what a panel is": (
        "panelbridge/ledger/rules.py",
        "import panelbridge.contract.adapter",
    ),
    "The provisioning journal does not know what WHMCS is": (
        "panelbridge/provisioning/rules.py",
        "import whmcs_module_shim",
    ),
    "Ports belong to the consumer; only composition imports storage": (
        "panelbridge/provisioning/rules.py",
        "import panelbridge.storage",
    ),
    "Lifecycle rules are pure": ("panelbridge/lifecycle/terms.py", "import requests"),
}

VERDICT = re.compile(r"^(\S.*?) (KEPT|BROKEN)(?: \(.*\))?\s*$", re.MULTILINE)


def _judge(checkout: Path) -> tuple[int, dict[str, str]]:
    """The exit code, and KEPT or BROKEN per contract."""
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
    verdicts = dict(VERDICT.findall(judged.stdout))
    assert verdicts, judged.stdout + judged.stderr
    return judged.returncode, verdicts


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
    code, verdicts = _judge(checkout)

    assert verdicts == dict.fromkeys(TRESPASSES, "KEPT")
    assert code == 0


@pytest.mark.parametrize("contract", TRESPASSES)
def test_a_trespass_breaks_its_contract(contract: str, checkout: Path) -> None:
    file, trespass = TRESPASSES[contract]
    with (checkout / file).open("a") as source:
        source.write(f"\n{trespass}\n")

    code, verdicts = _judge(checkout)

    assert verdicts[contract] == "BROKEN"
    assert code == 1
