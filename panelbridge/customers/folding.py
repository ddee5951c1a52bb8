"""Texts as they are compared: without case and accents, telephone numbers by their digits. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

# Neither database folds accents in the versions of Debian 12 (SQLite's trigram tokenizer raises an error on
# remove_diacritics, pg_trgm has none), so texts are folded here, on both alike. What NFKD leaves whole:
_WHOLE = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "\u0131": "i",
        "ħ": "h",
        "ŧ": "t",
    }
)
_BLANKS = re.compile(r"\s+")
_PHONE = re.compile(r"\+?[\d\s()./-]+")
# Calling codes (ITU-T E.164) have one digit in zones 1 and 7, two in these, and three everywhere else.
_TWO_DIGITS = frozenset(
    str(code)
    for zone in (
        (20, 27, 30, 31, 32, 33, 34, 36, 39, 40, 41, 43, 44, 45, 46, 47, 48, 49),
        (*range(51, 59), *range(60, 67), 81, 82, 84, 86, *range(90, 96), 98),
    )
    for code in zone
)
_LEAST_DIGITS = 4  # fewer are more likely an id


def fold(text: str) -> str:
    """``Müller`` and ``MULLER`` alike are ``muller``; blanks of any kind and number are one."""
    plain = "".join(
        sign for sign in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(sign)
    )
    return _BLANKS.sub(" ", plain.casefold().translate(_WHOLE)).strip()


def phone_digits(number: str) -> str:
    """Digits by which a number is found: international with its calling code, national with one 0 in front.

    ``+44 (0)7700 900123`` and ``0044 7700 900123`` are ``447700900123``, ``07700 900123`` is itself.
    """
    digits = re.sub(r"\D", "", number)
    if number.strip().startswith("+"):
        return _international(digits)
    if digits.startswith("00"):
        return _international(digits[2:])
    return "0" + digits.lstrip("0") if digits else ""


def phones_meant(text: str) -> tuple[str, ...]:
    """The digits, any of which a stored number may contain, when ``text`` looks like one; else none."""
    digits = re.sub(r"\D", "", text)
    if _PHONE.fullmatch(text.strip()) is None or len(digits) < _LEAST_DIGITS:
        return ()
    written = phone_digits(text)
    if text.strip().startswith("+") or digits.startswith("00"):
        return written, "0" + written[len(_calling_code(written)) :]
    if digits.startswith("0"):
        return (written.lstrip("0"),)  # as it stands after a calling code, or after the 0
    return (digits,)


def find_text(values: Iterable[str | None], phones: Iterable[str | None]) -> str:
    """All by which a customer is found, one value a line, so that no search spans two of them."""
    lines = [fold(value) for value in values if value]
    lines += [phone_digits(phone) for phone in phones if phone]
    return "\n".join(line for line in lines if line)


def _international(digits: str) -> str:
    code = _calling_code(digits)
    return code + digits[len(code) :].lstrip("0")  # +44 (0)7700 is written by many


def _calling_code(digits: str) -> str:
    if digits[:1] in ("1", "7"):
        return digits[:1]
    return digits[:2] if digits[:2] in _TWO_DIGITS else digits[:3]
