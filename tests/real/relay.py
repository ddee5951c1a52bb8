"""Between a client and a real server: requests pass whole, and the answer to one of them is lost."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlsplit

from panelbridge import Outcome, PanelError
from panelbridge.contract.models import VerbResult

_PATIENCE = 30.0


class Relay:
    """``cut``: a regular expression for the request line, such as ``POST /accounts``; only the first is cut.

    The caller is hung up on once the request has left for the server, or (``late``) once the server answers:
    the one is a client that was killed, the other an answer that got lost. The server always sees the whole
    request and a caller that waits for the end.
    """

    def __init__(self, url: str, cut: str, *, late: bool) -> None:
        parts = urlsplit(url)
        self._server = (parts.hostname or "", parts.port or 80)
        self._cut = re.compile(cut)
        self._late = late
        self._was_cut = threading.Event()
        self._was_done = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        # The same host name: some servers answer to no other.
        self.url = f"http://{parts.hostname}:{self._listener.getsockname()[1]}/"
        threading.Thread(target=self._accept, daemon=True).start()

    def ended(self, do: Callable[[], VerbResult]) -> Outcome:
        """How a verb ended whose answer was lost; fails when nothing was cut."""
        try:
            outcome = do().outcome
        except PanelError as error:
            outcome = error.outcome
        assert self._was_cut.is_set(), "no request was cut"
        return outcome

    def wait_until_done(self) -> None:
        """Until the server has answered what was cut."""
        assert self._was_done.wait(_PATIENCE), "the server gave no answer to what was cut"

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError), client, socket.create_connection(self._server, timeout=_PATIENCE) as server:
            back = threading.Thread(target=self._pass_back, args=(server, client), daemon=True)
            back.start()
            while request := _whole_request(client):
                cuts = self._cut.match(request.decode("latin-1")) is not None and not self._was_cut.is_set()
                if cuts:
                    self._was_cut.set()
                server.sendall(request)
                if cuts and not self._late:
                    _hang_up(client)
            back.join(_PATIENCE if self._was_cut.is_set() else 0)

    def _pass_back(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while answer := server.recv(65536):
                if self._was_cut.is_set() and not self._was_done.is_set():
                    self._was_done.set()
                    _hang_up(client)
                    return
                client.sendall(answer)
            _hang_up(client)


def _whole_request(client: socket.socket) -> bytes:
    """Head and body; empty when the caller has no more."""
    request = b""
    while b"\r\n\r\n" not in request:
        piece = client.recv(65536)
        if not piece:
            return b""
        request += piece
    head = request.partition(b"\r\n\r\n")[0]
    length = re.search(rb"(?im)^content-length:\s*(\d+)", head)
    missing = len(head) + 4 + (int(length[1]) if length else 0) - len(request)
    while missing > 0:
        piece = client.recv(65536)
        if not piece:
            return b""
        request += piece
        missing -= len(piece)
    return request


def _hang_up(client: socket.socket) -> None:
    with suppress(OSError):
        client.shutdown(socket.SHUT_RDWR)
