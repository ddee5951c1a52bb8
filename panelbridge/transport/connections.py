"""urllib3 connections that obey the deadline at every socket call and know whether a request has left.

urllib3's own time-outs bound one read, so a panel that drips a byte a second holds a thread for ever; here
each read gets what is left of the whole call.
"""

from __future__ import annotations

import http.client
import io
import logging
import socket
import ssl
import threading
import time
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from panelbridge.transport.addresses import is_refused
from panelbridge.transport.deadline import remaining, within

IDLE_SECONDS = 4.0
"""An idle connection older than this is not used again: common servers close theirs after five, and a write
that meets the closing would have an unknown outcome."""


@dataclass
class Exchange:
    """One request on its way. ``sent`` is true from the moment its first byte may have left."""

    sent: bool = False


current_exchange: ContextVar[Exchange | None] = ContextVar("panelbridge_exchange", default=None)


def _bound(sock: socket.socket) -> None:
    left = remaining()
    if left is None:
        return
    if left <= 0:
        raise TimeoutError("the deadline has passed")
    patience = sock.gettimeout()
    if patience is None or patience > left:
        sock.settimeout(left)


class _PlainSocket(socket.socket):
    has_more = False

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        _bound(self)
        return super().recv_into(*args, **kwargs)

    def sendall(self, *args: Any, **kwargs: Any) -> None:
        _bound(self)
        super().sendall(*args, **kwargs)


class _TlsSocket(ssl.SSLSocket):
    has_more = False

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        _bound(self)
        return super().recv_into(*args, **kwargs)

    def sendall(self, *args: Any, **kwargs: Any) -> None:
        _bound(self)
        super().sendall(*args, **kwargs)


def _resolve(host: str, port: int, patience: float) -> list[Any]:
    """Addresses of ``host``. The system's look-up cannot be interrupted, so it is left behind if too slow."""
    answer: list[Any] = []
    failure: list[OSError] = []

    def look_up() -> None:
        try:
            answer.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except OSError as error:
            failure.append(error)

    thread = threading.Thread(target=look_up, name="panelbridge-resolve", daemon=True)
    thread.start()
    thread.join(patience)
    if failure:
        raise failure[0]
    if not answer:
        raise TimeoutError("name look-up timed out")
    return answer


def _open_socket(host: str, port: int, patience: float, options: Any) -> socket.socket:
    """Connect to the first address that answers, all within ``patience`` seconds."""
    ends_at = time.monotonic() + within(patience)
    failure: OSError = TimeoutError("connect timed out")
    for family, kind, proto, _, address in _resolve(host, port, ends_at - time.monotonic()):
        left = ends_at - time.monotonic()
        if left <= 0:
            break
        if is_refused(str(address[0])):
            failure = OSError("a link-local or metadata address")
            continue
        sock = _PlainSocket(family, kind, proto)
        try:
            for option in options or ():
                sock.setsockopt(*option)
            sock.settimeout(left)
            sock.connect(address)
            sock.settimeout(max(0.001, ends_at - time.monotonic()))  # what is left for the TLS handshake
        except OSError as error:
            sock.close()
            failure = error
        else:
            return sock
    raise failure


class _Head:
    """Reads a reply's head line by line and remembers the last one."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.last = b""

    def readline(self, limit: int = -1) -> bytes:
        self.last = self._stream.readline(limit)
        return self.last

    def close(self) -> None:
        self._stream.close()


class _WholeHead(http.client.HTTPResponse):
    """A reply whose head was cut is no reply: the standard library would take it for an empty success.

    What follows a reply unasked, such as a second copy of it, answers nothing: it is noted on the socket,
    whose connection is then not used again.
    """

    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self._sock = sock

    def _close_conn(self) -> None:
        if isinstance(self.fp, io.BufferedReader) and _has_more(self.fp, self._sock):
            self._sock.has_more = True
        super()._close_conn()  # type: ignore[misc]

    def begin(self) -> None:
        stream: Any = self.fp
        head = _Head(stream)
        self.fp = head  # type: ignore[assignment]
        try:
            super().begin()
        finally:
            if self.fp is not None:  # None: a bad status line has closed the stream
                self.fp = stream
        if not head.last:
            raise http.client.RemoteDisconnected("cut within the headers")


def _has_more(stream: io.BufferedReader, sock: Any) -> bool:
    """Whether bytes are there already, read ahead or still in the socket. Never waits."""
    patience = sock.gettimeout()
    sock.settimeout(0)
    try:
        return bool(stream.peek(1))
    except (OSError, ValueError):  # TLS has no whole record yet, or the connection is gone
        return False
    finally:
        sock.settimeout(patience)


class _Sending:
    """What both kinds of connection share."""

    idle_since: float | None = None

    def _new_conn(self) -> socket.socket:
        conn: Any = self
        try:
            return _open_socket(conn._dns_host, conn.port, conn.timeout, conn.socket_options)  # noqa: SLF001
        except socket.gaierror as error:
            raise NameResolutionError(conn.host, conn, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(conn, "connect timed out") from error
        except OSError as error:
            raise NewConnectionError(conn, "connect failed") from error

    def request(self, *args: Any, **kwargs: Any) -> None:
        conn: Any = self
        if conn.is_closed:
            conn.connect()
        within(0)  # nothing is sent after the deadline
        exchange = current_exchange.get()
        if exchange is not None:
            exchange.sent = True
        super().request(*args, **kwargs)  # type: ignore[misc]


class _PlainConnection(_Sending, HTTPConnection):
    response_class = _WholeHead


class _TlsConnection(_Sending, HTTPSConnection):
    response_class = _WholeHead


class _Waiting:
    """What both kinds of pool share: a bounded wait for a free connection, and no stale one."""

    def _get_conn(self, timeout: float | None = None) -> Any:
        left = remaining()
        conn = super()._get_conn(timeout if left is None else max(0.0, left))  # type: ignore[misc]
        idle_since = getattr(conn, "idle_since", None)
        if idle_since is not None and time.monotonic() - idle_since > IDLE_SECONDS:
            conn.close()
        return conn

    def _put_conn(self, conn: Any) -> None:
        if conn is not None:
            if getattr(conn.sock, "has_more", False):
                conn.close()
            conn.idle_since = time.monotonic()
        super()._put_conn(conn)  # type: ignore[misc]


class _PlainPool(_Waiting, HTTPConnectionPool):
    ConnectionCls: Any = _PlainConnection


class _TlsPool(_Waiting, HTTPSConnectionPool):
    ConnectionCls: Any = _TlsConnection

    def _validate_conn(self, conn: Any) -> None:
        """Connect first. Where the operator switched the check off, the log said so once."""
        if conn.is_closed:
            conn.connect()


_POOLS: dict[str, Any] = {"http": _PlainPool, "https": _TlsPool}


class PanelHTTPAdapter(HTTPAdapter):
    """requests' adapter over the pools above; never repeats a request by itself."""

    def __init__(
        self, *, connections: int, context: ssl.SSLContext | None, fingerprint: str | None = None
    ) -> None:
        if context is not None:
            context.sslsocket_class = _TlsSocket
        self._context = context
        self._fingerprint = fingerprint
        super().__init__(pool_connections=4, pool_maxsize=connections, max_retries=0, pool_block=True)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(
            *args, ssl_context=self._context, assert_fingerprint=self._fingerprint, **kwargs
        )
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(
            proxy, ssl_context=self._context, assert_fingerprint=self._fingerprint, **kwargs
        )
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:  # noqa: ARG002
        """The authorities are in the context, read once; requests would read them for every connection."""
        conn.cert_reqs = "CERT_REQUIRED" if verify else "CERT_NONE"


def _is_foreign(_record: logging.LogRecord) -> bool:
    return current_exchange.get() is None


def silence_urllib3() -> None:
    """Drop what urllib3 logs about *our* calls: it prints whole URLs. Other users of urllib3 keep theirs."""
    for module in ("connection", "connectionpool", "poolmanager", "response", "util.retry"):
        logging.getLogger(f"urllib3.{module}").addFilter(_is_foreign)
