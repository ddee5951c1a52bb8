"""The HTTP side of a practice panel: the wire protocol, its faults, and the control paths beside it."""

from __future__ import annotations

import select
import socket
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from panelbridge.testing.practice.controls import Controls
from panelbridge.testing.practice.faults import Fault, FaultRule
from panelbridge.testing.practice.panel import PracticePanel
from panelbridge.testing.practice.wire import PracticeReply, PracticeRequest

_LONGEST_SILENCE = 120.0  # seconds a silent request waits for its caller to hang up


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], panel: PracticePanel) -> None:
        self.panel = panel
        self.controls = Controls(panel)
        self.open_sockets: set[socket.socket] = set()
        super().__init__(address, _Exchange)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.open_sockets.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.open_sockets.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that went away is no error here; anything else is the panel's bug and is printed."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Exchange(BaseHTTPRequestHandler):
    """One connection: reads a request, lets a fault have its way, answers."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    @property
    def _owner(self) -> _Server:
        assert isinstance(self.server, _Server)
        return self.server

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing is printed: ``GET /_practice/requests`` says what came."""

    def _any_method(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = PracticeRequest.read(self.command, self.path, dict(self.headers.items()), body)
        controls = self._owner.controls
        if controls.owns(request):
            self._send(controls.respond(request))
            return
        operation = self._owner.panel.operation(request)
        pause = controls.latency_of(operation, request.path)
        if pause > 0:
            time.sleep(pause)
        rule = controls.faults.take(operation, request.path)
        entry = controls.received(request, operation, rule)
        if rule is None:
            reply = self._respond(request)
            controls.answered(operation, reply)
            self._send(reply)
        else:
            _FAULTS[rule.fault](self, request, rule)
        entry["answered"] = True

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _any_method  # noqa: N815

    def _respond(self, request: PracticeRequest) -> PracticeReply:
        return self._owner.panel.respond(request)

    def _wire_form(self, reply: PracticeReply, *, length: int | None = None) -> bytes:
        lines = [
            f"HTTP/1.1 {reply.status} {self.responses.get(reply.status, ('', ''))[0]}",
            f"Content-Type: {reply.content_type}",
            f"Content-Length: {len(reply.body) if length is None else length}",
            f"Date: {self.date_time_string()}",
            *(f"{name}: {value}" for name, value in reply.headers.items()),
        ]
        head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
        return head if self.command == "HEAD" else head + reply.body

    def _send(self, reply: PracticeReply) -> None:
        self.wfile.write(self._wire_form(reply))

    def _cut(self) -> None:
        """Close the connection now, whatever the caller waits for."""
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            return

    def _wait_for_hangup(self) -> None:
        self.close_connection = True
        ends_at = time.monotonic() + _LONGEST_SILENCE
        while (left := ends_at - time.monotonic()) > 0:
            readable, _, _ = select.select([self.connection], [], [], left)
            if not readable:
                return
            try:
                if not self.connection.recv(4096):
                    return
            except OSError:
                return

    def _do_late(self, request: PracticeRequest, rule: FaultRule, before: Callable[[], None]) -> None:
        late = self._owner.controls.late
        ticket = late.begin()
        try:
            before()
            late.wait(ticket, rule.seconds)
            self._respond(request)
        finally:
            late.end()

    def cut_before(self, _request: PracticeRequest, _rule: FaultRule) -> None:
        self._cut()

    def cut_after_commit(self, request: PracticeRequest, _rule: FaultRule) -> None:
        self._respond(request)
        self._cut()

    def timeout_after_commit(self, request: PracticeRequest, _rule: FaultRule) -> None:
        self._respond(request)
        self._wait_for_hangup()

    def commit_after_hangup(self, request: PracticeRequest, rule: FaultRule) -> None:
        self._do_late(request, rule, self._wait_for_hangup)

    def cut_then_commit(self, request: PracticeRequest, rule: FaultRule) -> None:
        self._do_late(request, rule, self._cut)

    def error_500_but_done(self, request: PracticeRequest, _rule: FaultRule) -> None:
        self._respond(request)
        self._send(PracticeReply.html("500 Internal Server Error", status=500))

    def error_500_before(self, _request: PracticeRequest, _rule: FaultRule) -> None:
        self._send(PracticeReply.html("500 Internal Server Error", status=500))

    def html_200(self, request: PracticeRequest, _rule: FaultRule) -> None:
        self._respond(request)
        self._send(PracticeReply.html("One moment, please", status=200))

    def html_502(self, request: PracticeRequest, _rule: FaultRule) -> None:
        self._respond(request)
        self._send(PracticeReply.html("502 Bad Gateway", status=502))

    def empty_body(self, request: PracticeRequest, _rule: FaultRule) -> None:
        reply = self._respond(request)
        self._send(PracticeReply(status=200, content_type=reply.content_type))

    def truncated_body(self, request: PracticeRequest, _rule: FaultRule) -> None:
        reply = self._respond(request)
        half = reply.with_body(reply.body[: len(reply.body) // 2])
        self.wfile.write(self._wire_form(half, length=len(reply.body)))
        self._cut()

    def slow_drip(self, request: PracticeRequest, rule: FaultRule) -> None:
        pause = 0.05 if rule.seconds is None else rule.seconds
        for byte in self._wire_form(self._respond(request)):
            self.wfile.write(bytes((byte,)))
            time.sleep(pause)

    def wrong_types(self, request: PracticeRequest, _rule: FaultRule) -> None:
        self._send(self._owner.panel.with_wrong_types(self._respond(request)))

    def rate_limited(self, _request: PracticeRequest, rule: FaultRule) -> None:
        headers = {"Retry-After": str(int(1 if rule.seconds is None else rule.seconds))}
        self._send(PracticeReply(status=429, body=b'{"error":"rate_limited"}', headers=headers))

    def stall(self, _request: PracticeRequest, _rule: FaultRule) -> None:
        self._wait_for_hangup()

    def duplicate_reply(self, request: PracticeRequest, _rule: FaultRule) -> None:
        self.wfile.write(self._wire_form(self._respond(request)) * 2)

    def truncated_page(self, request: PracticeRequest, _rule: FaultRule) -> None:
        self._send(self._owner.panel.with_rows_missing(self._respond(request)))

    def success_but_nothing(self, request: PracticeRequest, _rule: FaultRule) -> None:
        self._send(self._owner.panel.pretend(request))

    def scripted(self, _request: PracticeRequest, rule: FaultRule) -> None:
        reported = rule.reply
        assert reported is not None
        reply = PracticeReply(
            status=reported.status,
            body=reported.body,
            content_type=reported.content_type,
            headers=reported.headers,
        )
        if reported.cut_after is None:
            self._send(reply)
            return
        part = reply.with_body(reply.body[: reported.cut_after])
        self.wfile.write(self._wire_form(part, length=len(reply.body)))
        self._cut()


_FAULTS: dict[Fault, Callable[[_Exchange, PracticeRequest, FaultRule], None]] = {
    fault: getattr(_Exchange, fault.value) for fault in Fault
}


class PracticeServer:
    """A practice panel listening on ``host``, in threads of this process. Use it in ``with``."""

    def __init__(self, panel: PracticePanel, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self._server = _Server((host, port), panel)
        self.port = self._server.server_port
        self.url = f"http://{host}:{self._server.server_port}/"
        self._server.controls.url = self.url
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="practice", daemon=True
        )

    @property
    def settings(self) -> dict[str, Any]:
        """Settings with which the backend's adapter reaches it, secrets in clear."""
        return self._server.panel.settings(self.url)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and cut what is open."""
        self._server.shutdown()
        self._thread.join()
        for sock in list(self._server.open_sockets):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        self._server.server_close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
