"""What the tests of a backend stand on: its practice panels in this process, adapters for them, orders.

A backend's conftest adds what only its panel has: its naive callers, and what a fitting order is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, Generic, TypeVar

import requests

from panelbridge import CreateOrder, Credentials, PanelAccount, PanelAdapter, Secret
from panelbridge.contract.secret import random_text
from panelbridge.contract.settings import read_settings
from panelbridge.testing.practice import PracticeControl, PracticePanel, PracticeServer

AdapterT = TypeVar("AdapterT", bound=PanelAdapter[Any])
PracticeT = TypeVar("PracticeT", bound=PracticePanel)


@dataclass(kw_only=True)
class PanelOf(Generic[AdapterT, PracticeT]):
    """The practice panel, seen from all sides."""

    server: PracticeServer
    practice: PracticeT
    adapter_class: type[AdapterT]
    running: ExitStack

    @property
    def control(self) -> PracticeControl:
        return PracticeControl(self.server.url)

    @property
    def settings(self) -> dict[str, Any]:
        return self.server.settings

    def adapter(self, **settings: Any) -> AdapterT:
        """One with these settings besides the panel's own, closed after the test."""
        return self.opened({**self.settings, **settings})

    def opened(self, settings: dict[str, Any]) -> AdapterT:
        """An adapter of exactly these settings, closed after the test."""
        chosen = read_settings(self.adapter_class.settings_model, settings)
        adapter = self.adapter_class(chosen)
        self.running.callback(adapter.close)
        return adapter

    @property
    def accounts(self) -> dict[str, dict[str, Any]]:
        """What the panel's books have, by login name."""
        accounts: dict[str, dict[str, Any]] = self.control.books()["accounts"]
        return accounts

    def operations(self) -> list[str]:
        """What the panel was asked for, in order."""
        return [request["operation"] for request in self.control.requests()]


PanelT = TypeVar("PanelT", bound=PanelOf[Any, Any])


@contextmanager
def started(
    folder: Path,
    panel_class: type[PanelT],
    practice_class: type[PracticePanel],
    adapter_class: type[PanelAdapter[Any]],
) -> Iterator[Callable[..., PanelT]]:
    """A function that starts a practice panel with the options it is given; all end with the block."""
    numbers = count()
    with ExitStack() as running:

        def start(**options: str) -> PanelT:
            practice = practice_class(folder / f"books{next(numbers)}.sqlite", options)
            server = running.enter_context(PracticeServer(practice))
            return panel_class(server=server, practice=practice, adapter_class=adapter_class, running=running)

        yield start


def ask(method: str, url: str, **more: Any) -> requests.Response:
    """What a client gets that just sends; proxies of this machine stay out of it."""
    with requests.Session() as session:
        session.trust_env = False
        return session.request(method, url, timeout=30, **more)


def order_for(username: str, **values: Any) -> CreateOrder:
    """An order of a month in whole seconds with a random password, where ``values`` say nothing else."""
    usual: dict[str, Any] = {
        "credentials": Credentials(username=username, password=Secret(random_text(16))),
        "until": datetime.now(UTC).replace(microsecond=0) + timedelta(days=30),
        "reference": f"bridge:{username}:1",
    }
    return CreateOrder(**{**usual, **values})


def created(adapter: PanelAdapter[Any], order: CreateOrder) -> PanelAccount:
    """The account that ``order`` makes."""
    account = adapter.create(order).account
    assert account is not None
    return account
