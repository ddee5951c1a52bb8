"""How requests are sent: pooled, never redirected by a panel, repeated only when that is allowed."""

from __future__ import annotations

import logging
import socket
import threading
from contextlib import suppress
from typing import Any

import certifi
import pytest
import requests
import requests.auth

from panelbridge import ContractBroken, OutcomeUnknown, PanelUnreachable, Secret, SettingsInvalid
from panelbridge.contract.settings import PanelSettings, read_settings
from panelbridge.transport import PanelSession, connections, deadline, retrying

CANARY = "Can/ary+S3cret=="


def test_one_connection_serves_many_calls(serve: Any, session: Any, wire_reply: Any) -> None:
    wire = serve(wire_reply())
    one = session(wire.url)
    for _ in range(5):
        one.request("POST", "x", repeatable=False)
    assert (len(wire.requests), wire.connections) == (5, 1)


def test_an_idle_connection_closed_by_the_server_is_not_used_for_a_write(
    serve: Any, session: Any, wire_reply: Any
) -> None:
    wire = serve(wire_reply())
    one = session(wire.url)
    one.request("POST", "first", repeatable=False)
    wire.close_idle()
    one.request("POST", "second", repeatable=False)
    assert [request.split()[1] for request in wire.requests] == [b"/first", b"/second"]
    assert wire.connections == 2


def test_an_old_idle_connection_is_not_used_again(
    serve: Any, session: Any, wire_reply: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "IDLE_SECONDS", -1.0)
    wire = serve(wire_reply())
    one = session(wire.url)
    one.request("POST", "first", repeatable=False)
    one.request("POST", "second", repeatable=False)
    assert wire.connections == 2


@pytest.mark.parametrize("sooner", [1, 40, 4000, None], ids=lambda size: f"{size or 'all'} bytes early")
def test_a_second_copy_of_a_reply_never_answers_the_next_request(
    serve: Any, session: Any, sooner: int | None
) -> None:
    """``sooner`` bytes of the copy come with the first reply, the rest after the next request."""
    late: dict[socket.socket, bytes] = {}

    def answer(connection: socket.socket, request: bytes) -> None:
        told = b'{"path":"%s","filler":"%s"}' % (request.split()[1], b"x" * 5000)
        reply = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(told), told)
        connection.sendall(late.pop(connection, b"") + reply + reply[:sooner])
        if sooner is not None:
            late[connection] = reply[sooner:]

    wire = serve(answer)
    one = session(wire.url)
    told = [one.request("POST", path, repeatable=False).json()["path"] for path in ("first", "second")]
    assert told == ["/first", "/second"]


def test_a_write_that_meets_the_closing_is_unknown_and_not_sent_again(
    serve: Any, session: Any, wire_reply: Any
) -> None:
    def answer(connection: socket.socket, request: bytes) -> None:
        if b"/second" in request:
            connection.shutdown(socket.SHUT_RDWR)
        else:
            connection.sendall(wire_reply())

    wire = serve(answer)
    one = session(wire.url)
    one.request("POST", "first", repeatable=False)
    with pytest.raises(OutcomeUnknown):
        one.request("POST", "second", repeatable=False)
    assert (len(wire.requests), wire.connections) == (2, 1)


def failing_first(times: int, wire_reply: Any) -> Any:
    seen: list[bytes] = []

    def answer(connection: socket.socket, request: bytes) -> None:
        seen.append(request)
        if len(seen) <= times:
            connection.sendall(wire_reply(status="503 Busy"))
        else:
            connection.sendall(wire_reply(b'"at last"'))

    return answer


def test_a_repeatable_request_is_tried_three_times(serve: Any, session: Any, wire_reply: Any) -> None:
    wire = serve(failing_first(2, wire_reply))
    assert session(wire.url).request("GET", "x", repeatable=True).json() == "at last"
    assert len(wire.requests) == 3


def test_after_three_tries_the_failure_is_told(serve: Any, session: Any, wire_reply: Any) -> None:
    wire = serve(failing_first(3, wire_reply))
    with pytest.raises(OutcomeUnknown):
        session(wire.url).request("GET", "x", repeatable=True)
    assert len(wire.requests) == 3


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Pauses between tries, noted instead of waited."""
    noted: list[float] = []
    monkeypatch.setattr(retrying.time, "sleep", noted.append)
    return noted


def test_retry_after_is_honoured_within_the_deadline(
    serve: Any, session: Any, wire_reply: Any, pauses: list[float]
) -> None:
    wire = serve(wire_reply(b"", "Retry-After: 1", status="429 Slow"))
    with pytest.raises(Exception, match="slow down"):
        session(wire.url).request("GET", "x", repeatable=True)
    assert (pauses, len(wire.requests)) == ([1.0, 1.0], 3)


def test_a_retry_after_beyond_the_deadline_is_not_waited_for(
    serve: Any, session: Any, wire_reply: Any, pauses: list[float]
) -> None:
    wire = serve(wire_reply(b"", "Retry-After: 60", status="429 Slow"))
    with pytest.raises(Exception, match="slow down"):
        session(wire.url).request("GET", "x", repeatable=True)
    assert (pauses, len(wire.requests)) == ([], 1)


def test_a_read_follows_a_redirect_on_the_same_host(serve: Any, session: Any, wire_reply: Any) -> None:
    def answer(connection: socket.socket, request: bytes) -> None:
        moved = wire_reply(b"", "Location: /new/x?page=2", status="302 Found")
        connection.sendall(wire_reply(b"7") if b"/new/" in request else moved)

    wire = serve(answer)
    assert session(wire.url).request("GET", "x", repeatable=True).json() == 7
    assert wire.requests[1].startswith(b"GET /new/x?page=2 ")


def test_no_redirect_leads_to_another_host(serve: Any, session: Any, wire_reply: Any) -> None:
    other = serve(wire_reply())
    wire = serve(wire_reply(b"", f"Location: {other.url}", status="301 Moved"))
    with pytest.raises(ContractBroken):
        session(wire.url, headers={"Authorization": "Bearer x"}).request("GET", "x", repeatable=True)
    assert (len(wire.requests), other.requests) == (1, [])


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See", "307 Temporary", "308 Permanent"])
def test_a_write_is_never_redirected(serve: Any, session: Any, wire_reply: Any, status: str) -> None:
    wire = serve(wire_reply(b"", "Location: /elsewhere", status=status))
    with pytest.raises(ContractBroken) as caught:
        session(wire.url).request("POST", "x", repeatable=False, form={"a": "b"})
    assert len(wire.requests) == 1
    assert not caught.value.retry_safe


def test_a_redirect_does_not_double_the_query(serve: Any, session: Any, wire_reply: Any) -> None:
    def answer(connection: socket.socket, request: bytes) -> None:
        moved = wire_reply(b"", "Location: /b?page=2&token=t", status="302 Found")
        connection.sendall(wire_reply(b"7") if b"/b" in request else moved)

    wire = serve(answer)
    session(wire.url).request("GET", "a", query={"page": "2"}, repeatable=True)
    assert [request.split()[1] for request in wire.requests] == [b"/a?page=2", b"/b?page=2&token=t"]


@pytest.mark.parametrize("location", ["http://[", "http://h:99999/", "//[::", "http://h:port/"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_redirect_to_no_address_is_told(
    serve: Any, session: Any, wire_reply: Any, location: str, method: str
) -> None:
    wire = serve(wire_reply(b"", f"Location: {location}", status="302 Found"))
    assert told_by(lambda: session(wire.url).request(method, "x", repeatable=False)) is ContractBroken


@pytest.mark.parametrize("token", ["abc\u200b", "tok\u20acn", "token\n", "a\r\nX: y"])
def test_a_header_that_cannot_be_written_says_that_nothing_was_sent(
    serve: Any, session: Any, wire_reply: Any, token: str
) -> None:
    wire = serve(wire_reply())
    one = session(wire.url)
    with pytest.raises(Exception) as caught:
        one.request("POST", "x", headers={"X-Key": token}, repeatable=False)
    assert isinstance(caught.value, PanelUnreachable)
    assert "firewall" not in caught.value.advice
    assert wire.requests == []


def told_by(deed: Any) -> type[Exception]:
    """How it failed, whatever came out."""
    with pytest.raises(Exception) as caught:
        deed()
    return caught.type


def test_redirects_in_a_circle_end(serve: Any, session: Any, wire_reply: Any) -> None:
    wire = serve(wire_reply(b"", "Location: /x", status="302 Found"))
    with pytest.raises(ContractBroken):
        session(wire.url).request("GET", "x", repeatable=False)
    assert len(wire.requests) == 4


def test_the_environment_is_ignored(
    serve: Any, session: Any, wire_reply: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login stray password stray\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    wire = serve(wire_reply())
    session(wire.url).request("GET", "x", repeatable=False)
    assert b"Authorization" not in wire.requests[0]


def test_a_ca_bundle_of_the_environment_changes_nothing(
    serve: Any, session: Any, wire_reply: Any, certificate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A naive session trusts the bundle in place of its own setting: too little, or too much."""
    pem, context = str(certificate[0]), certificate[1]
    naive = requests.Session()
    wire = serve(wire_reply(b"[1]"), context)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", certifi.where())
    naive.verify = pem
    with pytest.raises(requests.exceptions.SSLError):
        naive.get(wire.url, timeout=5)
    assert session(wire.url, ca_file=pem).request("GET", "x", repeatable=False).json() == [1]
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", pem)
    naive.verify = True
    assert naive.get(wire.url, timeout=5).json() == [1]
    with pytest.raises(PanelUnreachable):
        session(wire.url).request("GET", "x", repeatable=False)
    naive.close()


def test_an_explicit_proxy_gets_the_request(serve: Any, session: Any, wire_reply: Any) -> None:
    proxy = serve(wire_reply(b'"from the proxy"'))
    one = session("http://panel.example/api/", proxy=f"http://user:geheim@127.0.0.1:{proxy.port}")
    assert one.request("GET", "x", repeatable=False).json() == "from the proxy"
    assert proxy.requests[0].startswith(b"GET http://panel.example/api/x ")
    assert b"Proxy-Authorization: Basic " in proxy.requests[0]
    assert "geheim" not in repr(one)


def test_a_proxys_password_is_starred_as_it_is_sent(
    serve: Any, session: Any, wire_reply: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="panelbridge.transport")
    proxy = serve(wire_reply(b"{}"))
    one = session("http://panel.example/", proxy=f"http://user:geh%40eim@127.0.0.1:{proxy.port}")
    one.request("GET", "echo/geh@eim", repeatable=False)
    assert "geh@eim" not in caplog.text
    assert "***" in caplog.text


def test_tls_goes_through_the_proxys_tunnel_unread(
    serve: Any, session: Any, wire_reply: Any, certificate: Any
) -> None:
    panel = serve(wire_reply(b'"through the tunnel"'), certificate[1])

    def relay(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):  # either end may be gone before the other
            while chunk := source.recv(65536):
                target.sendall(chunk)

    def answer(connection: socket.socket, _: bytes) -> None:
        with socket.create_connection(("127.0.0.1", panel.port)) as onward:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=relay, args=(onward, connection), daemon=True)
            back.start()
            relay(connection, onward)
            with suppress(OSError):
                onward.shutdown(socket.SHUT_RDWR)
            back.join(5)

    proxy = serve(answer)
    one = session(panel.url, proxy=f"http://127.0.0.1:{proxy.port}", ca_file=str(certificate[0]))
    assert one.request("POST", "x", repeatable=False, form={"a": "secret"}).json() == "through the tunnel"
    one.close()
    assert proxy.requests[0].startswith(f"CONNECT 127.0.0.1:{panel.port} ".encode())
    assert b"secret" not in b"".join(proxy.requests)
    assert panel.requests[0].endswith(b"a=secret")


def test_a_proxy_that_refuses_the_tunnel_means_nothing_was_sent(
    serve: Any, session: Any, wire_reply: Any
) -> None:
    proxy = serve(wire_reply(status="403 Forbidden"))
    one = session("https://panel.example/", proxy=f"http://127.0.0.1:{proxy.port}")
    with pytest.raises(PanelUnreachable):
        one.request("POST", "x", repeatable=False)


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1080", "nonsense", "http://"])
def test_another_kind_of_proxy_is_refused_when_built(proxy: str) -> None:
    with pytest.raises(SettingsInvalid, match="proxy"):
        PanelSession(read_settings(PanelSettings, {"base_url": "http://panel.example/", "proxy": proxy}))


def test_a_missing_authority_file_is_refused_when_built(session: Any) -> None:
    with pytest.raises(SettingsInvalid, match=r"ca_file: 'gone.pem'"):
        session("https://panel.example/", ca_file="/nowhere/gone.pem")


def test_cookies_are_not_kept(serve: Any, session: Any, wire_reply: Any) -> None:
    wire = serve(wire_reply(b"{}", "Set-Cookie: PHPSESSID=abc; Path=/"))
    one = session(wire.url)
    one.request("GET", "x", repeatable=False)
    one.request("GET", "x", repeatable=False)
    assert b"Cookie" not in wire.requests[1]


def test_forms_keep_order_and_repeats(serve: Any, session: Any, wire_reply: Any) -> None:
    wire = serve(wire_reply())
    form = [("b[]", "2"), ("a", "x&y"), ("b[]", "1")]
    session(wire.url).request("POST", "x", repeatable=False, form=form, query={"action": "edit"})
    assert wire.requests[0].startswith(b"POST /x?action=edit ")
    assert wire.requests[0].endswith(b"b%5B%5D=2&a=x%26y&b%5B%5D=1")


def test_digest_authentication_answers_the_challenge(serve: Any, session: Any, wire_reply: Any) -> None:
    def answer(connection: socket.socket, request: bytes) -> None:
        challenge = 'WWW-Authenticate: Digest realm="panel", nonce="n1", qop="auth"'
        known = b"Authorization: Digest" in request
        connection.sendall(wire_reply(b"1") if known else wire_reply(b"", challenge, status="401 Who"))

    wire = serve(answer)
    one = session(wire.url, auth=requests.auth.HTTPDigestAuth("me", "secret"))
    assert one.request("GET", "x", repeatable=False).json() == 1


@pytest.mark.parametrize(
    "path", ["../admin", "a/../b", "a/./b", "http://elsewhere/", "a?b=c", "a#b", "a b", "..\\x"]
)
def test_a_path_cannot_leave_the_panel(session: Any, path: str) -> None:
    with pytest.raises(ValueError, match="path"):
        session("http://panel.example/").request("GET", path, repeatable=False)


def test_paths_stay_below_the_base_url(serve: Any, session: Any, wire_reply: Any) -> None:
    wire = serve(wire_reply())
    one = session(wire.url + "access/code")
    one.request("GET", "/x", repeatable=False)
    one.request("GET", "", repeatable=False)
    assert [request.split()[1] for request in wire.requests] == [b"/access/code/x", b"/access/code/"]


def test_the_log_has_the_allowed_fields_and_no_secret(
    serve: Any, session: Any, wire_reply: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wire = serve(wire_reply(b"[]"))
    one = session(wire.url + "access-code/", secrets=[Secret(CANARY), Secret("access-code")])
    one.request(
        "POST",
        f"u/{requests.utils.quote(CANARY, safe='')}",
        repeatable=False,
        query={"api_key": CANARY},
        form={"password": CANARY},
        headers={"X-Key": CANARY},
    )
    records = [record for record in caplog.records if record.name != "asyncio"]
    assert [record.name for record in records] == ["panelbridge.transport"]
    told = vars(records[0])
    assert (told["method"], told["path"], told["status"], told["bytes"]) == ("POST", "u/***", 200, 2)
    assert told["milliseconds"] >= 0
    assert f"X-Request-Id: {told['request_id']}".encode() in wire.requests[0]
    assert CANARY[:6] not in str(told)
    assert "access-code" not in str(told)


def test_other_users_of_urllib3_keep_their_log(
    serve: Any, wire_reply: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with requests.Session() as plain:
        plain.trust_env = False
        plain.get(serve(wire_reply()).url, timeout=5)
    assert any(record.name == "urllib3.connectionpool" for record in caplog.records)


def test_a_session_serves_many_threads(serve: Any, session: Any) -> None:
    def answer(connection: socket.socket, request: bytes) -> None:
        number = request.split()[1].rpartition(b"/")[2]
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(number), number))

    wire = serve(answer)
    one = session(wire.url, max_connections=4, total_timeout=10.0)
    wrong: list[int] = []

    def ask(number: int) -> None:
        if one.request("POST", str(number), repeatable=False).json() != number:
            wrong.append(number)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert (wrong, len(wire.requests)) == ([], 40)
    assert wire.connections <= 4


def test_nested_deadlines_take_the_smaller() -> None:
    from panelbridge.transport import remaining

    assert remaining() is None
    with deadline(10), deadline(60):
        assert 9 < (remaining() or 0) <= 10
        with deadline(1):
            assert 0 < (remaining() or 0) <= 1
        assert 9 < (remaining() or 0) <= 10
    assert remaining() is None
