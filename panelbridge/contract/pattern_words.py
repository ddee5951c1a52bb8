"""A pattern of allowed characters in words, for people who choose a name or a password."""

from __future__ import annotations

import re

_RANGES = (
    ("A-Za-z0-9", "letters", "digits"),
    ("A-Za-z", "letters"),
    ("a-z0-9", "small letters", "digits"),
    ("a-z", "small letters"),
    ("A-Z", "capital letters"),
    ("0-9", "digits"),
)
_VISIBLE = frozenset({"!-~", r"\x21-\x7e"})
_CLASS = re.compile(r"\[((?:\\.|[^\]\\^])+)\](?:[+*]|\{[0-9,]+\})?")
_SIMPLE = re.compile(r"(?:\(\?!(?P<not>[A-Za-z0-9]+)\))?(?P<first>\[[^\]]+\](?=\[))?(?P<rest>\[[^\]]+\][+*])")


def words_for(pattern: str) -> str:
    """``letters, digits or . _ -``; empty for a pattern that is more than one set of characters."""
    found = _SIMPLE.fullmatch(pattern)
    if found is None:
        return ""
    parts = [_set_in_words(found["rest"])]
    if found["first"]:
        parts.append(
            f"beginning with {_any_of([f'a {word[:-1]}' for word in _members(found['first']) or []])}"
        )
    if found["not"]:
        parts.append(f"not beginning with {found['not']}")
    return ", ".join(parts) if all(parts) else ""


def _set_in_words(text: str) -> str:
    return _any_of(_members(text))


def _members(text: str) -> list[str] | None:
    found = _CLASS.fullmatch(text)
    if found is None:
        return None
    inner, words = found[1], []
    if inner in _VISIBLE:
        return ["letters", "digits", "signs such as ! % - _ without blanks"]
    for characters, *names in _RANGES:
        if inner.startswith(characters):
            words, inner = list(names), inner[len(characters) :]
            break
    signs = re.findall(r"\\(.)|(.)", inner)
    marks = [escaped or plain for escaped, plain in signs]
    if any(mark.isalnum() for mark in marks) or re.search(r".-.", inner):
        return None  # a range of its own kind
    named = ["blanks" if mark == " " else mark for mark in marks]
    return [*words, " ".join(named)] if named else words


def _any_of(words: list[str] | None) -> str:
    if not words:
        return ""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
