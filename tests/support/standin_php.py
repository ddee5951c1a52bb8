"""Starts the PHP of the billing stand-in: one process for each request, or a web server for its pages."""

from __future__ import annotations

import atexit
import functools
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.standin_records import Turn, captured_from

STANDIN_FOLDER = Path(__file__).parents[2] / "whmcs_module_shim" / "php" / "standin"


class StandinError(Exception):
    """PHP failed, or the shop refused; ``kind`` is ``php``, ``refused`` or ``uncaught`` (an "Oops" page)."""

    def __init__(self, kind: str, message: str, turn: Turn | None = None) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind
        self.message = message
        self.turn = turn


class PhpRequests:
    """Requests to a shop in one SQLite file; keeps no state between them, so threads may share it."""

    def __init__(self, database_path: Path, environment: Mapping[str, str] | None, timeout: float) -> None:
        """``environment`` replaces PHP's process environment; ``timeout`` is in seconds for one request."""
        self.database_path = database_path
        self._environment = environment
        self._timeout = timeout

    def request(self, command: str, **values: Any) -> Turn:
        """Send any command of the stand-in (README there); raise :class:`StandinError` if it was not done."""
        try:
            finished = subprocess.run(
                [*_php(), str(STANDIN_FOLDER / "standin.php"), str(self.database_path), command],
                input=json.dumps(values),
                capture_output=True,
                text=True,
                check=False,
                timeout=self._timeout,
                env=self._environment,
            )
        except subprocess.TimeoutExpired as error:
            raise StandinError("php", f"{command} took longer than {self._timeout} s") from error
        if finished.returncode != 0:
            raise StandinError("php", finished.stderr.strip() or finished.stdout.strip())
        try:
            reply = json.loads(finished.stdout)
        except json.JSONDecodeError as error:  # foreign code called exit() or printed past every buffer
            raise StandinError("php", f"no answer but: {finished.stdout[:500]!r}") from error
        turn = Turn(
            result=reply.get("result"),
            captured=captured_from(reply["captured"]),
            session=dict(reply.get("session") or {}),
        )
        if not reply["ok"]:
            raise StandinError(reply["error"]["kind"], reply["error"]["message"], turn)
        return turn

    @contextmanager
    def web(self) -> Iterator[str]:
        """Serve the pages on a free port of 127.0.0.1; gives the address without a slash at its end."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        environment = dict(os.environ if self._environment is None else self._environment)
        server = subprocess.Popen(
            ["php", "-S", f"127.0.0.1:{port}", str(STANDIN_FOLDER / "public" / "router.php")],
            env=environment | {"STANDIN_DATABASE": str(self.database_path.resolve())},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait_until_open(server, port)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(timeout=10)


@functools.cache
def _php() -> tuple[str, ...]:
    """PHP that keeps what it compiled for this process: else each request compiles Illuminate anew."""
    kept = tempfile.mkdtemp(prefix="panelbridge-php-")
    atexit.register(shutil.rmtree, kept, ignore_errors=True)
    settings = {"enable_cli": "1", "file_cache": kept, "file_cache_only": "1"}
    return ("php", *(word for name, value in settings.items() for word in ("-d", f"opcache.{name}={value}")))


def _wait_until_open(server: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and server.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(0.2)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise StandinError("php", f"the web server did not open port {port}")
