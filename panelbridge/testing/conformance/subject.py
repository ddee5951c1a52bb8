"""The panel under test: an adapter, the practice panel it talks to, and orders that fit it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from panelbridge.contract.adapter import PanelAdapter
from panelbridge.contract.capabilities import Capabilities, Extend, Verb
from panelbridge.contract.exceptions import PanelError
from panelbridge.contract.models import (
    CreateOrder,
    Credentials,
    Outcome,
    PanelAccount,
    Purchase,
    Term,
    VerbResult,
)
from panelbridge.contract.registry import load_adapter
from panelbridge.contract.settings import read_settings
from panelbridge.testing.orders import credentials_for, fitting, order_for  # noqa: F401 - found here before
from panelbridge.testing.practice import (
    Fault,
    NotApplicable,
    PracticeControl,
    PracticeProcess,
    ScriptedReply,
    practice_class,
)
from panelbridge.testing.practice.setup import MONTH


@dataclass(frozen=True, kw_only=True)
class PanelUnderTest:
    """What the suite needs to know of a backend besides its capabilities."""

    practice: PracticeProcess
    adapter: PanelAdapter[Any]
    package: str = ""  # id of a package that can be sold; empty where the panel knows none
    other_package: str = ""  # one to change to
    term: Term = MONTH  # the length of ``package``
    operations: Mapping[Verb, str] = field(default_factory=dict)  # where a fault's match is not the verb
    reads: Mapping[str, str] = field(default_factory=dict)  # the same for get, find, list_accounts
    options: Mapping[str, str] = field(default_factory=dict)  # of a create; {username} is the login name
    device: str = ""  # mag or enigma: orders carry a MAC, and the panel makes up the login
    repeatable: frozenset[Verb] = frozenset()  # verbs whose request may be sent twice within one attempt
    unseen: frozenset[Verb] = frozenset()  # verbs whose end state can neither be read nor tried at the panel
    moves_with_package: frozenset[str] = frozenset()  # in the books, besides package and connections

    @property
    def capabilities(self) -> Capabilities:
        return self.adapter.capabilities

    @property
    def control(self) -> PracticeControl:
        return self.practice.control

    def set_fault(self, fault: Fault, match: str | None = None, **more: Any) -> None:
        """``PracticeControl.set_fault``; skips the test where this panel cannot show the fault."""
        try:
            self.control.set_fault(fault, match, **more)
        except NotApplicable as error:
            pytest.skip(f"{self.adapter.backend}: the practice panel has no {fault.value}: {error}")

    def set_reply(self, match: str, reply: ScriptedReply, *, skip: int = 0) -> None:
        """Answer every such request after ``skip`` others with ``reply``; skips the test where nothing speaks
        HTTP.
        """
        try:
            self.control.set_reply(match, times=None, skip=skip, **vars(reply))
        except NotApplicable as error:
            pytest.skip(f"{self.adapter.backend}: the practice panel takes no scripted reply: {error}")

    @property
    def sells(self) -> bool:
        """Whether an extend is a purchase."""
        return self.capabilities.extend is Extend.ADD

    def operation(self, verb: Verb) -> str:
        """What a fault is aimed at to hit the write of ``verb``."""
        return self.operations.get(verb, verb.value)

    def read(self, name: str) -> str:
        """What a fault is aimed at to hit the request behind get, find or list_accounts."""
        return self.reads.get(name, name)

    def needs(self, *verbs: Verb) -> None:
        """Skip the test unless the backend has all of ``verbs``."""
        for verb in verbs:
            if verb not in self.capabilities.verbs:
                pytest.skip(f"{self.adapter.backend}: capabilities.verbs lacks {verb.value}")
            if self.device and verb is Verb.RESET_CREDENTIALS:
                pytest.skip(f"{self.adapter.backend}: a device has no login of ours to be reset")

    def adapter_with(self, **settings: Any) -> PanelAdapter[Any]:
        """Another adapter for the same panel with other settings; the caller closes it."""
        values = {**self.adapter.settings.model_dump(), **settings}
        kind = type(self.adapter)
        return kind(read_settings(kind.settings_model_for(values), values))

    def credentials(self) -> Credentials:
        """New ones that fit the panel's rules."""
        return credentials_for(self.capabilities)

    def order(self, **changes: Any) -> CreateOrder:
        """A new account that fits the panel's rules."""
        order = order_for(
            self.capabilities,
            package=self.package,
            term=self.term,
            options=self.options,
            tried_by="conformance",
        )
        if self.device:
            options = {**order.options, "device": self.device}
            order = replace(order, mac=mac_of(order.credentials.username), options=options)
        return replace(order, **changes)

    def made(self, order: CreateOrder | None = None) -> PanelAccount:
        """An account that exists, as the create returned it, with the password that the journal knows."""
        self.needs(Verb.CREATE)
        order = order or self.order()
        result = self.adapter.create(order)
        assert result.outcome is Outcome.DONE
        assert result.account is not None
        return replace(result.account, password=result.account.password or order.credentials.password)

    def purchase(self, account: PanelAccount) -> Purchase | None:
        """What an extend of ``account`` needs where lengths are sold."""
        if not self.sells:
            return None
        return Purchase(package=self.package, term=self.term, before=account.expires_at)

    def same_moment(self, left: datetime | None, right: datetime) -> bool:
        """Equal as far as the panel's expiries are exact."""
        exact = timedelta(seconds=self.capabilities.expiry_granularity)
        return left is not None and abs(left - right) <= exact

    def is_ordered(self, account: PanelAccount, order: CreateOrder) -> bool:
        """Whether it is the account of that order: by its login name, a device by its MAC."""
        if self.device:
            return account.mac == order.mac
        return account.username == order.credentials.username

    def mark(self) -> int:
        """The number of the newest request that reached the panel."""
        return self.control.last_request()

    def sent(self, operation: str | None = None, *, since: int = 0) -> list[dict[str, Any]]:
        """Requests that reached the panel after that mark, all or those of one operation."""
        return [one for one in self.control.requests(since) if operation in (None, one["operation"])]

    def in_books(self, username: str) -> dict[str, Any] | None:
        """The account as the panel's own books have it; ``None`` when they have none."""
        login = self.login(username)
        account: dict[str, Any] | None = self.control.books(login)["accounts"].get(login)
        return account

    def effects(self, username: str, kind: str | None = None) -> list[dict[str, Any]]:
        """Everything that happened to that account at the panel, in order."""
        effects = self.control.books(self.login(username))["effects"]
        return [effect for effect in effects if kind in (None, effect["kind"])]

    def login(self, username: str) -> str:
        """The name in the books: a device ordered under ``username`` has a login of the panel's making."""
        if not self.device:
            return username
        accounts, mac = self.control.books()["accounts"], mac_of(username)
        return next((name for name, account in accounts.items() if account["mac"] == mac), username)

    def act(self, name: str, **arguments: Any) -> None:
        """Something the panel's owner does; skipped where the practice panel has no such act."""
        try:
            self.control.act(name, **arguments)
        except ValueError as error:
            if "UnknownAct" not in str(error):
                raise
            pytest.skip(f"{self.adapter.backend}: the practice panel has no act {name!r}")


@contextmanager
def panel_under_test(
    backend: str,
    folder: Path,
    *,
    setup: str | None = None,
    practice_options: Mapping[str, str] | None = None,
    settings: Mapping[str, Any] | None = None,
    **facts: Any,
) -> Iterator[PanelUnderTest]:
    """Run the backend's practice panel with its books in ``folder`` and an adapter for it.

    ``setup`` names one of the practice panel's own ``setups``; else all of it is given here.
    """
    kind = load_adapter(backend)
    if setup is not None:
        reported = vars(practice_class(backend).setups[setup])
        facts = {name: value for name, value in reported.items() if name not in _OF_THE_RUN} | facts
        practice_options = practice_options or reported["practice_options"]
        settings = settings or reported["settings"]
    with PracticeProcess(backend, books=folder / "books.sqlite", options=practice_options) as practice:
        values = {**practice.settings, **(settings or {})}
        chosen = read_settings(kind.settings_model_for(values), values)
        with kind(chosen) as adapter:
            yield PanelUnderTest(practice=practice, adapter=adapter, **facts)


_OF_THE_RUN = ("practice_options", "settings")


def setups(backend: str) -> list[str]:
    """Names of the set-ups in which the suite runs this backend."""
    return list(practice_class(backend).setups)


def subject_of(backend: str, chosen: Sequence[str] | None = None) -> Any:
    """The fixture ``subject``: the backend's practice panel and adapter, in each of its set-ups."""

    @pytest.fixture(scope="module", params=setups(backend) if chosen is None else chosen, name="subject")
    def subject(
        request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
    ) -> Iterator[PanelUnderTest]:
        with panel_under_test(backend, tmp_path_factory.mktemp("panel"), setup=request.param) as panel:
            yield panel

    return subject


def mac_of(username: str) -> str:
    """The MAC of the device ordered under that login name."""
    digest = hashlib.blake2b(username.encode(), digest_size=5).hexdigest().upper()
    return ":".join(("02", *(digest[at : at + 2] for at in range(0, 10, 2))))


def ending_of(deed: Any) -> Outcome:
    """How a verb ended, whether it returned or raised."""
    try:
        result: VerbResult = deed()
    except PanelError as error:
        return error.outcome
    return result.outcome
