"""What a check found, part by part."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Mark(StrEnum):
    PASSED = "passed"
    NOT_APPLICABLE = "not applicable"  # a capability says so, or the practice panel cannot show it
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One test, or one step on a real panel, and how it ended."""

    part: str
    name: str
    mark: Mark
    message: str = ""  # why it is not applicable, or what failed

    @classmethod
    def read(cls, document: dict[str, Any]) -> Finding:
        return cls(**{**document, "mark": Mark(document["mark"])})


@dataclass(frozen=True, kw_only=True)
class Line:
    """One part of the suite on the score card."""

    part: str
    passed: int
    not_applicable: int
    failed: int
    reasons: tuple[str, ...]  # why what is not applicable is not

    @property
    def mark(self) -> Mark:
        if self.failed:
            return Mark.FAILED
        return Mark.PASSED if self.passed else Mark.NOT_APPLICABLE


@dataclass(frozen=True, kw_only=True)
class ScoreCard:
    """A backend in one set-up of its panel."""

    backend: str
    setup: str
    findings: tuple[Finding, ...] = field(repr=False)

    @property
    def green(self) -> bool:
        """Something was found, and nothing failed."""
        marks = {finding.mark for finding in self.findings}
        return Mark.PASSED in marks and Mark.FAILED not in marks

    @property
    def failures(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.mark is Mark.FAILED)

    def lines(self) -> Iterator[Line]:
        """In the order of the suite."""
        for part in dict.fromkeys(finding.part for finding in self.findings):
            yield _line(part, [finding for finding in self.findings if finding.part == part])

    def total(self) -> Line:
        return _line("total", self.findings)

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "backend": self.backend,
            "setup": self.setup,
            "green": self.green,
            "parts": [_shown(line) for line in self.lines()],
            "total": _shown(self.total()),
            "failures": [{"part": one.part, "name": one.name, "told": one.message} for one in self.failures],
        }


def _shown(line: Line) -> dict[str, Any]:
    return {**vars(line), "reasons": list(line.reasons), "mark": line.mark.value}


def _line(part: str, findings: Iterable[Finding]) -> Line:
    found = tuple(findings)
    marks = Counter(finding.mark for finding in found)
    reasons = dict.fromkeys(finding.message for finding in found if finding.mark is Mark.NOT_APPLICABLE)
    return Line(
        part=part,
        passed=marks[Mark.PASSED],
        not_applicable=marks[Mark.NOT_APPLICABLE],
        failed=marks[Mark.FAILED],
        reasons=tuple(reasons),
    )


def part_of(class_name: str) -> str:
    """``TestCapabilityTruth`` as people read it: capability truth."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", class_name.removeprefix("Test")).lower()
