"""Orders for the processes of ``mortal``."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from panelbridge.contract.capabilities import Verb
from tests.matrix.stage import Stage

_ROOT = Path(__file__).parents[2]
LIMITS = {"attempt": 4.0, "lookup": 4.0, "budget": 8.0}


class Mortals:
    """One server process; each order is done by a child (or several) that it forks."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def order(self, act: str, stage: Stage, verb: Verb, service: int, **more: Any) -> dict[str, Any]:
        order = {
            "act": act,
            "folder": str(stage.folder),
            "limits": LIMITS,
            "budget": LIMITS["budget"],
            "verb": verb.value,
            "service": service,
            **more,
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the server of mortal processes ended; see its messages above"
        report: dict[str, Any] = json.loads(line)
        assert "error" not in report, report["error"]
        return report


@contextmanager
def mortals() -> Iterator[Mortals]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.matrix.mortal"],
        cwd=_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Mortals(process)
    finally:
        if process.stdin is not None:
            process.stdin.close()
        process.wait(30)
        if process.stdout is not None:
            process.stdout.close()
