"""Steering a practice panel from outside, over its control paths."""

from __future__ import annotations

import http
import http.client
import json
from collections.abc import Mapping
from contextlib import closing
from typing import Any
from urllib.parse import urlencode, urlsplit

from panelbridge.testing.practice.faults import Fault, NotApplicable, ScriptedReply

_PATIENCE = 30.0


class PracticeControl:
    """The control paths of the practice panel at ``url``. Raises ``ValueError`` with the panel's words."""

    def __init__(self, url: str) -> None:
        self._address = urlsplit(url).netloc

    def _call(self, method: str, name: str, body: dict[str, Any] | None = None) -> Any:
        # Not requests: a test steers ten times for one call of an adapter, and a session costs more.
        with closing(http.client.HTTPConnection(self._address, timeout=_PATIENCE)) as connection:
            connection.request(method, f"/_practice/{name}", body=None if body is None else json.dumps(body))
            reply = connection.getresponse()
            content = json.loads(reply.read())
        if reply.status != http.HTTPStatus.OK:
            kind, _, why = content["error"].partition(": ")
            raise NotApplicable(why) if kind == NotApplicable.__name__ else ValueError(content["error"])
        return content

    def set_fault(
        self,
        fault: Fault | str,
        match: str | None = None,
        *,
        times: int | None = 1,
        seconds: float | None = None,
        skip: int = 0,
    ) -> None:
        """Let ``fault`` befall the next ``times`` requests (``None``: all) whose operation is ``match`` or
        whose path contains that pattern, after ``skip`` of them passed unharmed.

        Raises ``NotApplicable`` where this panel cannot show the fault.
        """
        command = {"fault": Fault(fault), "match": match, "times": times, "seconds": seconds, "skip": skip}
        self._call("POST", "faults", command)

    def set_reply(
        self,
        match: str | None = None,
        *,
        status: int = 200,
        content_type: str = "application/json",
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        cut_after: int | None = None,
        times: int | None = 1,
        skip: int = 0,
    ) -> None:
        """Answer the next ``times`` matching requests, after ``skip`` of them, with exactly this, and do
        nothing.

        With ``cut_after`` the connection is closed when so many bytes of the body are sent. Raises
        ``NotApplicable`` where nothing speaks HTTP.
        """
        reply = ScriptedReply(
            status=status, content_type=content_type, body=body, headers=headers or {}, cut_after=cut_after
        )
        command = {
            "fault": Fault.SCRIPTED,
            "match": match,
            "times": times,
            "skip": skip,
            "reply": reply.written(),
        }
        self._call("POST", "faults", command)

    def true_reply(self, operation: str) -> ScriptedReply | None:
        """What the panel last answered to that operation when nothing was wrong."""
        reported = self._call("GET", "replies").get(operation)
        return None if reported is None else ScriptedReply.read(reported)

    def clear_faults(self) -> None:
        self._call("DELETE", "faults")

    def books(self, account: str | None = None) -> dict[str, Any]:
        """``accounts`` by login name, ``effects`` in order, ``counts`` by kind, ``charged`` in total.

        With ``account`` only that one and its effects: a panel that was long in use has many.
        """
        only = "" if account is None else f"?{urlencode({'account': account})}"
        books: dict[str, Any] = self._call("GET", f"books{only}")
        return books

    def last_request(self) -> int:
        """The number of the newest request; 0 before the first."""
        return int(self._call("GET", "counter")["number"])

    def requests(self, since: int = 0) -> list[dict[str, Any]]:
        """What arrived at the protocol after request number ``since``, in order: number, method, path,
        operation, fault, answered, and ``same``, which equal requests have in common.
        """
        received: list[dict[str, Any]] = self._call("GET", f"requests?since={since}")
        return received

    def release(self) -> int:
        """Let every held effect happen; returns once the books show it, with how many there were."""
        return int(self._call("POST", "release")["released"])

    def set_latency(self, seconds: float, match: str | None = None) -> None:
        """Let every request (or those of one operation) take that long before anything happens."""
        self._call("POST", "latency", {"seconds": seconds, "match": match})

    def set_clock(self, offset: float) -> None:
        """Move the panel's own clock by ``offset`` seconds from the real one."""
        self._call("POST", "clock", {"offset": offset})

    def act(self, name: str, **arguments: Any) -> Any:
        """Do what the panel's owner does behind our back: each backend's README lists its acts."""
        return self._call("POST", "act", {"act": name, **arguments})
