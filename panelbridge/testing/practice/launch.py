"""A practice panel as a process of its own, started and ended by the program that needs it."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self, TextIO

from panelbridge.contract.registry import load_adapter
from panelbridge.testing.practice.control import PracticeControl
from panelbridge.testing.practice.panel import PracticePanel

_PATIENCE = 15.0


def practice_class(backend: str) -> type[PracticePanel]:
    """``PRACTICE`` of the backend's ``practice`` module; ``module:name`` names a class directly."""
    module, _, name = backend.partition(":")
    if not name:
        package = load_adapter(backend).__module__.partition(".")[0]
        module, name = f"{package}.practice", "PRACTICE"
    found: type[PracticePanel] = getattr(importlib.import_module(module), name)
    return found


def _pass_on(stream: TextIO | None, said: deque[str]) -> None:
    """What the panel's process says goes on to ours, and its last lines are kept."""
    with suppress(ValueError):  # closed while it was read
        for line in stream or ():
            sys.stderr.write(line)
            said.append(line)


class PracticeProcess:
    """``with PracticeProcess("reference", books=folder / "books.sqlite") as panel:`` runs the panel.

    It ends with the block, and with this process however that ends: it watches its standard input. Stopped
    and started again it has the same books and the same address.
    """

    def __init__(
        self,
        backend: str,
        *,
        books: Path,
        options: Mapping[str, str] | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self._backend = backend
        self._books = books
        self._options = dict(options or {})
        self._host = host
        self._port = port
        self._process: subprocess.Popen[str] | None = None
        self._announced: dict[str, Any] = {}

    @property
    def url(self) -> str:
        """Where the panel listens."""
        return str(self._announced["url"])

    @property
    def settings(self) -> dict[str, Any]:
        """Settings with which the backend's adapter reaches it, secrets in clear."""
        return dict(self._announced["settings"])

    @property
    def control(self) -> PracticeControl:
        return PracticeControl(self.url)

    @property
    def pid(self) -> int:
        """The process' id. Raises ``RuntimeError`` when it does not run."""
        if self._process is None:
            raise RuntimeError("the practice panel does not run")
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it listens. Raises ``RuntimeError`` with what it printed."""
        command = [sys.executable, "-m", "panelbridge.testing.practice", self._backend]
        command += ["--books", str(self._books), "--host", self._host, "--port", str(self._port)]
        for name, value in self._options.items():
            command += ["--option", f"{name}={value}"]
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self._process = process
        said: deque[str] = deque(maxlen=50)
        listening = threading.Thread(target=_pass_on, args=(process.stderr, said), daemon=True)
        listening.start()
        line = process.stdout.readline() if process.stdout else ""
        if not line:
            self.stop()
            listening.join(_PATIENCE)
            last = said[-1].strip() if said else "it said nothing"
            raise RuntimeError(f"the practice panel {self._backend!r} did not start: {last}")
        self._announced = json.loads(line)
        self._port = int(self._announced["port"])

    def stop(self) -> None:
        """End it in order. Safe to repeat."""
        self._end(kill=False)

    def kill(self) -> None:
        """End it like a power cut."""
        self._end(kill=True)

    def _end(self, *, kill: bool) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if kill:
            process.kill()
        else:
            process.terminate()
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
