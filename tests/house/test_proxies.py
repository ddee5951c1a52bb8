"""The proxies of examples/sidecar, run as they are shipped: one address cannot take every connection."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest

from tests.support.house import ROOT

SIDECAR = ROOT / "examples" / "sidecar"
CAP = 32
CERTIFICATE = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=bridge.example.com"
_HALF = b"POST /v1/whmcs/X HTTP/1.1\r\nHost: bridge.example.com\r\nContent-Length: 1000\r\n\r\n{"
_WHOLE = b"GET %s HTTP/1.1\r\nHost: bridge.example.com\r\nConnection: close\r\n\r\n"


class Bridge(BaseHTTPRequestHandler):
    """Stands behind the proxy, and answers what reaches it."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        told = b'{"from":"the bridge"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        """Nothing."""


@pytest.fixture
def bridge() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Bridge)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def certificate(folder: Path) -> tuple[Path, Path]:
    key, made = folder / "key.pem", folder / "cert.pem"
    words = [*CERTIFICATE.split(), "-keyout", str(key), "-out", str(made)]
    subprocess.run(words, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    return key, made


def shipped(name: str, changes: dict[str, str]) -> str:
    """The file, with what is this machine's own put in its places."""
    assert (SIDECAR / name).is_file(), f"{name} is not shipped"
    text = (SIDECAR / name).read_text()
    for old, new in changes.items():
        assert old in text, f"{name} says {old!r} no more"
        text = text.replace(old, new)
    return text


def nginx(folder: Path, port: int, bridge: int) -> list[str]:
    key, made = certificate(folder)
    block = shipped(
        "nginx.conf",
        {
            "listen 8443 ssl": f"listen 127.0.0.1:{port} ssl",
            "/etc/ssl/certs/bridge.example.com.pem": str(made),
            "/etc/ssl/private/bridge.example.com.key": str(key),
            "http://127.0.0.1:8080": f"http://127.0.0.1:{bridge}",
            # Nothing here is timed: on a busy machine forty handshakes may take longer than that.
            "client_header_timeout 10s": "client_header_timeout 600s",
            "client_body_timeout   10s": "client_body_timeout 600s",
        },
    )
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    places = " ".join(f"{kind}_temp_path {folder / kind};" for kind in kinds)
    file = folder / "nginx.conf"
    file.write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/log; events {{ worker_connections 512; }}\n"
        f"http {{ access_log off; {places}\n{block}\n}}\n"
    )
    return ["nginx", "-c", str(file), "-p", str(folder), "-e", str(folder / "log")]


def haproxy(folder: Path, port: int, bridge: int) -> list[str]:
    key, made = certificate(folder)
    both = folder / "both.pem"
    both.write_text(made.read_text() + key.read_text())
    file = folder / "haproxy.cfg"
    file.write_text(
        shipped(
            "haproxy.cfg",
            {
                "bind :8443": f"bind 127.0.0.1:{port}",
                "/etc/ssl/private/bridge.example.com.pem": str(both),
                "server local 127.0.0.1:8080": f"server local 127.0.0.1:{bridge}",
                "timeout http-request 10s": "timeout http-request 600s",
                "timeout client 30s": "timeout client 600s",
            },
        )
    )
    return ["haproxy", "-db", "-f", str(file)]


@contextmanager
def running(words: list[str], port: int) -> Iterator[None]:
    program = shutil.which(words[0], path="/usr/sbin:/usr/bin:/sbin:/bin")
    if program is None:
        pytest.skip(f"{words[0]} is not on this machine")
    process = subprocess.Popen([program, *words[1:]], stdin=subprocess.DEVNULL)
    try:
        ends = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < ends:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
                break
            Event().wait(0.05)
        assert process.poll() is None, f"{words[0]} ended by itself"
        yield
    finally:
        process.terminate()
        process.wait(30)


def connected(port: int, source: str) -> socket.socket:
    plain = socket.create_connection(("127.0.0.1", port), timeout=30, source_address=(source, 0))
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    return trusting.wrap_socket(plain)


def asked(port: int, source: str, path: bytes = b"/v1/x") -> bytes:
    """The first line of the answer; nothing where the connection is refused."""
    try:
        with connected(port, source) as one:
            one.sendall(_WHOLE % path)
            return one.makefile("rb").readline().strip()
    except OSError:
        return b""


# Where a connection is reset at once, Python's ssl module leaves its own half-made socket to the collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("proxy", [nginx, haproxy], ids=lambda one: one.__name__)
def test_one_address_is_capped_and_another_is_answered(
    proxy: Callable[[Path, int, int], list[str]], bridge: int, tmp_path: Path
) -> None:
    port = free_port()
    with running(proxy(tmp_path, port, bridge), port), ExitStack() as held:
        assert asked(port, "127.0.0.1").endswith(b"200 OK")
        assert asked(port, "127.0.0.1", b"/healthz").split()[1:2] == [b"404"]
        for _ in range(CAP + 8):  # half a body each; the last ones are over the cap
            with suppress(OSError):
                held.enter_context(connected(port, "127.0.0.1")).sendall(_HALF)

        own, other = asked(port, "127.0.0.1"), asked(port, "127.0.0.2")

    assert b" 200 " not in own, "the address that holds them is over its cap"
    assert other.endswith(b"200 OK")
