"""The wire of REST API v1: one method per resource used, and the closed list of what counts as refused.

Every answer of the application is HTTP 200 (seen on Stalker Portal 4.9). ``status`` OK does not mean done:
a write answers ``results`` false for what it did not do.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from panelbridge.contract.exceptions import (
    AuthenticationFailed,
    Conflict,
    ContractBroken,
    InvalidOrder,
    NotFound,
    PanelError,
    PermissionMissing,
    Unsupported,
)
from panelbridge.transport import PanelReply, PanelSession
from panelbridge.transport.reply import ReplyTooLarge
from panelbridge_stalker.settings import StalkerSettings
from panelbridge_stalker.wire import rows_of, streams

_UNAUTHORIZED = 401
_NOT_FOUND = 404
_OK = 200
_MALFORMED = "the panel calls our request malformed"
_REFUSALS: dict[str, tuple[type[PanelError], str, str | None]] = {
    "Account not found": (NotFound, "the panel has no such account", None),
    "Login already in use": (Conflict, "the login name is taken at the panel", "username"),
    "MAC address already in use": (Conflict, "the device address is taken at the panel", "mac"),
    "Not valid mac address": (InvalidOrder, "the panel does not accept the device address", "mac"),
    "Login required": (InvalidOrder, _MALFORMED, "username"),
    "HTTP POST data is empty": (InvalidOrder, _MALFORMED, None),
    "Insert data is empty": (InvalidOrder, _MALFORMED, None),
    "Identifier required": (InvalidOrder, _MALFORMED, "id"),
    "Only one identifier allowed": (InvalidOrder, _MALFORMED, "id"),
    "Not supported method": (Unsupported, "the panel does not know that call", None),
}
"""Reported before anything is written (seen on 4.9); ``subscribe`` is another matter."""


class Doubtful(ContractBroken):
    """The panel answered, and its answer does not tell whether the write was done."""


class StalkerClient:
    """Resources in, ``results`` out. Every method raises ``PanelError``; identifiers come checked."""

    def __init__(self, settings: StalkerSettings) -> None:
        password = settings.api_password.get_secret_value()
        pair = base64.b64encode(f"{settings.api_login}:{password}".encode()).decode()
        self._session = PanelSession(
            settings, secrets=[settings.api_password], headers={"Authorization": f"Basic {pair}"}
        )
        self._limit = settings.max_reply_bytes

    def user(self, identifier: str) -> Any:
        """The one account of that login or MAC."""
        return _results(self._get(f"users/{quote(identifier, safe='')}"))

    def numbered(self, number: str) -> list[Any]:
        """Every account of that account number."""
        return _list(_results(self._get(f"accounts/{quote(number, safe='')}")), "accounts")

    def every_account(self) -> Iterator[Any]:
        """The whole table, one row at a time; the panel has no pages."""
        try:
            reply = _admitted(self._get("accounts/"))
        except ReplyTooLarge:
            message = f"the panel's list of accounts, which comes whole, has more than {self._limit} bytes"
        else:
            yield from rows_of(reply) if streams(reply) else _list(_results(reply), "accounts")
            return
        raise ReplyTooLarge(message, advice="Raise max_reply_bytes in the panel's settings.")

    def tariffs(self) -> list[Any]:
        return _list(_results(self._get("tariffs")), "tariffs")

    def is_open(self) -> bool:
        """Whether the panel answers without a credential: nobody set its ``api_auth_login``."""
        nobody = {"Authorization": f"Basic {base64.b64encode(b':').decode()}"}
        try:
            _results(self._session.request("GET", "tariffs", repeatable=True, headers=nobody))
        except PanelError:
            return False
        return True

    def create(self, fields: Mapping[str, str]) -> None:
        """Raises ``Conflict`` naming what is taken: field ``username`` or ``mac``."""
        self._write("POST", "accounts/", list(fields.items()))

    def update(self, identifier: str, fields: Mapping[str, str]) -> None:
        """The panel validates nothing here; ``fields`` hold no empty value, which would be stored."""
        self._write("PUT", f"users/{quote(identifier, safe='')}", list(fields.items()))

    def delete(self, identifier: str) -> None:
        """Never by account number, which deletes every account that shares it."""
        self._write("DELETE", f"users/{quote(identifier, safe='')}", None)

    def subscribe(self, number: str, packages: frozenset[str]) -> None:
        """Make ``packages`` the optional ones. Nothing said here proves that nothing happened: the panel
        answers ERROR when only the message to the box failed, and false when it had nothing to change.
        """
        path = f"account_subscription/{quote(number, safe='')}"
        try:
            if packages:
                self._write("POST", path, [("subscribed[]", package) for package in sorted(packages)])
            else:
                self._write("DELETE", path, None)
        except (InvalidOrder, Unsupported) as error:
            message = error.message
        else:
            return
        raise Doubtful(message)

    def close(self) -> None:
        self._session.close()

    def _get(self, path: str) -> PanelReply:
        return self._session.request("GET", path, repeatable=True)

    def _write(self, method: str, path: str, fields: list[tuple[str, str]] | None) -> None:
        # Not repeatable, although most writes converge: a lost one may land late, after a newer verb.
        reply = self._session.request(method, path, form=fields, repeatable=False)
        if _results(reply) is not True:
            raise Doubtful("the panel accepted the call and answered that it did not do it")


def _results(reply: PanelReply) -> Any:
    """``results`` of an OK; raises the documented refusal, or what is unknown."""
    content = _admitted(reply).json()
    if not isinstance(content, dict) or "results" not in content:
        raise ContractBroken("the panel's answer lacks 'results'")
    if content.get("status") == "OK":
        return content["results"]
    refusal = _REFUSALS.get(str(content.get("error"))) if content.get("status") == "ERROR" else None
    if refusal is None:
        raise Doubtful("the panel answered with an error that is none of its documented list")
    kind, message, field = refusal
    raise kind(message, field=field)


def _admitted(reply: PanelReply) -> PanelReply:
    """``reply`` when the application itself answered. Raises ``PanelError``."""
    if reply.status == _UNAUTHORIZED:
        content = reply.json()
        if isinstance(content, dict) and str(content.get("error")).startswith("401 Unauthorized"):
            raise AuthenticationFailed("the panel refuses the API login or password")
    if reply.status == _NOT_FOUND and reply.body.strip() == b"API not enabled":
        raise PermissionMissing("the panel's REST API is switched off in its server configuration")
    if reply.status != _OK:
        raise ContractBroken(f"the panel answered {reply.status}, which its API never does")
    return reply


def _list(results: Any, name: str) -> list[Any]:
    if not isinstance(results, list):
        raise ContractBroken(f"the panel's answer holds no list of {name}")
    return results
