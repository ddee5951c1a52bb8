"""Messages for the author of a description: what was meant, out of what is allowed."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def meant(word: str, allowed: Iterable[str]) -> str:
    """``; did you mean 'x'?`` or the list of what is allowed, to be put behind a message."""
    known = sorted(allowed)
    near = get_close_matches(word, known, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; allowed: {', '.join(known)}" if known else "; nothing is allowed here"
