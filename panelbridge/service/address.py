"""Whether the service can listen where it is told to, asked before anything starts."""

from __future__ import annotations

import socket


class AddressUnusable(RuntimeError):
    """Nothing can listen at the configured address; the message says why."""


def try_address(host: str, port: int) -> None:
    """Listen there for a moment. Raises ``AddressUnusable``.

    The server's own error is a backtrace that names neither the address nor what to do.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except OSError as error:
        raise AddressUnusable(f"Nothing can listen at {host}:{port}: {error.strerror}.") from None
