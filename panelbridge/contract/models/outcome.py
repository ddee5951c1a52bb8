"""How one try at a verb can end. A closed set: every caller matches all of it."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """The six ends of an operation or attempt."""

    DONE = "done"  # the panel moved to the asked state
    ALREADY = "already"  # it was in that state; nothing to change
    REFUSED = "refused"  # definitely nothing happened
    RETRY_LATER = "retry_later"  # definitely nothing happened yet
    UNKNOWN = "unknown"  # ask the panel
    SUPERSEDED = "superseded"  # never sent, a later operation replaced it
