"""One session per panel: every request bounded in total time and size, and its failure told apart.

A caller asks after a failure "may it have happened?". The answer is whether a byte may have left, which the
connection records; the kind of exception does not tell it.
"""

from __future__ import annotations

import http.client
import logging
import re
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from http.cookiejar import DefaultCookiePolicy
from types import MappingProxyType
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.auth import AuthBase
from urllib3.exceptions import EmptyPoolError, HTTPError

from panelbridge.contract.exceptions import (
    ContractBroken,
    OutcomeUnknown,
    PanelError,
    PanelUnreachable,
    RateLimited,
)
from panelbridge.contract.secret import Secret
from panelbridge.contract.settings import PanelSettings
from panelbridge.transport.connections import (
    Exchange,
    PanelHTTPAdapter,
    current_exchange,
    silence_urllib3,
)
from panelbridge.transport.deadline import deadline, within
from panelbridge.transport.failures import failure_of
from panelbridge.transport.redaction import Redactor
from panelbridge.transport.reply import PanelReply, ReplyTooLarge, retry_after
from panelbridge.transport.retrying import REPEATS
from panelbridge.transport.trust import proxy_secrets, tls_context

log = logging.getLogger("panelbridge.transport")
silence_urllib3()

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_READS = frozenset({"GET", "HEAD"})
_MAX_REDIRECTS = 3
_CHUNK = 64 * 1024


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002
        """None: requests would read a redirect's body without a limit; we look at redirects ourselves."""
        return


@dataclass(frozen=True, kw_only=True)
class _Call:
    """What one request sends, and the name it has in the log."""

    method: str
    path: str
    url: str
    query: Mapping[str, Any] | None
    form: Sequence[tuple[str, str]] | Mapping[str, str] | None
    json: Any
    body: bytes | None
    headers: Mapping[str, str]
    request_id: str
    judged: bool


class PanelSession:
    """Requests to one panel; safe between threads. Close it to give the connections back.

    Build it in the process that uses it: connections must not be shared across a fork.

    ``secrets`` are starred in the log; ``headers`` and ``auth`` go with every request. Raises
    ``SettingsInvalid`` when the authority's file or the proxy cannot be used.
    """

    def __init__(
        self,
        settings: PanelSettings,
        *,
        secrets: Iterable[Secret] = (),
        headers: Mapping[str, str] | None = None,
        auth: AuthBase | None = None,
    ) -> None:
        self._settings = settings
        self._where = urlsplit(settings.base_url).netloc
        proxy = settings.proxy.get_secret_value() if settings.proxy else None
        self._redactor = Redactor([*secrets, *proxy_secrets(proxy)])
        self._proxies = {"http": proxy, "https": proxy} if proxy else {}
        session = _Session()
        session.trust_env = False  # no stray proxy, no .netrc: they would get the panel's credential
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        session.headers.update({"Accept-Encoding": "identity", **(headers or {})})
        session.auth = auth
        adapter = PanelHTTPAdapter(
            connections=settings.max_connections,
            context=tls_context(settings),
            fingerprint=settings.fingerprint,
        )
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        self._session = session

    def __repr__(self) -> str:
        return f"PanelSession({self._where!r})"

    def request(
        self,
        method: str,
        path: str,
        *,
        repeatable: bool,
        query: Mapping[str, Any] | None = None,
        form: Sequence[tuple[str, str]] | Mapping[str, str] | None = None,
        json: Any = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        judged: bool = False,
    ) -> PanelReply:
        """Send one request to ``path`` below the base URL and read the whole reply.

        ``repeatable`` says that sending it twice equals sending it once: only then is it tried again, up to
        three times. The caller quotes what it puts into ``path``. ``body`` goes as it is; its content type is
        among ``headers``. Every status but 429 and 5xx is returned; with ``judged`` each one is, redirects
        too, for a caller that judges every reply itself.

        Raises ``PanelUnreachable`` (nothing was sent), ``RateLimited`` (429), ``OutcomeUnknown`` (sent, then
        cut, timed out, too large, or 5xx) and ``ContractBroken`` (a redirect that is not followed: of a
        write, or to another host).
        """
        request_id = uuid.uuid4().hex
        call = _Call(
            method=method.upper(),
            path=path,
            url=self._url(path),
            query=query,
            form=form,
            json=json,
            body=body,
            judged=judged,
            headers={"X-Request-Id": request_id, **(headers or {})},
            request_id=request_id,
        )
        with deadline(self._settings.total_timeout):
            if repeatable:
                return REPEATS.copy()(self._logged, call)
            return self._logged(call)

    def close(self) -> None:
        """Close every connection. Safe to repeat."""
        self._session.close()

    def _url(self, path: str) -> str:
        if re.search(r"(^|/)\.{1,2}(/|$)|[\\?#\s]|://", path):
            raise ValueError("a path is relative, quoted, and has no query and no dot segments")
        return self._settings.base_url + path.lstrip("/")

    def _logged(self, call: _Call) -> PanelReply:
        started = time.monotonic()
        try:
            reply = self._following(call)
        except PanelError as error:
            self._log(call, started, error.code, 0)
            raise
        self._log(call, started, reply.status, len(reply.body))
        return reply

    def _log(self, call: _Call, started: float, status: int | str, size: int) -> None:
        """The allow-list: nothing but these is ever logged of a call."""
        if not log.isEnabledFor(logging.INFO):
            return
        fields = {
            "method": call.method,
            "path": self._redactor.text(call.path),
            "status": status,
            "milliseconds": round((time.monotonic() - started) * 1000),
            "request_id": call.request_id,
            "bytes": size,
        }
        log.info("%(method)s %(path)s %(status)s in %(milliseconds)s ms", fields, extra=fields)

    def _following(self, call: _Call) -> PanelReply:
        url = call.url
        for _ in range(_MAX_REDIRECTS + 1):
            reply = self._exchange(call, url)
            if call.judged or reply.status not in _REDIRECTS:
                return reply
            target = _target(url, reply.headers.get("Location") or "")
            if call.method not in _READS or target is None:
                break
            call, url = replace(call, query=None), target  # whose own query says all
        raise ContractBroken(
            f"the panel at {self._where} answered {call.method} with a redirect, which is not followed",
            advice="Correct the panel's address (https, host, path) so that it answers without a redirect.",
        )

    def _exchange(self, call: _Call, url: str) -> PanelReply:
        exchange = Exchange()
        token = current_exchange.set(exchange)
        failure: PanelError
        try:
            return self._send(call, url)
        except EmptyPoolError:
            failure = PanelUnreachable(f"every connection to {self._where} was busy until the deadline")
        except PanelError:
            raise
        except (requests.RequestException, HTTPError, OSError, http.client.HTTPException) as error:
            failure = failure_of(error, self._where, sent=exchange.sent)
        except ValueError as error:  # a header that cannot be written, or one of the reply that is none
            failure = failure_of(error, self._where, sent=exchange.sent)
        finally:
            current_exchange.reset(token)
        raise failure  # out here, so that no cause with a URL in it is chained

    def _send(self, call: _Call, url: str) -> PanelReply:
        settings = self._settings
        # What Session.prepare_request does, without merging what a panel's session never has: cookies,
        # parameters and hooks of its own.
        request = requests.PreparedRequest()
        request.prepare(
            method=call.method,
            url=url,
            headers={**self._session.headers, **call.headers},
            data=call.form if call.body is None else call.body,
            json=call.json,
            params=call.query,
            auth=self._session.auth,
            hooks=self._session.hooks,
        )
        _check_headers(request.headers)
        response = self._session.send(
            request,
            stream=True,
            verify=settings.verify_tls and settings.fingerprint is None,
            proxies=self._proxies,
            allow_redirects=False,
            timeout=(within(settings.connect_timeout), within(settings.read_timeout)),
        )
        complete = False
        try:
            if not call.judged:
                self._raise_for(response)
            body = self._read(response)
            complete = True
        finally:
            if not complete:
                response.close()  # cuts the connection: nothing runs on after the answer was given
        return PanelReply(status=response.status_code, headers=MappingProxyType(response.headers), body=body)

    def _raise_for(self, response: requests.Response) -> None:
        wait = retry_after(response.headers.get("Retry-After"))
        if response.status_code == http.HTTPStatus.TOO_MANY_REQUESTS:
            raise RateLimited(f"the panel at {self._where} asks to slow down", retry_after=wait)
        if response.status_code >= http.HTTPStatus.INTERNAL_SERVER_ERROR:
            raise OutcomeUnknown(
                f"the panel at {self._where} answered {response.status_code}", retry_after=wait
            )

    def _read(self, response: requests.Response) -> bytes:
        limit = self._settings.max_reply_bytes
        chunks: list[bytes] = []
        size = 0
        for chunk in response.raw.stream(_CHUNK, decode_content=True):
            size += len(chunk)
            if size > limit:
                raise ReplyTooLarge(f"the panel at {self._where} answered with more than {limit} bytes")
            chunks.append(chunk)
        return b"".join(chunks)


def _check_headers(headers: Mapping[str, str | bytes]) -> None:
    """Raises ``ValueError`` now: http.client does so when the request is half written."""
    for value in headers.values():
        if isinstance(value, str):
            value.encode("latin-1")


def _target(url: str, location: str) -> str | None:
    """Where a redirect leads; ``None`` for another host, or for what is no address."""
    try:
        target = urljoin(url, location)
        return target if _origin(target) == _origin(url) else None
    except ValueError:
        return None


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port
