"""A network between the service and its database server, which can be cut, and can lose an answer."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from typing import Self

from sqlalchemy import make_url


class Relay:
    """``with Relay(url) as network``: ``network.url`` names the same database, through it."""

    def __init__(self, url: str) -> None:
        address = make_url(url)
        self._target = (str(address.host), int(address.port or 5432))
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = int(self._listener.getsockname()[1])
        self.url = address.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)
        self._whole = True
        self._doomed: int | None = None  # commits still to come until one's answer is lost
        self._away_afterwards = False
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """Every connection ends, and new ones end at once."""
        self._whole = False
        for end in tuple(self._open):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        self._whole = True

    def lose_commit(self, number: int = 1, *, then_cut: bool = False) -> None:
        """The server stores it, and its answer never comes; the next ones pass, unless all is cut then."""
        self._away_afterwards = then_cut
        self._doomed = number

    @property
    def lost(self) -> bool:
        return self._doomed == 0

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        if not self._whole:
            client.close()
            return
        with client, socket.create_connection(self._target) as server, contextlib.suppress(OSError):
            self._open |= {client, server}
            try:
                self._carry(client, server)
            finally:
                self._open -= {client, server}

    def _carry(self, client: socket.socket, server: socket.socket) -> None:
        while True:
            ready, _, _ = select.select([client, server], [], [])
            for source in ready:
                data = source.recv(65536)
                if not data:
                    return
                if source is server:
                    client.sendall(data)
                    continue
                doomed = self._is_doomed(data)
                server.sendall(data)
                if doomed:
                    server.recv(65536)  # it is stored
                    if self._away_afterwards:
                        self.cut()
                    self._doomed = 0
                    return

    def _is_doomed(self, data: bytes) -> bool:
        # READ COMMITTED is in every BEGIN.
        if not self._doomed or b"COMMIT\0" not in data:
            return False
        if self._doomed > 1:
            self._doomed -= 1
            return False
        return True
