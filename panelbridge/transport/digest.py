"""HTTP Digest as requests does it, held to what the transport promises.

A panel that challenges a request (401) has not carried it out, so the answer to the challenge may be sent
without doubling anything. requests also answers challenges of other statuses, stumbles over a challenge that
lacks a part, and reads its page without a limit; here such a reply is the caller's to judge.
"""

from __future__ import annotations

import http
import io
from typing import Any

from requests import Response
from requests.auth import HTTPDigestAuth
from requests.utils import parse_dict_header
from urllib3 import HTTPResponse

from panelbridge.contract.secret import Secret
from panelbridge.transport.reply import ReplyTooLarge

_PAGE_BYTES = 64 * 1024
_ALGORITHMS = frozenset({"MD5", "MD5-SESS", "SHA", "SHA-256", "SHA-512"})


class DigestAuth(HTTPDigestAuth):
    """``auth`` of a ``PanelSession``. A request is sent a second time only after a 401 that can be answered.

    Each thread keeps the panel's last nonce, so that only its first request is challenged, or one whose nonce
    the panel has forgotten.
    """

    def __init__(self, username: str, password: Secret) -> None:
        super().__init__(username, password.get_secret_value())

    def handle_401(self, r: Response, **kwargs: Any) -> Response:
        """The reply to the request with credentials, or ``r`` where it holds no usable challenge."""
        challenge = r.headers.get("WWW-Authenticate", "")
        if r.status_code != http.HTTPStatus.UNAUTHORIZED or not _is_answerable(challenge):
            return r
        _read_within_limit(r)
        answered: Response = super().handle_401(r, **kwargs)  # type: ignore[no-untyped-call]
        return answered


def _is_answerable(challenge: str) -> bool:
    """Whether it has every part that the answer is made from."""
    scheme, _, parts = challenge.partition(" ")
    if scheme.lower() != "digest":
        return False
    asked: dict[str, str | None] = parse_dict_header(parts)  # type: ignore[no-untyped-call]
    offered = (asked.get("qop") or "auth").split(",")
    known = (asked.get("algorithm") or "MD5").upper() in _ALGORITHMS
    return bool(asked.get("nonce")) and asked.get("realm") is not None and known and "auth" in offered


def _read_within_limit(reply: Response) -> None:
    """The challenge's page, so that requests does not read one without end."""
    page = reply.raw.read(_PAGE_BYTES + 1, decode_content=True)
    if len(page) > _PAGE_BYTES:
        reply.close()
        raise ReplyTooLarge(f"the panel asked for credentials with more than {_PAGE_BYTES} bytes")
    reply.raw = HTTPResponse(body=io.BytesIO(page), preload_content=False)
