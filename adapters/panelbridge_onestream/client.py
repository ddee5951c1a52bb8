"""The wire of the B2B billing API: one method per endpoint, and the closed list of what counts as refused.

A failure is a JSON object with ``error``; its status is mostly not 200, and sometimes it is. The texts are
not documented, so an error only says that the panel answered: what became of the call is read afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from panelbridge.contract.exceptions import (
    AuthenticationFailed,
    ContractBroken,
    OutcomeUnknown,
    PanelError,
    PermissionMissing,
)
from panelbridge.transport import PanelReply, PanelSession
from panelbridge.transport.reply import ReplyTooLarge
from panelbridge_onestream.settings import ListDialect, OneStreamSettings

_OK = 200
_PAGE = 100
_MOST_PAGES = 10_000
_REFUSALS: dict[int, tuple[type[PanelError], str]] = {
    401: (AuthenticationFailed, "the panel refuses the integration key or the user's token"),
    403: (PermissionMissing, "the panel's user lacks the permission for this call"),
}
_ANSWERED = frozenset({_OK, 400, 402, 404, 409, 422})


class Answered(ContractBroken):
    """The panel answered with an error of its own: the call is over, and a read shows what came of it."""


class OneStreamClient:
    """Endpoints in, JSON out. Every method raises ``PanelError``; line ids come checked."""

    def __init__(self, settings: OneStreamSettings) -> None:
        secrets = [settings.api_key, settings.auth_user]
        headers = {
            "X-Api-Key": settings.api_key.get_secret_value(),
            "X-Auth-User": settings.auth_user.get_secret_value(),
        }
        self._session = PanelSession(settings, secrets=secrets, headers=headers)
        self._dialect = settings.list_dialect
        self._limit = settings.max_reply_bytes

    def profile(self) -> Any:
        return self._get("ext/profile")

    def packages(self) -> list[Any]:
        return _list(self._get("ext/packages"), "packages")

    def lines(self, username: str | None = None) -> Iterator[Any]:
        """Every line of ours, or at least those of that name: where the filter is ignored, it costs time."""
        query = {} if username is None else {"username": username}
        if self._dialect is ListDialect.INDEX:
            return self._pages(query)
        return iter(_list(self._get("ext/lines", query), "lines"))

    def create(self, body: Mapping[str, Any]) -> str:
        """The id of the new line. Bought; by the ``rid`` in ``body`` a repeat is no second purchase."""
        return self._write("ext/line/create", body)

    def renew(self, line_id: str, body: Mapping[str, Any]) -> str:
        """Bought; the same ``rid`` is bought once."""
        return self._write(f"ext/line/{quote(line_id, safe='')}/renew", body)

    def switch(self, line_id: str, deed: str) -> str:
        """``enable``, ``disable`` or ``terminate``."""
        return self._write(f"ext/line/{quote(line_id, safe='')}/{deed}", {})

    def update(self, line_id: str, body: Mapping[str, Any]) -> str:
        """Needs a permission that plain resellers lack."""
        return self._write(f"ext/line/{quote(line_id, safe='')}/update-advanced", body)

    def close(self) -> None:
        self._session.close()

    def _get(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        try:
            reply = self._session.request("GET", path, query=query, repeatable=True)
        except ReplyTooLarge:
            reported = f"the panel's answer has more than {self._limit} bytes"
        else:
            return _content(reply)
        raise ReplyTooLarge(
            reported, advice="Raise max_reply_bytes, or set list_dialect to index on newer panels."
        )

    def _write(self, path: str, body: Mapping[str, Any]) -> str:
        # Not repeatable here, although a rid makes it so: only the engine knows when to send again.
        content = _content(self._session.request("POST", path, json=dict(body), repeatable=False))
        line_id = content.get("line_id") if isinstance(content, dict) else None
        if not isinstance(line_id, str) or not line_id:
            raise ContractBroken("the panel's answer names no line_id")
        return line_id

    def _pages(self, query: Mapping[str, Any]) -> Iterator[Any]:
        """Page by page until one has no rows: what stands in ``pagination`` is not documented.

        A line that goes meanwhile moves the later ones up, and one of them would be skipped: after each page
        the last row of the one before is asked for again, by its place.
        """
        seen: set[str] = set()
        last, read, size, short = "", 0, 0, False
        for number in range(1, _MOST_PAGES):
            rows = self._page(query, number, _PAGE)
            if read and self._names(self._page(query, read, 1)) != [last]:
                raise OutcomeUnknown("the panel's list of lines changed while it was read")
            names = self._names(rows)
            if not rows:
                return
            if short or seen >= set(names) or len(rows) > (size or len(rows)):
                raise ContractBroken("the pages of the panel's list of lines do not add up")
            yield from (row for row, name in zip(rows, names, strict=True) if name not in seen)
            seen.update(names)
            if query and len(rows) < _PAGE and all(_named(row, query["username"]) for row in rows):
                return  # the filter was heeded, and this is all it lets through
            size = size or len(rows)
            last, read, short = names[-1], read + len(rows), len(rows) < size
        raise ContractBroken("the pages of the panel's list of lines do not end")

    def _page(self, query: Mapping[str, Any], number: int, size: int) -> list[Any]:
        content = self._get("ext/lines/index", {**query, "page": number, "per_page": size})
        holder = content.get("data") if isinstance(content, dict) else None
        if not isinstance(holder, dict) or content.get("status") != "success":
            raise ContractBroken("a page of lines lacks status 'success' or 'data'")
        return _list(holder.get("items"), "lines")

    @staticmethod
    def _names(rows: list[Any]) -> list[str]:
        """Their ids; one without an id is told apart from others by all it holds."""
        return [str((row.get("line_id") if isinstance(row, dict) else None) or row) for row in rows]


def _named(row: Any, username: str) -> bool:
    return isinstance(row, dict) and row.get("username") == username


def _content(reply: PanelReply) -> Any:
    """The answer of a success; raises what its error stands for, or ``ContractBroken``."""
    content = reply.json()
    reported = isinstance(content, dict) and isinstance(content.get("error"), str) and content["error"] != ""
    if reported and reply.status in _REFUSALS:
        kind, message = _REFUSALS[reply.status]
        raise kind(message)
    if reported and reply.status in _ANSWERED:
        raise Answered(f"the panel answered {reply.status} with an error of its own")
    if reply.status != _OK or (isinstance(content, dict) and "error" in content):
        raise ContractBroken(f"the panel answered {reply.status} in no documented form")
    return content


def _list(content: Any, name: str) -> list[Any]:
    if not isinstance(content, list):
        raise ContractBroken(f"the panel's answer holds no list of {name}")
    return content
