"""What a backend writes to have a practice panel."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from panelbridge.testing.practice.books import Books
from panelbridge.testing.practice.faults import Fault
from panelbridge.testing.practice.options import KnownOptions, read_options
from panelbridge.testing.practice.setup import Setup
from panelbridge.testing.practice.wire import PracticeReply, PracticeRequest


class UnknownAct(LookupError):
    """The panel knows no such act of its owner."""


class PracticePanel(ABC):
    """One simulated panel over its books. ``respond`` is called from several threads at once.

    ``options`` are the switches of the imitation (a dialect, a release), as text. Everything kept lies in the
    books, so that a restarted panel goes on where it was.
    """

    imitates: ClassVar[str]
    """The panel and release whose behaviour this is, for people."""

    setups: ClassVar[Mapping[str, Setup]] = {}
    """How the conformance suite runs it, by name: one for each dialect or switch that matters."""

    known_options: ClassVar[KnownOptions] = {}
    """What ``options`` may hold; ``self.options`` has each of them."""

    def __init__(self, books: Path, options: Mapping[str, str] | None = None) -> None:
        """Raises ``OptionInvalid``."""
        self.options = read_options(self.known_options, options or {})
        self.books = Books(books)
        self.clock_offset = timedelta()
        self.seed()

    @abstractmethod
    def seed(self) -> None:
        """Make tables and first rows where they are missing."""

    @abstractmethod
    def respond(self, request: PracticeRequest) -> PracticeReply:
        """Do what the real panel does, books included, and say what it says."""

    @abstractmethod
    def operation(self, request: PracticeRequest) -> str:
        """A name for what is asked ("create", "get"), by which faults are aimed."""

    @abstractmethod
    def snapshot(self) -> dict[str, Any]:
        """The books for a test to read: ``accounts`` by login name, and what ``Books.effects`` says.

        Each account has ``id``, ``username``, ``password``, ``state`` (a value of ``AccountState``),
        ``expires_at`` (ISO 8601, UTC, or null for never), ``package``, ``connections`` and ``reference``,
        null where the panel keeps no such thing. A panel that keeps only a hash of the password still shows
        the password here: the imitation knows it, and the suite compares it.
        """

    @abstractmethod
    def settings(self, url: str) -> dict[str, Any]:
        """Settings with which the backend's adapter reaches this panel at ``url``, secrets in clear."""

    def secrets(self) -> tuple[str, ...]:
        """Values starred in the list of received requests."""
        return ()

    def act(self, name: str, arguments: Mapping[str, Any]) -> Any:  # noqa: ARG002 - for subclasses
        """Something the panel's owner does behind our back. Raises ``UnknownAct``.

        The conformance suite uses, where a panel knows them: ``ban`` and ``delete`` (``username``),
        ``set_expiry`` (``username``, ``expires_at``), ``set_balance`` (``amount``), ``revoke``
        (``permission``), ``use_up`` (``username``: its quota), ``queue`` (``on``: work is taken and does not
        begin) and ``create`` (``username``): an account that is none of ours.
        """
        raise UnknownAct(name)

    def with_wrong_types(self, reply: PracticeReply) -> PracticeReply:
        """``reply`` with its values in types the protocol does not promise."""
        return reply.with_body(json.dumps(_wrap(json.loads(reply.body))).encode()) if reply.body else reply

    def with_rows_missing(self, reply: PracticeReply) -> PracticeReply:
        """``reply``, a page of a list, without the last half of its rows and otherwise as it was.

        Of JSON the outermost list is cut, the longest of several; another format overrides this. A panel
        whose pages hold neither a count nor a ``next`` that would betray it cannot show this: nobody can
        notice a row that nothing speaks of. Such a panel says so in ``cannot``.
        """
        return reply.with_body(json.dumps(_cut_rows(json.loads(reply.body))).encode())

    def pretend(self, request: PracticeRequest) -> PracticeReply:
        """Say what a request that was done would be answered, and leave the books as they are.

        Override it only where the protocol's answer to a write is documented as read from the books after
        it: such a panel can lie by accepting and showing the account unmoved, and in no other way.
        """
        with self.books.rehearsing():
            return self.respond(request)

    def cannot(self, fault: Fault) -> str | None:  # noqa: ARG002 - for subclasses
        """Why ``fault`` cannot befall this panel, such as "it is a database, nothing speaks HTTP"."""
        return None

    def now(self) -> datetime:
        """The panel's own time."""
        return datetime.now(UTC) + self.clock_offset


def _wrap(content: Any) -> Any:
    if isinstance(content, dict):
        return {key: _wrap(value) for key, value in content.items()}
    if isinstance(content, list):
        return [_wrap(item) for item in content]
    return [content]


def _cut_rows(content: Any) -> Any:
    """Half of the longest list that lies outermost: lists further in belong to a single row."""
    level = [content]
    while level:
        lists = [item for item in level if isinstance(item, list) and item]
        if lists:
            rows = max(lists, key=len)
            del rows[len(rows) // 2 :]
            break
        level = [inner for item in level if isinstance(item, dict) for inner in item.values()]
    return content
