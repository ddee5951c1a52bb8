"""The wire of WHM API 1: one method per function, success recognised by its mark alone.

Every function is a POST of form fields to ``json-api/FUNCTION`` (so that passwords stay out of access logs).
A failure is HTTP 200 in one of three shapes, the closed list of ``_refusal``; HTML means a wrong port or a
proxy and proves nothing. Facts: vendor's public reference, and what public clients expect (README).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from panelbridge.contract.exceptions import AuthenticationFailed, ContractBroken, PanelError, PanelRefused
from panelbridge.contract.secret import Secret
from panelbridge.transport import PanelReply, PanelSession, Redactor
from panelbridge_whm.mapping import flag
from panelbridge_whm.settings import WhmSettings

_WANT = ("user", "domain", "email", "plan", "owner", "suspended", "is_locked", "diskused", "disklimit")
_ANSWERING = frozenset({HTTPStatus.OK, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_LONGEST_REASON = 200


class WhmClient:
    """One API token. Functions in, their ``data`` out. Every method raises ``PanelError``."""

    def __init__(self, settings: WhmSettings) -> None:
        secret = settings.token.get_secret_value()
        headers = {"Authorization": f"whm {settings.user}:{secret}"}
        patient = {"total_timeout": settings.create_timeout, "read_timeout": settings.create_timeout}
        self._token = settings.token
        self._session = PanelSession(settings, secrets=[settings.token], headers=headers)
        self._patient = PanelSession(
            settings.model_copy(update=patient), secrets=[settings.token], headers=headers
        )

    def version(self) -> tuple[str, datetime | None]:
        """Of cPanel & WHM, and the server's clock as its front says it."""
        reply = self._send(self._session, "version", (), repeatable=True)
        version = self._data(reply, "version").get("version")
        if not isinstance(version, str):
            raise ContractBroken("the panel's reply has missing or unreadable fields: version")
        return version, _date(reply)

    def functions(self) -> frozenset[str]:
        """Names of all functions that our token may call."""
        names = _rows(self._ask("applist"), "app")
        if not all(isinstance(name, str) for name in names):
            raise ContractBroken("the panel's reply has missing or unreadable fields: app")
        return frozenset(names)

    def slots(self) -> Any:
        return self._ask("acctcounts").get("reseller")

    def account(self, user: str) -> Sequence[Any]:
        """``accountsummary``: a list of one."""
        return _rows(self._ask("accountsummary", ("user", user)), "acct")

    def accounts(self, user: str | None = None) -> Sequence[Any]:
        """``listaccts``: every account our user may see, or those of exactly that name; in one answer."""
        search = [("search", user), ("searchtype", "user"), ("searchmethod", "exact")] if user else []
        return _rows(self._ask("listaccts", ("want", ",".join(_WANT)), *search), "acct")

    def packages(self) -> Sequence[Any]:
        return _rows(self._ask("listpkgs", ("want", "creatable")), "pkg")

    def create(self, fields: Mapping[str, str], password: Secret) -> None:
        form = [*fields.items(), ("password", password.get_secret_value())]
        reply = self._send(self._patient, "createacct", form, repeatable=False)
        self._data(reply, "createacct", password)

    def suspend(self, user: str, reason: str) -> None:
        """Without ``disallowun``: with it, a reseller could never lift the suspension."""
        self._write("suspendacct", ("user", user), ("reason", reason), ("disallowun", "0"))

    def unsuspend(self, user: str) -> None:
        self._write("unsuspendacct", ("user", user))

    def set_password(self, user: str, password: Secret) -> None:
        self._write("passwd", ("user", user), ("password", password.get_secret_value()), secret=password)

    def change_package(self, user: str, package: str) -> None:
        self._write("changepackage", ("user", user), ("pkg", package))

    def remove(self, user: str) -> None:
        """For ever, files and all. Whose it is must have been checked."""
        self._write("removeacct", ("username", user), ("keepdns", "0"))

    def user_session(self, user: str, service: str) -> Any:
        return self._write("create_user_session", ("user", user), ("service", service))

    def close(self) -> None:
        self._session.close()
        self._patient.close()

    def _ask(self, function: str, *fields: tuple[str, str]) -> Mapping[str, Any]:
        return self._data(self._send(self._session, function, fields, repeatable=True), function)

    def _write(
        self, function: str, *fields: tuple[str, str], secret: Secret | None = None
    ) -> Mapping[str, Any]:
        reply = self._send(self._session, function, fields, repeatable=False)
        return self._data(reply, function, secret)

    def _send(
        self, session: PanelSession, function: str, fields: Sequence[tuple[str, str]], *, repeatable: bool
    ) -> PanelReply:
        # Without the version the old API 0 would answer, in another envelope.
        form = [("api.version", "1"), *fields]
        return session.request("POST", f"json-api/{function}", form=form, repeatable=repeatable)

    def _data(self, reply: PanelReply, function: str, secret: Secret | None = None) -> Mapping[str, Any]:
        """``data`` of a success; raises the refusal, or ``ContractBroken`` for what is neither."""
        if reply.status not in _ANSWERING:
            raise ContractBroken(f"{function}: the panel answered HTTP {reply.status}, which it never does")
        content = reply.json()
        if not isinstance(content, dict):
            raise ContractBroken(f"{function}: the panel answered with something else than an object")
        redactor = Redactor([self._token, *([secret] if secret else [])])
        refusal = _refusal(content, function, redactor)
        if refusal is not None:
            raise refusal
        metadata, data = content.get("metadata"), content.get("data", {})
        marked = isinstance(metadata, dict) and _is(metadata.get("result"), expected=True)
        if reply.status != HTTPStatus.OK or not marked or not isinstance(data, dict):
            raise ContractBroken(
                f"{function}: the panel's answer is marked neither as success nor as failure"
            )
        if not isinstance(metadata, dict) or metadata.get("command") != function:
            raise ContractBroken(f"{function}: the panel answered another function")
        return data


def _refusal(content: Mapping[str, Any], function: str, redactor: Redactor) -> PanelError | None:
    """The three shapes of a failure: API 1, refused access, API 0."""
    metadata, denied, old = (content.get(name) for name in ("metadata", "cpanelresult", "result"))
    if _failed(metadata, "result"):
        return PanelRefused(f"{function}: {_said(metadata, 'reason', redactor)}")
    denied = denied.get("data") if isinstance(denied, dict) else None
    if _failed(denied, "result"):
        return AuthenticationFailed(
            f"{function}: the panel refuses access: {_said(denied, 'reason', redactor)}",
            advice="The token is wrong or expired, or lacks the privilege: test the connection to see.",
        )
    old = old[0] if isinstance(old, list) and old else None
    if _failed(old, "status"):
        return PanelRefused(f"{function}: {_said(old, 'statusmsg', redactor)}")
    return None


def _failed(part: Any, name: str) -> bool:
    return isinstance(part, dict) and _is(part.get(name), expected=False)


def _is(value: Any, *, expected: bool) -> bool:
    try:
        return flag(value) is expected
    except ValueError:
        return False


def _said(part: Any, name: str, redactor: Redactor) -> str:
    """What the panel says, fit to be shown: one short line without secrets, markup or its own prefixes."""
    reason = part.get(name)
    if not isinstance(reason, str):
        return "it gives no reason"
    text = re.sub(r"<[^>]*>?", " ", redactor.text(reason))  # a tag that is never closed is one as well
    text = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    text = re.sub(r"^(API failure:?\s*)?(\(?XID \w+\)?:?\s*)?", "", text)
    return text[:_LONGEST_REASON] or "it gives no reason"


def _rows(data: Mapping[str, Any], name: str) -> Sequence[Any]:
    rows = data.get(name)
    if not isinstance(rows, list):
        raise ContractBroken(f"the panel's reply has missing or unreadable fields: {name}")
    return rows


def _date(reply: PanelReply) -> datetime | None:
    try:
        reported = parsedate_to_datetime(reply.headers.get("Date") or "")
    except ValueError:
        return None
    return reported if reported.tzinfo else reported.replace(tzinfo=UTC)
