"""Names and passwords that keep a panel's rule, made up for a try."""

from __future__ import annotations

from panelbridge.capabilities import TextRule
from panelbridge.secret import LOGIN_ALPHABET, PASSWORD_ALPHABET, random_text

# Rules differ: names of digits only, in capitals, or beginning with a letter.
_ALPHABETS = (LOGIN_ALPHABET, PASSWORD_ALPHABET, "abcdefghijkmnpqrstuvwxyz", "0123456789", "0123456789ABCDEF")


def fitting(rule: TextRule, wanted: int) -> str:
    """A random text that keeps ``rule``, of ``wanted`` characters where that is allowed."""
    length = min(max(rule.min_length, wanted), rule.max_length)
    for alphabet in _ALPHABETS * 50:
        text = random_text(length, alphabet)
        if rule.breach(text) is None:
            return text
    raise ValueError(f"no text was found that keeps {rule!r}; the suite knows too few alphabets")
