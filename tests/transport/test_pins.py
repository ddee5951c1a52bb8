"""Where a session never goes, whose certificate it takes alone, and replies a caller judges itself."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest

from panelbridge import OutcomeUnknown, PanelUnreachable, RateLimited
from panelbridge.transport.addresses import is_refused
from panelbridge.transport.connections import _open_socket


def _fingerprint(pem: Path) -> str:
    import hashlib

    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem.read_text())).hexdigest()


def test_a_pinned_certificate_is_trusted_whoever_signed_it(
    serve: Any, session: Any, wire_reply: Any, certificate: tuple[Path, ssl.SSLContext]
) -> None:
    pem, context = certificate
    wire = serve(wire_reply(), context)
    digits = _fingerprint(pem).upper()
    pinned = ":".join(digits[at : at + 2] for at in range(0, 64, 2))
    assert session(wire.url, fingerprint=pinned).request("POST", "x", repeatable=False).status == 200


def test_another_certificate_than_the_pinned_one_gets_no_request(
    serve: Any, session: Any, wire_reply: Any, certificate: tuple[Path, ssl.SSLContext]
) -> None:
    wire = serve(wire_reply(), certificate[1])
    for settings in ({"fingerprint": "0" * 64}, {"fingerprint": "0" * 64, "verify_tls": False}):
        with pytest.raises(PanelUnreachable, match="no trusted TLS") as caught:
            session(wire.url, **settings).request("POST", "x", repeatable=False)
        assert "fingerprint" in caught.value.advice
    assert wire.requests == []


@pytest.mark.parametrize("digits", ["", "abc", "0" * 63, "g" * 64])
def test_a_fingerprint_that_is_none_is_refused(session: Any, digits: str) -> None:
    with pytest.raises(ValueError, match="64 hexadecimal"):
        session("https://panel.example/", fingerprint=digits)


@pytest.mark.parametrize(
    "host",
    ["169.254.169.254", "169.254.0.1", "fe80::1", "[fe80::1%eth0]", "fd00:ec2::254", "100.100.100.200",
     "::ffff:169.254.169.254"],
)  # fmt: skip
def test_no_panel_lives_at_a_link_local_or_metadata_address(host: str) -> None:
    assert is_refused(host)


@pytest.mark.parametrize("host", ["127.0.0.1", "10.0.0.1", "192.168.1.4", "fd00::1", "panel.example", "::1"])
def test_private_networks_are_where_panels_live(host: str) -> None:
    assert not is_refused(host)


def test_a_name_that_leads_to_such_an_address_is_not_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    where = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 80))]
    monkeypatch.setattr("panelbridge.transport.connections._resolve", lambda *_: where)
    with pytest.raises(OSError, match="link-local"):
        _open_socket("panel.example", 80, 1.0, None)


@pytest.mark.parametrize("status", ["302 Found", "429 Slow", "500 Broken", "503 Later"])
def test_a_caller_may_judge_every_reply_itself(
    serve: Any, session: Any, wire_reply: Any, status: str
) -> None:
    wire = serve(wire_reply(b"{}", "Location: /other", status=status))
    for method in ("GET", "POST"):
        reply = session(wire.url).request(method, "x", repeatable=method == "GET", judged=True)
        assert reply.status == int(status[:3])
    assert len(wire.requests) == 2


def test_without_that_nothing_changed(serve: Any, session: Any, wire_reply: Any) -> None:
    for status, error in (("429 Slow", RateLimited), ("500 Broken", OutcomeUnknown)):
        wire = serve(wire_reply(status=status))
        with pytest.raises(error):
            session(wire.url).request("POST", "x", repeatable=False)


def test_a_body_goes_as_it_is(serve: Any, session: Any, wire_reply: Any) -> None:
    wire = serve(wire_reply())
    typed = {"Content-Type": "text/xml; charset=utf-8"}
    session(wire.url).request("POST", "x", repeatable=False, body="<a>ä</a>".encode(), headers=typed)
    head, _, body = wire.requests[0].partition(b"\r\n\r\n")
    assert body == "<a>ä</a>".encode()
    assert b"Content-Type: text/xml; charset=utf-8" in head
