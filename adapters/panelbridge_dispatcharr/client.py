"""Dispatcharr's wire: one method per endpoint, and the closed list of what is a refusal.

JSON over HTTP, every path ends with a slash. A refusal is 401, 403 or 404 with ``{"detail": text}``, or 400
with ``{field: [text, …]}``; its words are never passed on. HTML, 5xx and everything else proves nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from panelbridge.contract.doubt import nothing_sent
from panelbridge.contract.exceptions import (
    AuthenticationFailed,
    ContractBroken,
    InvalidOrder,
    NotFound,
    PanelError,
    PermissionMissing,
)
from panelbridge.contract.models import Outcome
from panelbridge.transport import PanelReply, PanelSession
from panelbridge_dispatcharr.settings import DispatcharrSettings

_USERS = "api/accounts/users/"
_TOKEN_LASTS = 25 * 60.0  # seconds; the panel's own span is 30 minutes
_REFUSALS: dict[int, tuple[type[PanelError], str]] = {
    401: (AuthenticationFailed, "the panel refuses our credential"),
    403: (PermissionMissing, "our user may not do this; it must be an admin (user_level 10)"),
    404: (NotFound, "the panel has no user with this id"),
}
# The name first: only it may be refused for an earlier try of ours.
_FIELDS = {
    "username": "username",
    "password": "password",
    "channel_profiles": "package",
    "stream_limit": "connections",
    "custom_properties": "reference",
}


class DispatcharrClient:
    """Endpoints in, JSON out. Every method raises ``PanelError``."""

    def __init__(self, settings: DispatcharrSettings, clock: Callable[[], float] = time.monotonic) -> None:
        secrets = [secret for secret in (settings.api_key, settings.password) if secret is not None]
        self._session = PanelSession(settings, secrets=secrets)
        self._settings = settings
        self._clock = clock
        self._turn = threading.Lock()
        self._token: tuple[float, str] | None = None  # asked for at, token

    def me(self) -> Any:
        return self._read(f"{_USERS}me/")

    def version(self) -> Any:
        return self._read("api/core/version/")

    def profiles(self) -> list[Any]:
        return _list(self._read("api/channels/profiles/"))

    def users(self) -> list[Any]:
        """All of them: the panel has no pages, and ignores ``?username=`` and ``?search=``."""
        return _list(self._read(_USERS))

    def user(self, user_id: int) -> Any:
        return self._read(f"{_USERS}{user_id}/")

    def create(self, body: Mapping[str, Any]) -> Any:
        return self._write("POST", _USERS, body, success=201).json()

    def update(self, user_id: int, body: Mapping[str, Any]) -> Any:
        return self._write("PATCH", f"{_USERS}{user_id}/", body, success=200).json()

    def delete(self, user_id: int) -> None:
        self._write("DELETE", f"{_USERS}{user_id}/", None, success=204)

    def close(self) -> None:
        self._session.close()

    def _read(self, path: str) -> Any:
        reply = self._session.request("GET", path, headers=self._credential(), repeatable=True)
        if reply.status == 401 and self._forget_token():  # noqa: PLR2004 - it ended before its time
            reply = self._session.request("GET", path, headers=self._credential(), repeatable=True)
        return _accepted(reply, 200).json()

    def _write(self, method: str, path: str, body: Mapping[str, Any] | None, *, success: int) -> PanelReply:
        credential = self._credential()
        reply = self._session.request(method, path, json=body, headers=credential, repeatable=False)
        try:
            return _accepted(reply, success)
        except AuthenticationFailed as error:
            if (
                self._forget_token()
            ):  # it ended before its time; the next try signs in anew, this was sent once
                error.outcome = Outcome.RETRY_LATER
            raise

    def _credential(self) -> dict[str, str]:
        if self._settings.api_key is not None:
            return {"X-API-Key": self._settings.api_key.get_secret_value()}
        with self._turn:
            now = self._clock()
            if self._token is None or now - self._token[0] >= _TOKEN_LASTS:
                self._token = (now, self._sign_in())
            return {"Authorization": f"Bearer {self._token[1]}"}

    def _forget_token(self) -> bool:
        """Whether there was one to forget."""
        with self._turn:
            known, self._token = self._token, None
        return known is not None

    def _sign_in(self) -> str:
        password = self._settings.password
        body = {"username": self._settings.username, "password": password and password.get_secret_value()}
        with nothing_sent():
            reply = self._session.request("POST", "api/accounts/token/", json=body, repeatable=True)
            token = _object(_accepted(reply, 200).json()).get("access")
            if not (isinstance(token, str) and token and token.isascii() and token.isprintable()):
                raise ContractBroken("the panel let us in without an access token")
        return token


def _accepted(reply: PanelReply, success: int) -> PanelReply:
    """``reply`` when it is that success; raises the panel's refusal, or ``ContractBroken``."""
    if reply.status == success:
        return reply
    content = _object(reply.json())
    if reply.status in _REFUSALS and isinstance(content.get("detail"), str):
        refusal, message = _REFUSALS[reply.status]
        raise refusal(message)
    if reply.status == 400 and content and all(map(_are_words, content.values())):  # noqa: PLR2004
        field = next((ours for name, ours in _FIELDS.items() if name in content), None)
        raise InvalidOrder(f"the panel does not accept {field or 'a field of the request'}", field=field)
    raise ContractBroken(f"the panel answered {reply.status} without a refusal of its documented kind")


def _are_words(reported: Any) -> bool:
    return isinstance(reported, list) and bool(reported) and all(isinstance(item, str) for item in reported)


def _object(content: Any) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise ContractBroken("the panel's reply is no JSON object")
    return content


def _list(content: Any) -> list[Any]:
    if not isinstance(content, list):
        raise ContractBroken("the panel's list is no JSON array")
    return content
