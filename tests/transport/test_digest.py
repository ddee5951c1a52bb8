"""HTTP Digest: one challenge, one answer, and a write is carried out once."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from panelbridge import OutcomeUnknown, Secret
from panelbridge.transport import DigestAuth, deadline

CANARY = "Can/ary+S3cret=="
CHALLENGE = 'WWW-Authenticate: Digest realm="panel", qop="auth", nonce="{}"'


@pytest.fixture
def digest(session: Any) -> Callable[..., Any]:
    def build(url: str, **settings: Any) -> Any:
        auth = DigestAuth("me", Secret(CANARY))
        return session(url, auth=auth, secrets=[Secret(CANARY)], **settings)

    return build


class Panel:
    """Challenges what holds no nonce of its own, and counts what it carries out."""

    def __init__(self, wire_reply: Any, page: bytes = b"<html>who?</html>") -> None:
        self._reply, self._page = wire_reply, page
        self.nonce = 1
        self.done: list[bytes] = []

    def __call__(self, connection: socket.socket, request: bytes) -> None:
        if f'nonce="n{self.nonce}"'.encode() in request:
            self.done.append(request)
            connection.sendall(self._reply(b"1"))
        else:
            connection.sendall(
                self._reply(self._page, CHALLENGE.format(f"n{self.nonce}"), status="401 Unauthorized")
            )


def test_a_write_that_is_challenged_is_carried_out_once(serve: Any, digest: Any, wire_reply: Any) -> None:
    panel = Panel(wire_reply)
    wire = serve(panel)
    reply = digest(wire.url).request("POST", "create", repeatable=False, form={"conf": "x"})
    assert (reply.status, reply.json()) == (200, 1)
    assert len(wire.requests) == 2
    assert len(panel.done) == 1
    assert panel.done[0].endswith(b"conf=x")
    assert wire.connections == 1


def test_only_the_first_request_is_challenged(serve: Any, digest: Any, wire_reply: Any) -> None:
    panel = Panel(wire_reply)
    wire = serve(panel)
    one = digest(wire.url)
    for _ in range(3):
        one.request("POST", "create", repeatable=False)
    assert (len(wire.requests), len(panel.done)) == (4, 3)
    assert [b"nc=0000000" + str(count).encode() in panel.done[count - 1] for count in (1, 2, 3)] == [True] * 3


def test_a_forgotten_nonce_is_challenged_anew_and_the_write_done_once(
    serve: Any, digest: Any, wire_reply: Any
) -> None:
    panel = Panel(wire_reply)
    wire = serve(panel)
    one = digest(wire.url)
    one.request("GET", "read", repeatable=True)
    panel.nonce = 2
    assert one.request("POST", "create", repeatable=False).status == 200
    assert [request.split()[1] for request in panel.done] == [b"/read", b"/create"]


def test_credentials_that_stay_refused_are_not_sent_for_ever(
    serve: Any, digest: Any, wire_reply: Any
) -> None:
    counted = iter(range(100))

    def answer(connection: socket.socket, _: bytes) -> None:
        connection.sendall(
            wire_reply(b"no", CHALLENGE.format(f"n{next(counted)}"), status="401 Unauthorized")
        )

    wire = serve(answer)
    reply = digest(wire.url).request("POST", "create", repeatable=False)
    assert (reply.status, reply.body) == (401, b"no")
    assert len(wire.requests) == 2


@pytest.mark.parametrize(
    "challenge",
    [
        "Digest",
        "Digest nonsense",
        'Digest realm="panel"',
        'Digest nonce="n1"',
        'Digest Realm="panel", Nonce="n1"',
        'Digest realm="panel", nonce="n1", algorithm="ROT13"',
        'Digest realm="panel", nonce="n1", qop="auth-int"',
        'Basic realm="panel"',
        "",
    ],
)
def test_a_challenge_that_cannot_be_answered_is_the_callers_to_judge(
    serve: Any, digest: Any, wire_reply: Any, challenge: str
) -> None:
    good = Panel(wire_reply)
    broken = [True]

    def answer(connection: socket.socket, request: bytes) -> None:
        if broken[0]:
            connection.sendall(wire_reply(b"no", f"WWW-Authenticate: {challenge}", status="401 No"))
        else:
            good(connection, request)

    wire = serve(answer)
    one = digest(wire.url)
    assert one.request("POST", "create", repeatable=False).status == 401
    assert len(wire.requests) == 1
    broken[0] = False
    assert one.request("POST", "create", repeatable=False).status == 200


@pytest.mark.parametrize("status", ["400 No", "403 No", "404 No", "409 No"])
def test_only_a_401_is_a_challenge(serve: Any, digest: Any, wire_reply: Any, status: str) -> None:
    wire = serve(wire_reply(b"no", CHALLENGE.format("n1"), status=status))
    assert digest(wire.url).request("POST", "create", repeatable=False).status == int(status[:3])
    assert len(wire.requests) == 1


def test_a_challenge_without_end_is_stopped(serve: Any, digest: Any, wire_reply: Any) -> None:
    wire = serve(Panel(wire_reply, page=b"x" * 200_000))
    with pytest.raises(OutcomeUnknown, match="65536 bytes"):
        digest(wire.url).request("GET", "x", repeatable=True)
    assert len(wire.requests) == 1


def test_a_cut_after_the_challenge_is_unknown_and_not_sent_again(
    serve: Any, digest: Any, wire_reply: Any
) -> None:
    panel = Panel(wire_reply)

    def answer(connection: socket.socket, request: bytes) -> None:
        if b"Authorization" in request:
            connection.shutdown(socket.SHUT_RDWR)
        else:
            panel(connection, request)

    wire = serve(answer)
    with pytest.raises(OutcomeUnknown, match="cut"):
        digest(wire.url).request("POST", "create", repeatable=False)
    assert len(wire.requests) == 2


def test_challenge_and_answer_share_one_deadline(serve: Any, digest: Any, wire_reply: Any) -> None:
    panel = Panel(wire_reply)

    def answer(connection: socket.socket, request: bytes) -> None:
        threading.Event().wait(0.25)
        panel(connection, request)

    started = time.monotonic()
    with pytest.raises(OutcomeUnknown, match="in time"), deadline(0.4):
        digest(serve(answer).url).request("POST", "create", repeatable=False)
    assert time.monotonic() - started < 0.9


def test_a_drip_of_a_challenge_cannot_outlast_the_deadline(serve: Any, digest: Any, wire_reply: Any) -> None:
    def answer(connection: socket.socket, _: bytes) -> None:
        whole = wire_reply(b"x" * 5000, CHALLENGE.format("n1"), status="401 Unauthorized")
        connection.sendall(whole[:-5000])
        while True:  # until the client hangs up, which raises OSError
            connection.sendall(b"x")
            threading.Event().wait(0.01)

    started = time.monotonic()
    with pytest.raises(OutcomeUnknown, match="in time"), deadline(0.4):
        digest(serve(answer).url).request("POST", "create", repeatable=False)
    assert time.monotonic() - started < 0.9


def test_neither_log_nor_error_nor_repr_holds_the_password(
    serve: Any, digest: Any, wire_reply: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    panel = Panel(wire_reply)
    wire = serve(panel)
    one = digest(wire.url)
    one.request("POST", "create", repeatable=False)
    told = repr(one) + "".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    assert CANARY not in told
    assert "Digest" not in told
    assert CANARY.encode() not in b"".join(wire.requests)
    assert [record.args["status"] for record in caplog.records] == [200]  # type: ignore[index,call-overload]


def test_threads_keep_nonces_of_their_own(serve: Any, digest: Any, wire_reply: Any) -> None:
    panel = Panel(wire_reply)
    one = digest(serve(panel).url)
    replies: list[int] = []

    def call() -> None:
        replies.extend(one.request("POST", "x", repeatable=False).status for _ in range(5))

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert replies == [200] * 20
    assert len(panel.done) == 20
