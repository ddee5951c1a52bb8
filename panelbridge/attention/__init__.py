"""What only a person can decide: items, each with a code and a subject, open until they are resolved."""

from __future__ import annotations

from panelbridge.attention.codes import SENT_AGAIN, WHY
from panelbridge.attention.models import THE_BRIDGE, AttentionId, AttentionItem, Subject, SubjectKind
from panelbridge.attention.port import AttentionStore

__all__ = [
    "SENT_AGAIN",
    "THE_BRIDGE",
    "WHY",
    "AttentionId",
    "AttentionItem",
    "AttentionStore",
    "Subject",
    "SubjectKind",
]
