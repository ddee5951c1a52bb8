"""Add up the JUnit reports of a folder: ``N passed, N failed``. Exit 1 when there is nothing to add."""

from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree as ET


def main() -> int:
    passed = failed = skipped = 0
    for report in sorted(Path(sys.argv[1]).glob("*.xml")):
        for case in ET.parse(report).getroot().iter("testcase"):  # noqa: S314 - written by our own test runs
            if case.find("failure") is not None or case.find("error") is not None:
                failed += 1
            elif case.find("skipped") is not None:
                skipped += 1
            else:
                passed += 1
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 0 if passed + failed else 1


if __name__ == "__main__":
    sys.exit(main())
