"""Calls to a panel over HTTP: pooled, bounded in time and size, told apart by what may have happened."""

from __future__ import annotations

from panelbridge.transport.breaker import Breaker, BreakerState
from panelbridge.transport.deadline import deadline, remaining
from panelbridge.transport.digest import DigestAuth
from panelbridge.transport.json_api import JsonApi
from panelbridge.transport.redaction import Redactor, redact
from panelbridge.transport.reply import PanelReply
from panelbridge.transport.session import PanelSession
from panelbridge.transport.turn import turn

__all__ = [
    "Breaker",
    "BreakerState",
    "DigestAuth",
    "JsonApi",
    "PanelReply",
    "PanelSession",
    "Redactor",
    "deadline",
    "redact",
    "remaining",
    "turn",
]
