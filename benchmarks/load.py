"""A load client in a process of its own: keep-alive connections, one request under way on each.

No HTTP library: it costs a small part of what the server does, so the server is what is measured. A job
is JSON on standard input, the tally is JSON on standard output.
"""

from __future__ import annotations

import json
import selectors
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
_PATIENCE = 60.0  # seconds without any answer after which the server counts as dead


@dataclass(frozen=True, kw_only=True)
class Job:
    """``%d`` in ``body`` becomes a number, no two requests the same: ``first``, ``first`` + 1, ..."""

    port: int
    path: str
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    connections: int = 8
    seconds: float = 2.0
    first: int = 1
    most: int | None = None  # end after so many requests


@dataclass(frozen=True, kw_only=True)
class Tally:
    """What came back. Seconds; ``waits`` has one value for each answer."""

    seconds: float
    waits: list[float]
    statuses: dict[str, int]

    @property
    def rate(self) -> float:
        return len(self.waits) / self.seconds

    def only(self, status: int) -> None:
        """Raises ``RuntimeError`` unless every answer had that status: an error is quick, and no figure."""
        if set(self.statuses) != {str(status)}:
            raise RuntimeError(f"expected only {status} as answers, got {self.statuses}")


def run_load(job: Job) -> Tally:
    """Run ``job`` in another process. Raises ``RuntimeError`` with what that process said."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load"],
        input=json.dumps(asdict(job)),
        capture_output=True,
        text=True,
        cwd=_ROOT,
        check=False,
        timeout=job.seconds + 2 * _PATIENCE,
    )
    if done.returncode:
        raise RuntimeError(f"the load client failed: {done.stderr[-500:]}")
    return Tally(**json.loads(done.stdout))


class _Connection:
    """One keep-alive connection with at most one request under way."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.asked_at = 0.0
        self._received = b""

    def ask(self, text: bytes) -> None:
        self._received = b""
        self.asked_at = time.perf_counter()
        self.socket.sendall(text)

    def answered(self) -> str | None:
        """The status once the whole answer is here."""
        piece = self.socket.recv(65536)
        if not piece:
            raise RuntimeError("the server closed the connection")
        self._received += piece
        head, complete, body = self._received.partition(b"\r\n\r\n")
        if not complete or len(body) < _length(head):
            return None
        return head[9:12].decode()


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    raise RuntimeError("an answer without Content-Length")


class _Requests:
    def __init__(self, job: Job) -> None:
        lines = [f"POST {job.path} HTTP/1.1", f"Host: 127.0.0.1:{job.port}", "Content-Type: application/json"]
        lines += [f"{name}: {value}" for name, value in job.headers.items()]
        self._head = "\r\n".join(lines)
        self._body, self._next = job.body, job.first
        self._same = None if "%d" in job.body else self._text(job.body)

    def next(self) -> bytes:
        if self._same is not None:
            return self._same
        self._next += 1
        return self._text(self._body.replace("%d", str(self._next - 1)))

    def _text(self, body: str) -> bytes:
        return f"{self._head}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def _run(job: Job) -> Tally:
    requests, waits, statuses = _Requests(job), list[float](), Counter[str]()
    asked = 0
    with selectors.DefaultSelector() as selector:
        began = time.perf_counter()
        ends = began + job.seconds
        for _ in range(min(job.connections, job.most or job.connections)):
            connection = _Connection(job.port)
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.ask(requests.next())
            asked += 1
        while selector.get_map():
            ready = selector.select(_PATIENCE)
            if not ready:
                raise RuntimeError("the server does not answer")
            for key, _ in ready:
                connection = key.data
                status = connection.answered()
                if status is None:
                    continue
                now = time.perf_counter()
                waits.append(now - connection.asked_at)
                statuses[status] += 1
                if now < ends and (job.most is None or asked < job.most):
                    connection.ask(requests.next())
                    asked += 1
                else:
                    selector.unregister(connection.socket)
                    connection.socket.close()
    return Tally(seconds=time.perf_counter() - began, waits=waits, statuses=dict(statuses))


if __name__ == "__main__":
    json.dump(asdict(_run(Job(**json.load(sys.stdin)))), sys.stdout)
