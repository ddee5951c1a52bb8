"""A list of the panel in which one row says nothing: an empty object, or no object at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from panelbridge.contract.exceptions import OutcomeUnknown, PanelError
from panelbridge.testing.conformance.subject import PanelUnderTest

_SILENT: tuple[Any, ...] = ({}, 7)
_MOST = 2  # rows of a list


def with_silent_rows(
    subject: PanelUnderTest, operation: str, ask: Callable[[], list[Any]], *, of: Collection[str]
) -> Iterator[list[Any]]:
    """What ``ask`` says while a row of the last answer to ``operation`` says nothing, some rows in turn.

    ``of``: names or ids; a row that holds none of them may prove that the list is whole. Skips the test where
    the panel's list is no JSON, or comes from the settings.
    """
    mark = subject.mark()
    ask()
    asked = len(subject.sent(operation, since=mark))
    true = subject.control.true_reply(operation)
    content = _content(true.body) if true is not None and asked else None
    places = [way for way in _rows(content) if _says(_at(content, way), way[-1], of)][:_MOST]
    if true is None or not places:
        pytest.skip(f"{subject.adapter.backend}: the answers to {operation} have no rows of JSON")
    for place in places:
        for silent in _SILENT:
            content = _content(true.body)
            _at(content, place[:-1])[place[-1]] = silent
            reply = replace(true, body=json.dumps(content).encode())
            with _answered(subject, operation, reply, skip=asked - 1):
                yield _reported(subject, ask, asked)


@contextmanager
def _answered(subject: PanelUnderTest, operation: str, reply: Any, *, skip: int) -> Iterator[None]:
    subject.set_reply(operation, reply, skip=skip)
    try:
        yield
    finally:
        subject.control.clear_faults()


def _reported(subject: PanelUnderTest, ask: Callable[[], list[Any]], asked: int) -> list[Any]:
    try:
        return ask()
    except PanelError as error:
        if asked > 1 and error.code == OutcomeUnknown.code:
            pytest.skip(f"{subject.adapter.backend}: it asks for a row twice and sees that it changed")
        raise AssertionError(f"one row that says nothing ended the whole list: {error!r}") from error


def _content(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _rows(content: Any) -> list[tuple[Any, ...]]:
    """Where the rows are: in the longest of the lists of objects that lie outermost, else in such a map."""
    for kind in (list, dict):
        level: list[tuple[tuple[Any, ...], Any]] = [((), content)]
        while level:
            held = [(way, item) for way, item in level if isinstance(item, kind) and _holds_objects(item)]
            if held:
                way, item = max(held, key=lambda one: len(one[1]))
                return [(*way, key) for key in _keys(item)]
            level = [((*way, key), item[key]) for way, item in level for key in _keys(item)]
    return []


def _at(content: Any, way: tuple[Any, ...]) -> Any:
    for step in way:
        content = content[step]
    return content


def _says(row: Any, key: Any, of: Collection[str]) -> bool:
    """Whether one of them is the row's key, or stands in it, alone or in front of a domain."""
    return any(text in of or text.partition("@")[0] in of for text in (str(key), *_texts(row)))


def _texts(content: Any) -> Iterator[str]:
    inner = [content[key] for key in _keys(content)]
    if not inner:
        yield str(content)
    for item in inner:
        yield from _texts(item)


def _holds_objects(item: Any) -> bool:
    inner = [item[key] for key in _keys(item)]
    return bool(inner) and all(isinstance(one, dict) for one in inner)


def _keys(item: Any) -> list[Any]:
    if isinstance(item, dict):
        return list(item)
    return list(range(len(item))) if isinstance(item, list) else []
