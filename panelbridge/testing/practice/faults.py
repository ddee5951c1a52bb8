"""Faults on demand: what goes wrong with the next matching requests, and work that outlives its caller."""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Fault(StrEnum):
    """What a practice panel can do wrong. "Done" means that the books show the effect."""

    CUT_BEFORE = "cut_before"  # connection closed; not done
    CUT_AFTER_COMMIT = "cut_after_commit"  # done, then closed without a reply
    TIMEOUT_AFTER_COMMIT = "timeout_after_commit"  # done, then silence until the caller hangs up
    COMMIT_AFTER_HANGUP = "commit_after_hangup"  # silence; done ``seconds`` after the hang-up, or on release
    CUT_THEN_COMMIT = "cut_then_commit"  # connection closed first; done ``seconds`` later, or on release
    ERROR_500_BUT_DONE = "error_500_but_done"
    ERROR_500_BEFORE = "error_500_before"  # 500; not done
    HTML_200 = "html_200"  # done, then a page instead of the reply
    HTML_502 = "html_502"  # done, then a gateway's page
    EMPTY_BODY = "empty_body"  # done, then an empty 200
    TRUNCATED_BODY = "truncated_body"  # done, then half of the reply
    SLOW_DRIP = "slow_drip"  # done, then the reply byte by byte, ``seconds`` apart
    WRONG_TYPES = "wrong_types"  # done, then a reply whose values have unexpected types
    RATE_LIMITED = "rate_limited"  # 429 with Retry-After ``seconds``; not done
    STALL = "stall"  # silence until the caller hangs up; not done
    DUPLICATE_REPLY = "duplicate_reply"  # done, then the reply's bytes twice on a connection kept open
    TRUNCATED_PAGE = "truncated_page"  # a list that lacks rows, well-formed; its count or next says
    SUCCESS_BUT_NOTHING = "success_but_nothing"  # not done, and the reply of one that was
    SCRIPTED = "scripted"  # not done; exactly the reply that ``PracticeControl.set_reply`` was given


class NotApplicable(ValueError):
    """The practice panel cannot show that fault; the message says why."""


@dataclass(frozen=True, kw_only=True)
class ScriptedReply:
    """A reply given beforehand. After ``cut_after`` bytes the connection is closed (``None``: never)."""

    status: int = 200
    content_type: str = "application/json"
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut_after: int | None = None

    @classmethod
    def read(cls, command: Mapping[str, Any]) -> ScriptedReply:
        return cls(**{**command, "body": base64.b64decode(command["body"])})

    def written(self) -> dict[str, Any]:
        """As JSON takes it; ``read`` reads it back."""
        body = base64.b64encode(self.body).decode()
        return {
            "status": self.status,
            "content_type": self.content_type,
            "body": body,
            "headers": dict(self.headers),
            "cut_after": self.cut_after,
        }


@dataclass
class FaultRule:
    """A fault aimed at an operation's name or a path; ``times`` is what is left, ``None`` = until cleared."""

    fault: Fault
    match: str | None = None
    times: int | None = 1
    seconds: float | None = None
    skip: int = 0  # so many matching requests pass unharmed first
    reply: ScriptedReply | None = None  # of a scripted fault

    @classmethod
    def read(cls, command: dict[str, Any]) -> FaultRule:
        """From the control request's JSON. Raises ``ValueError`` or ``TypeError``."""
        reported = command.get("reply")
        reply = None if reported is None else ScriptedReply.read(reported)
        rule = cls(**{**command, "fault": Fault(command["fault"]), "reply": reply})
        if (rule.fault is Fault.SCRIPTED) is (rule.reply is None):
            raise ValueError("a scripted fault has a reply, and no other has one")
        return rule

    def hits(self, operation: str, path: str) -> bool:
        return self.match is None or self.match == operation or re.search(self.match, path) is not None


class FaultBox:
    """The rules in force, first match wins. Safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[FaultRule] = []

    def add(self, rule: FaultRule) -> None:
        with self._lock:
            self._rules.append(rule)

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()

    def rules(self) -> tuple[FaultRule, ...]:
        with self._lock:
            return tuple(self._rules)

    def take(self, operation: str, path: str) -> FaultRule | None:
        """The rule for this request, used up by one."""
        with self._lock:
            for rule in self._rules:
                if not rule.hits(operation, path):
                    continue
                if rule.skip > 0:
                    rule.skip -= 1
                    continue
                if rule.times is not None:
                    rule.times -= 1
                    if rule.times <= 0:
                        self._rules.remove(rule)
                return rule
        return None


class LateWork:
    """Requests whose effect comes after their caller has gone. ``release`` lets them all happen now."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting = 0
        self._releases = 0

    def begin(self) -> int:
        """Count one more as held; the ticket is for ``wait``."""
        with self._changed:
            self._waiting += 1
            self._changed.notify_all()
            return self._releases

    def wait(self, ticket: int, seconds: float | None) -> None:
        """Return after ``seconds`` (``None``: never), or once released since ``begin``."""
        with self._changed:
            self._changed.wait_for(lambda: self._releases != ticket, timeout=seconds)

    def end(self) -> None:
        with self._changed:
            self._waiting -= 1
            self._changed.notify_all()

    def release(self, *, patience: float = 10.0) -> int:
        """Let everything waiting happen and return once it did. Returns how many; raises ``TimeoutError``."""
        with self._changed:
            held = self._waiting
            self._releases += 1
            self._changed.notify_all()
            if not self._changed.wait_for(lambda: self._waiting == 0, timeout=patience):
                msg = (
                    f"{self._waiting} of {held} held requests did not finish: their callers have not hung up"
                )
                raise TimeoutError(msg)
            return held

    def held(self) -> int:
        with self._changed:
            return self._waiting
