"""HTTP for the application, by waitress: one loop holds every connection, threads get whole requests.

Who opens a connection and says nothing, half a header or half a body, holds a socket and no thread. What is
silent for `SILENCE` seconds is closed. docs/decisions/0009-waitress.md has what was measured.
"""

from __future__ import annotations

import resource
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from waitress import wasyncore
from waitress.server import create_server

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from panelbridge.service.config import ServiceConfig

SILENCE = 30  # seconds without a byte
CONNECTIONS = 2_000  # held at the same time; more wait in the kernel's queue until silent ones are closed
_OWN_FILES = 500  # database, panels, logs
_LOOK = 0.25  # seconds after which the loop sees that it shall end
_SPARE = 2  # times max_body_bytes: up to there the application refuses, in its own words


class Listener:
    """Listens from its creation on. ``run`` returns after ``stop``, when what was begun is answered."""

    def __init__(self, app: WSGIApplication, config: ServiceConfig) -> None:
        self._ended = threading.Event()
        self._drain = config.drain_timeout
        self._map: dict[int, Any] = {}
        self._server = create_server(
            app,
            map=self._map,
            host=config.host,
            port=config.port,
            threads=config.threads,
            connection_limit=_allowed(CONNECTIONS),
            channel_timeout=SILENCE,
            cleanup_interval=5,
            asyncore_use_poll=True,
            backlog=1024,
            max_request_body_size=_SPARE * config.max_body_bytes,
            clear_untrusted_proxy_headers=False,  # the application believes as many as it is told to
            ident=None,
        )

    def stop(self) -> None:
        """Take no new connection and end. May be called from a signal handler."""
        self._ended.set()

    def run(self) -> None:
        """Serve until ``stop``; then at most the drain time for what is being answered."""
        while not self._ended.is_set():
            self._turn()
        for listening in [item for item in self._map.values() if getattr(item, "accepting", False)]:
            listening.del_channel(self._map)
            listening.socket.close()
        ends = time.monotonic() + self._drain
        while self._answering() and time.monotonic() < ends:
            self._turn()
        self._server.task_dispatcher.shutdown()

    def _turn(self) -> None:
        wasyncore.loop(timeout=_LOOK, use_poll=True, map=self._map, count=1)

    def _answering(self) -> bool:
        channels = list(self._map.values())
        return any(
            getattr(item, "requests", None) or getattr(item, "total_outbufs_len", 0) for item in channels
        )


def _allowed(wanted: int) -> int:
    """As many connections as the system lets us have files; its soft limit is raised where it may be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + _OWN_FILES
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    known = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return wanted if known == resource.RLIM_INFINITY else max(100, min(wanted, known - _OWN_FILES))
