"""Quiet time: how long after an attempt its effect may still come. Counted, never dated.

Over when the clock of the attempt's own boot has run that long. Another boot or host cannot know how long ago
the attempt was: for it a whole quiet time begins when it first looks.
"""

from __future__ import annotations

from dataclasses import replace

from panelbridge.provisioning.elapsed import Tick
from panelbridge.provisioning.models import Attempt, Look


def is_running(attempt: Attempt, tick: Tick) -> bool:
    """Whether whoever made the attempt may still be calling the panel."""
    return attempt.finished_at is None and since_deadline(attempt, tick) < 0


def quiet_left(attempt: Attempt, tick: Tick) -> float:
    """Seconds until *absent* and *unmoved* count; zero or less when they do."""
    late_commit = (attempt.quiet_until - attempt.deadline).total_seconds()
    return late_commit - since_deadline(attempt, tick)


def since_deadline(attempt: Attempt, tick: Tick) -> float:
    """Seconds that are known to have run since the attempt's deadline; below zero before it."""
    if tick.boot == attempt.boot:
        return tick.seconds - attempt.ends
    length = (attempt.deadline - attempt.started_at).total_seconds()
    look = attempt.looks.get(tick.boot)
    return -length if look is None else tick.seconds - look.first - length


def looked(attempt: Attempt, tick: Tick) -> Attempt:
    """The attempt with the moment this boot first looked at it."""
    if tick.boot in attempt.looks:
        return attempt
    return replace(attempt, looks={**attempt.looks, tick.boot: Look(first=tick.seconds)})


def seen_unmoved(attempt: Attempt, tick: Tick, *, unmoved: bool) -> Attempt:
    """What a look showed of a purchase; one that could not tell begins the count anew."""
    known = looked(attempt, tick)
    look = known.looks[tick.boot]
    since = look.unmoved_since if look.unmoved_since is not None else tick.seconds
    now = look.model_copy(update={"unmoved_since": since if unmoved else None})
    return replace(known, looks={**known.looks, tick.boot: now})


def unmoved_for(attempt: Attempt, tick: Tick) -> float:
    """Seconds after the deadline in which every look found the purchase without effect."""
    look = attempt.looks.get(tick.boot)
    if look is None or look.unmoved_since is None:
        return 0.0
    return min(tick.seconds - look.unmoved_since, since_deadline(attempt, tick))
