"""An item of attention and what it is about. Other rooms' things are named by their ids alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

AttentionId = NewType("AttentionId", int)


class SubjectKind(StrEnum):
    """What kind of thing an item is about."""

    BRIDGE = "bridge"
    RESELLER = "reseller"
    INSTALLATION = "installation"
    PANEL = "panel"
    SUBSCRIPTION = "subscription"


@dataclass(frozen=True, kw_only=True)
class Subject:
    """The one thing an item is about."""

    kind: SubjectKind
    id: int  # of that kind; 0 of the bridge, of which there is one


THE_BRIDGE = Subject(kind=SubjectKind.BRIDGE, id=0)


@dataclass(frozen=True, kw_only=True)
class AttentionItem:
    """Something only a person can decide. Of one code, subject and operation one item is open at most."""

    id: AttentionId
    code: str  # why: a key of WHY, or the code of a panel's error
    subject: Subject
    message: str
    advice: str  # what can be done, and by whom
    opened_at: datetime  # UTC
    operation_id: int | None = None  # the operation it came from, which may wait for the decision
    panel_id: int | None = None  # where it happened
    resolved_at: datetime | None = None  # None: still open
    resolution: str | None = None  # in words; None = open
    actor: str | None = None  # who resolved it

    @property
    def subscription_id(self) -> int | None:
        """The subscription it is about, if it is about one."""
        return self.subject.id if self.subject.kind is SubjectKind.SUBSCRIPTION else None
