"""PHP's serialize() format, read with phpserialize behind a guard.

phpserialize alone overflows the stack at about 500 nested arrays, takes trailing garbage and negative counts,
and raises TypeError for an array used as a key. So the text is scanned first, without recursion: only null,
bool, int, float, string and array, bounded in depth and number, counts exact, strings UTF-8, nothing after
the end. What passes the scan cannot fail in phpserialize.
"""

from __future__ import annotations

import re
from typing import Any

import phpserialize

MAX_DEPTH = 16
MAX_ITEMS = 20_000

_SCALAR = re.compile(
    rb"N;|b:[01];|i:[+-]?\d{1,19};|d:(?:[+-]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE][+-]?\d{1,4})?|-?INF|NAN);"
)
_STRING = re.compile(rb's:(\d{1,9}):"')
_ARRAY = re.compile(rb"a:(\d{1,9}):\{")
_REFUSED = {
    ord("O"): "an object",
    ord("C"): "an object with its own serializer",
    ord("E"): "an enum case",
    ord("R"): "a reference",
    ord("r"): "a reference",
    ord("S"): "an escaped string",
}


class PhpSerializedInvalid(ValueError):
    """The body is not the plain data this service reads; the message names the byte."""


def loads(body: bytes) -> Any:
    """The value of ``body``: dicts, lists (arrays whose keys are 0, 1, 2 ...), text, numbers, ``None``.

    Raises ``PhpSerializedInvalid``.
    """
    _Scan(body).run()
    return phpserialize.loads(body, errors="strict", decode_strings=True, array_hook=_array)


def loads_members(body: bytes) -> Any:
    """As ``loads``, for a body of members: PHP writes none of them as an empty list."""
    value = loads(body)
    return {} if value == [] else value


def _array(pairs: list[tuple[Any, Any]]) -> Any:
    if all(key == index and type(key) is int for index, (key, _) in enumerate(pairs)):
        return [value for _, value in pairs]
    return {str(key): value for key, value in pairs}


class _Scan:
    """Walks the text once, with a stack of its own: how many more tokens each open array expects."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.at = 0
        self.items = 0
        self.open: list[int] = []  # tokens (keys and values) left in each open array

    def run(self) -> None:
        self._value()
        while self.open:
            left = self.open[-1]
            if left == 0:
                self._close()
            elif left % 2 == 0:
                self.open[-1] -= 1
                self._key()
            else:
                self.open[-1] -= 1
                self._value()
        if self.at != len(self.body):
            raise self._wrong("more bytes follow after the end of the value")

    def _close(self) -> None:
        if self.body[self.at : self.at + 1] != b"}":
            raise self._wrong("the array holds more than its count says, or is cut off")
        self.at += 1
        self.open.pop()

    def _key(self) -> None:
        if self.body[self.at : self.at + 1] not in (b"i", b"s"):
            raise self._wrong("a key must be an int or a string")
        self._value()

    def _value(self) -> None:
        self.items += 1
        if self.items > MAX_ITEMS:
            raise self._wrong(f"more than {MAX_ITEMS} values")
        if match := _SCALAR.match(self.body, self.at):
            self.at = match.end()
        elif match := _STRING.match(self.body, self.at):
            self._string(match.end(), int(match[1]))
        elif match := _ARRAY.match(self.body, self.at):
            self._array(match.end(), int(match[1]))
        else:
            raise self._unreadable()

    def _string(self, start: int, length: int) -> None:
        end = start + length
        if self.body[end : end + 2] != b'";':
            raise self._wrong("the string is not as long as it says")
        try:
            self.body[start:end].decode("utf-8", "strict")
        except UnicodeDecodeError as error:
            self.at = start + error.start
            raise self._wrong("the string is not UTF-8") from None
        self.at = end + 2

    def _array(self, start: int, count: int) -> None:
        if len(self.open) >= MAX_DEPTH:
            raise self._wrong(f"arrays are nested deeper than {MAX_DEPTH}")
        self.at = start
        self.open.append(2 * count)

    def _unreadable(self) -> PhpSerializedInvalid:
        if self.at >= len(self.body):
            return self._wrong("the body is cut off")
        if kind := _REFUSED.get(self.body[self.at]):
            return self._wrong(f"{kind} is not accepted: only plain arrays, strings and numbers")
        return self._wrong("not a PHP-serialized value")

    def _wrong(self, what: str) -> PhpSerializedInvalid:
        return PhpSerializedInvalid(f"{what} (byte {self.at})")
