"""Shows that each test named in `tests/faults.md` fails on the code before, by its own assertion.

`python -m scripts.faults [POINT...]` checks the commit before out into a scratch folder, lays the tests,
practice panels and billing stand-in of the commit that fixed it over it (later ones name rooms that were not
there), runs what the table names, and prints how each test ended there.
Exits 1 when one passes there, or breaks in place of failing: a test that cannot fail proves nothing.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from scripts.commit import checked_out

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "tests" / "faults.md"
PHP = "whmcs_module_shim/php"
KIT = "panelbridge/testing"
LAID_OVER = (
    "tests",
    KIT,
    "adapters/*/practice*.py",
    "examples/*/*/practice.py",
    f"{PHP}/standin",
    f"{PHP}/tests",
    f"{PHP}/phpunit.xml",
)
ASSERTED = ("AssertionError", "assert ", "Failed:", "ExceptionGroup: ")
PATIENCE = 900  # seconds for one file; the code before may wait for what never comes


@dataclass(frozen=True, kw_only=True)
class Named:
    """A test of the table: `tests/a/test_b.py::test_c`, or `php: CTest::testD`.

    `kit: tests/...` is a test of the conformance suite itself, which it finds as it was before.
    """

    point: str
    test: str

    @property
    def php(self) -> bool:
        return self.test.startswith("php:")

    @property
    def kit(self) -> bool:
        return self.test.startswith("kit:")

    @property
    def file(self) -> str:
        """What runs in one go."""
        return self.test if self.php else self.test.partition("::")[0]


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How one case of a test ended on the code before."""

    how: str  # asserted, broke, passed, skipped
    words: str = ""


def commit_of(table: str, what: str) -> str:
    """The commit that the table's first lines call ``what``. Raises ``ValueError``."""
    found = re.search(rf"{what}: `([0-9a-f]{{7,40}})`", table)
    if found is None:
        raise ValueError(f"{TABLE.name} does not say `{what}: ...`")
    return found[1]


def named_in(table: str) -> Iterator[Named]:
    """Every test of the table, in its order."""
    for line in table.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
        if len(cells) < 4 or not re.match(r"\d", cells[0]):  # noqa: PLR2004 - point, fault, searched, tests
            continue
        for test in re.split(r"<br>", cells[-1]):
            if test.strip(" `"):
                yield Named(point=cells[0], test=test.strip().strip("`"))


def lay_over(tests: str, place: Path) -> None:
    """The tests of a later commit over the one in ``place``."""
    for folder in (place / "tests", place / KIT):
        shutil.rmtree(folder)
    _checkout(place, tests, *LAID_OVER)


def run_python(place: Path, tests: Sequence[str]) -> dict[str, list[Ended]]:
    """How the cases of each test ended; all of them are of one file."""
    report = place / ".faults.xml"
    report.unlink(missing_ok=True)
    environment = {**os.environ, "PYTHONPATH": f"{place}:{place / 'adapters'}", "COLUMNS": "200"}
    command = [sys.executable, "-m", "pytest", "-q", "--tb=short", "-o", "junit_family=xunit1"]
    words = _quietly([*command, "--junit-xml", str(report), *tests], place, environment)
    cases = _cases(report)
    names = {test: test.partition("::")[2].replace("::", ".") for test in tests}
    return {
        test: [
            end
            for case, end in cases
            if case == name.rpartition(".")[2] or case.startswith(f"{name.rpartition('.')[2]}[")
        ]
        or [Ended(how="broke", words=words)]
        for test, name in names.items()
    }


def run_php(place: Path, test: str) -> list[Ended]:
    """How the cases of a PHPUnit test ended."""
    report = place / ".faults.xml"
    report.unlink(missing_ok=True)
    wanted = test.removeprefix("php:").strip()
    command = [
        "phpunit",
        "--configuration",
        f"{PHP}/phpunit.xml",
        "--colors=never",
        "--log-junit",
        str(report),
    ]
    words = _quietly([*command, "--filter", f"/{wanted}( |$)/"], place, dict(os.environ))
    return [end for _, end in _cases(report)] or [Ended(how="broke", words=words)]


def _quietly(command: list[str], place: Path, environment: dict[str, str]) -> str:
    """Runs it; the last words are for whoever wonders why nothing was reported."""
    try:
        done = subprocess.run(
            command,
            cwd=place,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
    except subprocess.TimeoutExpired:
        return f"did not end within {PATIENCE} s"
    return " ".join((done.stdout + done.stderr).split())[-200:]


def _cases(report: Path) -> list[tuple[str, Ended]]:
    if not report.is_file() or not report.stat().st_size:
        return []
    cases = []
    for case in ET.parse(report).getroot().iter("testcase"):  # noqa: S314 - written by our own run
        failure, error = case.find("failure"), case.find("error")
        if error is not None:
            end = Ended(how="broke", words=_first(error))
        elif failure is not None:
            words = _first(failure)
            php = "phpunit" in (failure.get("type") or "").lower()
            end = Ended(how="asserted" if php or words.startswith(ASSERTED) else "broke", words=words)
        else:
            end = Ended(how="skipped" if case.find("skipped") is not None else "passed")
        cases.append((case.get("name") or "", end))
    return cases


def _first(element: ET.Element) -> str:
    text = element.get("message") or element.text or ""
    return " ".join(text.split())[:140]


def judge(cases: Sequence[Ended]) -> Ended:
    """One case that fails by its own assertion is the proof; one that breaks spoils it."""
    for how in ("broke", "asserted", "passed", "skipped"):
        found = next((end for end in cases if end.how == how), None)
        if found is not None:
            return found
    return Ended(how="broke", words="nothing ran")


def main(points: Sequence[str]) -> int:
    table = TABLE.read_text(encoding="utf-8")
    base, tests = commit_of(table, "commit before"), commit_of(table, "with the tests of")
    wanted = [item for item in named_in(table) if not points or item.point in points]
    files: dict[str, list[Named]] = defaultdict(list)
    for item in sorted(wanted, key=lambda item: item.kit):
        files[item.file].append(item)
    wrong = 0
    with checked_out(base) as place:
        lay_over(tests, place)
        for items in files.values():
            if items[0].kit:
                _kit_as_before(base, place)
            ended = run(place, items)
            for item in items:
                end = judge(ended[item.test])
                wrong += end.how != "asserted"
                print(f"{item.point:5} {end.how:9} {item.test}\n      {end.words}", flush=True)
    print(f"{len(wanted)} tests, {wrong} of them do not fail by their own assertion on the code before")
    return 1 if wrong or not wanted else 0


def run(place: Path, items: Sequence[Named]) -> dict[str, list[Ended]]:
    """How the tests of one file ended."""
    if items[0].php:
        return {items[0].test: run_php(place, items[0].test)}
    paths = {item.test: item.test.removeprefix("kit:").strip() for item in items}
    ended = run_python(place, list(paths.values()))
    return {test: ended[path] for test, path in paths.items()}


def _kit_as_before(base: str, place: Path) -> None:
    shutil.rmtree(place / KIT)
    _checkout(place, base, KIT)


def _checkout(place: Path, commit: str, *paths: str) -> None:
    subprocess.run(["git", "checkout", "--quiet", commit, "--", *paths], cwd=place, check=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
