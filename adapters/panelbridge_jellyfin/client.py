"""The wire of Jellyfin and Emby: one method per endpoint, and the closed list of what counts as refused.

Facts are from Jellyfin's source and Emby's public reference (README). Refused are 400, 401 and 403 when the
server itself speaks: its words are text, JSON or nothing, never a page. A 404 proves nothing here; who is
gone is reported by the list of users.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import quote

from panelbridge.contract.exceptions import (
    AuthenticationFailed,
    ContractBroken,
    InvalidOrder,
    PanelError,
    PermissionMissing,
)
from panelbridge.contract.secret import Secret
from panelbridge.transport import PanelReply, PanelSession
from panelbridge_jellyfin import mapping
from panelbridge_jellyfin.settings import Dialect, JellyfinSettings

_PAGE = 500
_NOT_FOUND = 404
_OK, _NO_CONTENT = 200, 204
_REFUSALS: dict[int, tuple[type[PanelError], str]] = {
    400: (InvalidOrder, "the server refuses the request and does not tell why"),
    401: (AuthenticationFailed, "the server refuses the API key"),
    403: (PermissionMissing, "the server does not let the API key do this"),
}
# Whoever logs in names a client and a device; a session of this name is the bridge's own.
_US = 'MediaBrowser Client="panelbridge", Device="panelbridge", DeviceId="panelbridge", Version="1"'


class JellyfinClient:
    """Endpoints in, JSON out. Every method raises ``PanelError``."""

    def __init__(self, settings: JellyfinSettings) -> None:
        self._emby = settings.dialect is Dialect.EMBY
        self._old_password_path = self._emby or settings.old_password_path
        self._session = PanelSession(settings, secrets=[settings.api_key])
        self._as_admin = self._token(settings.api_key.get_secret_value())

    def info(self) -> Any:
        return self._read("System/Info")

    def media_folders(self) -> Any:
        return self._read("Library/MediaFolders")

    def user(self, user_id: str) -> Any | None:
        """The user, or None for a 404, which alone proves nothing."""
        reply = self._session.request("GET", _user_path(user_id), headers=self._as_admin, repeatable=True)
        return None if reply.status == _NOT_FOUND else _accepted(reply, _OK).json()

    def users(self) -> Iterator[Any]:
        """Every user: one array on Jellyfin, pages on Emby."""
        if self._emby:
            yield from self._pages()
            return
        rows = self._read("Users")
        if not isinstance(rows, list):
            raise ContractBroken("the server's list of users is no list")
        yield from rows

    def sessions(self) -> list[Any]:
        """Who is signed in, on what; a session with something that plays is a connection in use."""
        rows = self._read("Sessions")
        if not isinstance(rows, list):
            raise ContractBroken("the server's list of sessions is no list")
        return rows

    def create(self, name: str, password: Secret) -> Any:
        """The new user. Emby takes no password here."""
        body = {"Name": name} if self._emby else {"Name": name, "Password": password.get_secret_value()}
        return _accepted(self._write("POST", "Users/New", body), _OK).json()

    def set_policy(self, user_id: str, policy: Mapping[str, Any]) -> None:
        """Replace the whole policy."""
        self._done(self._write("POST", f"{_user_path(user_id)}/Policy", dict(policy)))

    def set_password(self, user_id: str, password: Secret) -> None:
        body = {"NewPw": password.get_secret_value()}  # with ResetPassword the server would blank it
        if self._emby:
            body["Id"] = user_id
        if self._old_password_path:
            self._done(self._write("POST", f"{_user_path(user_id)}/Password", body))
        else:
            self._done(self._write("POST", "Users/Password", body, {"userId": user_id}))

    def delete(self, user_id: str) -> None:
        self._done(self._write("DELETE", _user_path(user_id), None))

    def password_works(self, name: str, password: Secret) -> bool | None:
        """Whether that name and password log in; None when they may be right and the user may not come in.

        A wrong password counts towards the user's lock-out.
        """
        header = "X-Emby-Authorization" if self._emby else "Authorization"
        body = {"Username": name, "Pw": password.get_secret_value()}
        reply = self._session.request(
            "POST", "Users/AuthenticateByName", json=body, headers={header: _US}, repeatable=False
        )
        try:
            answer = _accepted(reply, _OK).json()
        except AuthenticationFailed:
            return False
        except PermissionMissing:
            return None
        token = answer.get("AccessToken") if isinstance(answer, dict) else None
        if not isinstance(token, str) or re.fullmatch(r"[!-~]{1,512}", token) is None:
            raise ContractBroken("the server let a user in without an access token")
        with suppress(PanelError):  # the session expires by itself
            self._session.request("POST", "Sessions/Logout", headers=self._token(token), repeatable=False)
        return True

    def close(self) -> None:
        self._session.close()

    def _token(self, token: str) -> Mapping[str, str]:
        if self._emby:
            return {"X-Emby-Token": token}
        return {"Authorization": f'MediaBrowser Token="{token}"'}

    def _read(self, path: str, query: Mapping[str, int] | None = None) -> Any:
        reply = self._session.request("GET", path, query=query, headers=self._as_admin, repeatable=True)
        return _accepted(reply, _OK).json()

    def _write(
        self, method: str, path: str, body: Mapping[str, Any] | None, query: Mapping[str, str] | None = None
    ) -> PanelReply:
        return self._session.request(
            method, path, query=query, json=body, headers=self._as_admin, repeatable=False
        )

    def _done(self, reply: PanelReply) -> None:
        """Jellyfin says 204; of Emby 200 is known as well, without a body."""
        _accepted(reply, _NO_CONTENT, *((_OK,) if self._emby else ()))
        if reply.body:
            raise ContractBroken("the server answered a write with a body where none is promised")

    def _pages(self) -> Iterator[Any]:
        reported, seen = 0, 0
        while True:
            rows, total = mapping.page_from(self._read("Users/Query", {"StartIndex": seen, "Limit": _PAGE}))
            if (seen and total != reported) or seen + len(rows) > total or (not rows and seen < total):
                raise ContractBroken("the pages of users do not add up, or changed while they were read")
            yield from rows
            reported, seen = total, seen + len(rows)
            if seen == total:
                return


def _user_path(user_id: str) -> str:
    return f"Users/{quote(user_id, safe='')}"


def _accepted(reply: PanelReply, *statuses: int) -> PanelReply:
    """``reply`` when it is one of those; raises a refusal of the list, or ``ContractBroken``."""
    if reply.status in statuses:
        return reply
    if reply.status not in _REFUSALS or reply.body.lstrip().startswith(b"<"):
        raise ContractBroken(f"the server answered {reply.status}, which says nothing of what it did")
    refusal, message = _REFUSALS[reply.status]
    raise refusal(message)
