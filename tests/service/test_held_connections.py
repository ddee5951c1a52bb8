"""Connections that are held open and say nothing, or half of it, silence nobody.

Nothing here is timed: each question must be answered while the connections are still held. How long the
answers take is a figure: `python -m benchmarks held`.
"""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
import requests

from benchmarks.stage import Stage, session, staged

_PATIENCE = 100  # seconds after which the question is given up


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """`serve` with its own number of threads, and a panel to sell from."""
    with staged(tmp_path_factory.mktemp("held"), threads=None) as made:
        assert made.create(session(), 1).json()["result"] == "success"
        yield made


def nothing(stage: Stage) -> bytes:
    return b""


def half_a_header(stage: Stage) -> bytes:
    return b"POST /v1/whmcs/CreateAccount HTTP/1.1\r\nHost: bridge\r\nX-Never-Ends: "


def half_a_body(stage: Stage) -> bytes:
    lines = [f"{name}: {value}" for name, value in stage.headers.items()]
    lines += ["Host: bridge", "Content-Type: application/json", "Content-Length: 1000"]
    return "\r\n".join(["POST /v1/whmcs/CreateAccount HTTP/1.1", *lines, "", '{"serviceid": ']).encode()


@contextmanager
def held(path: str, count: int, words: bytes) -> Iterator[list[socket.socket]]:
    """As many connections, each of which says ``words`` and no more."""
    port = int(path.rpartition(":")[2])
    with ExitStack() as open_ones:
        sockets = []
        for _ in range(count):
            one = open_ones.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30))
            one.sendall(words)
            sockets.append(one)
        yield sockets


def still_held(sockets: list[socket.socket]) -> int:
    """Those that the server has not closed."""
    readable, _, _ = select.select(sockets, [], [], 0)
    return len(sockets) - len(readable)


def healthz(stage: Stage, number: int) -> requests.Response:
    return session().get(f"{stage.bridge.url}/healthz", timeout=_PATIENCE)


def create(stage: Stage, number: int) -> requests.Response:
    url = f"{stage.bridge.url}/v1/whmcs/CreateAccount"
    return session().post(url, json=stage.order(number), headers=stage.headers, timeout=_PATIENCE)


ATTACKS = [(130, nothing), (130, half_a_header), (16, half_a_body)]
_NUMBERS = iter(range(100, 200))


@pytest.mark.parametrize("question", [healthz, create], ids=lambda one: one.__name__)
@pytest.mark.parametrize(("count", "words"), ATTACKS, ids=lambda one: getattr(one, "__name__", one))
def test_an_answer_comes_while_they_are_held(
    stage: Stage, count: int, words: object, question: object
) -> None:
    assert callable(words)
    assert callable(question)
    with held(stage.bridge.url, count, words(stage)) as sockets:
        try:
            status: int | str = question(stage, next(_NUMBERS)).status_code
        except requests.RequestException as error:
            status = type(error).__name__
        left = still_held(sockets)

    assert (status, left > 0) == (200, True)
