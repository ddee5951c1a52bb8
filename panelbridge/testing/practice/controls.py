"""The control paths of a practice panel, below ``/_practice/``: for tests and demos, not the protocol."""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
from collections import deque
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from panelbridge.testing.practice.faults import (
    Fault,
    FaultBox,
    FaultRule,
    LateWork,
    NotApplicable,
    ScriptedReply,
)
from panelbridge.testing.practice.page import PageView, page_of
from panelbridge.testing.practice.panel import PracticePanel, UnknownAct
from panelbridge.testing.practice.wire import PracticeReply, PracticeRequest
from panelbridge.transport.redaction import Redactor

PREFIX = "/_practice/"
_WRONG_REQUESTS = (UnknownAct, KeyError, TypeError, ValueError, TimeoutError)
_KEPT_REQUESTS = 10_000


class Controls:
    """What the control paths change and show."""

    def __init__(self, panel: PracticePanel) -> None:
        self._panel = panel
        self.url = ""  # where the panel listens; reported once it does
        self._said = ""
        self.faults = FaultBox()
        self.late = LateWork()
        self._latency: tuple[float, str | None] = (0.0, None)
        self._lock = threading.Lock()
        self._received: deque[dict[str, Any]] = deque(maxlen=_KEPT_REQUESTS)
        self._number = 0
        self._key = secrets.token_bytes(16)
        self._replies: dict[str, ScriptedReply] = {}
        self._redactor = Redactor(panel.secrets())
        self._routes: dict[tuple[str, str], Callable[[PracticeRequest], Any]] = {
            ("POST", "faults"): self._add_fault,
            ("DELETE", "faults"): lambda _: self.faults.clear(),
            ("POST", "latency"): self._set_latency,
            ("POST", "release"): lambda _: {"released": self.late.release()},
            ("POST", "clock"): self._set_clock,
            ("POST", "act"): self._act,
            ("GET", "books"): self._books,
            ("GET", "requests"): self._list_received,
            ("GET", "counter"): lambda _: {"number": self._number},
            ("GET", "replies"): lambda _: self._list_replies(),
        }

    def owns(self, request: PracticeRequest) -> bool:
        return request.path.startswith(PREFIX)

    def respond(self, request: PracticeRequest) -> PracticeReply:
        name = request.path.removeprefix(PREFIX)
        if (request.method, name) == ("GET", ""):
            return self._page()
        if (request.method, name) == ("POST", "do"):
            return self._do(request)
        route = self._routes.get((request.method, name))
        if route is None:
            known = ", ".join(f"{method} {PREFIX}{name}" for method, name in self._routes)
            return PracticeReply.json({"error": f"known: {known}"}, status=404)
        try:
            return PracticeReply.json(route(request))
        except _WRONG_REQUESTS as error:
            return PracticeReply.json({"error": f"{type(error).__name__}: {error}"}, status=400)

    def received(self, request: PracticeRequest, operation: str, rule: FaultRule | None) -> dict[str, Any]:
        """Note one request of the protocol, without query, headers and body."""
        with self._lock:
            self._number += 1
            entry: dict[str, Any] = {
                "number": self._number,
                "method": request.method,
                "path": self._redactor.text(request.path),
                "operation": operation,
                "request_id": request.headers.get("x-request-id"),
                "fault": rule.fault if rule else None,
                "answered": False,
                "same": self._fingerprint(request),
            }
            self._received.append(entry)
        return entry

    def answered(self, operation: str, reply: PracticeReply) -> None:
        """Keep the newest unharmed reply of each operation, for faults made from a true one."""
        with self._lock:
            self._replies[operation] = ScriptedReply(
                status=reply.status,
                content_type=reply.content_type,
                body=reply.body,
                headers=reply.headers,
            )

    def _fingerprint(self, request: PracticeRequest) -> str:
        """Equal for equal requests, and says nothing of what is in them."""
        whole = repr((request.method, request.path, request.query, request.body)).encode()
        return hashlib.blake2b(whole, key=self._key, digest_size=8).hexdigest()

    def latency_of(self, operation: str, path: str) -> float:
        seconds, match = self._latency
        aimed = match is None or match == operation or match in path
        return seconds if aimed else 0.0

    def _list_received(self, request: PracticeRequest) -> list[dict[str, Any]]:
        since = int(request.value("since") or 0)
        with self._lock:
            return [entry for entry in self._received if entry["number"] > since]

    def _books(self, request: PracticeRequest) -> dict[str, Any]:
        books, account = self._panel.snapshot(), request.value("account")
        if account is None:
            return books
        return {
            **books,
            "accounts": {name: reported for name, reported in books["accounts"].items() if name == account},
            "effects": [effect for effect in books["effects"] if effect["account"] == account],
        }

    def _page(self) -> PracticeReply:
        said, self._said = self._said, ""
        with self._lock:
            received = list(self._received)
        view = PageView(
            imitates=self._panel.imitates,
            settings=self._panel.settings(self.url),
            rules=self.faults.rules(),
            latency=self._latency,
            clock_offset=self._panel.clock_offset,
            held=self.late.held(),
            # By value only: a login name may look like the name of a secret.
            books=json.loads(self._redactor.text(json.dumps(self._panel.snapshot(), default=str))),
            received=received,
            cannot=self._panel.cannot,
            said=self._redactor.text(said),
        )
        return PracticeReply(body=page_of(view).encode(), content_type="text/html; charset=utf-8")

    def _do(self, request: PracticeRequest) -> PracticeReply:
        """A button of the page; what came of it is reported on the page that follows."""
        origin = request.headers.get("origin")
        if origin is not None and origin.rstrip("/") != self.url.rstrip("/"):
            return PracticeReply.html("403 Forbidden", status=403)  # a page from elsewhere pressed it
        try:
            self._said = self._pressed({**dict(request.query), **dict(request.form)})
        except _WRONG_REQUESTS as error:
            self._said = f"Not done: {type(error).__name__}: {error}"
        return PracticeReply(status=303, headers={"Location": PREFIX})

    def _pressed(self, form: dict[str, str]) -> str:
        number = {name: float(form[name]) for name in ("seconds", "offset", "times") if form.get(name)}
        if "fault" in form:
            times = int(number.get("times", 1)) or None
            seconds = number.get("seconds")
            rule = FaultRule(Fault(form["fault"]), form.get("match") or None, times, seconds)
            self._take(rule)
            return f"{rule.fault.value} waits for the next {rule.match or 'request'}."
        match form.get("do"):
            case "clear":
                self.faults.clear()
                return "No fault is waiting any more."
            case "latency":
                self._latency = (number.get("seconds", 0.0), form.get("match") or None)
                return f"Requests take {self._latency[0]:g} s."
            case "clock":
                self._panel.clock_offset = timedelta(seconds=number.get("offset", 0.0))
                return "The panel's clock was set."
            case "release":
                return f"{self.late.release()} held effects happened."
            case "act":
                pairs = (line.partition("=") for line in form.get("arguments", "").splitlines() if line)
                reported = self._panel.act(form["act"], {name.strip(): value for name, _, value in pairs})
                return f"{form['act']}: {reported if reported not in (None, {}) else 'done'}"
        raise ValueError("no such button")

    def _list_replies(self) -> dict[str, Any]:
        with self._lock:
            return {operation: reply.written() for operation, reply in self._replies.items()}

    def _add_fault(self, request: PracticeRequest) -> None:
        self._take(FaultRule.read(request.json()))

    def _take(self, rule: FaultRule) -> None:
        why_not = self._panel.cannot(rule.fault)
        if why_not is not None:
            raise NotApplicable(why_not)
        self.faults.add(rule)

    def _set_latency(self, request: PracticeRequest) -> None:
        command = request.json()
        self._latency = (float(command["seconds"]), command.get("match"))

    def _set_clock(self, request: PracticeRequest) -> None:
        self._panel.clock_offset = timedelta(seconds=float(request.json()["offset"]))

    def _act(self, request: PracticeRequest) -> Any:
        command = request.json()
        return self._panel.act(command.pop("act"), command)
