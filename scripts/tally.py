"""Add up the JUnit reports of a folder: seconds of each folder of tests, and last ``N passed, N failed``.

Exit 1 when there is nothing to add.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from operator import itemgetter
from pathlib import Path
from xml.etree import ElementTree as ET


def main() -> int:
    results, tests = Counter[str](), Counter[str]()
    seconds: dict[str, float] = defaultdict(float)
    for report in sorted(Path(sys.argv[1]).glob("*.xml")):
        root = ET.parse(report).getroot()  # noqa: S314 - written by our own test runs
        lane = " on PostgreSQL" if report.stem == "postgresql" else ""
        for case in root.iter("testcase"):
            section = _section(case.get("classname", "")) + lane
            tests[section] += 1
            seconds[section] += float(case.get("time", 0))
            results[_result(case)] += 1
    for section, took in sorted(seconds.items(), key=itemgetter(1), reverse=True):
        print(f"{section}: {tests[section]} tests, {took:.0f} s")
    skipped = results["skipped"]
    print(
        f"{results['passed']} passed, {results['failed']} failed"
        + (f", {skipped} skipped" if skipped else "")
    )
    return 0 if results["passed"] + results["failed"] else 1


def _section(name: str) -> str:
    """``tests/ledger`` of ``tests.ledger.test_chain``; PHPUnit's classes are one."""
    folder = name.split(".")[:2]
    return "/".join(folder) if folder[0] == "tests" else "php"


def _result(case: ET.Element) -> str:
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    return "skipped" if case.find("skipped") is not None else "passed"


if __name__ == "__main__":
    sys.exit(main())
