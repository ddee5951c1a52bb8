"""Tvheadend's wire: one method per endpoint, form fields that hold JSON text, HTTP Digest.

A success is 200 with JSON; every error is a page of HTML, which a web server before the panel may as well
have written. On a read, 401 and 403 mean that our credential does not do. On a write nothing is a refusal:
each comes right after reads that need the same right, so a page in its place proves nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from panelbridge.contract.exceptions import (
    AuthenticationFailed,
    ContractBroken,
    InvalidOrder,
    PermissionMissing,
)
from panelbridge.transport import DigestAuth, PanelReply, PanelSession
from panelbridge_tvheadend.mapping import EVERYBODY, exactly
from panelbridge_tvheadend.settings import TvheadendSettings

_NOT_US = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


class TvheadendClient:
    """Endpoints in, rows out. Every method raises ``PanelError``."""

    def __init__(self, settings: TvheadendSettings) -> None:
        auth = DigestAuth(settings.username, settings.password)
        self._session = PanelSession(settings, secrets=[settings.password], auth=auth)
        self._rows = settings.page_rows

    def server(self) -> Any:
        """Raises ``PermissionMissing`` where a right lacks: with streaming rights alone it is 403 (seen)."""
        reply = self._session.request("POST", "api/serverinfo", form={}, repeatable=True)
        if reply.status == HTTPStatus.FORBIDDEN:
            raise PermissionMissing(
                "our user's access entry lacks the admin right (a wrong password is answered alike)",
                advice="Tick Admin and Web interface in that user's access entry; then check the password.",
            )
        return _json_of(_let_in(reply))

    def subscriptions(self) -> list[Any]:
        """What plays now. Needs the admin right."""
        page = self._read("status/subscriptions", {})
        rows = page.get("entries") if isinstance(page, dict) else None
        if not isinstance(rows, list):
            raise ContractBroken("the panel's list of what plays holds no entries")
        return rows

    def tags(self) -> Iterator[Any]:
        return self._grid("channeltag/grid", {})

    def access(self, **equal: str) -> Iterator[Any]:
        """Access entries, all or those whose ``username`` or ``comment`` is that; case may differ."""
        return self._grid("access/entry/grid", equal)

    def passwords(self, **equal: str) -> Iterator[Any]:
        return self._grid("passwd/entry/grid", equal)

    def create_access(self, conf: Mapping[str, Any]) -> str:
        """Its uuid. The panel takes a second one of the same name without a word."""
        return self._create("access/entry/create", conf)

    def create_password(self, conf: Mapping[str, Any]) -> str:
        """Its uuid. The panel takes a second one of the same name, and lets both passwords in."""
        return self._create("passwd/entry/create", conf)

    def save(self, uuid: str, **values: Any) -> None:
        """Set these fields of an entry and leave the others."""
        self._write("idnode/save", "node", {"uuid": uuid, **values})

    def delete(self, uuids: Sequence[str]) -> None:
        """Entries of **one** class; a list of nothing is a success too (seen on the source of June 2026)."""
        self._write("idnode/delete", "uuid", list(uuids))

    def close(self) -> None:
        self._session.close()

    def _create(self, path: str, conf: Mapping[str, Any]) -> str:
        if conf["username"] in EVERYBODY:
            raise InvalidOrder("an entry of this name would let everybody in", field="username")
        uuid = self._write(path, "conf", conf).get("uuid")
        if not isinstance(uuid, str) or not uuid:
            raise ContractBroken("the panel accepted an entry and did not tell its uuid")
        return uuid

    def _grid(self, path: str, equal: Mapping[str, str]) -> Iterator[Any]:
        """Every row. Pages overlap by one, so that a row that went meanwhile is noticed."""
        form = {"limit": str(self._rows)}
        if equal:
            wanted = [{"field": name, "type": "string", "value": exactly(t)} for name, t in equal.items()]
            form["filter"] = json.dumps(wanted)
        count, last, total = 0, None, None
        while total is None or count < total:
            page = self._read(path, {**form, "start": str(max(count - 1, 0))})
            rows, reported = _rows_of(page)
            if (total is not None and reported != total) or (last is not None and rows[:1] != [last]):
                raise ContractBroken("the panel's list changed while it was read")
            rows, total = rows[1:] if last is not None else rows, reported
            if count + len(rows) > total or (not rows and count < total):
                raise ContractBroken("the panel's list does not hold as many rows as it says")
            yield from rows
            count, last = count + len(rows), rows[-1] if rows else None

    def _read(self, path: str, form: Mapping[str, str]) -> Any:
        reply = self._session.request("POST", f"api/{path}", form=form, repeatable=True)
        return _json_of(_let_in(reply))

    def _write(self, path: str, name: str, content: Any) -> Mapping[str, Any]:
        form = {name: json.dumps(content)}
        answer = _json_of(self._session.request("POST", f"api/{path}", form=form, repeatable=False))
        if not isinstance(answer, dict):
            raise ContractBroken("the panel's answer to a change is no JSON object")
        return answer


def _let_in(reply: PanelReply) -> PanelReply:
    if reply.status in _NOT_US:
        raise AuthenticationFailed("the panel refuses our name and password, or they lack its admin right")
    return reply


def _json_of(reply: PanelReply) -> Any:
    if reply.status != HTTPStatus.OK:
        raise ContractBroken(f"the panel answered {reply.status}, which proves nothing")
    return reply.json()


def _rows_of(page: Any) -> tuple[list[Any], int]:
    rows, total = (page.get("entries"), page.get("total")) if isinstance(page, dict) else (None, None)
    if not isinstance(rows, list) or not isinstance(total, int) or isinstance(total, bool):
        raise ContractBroken("a page of the panel's list lacks 'entries' or 'total'")
    return rows, total
