"""The module's tests run on the PHP versions the guide names; what a build cannot do is left out by name."""

from __future__ import annotations

import re

from tests.support.house import ROOT

SCRIPT = ROOT / "scripts" / "php-versions"
PHP_TESTS = ROOT / "whmcs_module_shim" / "php" / "tests"


def _list_of(name: str) -> list[str]:
    assert SCRIPT.exists(), "nothing runs the module's tests on other versions of PHP"
    found = re.search(rf"^{name}=\((.*?)\)", SCRIPT.read_text(), re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1].split()


def test_the_guide_names_the_versions_that_run() -> None:
    guide = (ROOT / "docs" / "whmcs-admin.md").read_text()
    row = next(line for line in guide.splitlines() if line.startswith("| PHP"))

    assert set(re.findall(r"\*\*(8\.\d)\*\*", row)) == {*_list_of("versions"), "8.2"}


def test_what_is_left_out_is_a_test_that_exists() -> None:
    for name in _list_of("left_out"):
        file, _, function = name.partition("::")
        assert f"function {function}(" in (PHP_TESTS / f"{file}.php").read_text()
