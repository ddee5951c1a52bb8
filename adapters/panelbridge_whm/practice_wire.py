"""How WHM answers: API 1's envelope, API 0's when the version is left out, and three shapes of failure."""

from __future__ import annotations

from typing import Any

from panelbridge.testing.practice import PracticeReply, PracticeRequest


class Failed(Exception):
    """The function fails, which is HTTP 200 with its reason."""


class Denied(Exception):
    """Access is refused before any function runs."""


def success(function: str, data: Any, request: PracticeRequest) -> PracticeReply:
    if request.value("api.version") != "1":
        return PracticeReply.json({"status": 1, "statusmsg": "Ok", **data})
    metadata = {"command": function, "version": 1, "result": 1, "reason": "OK"}
    return PracticeReply.json({"metadata": metadata, "data": data})


def failure(function: str, reason: str, request: PracticeRequest) -> PracticeReply:
    """HTTP 200 all the same; the reason carries prefixes that no reader wants."""
    if request.value("api.version") != "1":
        return PracticeReply.json({"result": [{"status": 0, "statusmsg": reason}]})
    reported = f"API failure: (XID k4t9x2) {reason}"
    return PracticeReply.json(
        {"metadata": {"command": function, "version": 1, "result": 0, "reason": reported}}
    )


def denial(reason: str, *, status: int, broken: bool) -> PracticeReply:
    """``broken``: once seen in the field as JSON that is none."""
    content = {
        "cpanelresult": {"apiversion": "2", "error": reason, "data": {"result": "0", "reason": reason}}
    }
    reply = PracticeReply.json(content, status=status)
    return reply.with_body(reply.body.replace(b'"error": "', b'"error": ')) if broken else reply
