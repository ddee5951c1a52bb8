"""What a failure means: nothing was sent, or it may have happened."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from panelbridge import ContractBroken, Outcome, OutcomeUnknown, PanelError, PanelUnreachable, RateLimited
from panelbridge.transport import connections, deadline
from panelbridge.transport.reply import retry_after


def test_a_refused_connection_was_never_sent(session: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(PanelUnreachable) as caught:
        session(f"http://127.0.0.1:{port}/").request("POST", "create", repeatable=False)
    assert caught.value.outcome is Outcome.RETRY_LATER


def test_a_name_that_does_not_resolve_was_never_sent(session: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    monkeypatch.setattr(socket, "getaddrinfo", fails)
    with pytest.raises(PanelUnreachable):
        session("http://panel.example/").request("POST", "create", repeatable=False)


def test_a_look_up_that_hangs_ends_at_the_deadline(session: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    hanging = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: hanging.wait(10) and [])
    started = time.monotonic()
    with pytest.raises(PanelUnreachable, match="in time"), deadline(0.2):
        session("http://panel.example/").request("POST", "create", repeatable=False)
    assert time.monotonic() - started < 1
    hanging.set()


def test_a_connection_that_hangs_was_never_sent(session: Any) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(3)]  # the queue is full: further ones get no answer
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        url = f"http://127.0.0.1:{full.getsockname()[1]}/"
        with pytest.raises(PanelUnreachable, match="in time"):
            session(url, connect_timeout=0.2).request("POST", "create", repeatable=False)
        for one in waiting:
            one.close()


def test_an_untrusted_certificate_was_never_sent(serve: Any, session: Any, certificate: Any) -> None:
    wire = serve(b"", certificate[1])
    with pytest.raises(PanelUnreachable, match="TLS") as caught:
        session(wire.url).request("POST", "create", repeatable=False)
    assert "certificate" in caught.value.advice
    assert wire.requests == []


def test_tls_to_a_server_without_it_was_never_sent(serve: Any, session: Any) -> None:
    wire = serve(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    with pytest.raises(PanelUnreachable), deadline(0.5):
        session(wire.url.replace("http:", "https:")).request("POST", "create", repeatable=False)


def test_trusted_tls_works_and_an_unchecked_one_warns_once_in_the_log(
    serve: Any, session: Any, certificate: Any, wire_reply: Any, caplog: pytest.LogCaptureFixture
) -> None:
    wire = serve(wire_reply(b"[1]"), certificate[1])
    trusting = session(wire.url, ca_file=str(certificate[0]))
    assert trusting.request("GET", "x", repeatable=False).json() == [1]
    unchecked = session(wire.url, verify_tls=False)
    assert unchecked.request("GET", "x", repeatable=False).json() == [1]
    assert unchecked.request("GET", "x", repeatable=False).json() == [1]
    assert sum("not checked" in record.getMessage() for record in caplog.records) == 1


def test_a_certificate_for_another_host_is_not_trusted(
    serve: Any, session: Any, certificate: Any, wire_reply: Any
) -> None:
    wire = serve(wire_reply(), certificate[1])
    url = wire.url.replace("127.0.0.1", "localhost")
    with pytest.raises(PanelUnreachable):
        session(url, ca_file=str(certificate[0])).request("POST", "create", repeatable=False)
    assert wire.requests == []


def test_busy_connections_end_at_the_deadline_unsent(serve: Any, session: Any, wire_reply: Any) -> None:
    arrived, go_on = threading.Event(), threading.Event()

    def answer(connection: socket.socket, _: bytes) -> None:
        arrived.set()
        go_on.wait(5)
        connection.sendall(wire_reply())

    wire = serve(answer)
    one = session(wire.url, max_connections=1)
    first = threading.Thread(target=one.request, args=("POST", "a"), kwargs={"repeatable": False})
    first.start()
    assert arrived.wait(5)
    try:
        with pytest.raises(PanelUnreachable, match="busy"), deadline(1.0):
            one.request("POST", "b", repeatable=False)
    finally:
        go_on.set()
    first.join(5)
    assert len(wire.requests) == 1


def test_a_deadline_that_has_passed_sends_nothing(serve: Any, session: Any, wire_reply: Any) -> None:
    wire = serve(wire_reply())
    with pytest.raises(PanelUnreachable), deadline(0):
        session(wire.url).request("POST", "create", repeatable=False)
    assert wire.requests == []


@pytest.mark.parametrize(
    "partial", [b"", b"HTTP/1.1 200 OK\r\nContent-Le", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"]
)
def test_a_cut_after_sending_is_unknown_and_sent_once(serve: Any, session: Any, partial: bytes) -> None:
    def answer(connection: socket.socket, _: bytes) -> None:
        connection.sendall(partial)
        connection.shutdown(socket.SHUT_RDWR)

    wire = serve(answer)
    with pytest.raises(OutcomeUnknown, match="cut"):
        session(wire.url).request("POST", "create", repeatable=False)
    assert len(wire.requests) == 1


def test_what_is_no_http_is_unknown(serve: Any, session: Any) -> None:
    wire = serve(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
    with pytest.raises(OutcomeUnknown):
        session(wire.url, total_timeout=0.5).request("POST", "create", repeatable=False)


@pytest.mark.parametrize("status", ["500 Oops", "502 Bad Gateway", "503 Busy", "504 Late"])
def test_a_server_error_on_a_write_is_unknown_and_sent_once(
    serve: Any, session: Any, wire_reply: Any, status: str
) -> None:
    wire = serve(wire_reply(b"<html>", status=status))
    with pytest.raises(OutcomeUnknown, match=status[:3]):
        session(wire.url).request("POST", "create", repeatable=False)
    assert len(wire.requests) == 1


@pytest.mark.parametrize(
    "status", ["200 OK", "201 Created", "400 No", "401 No", "403 No", "404 No", "409 No", "422 No"]
)
def test_every_other_status_is_the_adapters_to_judge(
    serve: Any, session: Any, wire_reply: Any, status: str
) -> None:
    reply = session(serve(wire_reply(b'{"a": 1.50}', "X-Thing: y", status=status)).url).request(
        "POST", "create", repeatable=False
    )
    assert (reply.status, str(reply.json()["a"]), reply.headers["x-THING"]) == (int(status[:3]), "1.50", "y")


def test_a_rate_limit_tells_how_long(serve: Any, session: Any, wire_reply: Any) -> None:
    wire = serve(wire_reply(b"", "Retry-After: 42", status="429 Slow"))
    with pytest.raises(RateLimited) as caught:
        session(wire.url).request("POST", "create", repeatable=False)
    assert (caught.value.retry_after, caught.value.outcome) == (42.0, Outcome.RETRY_LATER)


def test_retry_after_reads_seconds_and_dates_and_nothing_else() -> None:
    in_a_minute = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    assert retry_after("5") == 5
    assert retry_after("999999999") == 3600
    assert retry_after("Fri, 31 Dec 9999 23:59:59 GMT") == 3600
    assert retry_after("Fri, 31 Dec 99999999999 23:59:59 GMT") is None
    assert 55 < (retry_after(in_a_minute) or 0) <= 60
    assert retry_after("Thu, 01 Jan 1970 00:00:00 GMT") == 0
    assert [retry_after(text) for text in (None, "", "soon", "-1", "1e9", "9" * 40)] == [None] * 6


def test_a_reply_above_the_limit_is_unknown_and_not_asked_for_again(
    serve: Any, session: Any, wire_reply: Any
) -> None:
    wire = serve(wire_reply(b"x" * 5000))
    with pytest.raises(OutcomeUnknown, match="1024 bytes"):
        session(wire.url, max_reply_bytes=1024).request("GET", "list", repeatable=True)
    assert len(wire.requests) == 1


def test_a_reply_that_never_ends_is_stopped_at_the_limit(serve: Any, session: Any) -> None:
    def answer(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:  # until the client hangs up, which raises OSError
            connection.sendall(b"400\r\n" + b"x" * 1024 + b"\r\n")

    with pytest.raises(OutcomeUnknown, match="4096 bytes"):
        session(serve(answer).url, max_reply_bytes=4096).request("GET", "list", repeatable=False)


def test_a_compressed_reply_is_measured_unpacked(serve: Any, session: Any, wire_reply: Any) -> None:
    packed = gzip.compress(b"0" * 20_000_000)
    assert len(packed) < 65536
    wire = serve(wire_reply(packed, "Content-Encoding: gzip"))
    with pytest.raises(OutcomeUnknown, match="65536 bytes"):
        session(wire.url, max_reply_bytes=65536).request("GET", "list", repeatable=False)
    assert b"Accept-Encoding: identity" in wire.requests[0]


def drip(seconds: float) -> Callable[[socket.socket, bytes], None]:
    def answer(connection: socket.socket, _: bytes) -> None:
        pause = threading.Event()
        for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + b" " * 2000:
            connection.sendall(bytes((byte,)))
            pause.wait(seconds)

    return answer


@pytest.mark.parametrize("pause", [0.02, 0.0005], ids=["in the headers", "in the body"])
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_a_drip_cannot_outlast_the_deadline(
    serve: Any, session: Any, certificate: tuple[Path, Any], tls: bool, pause: float
) -> None:
    wire = serve(drip(pause), certificate[1] if tls else None)
    one = session(wire.url, ca_file=str(certificate[0]), read_timeout=5.0, total_timeout=0.4)
    started = time.monotonic()
    with pytest.raises(OutcomeUnknown, match="in time"):
        one.request("POST", "create", repeatable=False)
    assert time.monotonic() - started < 0.9


def test_silence_after_a_late_first_byte_ends_at_the_deadline(serve: Any, session: Any) -> None:
    def answer(connection: socket.socket, _: bytes) -> None:
        threading.Event().wait(0.4)
        connection.sendall(b"HTTP/1.1 200 OK\r\n")

    started = time.monotonic()
    with pytest.raises(OutcomeUnknown, match="in time"):
        session(serve(answer).url, total_timeout=0.5).request("POST", "create", repeatable=False)
    assert time.monotonic() - started < 0.8


def test_a_deadline_that_passes_while_connecting_sends_nothing(
    serve: Any, session: Any, wire_reply: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_socket = connections._open_socket

    def slowly(*args: Any) -> Any:
        sock = open_socket(*args)
        threading.Event().wait(0.15)
        return sock

    monkeypatch.setattr(connections, "_open_socket", slowly)
    wire = serve(wire_reply())
    with pytest.raises(PanelUnreachable, match="in time"), deadline(0.1):
        session(wire.url).request("POST", "create", repeatable=False)
    assert wire.requests == []


def test_after_the_deadline_the_connection_is_closed(serve: Any, session: Any) -> None:
    hung_up = threading.Event()

    def answer(connection: socket.socket, _: bytes) -> None:
        connection.settimeout(5)
        if connection.recv(1) == b"":
            hung_up.set()

    with pytest.raises(OutcomeUnknown, match="in time"):
        session(serve(answer).url, total_timeout=0.2).request("POST", "create", repeatable=False)
    assert hung_up.wait(2)


def test_errors_chain_nothing_that_could_hold_the_address(serve: Any, session: Any) -> None:
    def answer(connection: socket.socket, _: bytes) -> None:
        connection.shutdown(socket.SHUT_RDWR)

    with pytest.raises(PanelError) as caught:
        session(serve(answer).url).request("GET", "x", query={"api_key": "canary"}, repeatable=True)
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "empty"),
        (b"  \r\n", "empty"),
        (b"<html>secret</html>", "HTML"),
        (b'{"a": "secret', "no complete JSON"),
        (b"secret", "no complete JSON"),
        (b'{"a": NaN}', "no complete JSON"),
        (b"[" * 100_000, "no complete JSON"),
        (b"\xff\xfesecret", "UTF-8"),
    ],
)
def test_a_body_that_is_no_json_breaks_the_contract_and_is_not_told(
    serve: Any, session: Any, wire_reply: Any, body: bytes, kind: str
) -> None:
    reply = session(serve(wire_reply(body)).url).request("GET", "x", repeatable=False)
    with pytest.raises(ContractBroken, match=kind) as caught:
        reply.json()
    assert "secret" not in f"{caught.value!r} {reply!r}"
