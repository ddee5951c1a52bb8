"""One prepared call for each verb, and how the panel's books show that it happened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from panelbridge.contract.capabilities import PackageWrite, Verb
from panelbridge.contract.models import Credentials, PackageChange, Purchase, VerbResult
from panelbridge.contract.secret import Secret
from panelbridge.testing.conformance.subject import PanelUnderTest

BooksAccount = Mapping[str, Any] | None


@dataclass(frozen=True, kw_only=True)
class Deed:
    """``do`` calls the verb; ``shown`` reads in the books whether its end state is reached."""

    username: str
    do: Callable[[], VerbResult]
    shown: Callable[[BooksAccount], bool]


def deed(subject: PanelUnderTest, verb: Verb) -> Deed:
    """A call of ``verb`` that has something to change, on an account of its own."""
    subject.needs(Verb.CREATE, verb)
    if verb is Verb.UNSUSPEND:
        subject.needs(Verb.SUSPEND)
    return _PREPARE[verb](subject)


def _create(subject: PanelUnderTest) -> Deed:
    order = subject.order()
    return Deed(
        username=order.credentials.username,
        do=lambda: subject.adapter.create(order),
        shown=lambda account: account is not None,
    )


def _extend(subject: PanelUnderTest) -> Deed:
    account = subject.made()
    assert account.expires_at is not None
    until = account.expires_at + timedelta(days=31)
    purchase = subject.purchase(account)
    before = expiry(subject.in_books(account.username))
    return Deed(
        username=account.username,
        do=lambda: subject.adapter.extend(account.ref, until, purchase),
        shown=lambda books: expiry(books) != before,
    )


def _suspend(subject: PanelUnderTest) -> Deed:
    account = subject.made()
    return Deed(
        username=account.username,
        do=lambda: subject.adapter.suspend(account.ref, "overdue"),
        shown=lambda books: state(books) == "suspended",
    )


def _unsuspend(subject: PanelUnderTest) -> Deed:
    account = subject.made()
    subject.adapter.suspend(account.ref, "overdue")
    return Deed(
        username=account.username,
        do=lambda: subject.adapter.unsuspend(account.ref),
        shown=lambda books: state(books) == "active",
    )


def _reset(subject: PanelUnderTest) -> Deed:
    account = subject.made()
    password = subject.credentials().password.get_secret_value()
    credentials = Credentials(username=account.username, password=Secret(password))
    return Deed(
        username=account.username,
        do=lambda: subject.adapter.reset_credentials(account.ref, credentials),
        shown=lambda books: books is not None and books["password"] == password,
    )


def _change_package(subject: PanelUnderTest) -> Deed:
    account = subject.made()
    purchase = None
    if subject.capabilities.change_package is PackageWrite.PURCHASE:
        purchase = Purchase(
            package=subject.other_package, term=subject.term, before=account.expires_at, allow_restart=True
        )
    change = PackageChange(package=subject.other_package, purchase=purchase)
    return Deed(
        username=account.username,
        do=lambda: subject.adapter.change_package(account.ref, change),
        shown=lambda books: books is not None and books["package"] in (subject.other_package, None),
    )


def _terminate(subject: PanelUnderTest) -> Deed:
    account = subject.made()
    return Deed(
        username=account.username,
        do=lambda: subject.adapter.terminate(account.ref),
        shown=lambda books: books is None or books["state"] == "suspended",
    )


def expiry(account: BooksAccount) -> datetime | None:
    """The expiry in the books."""
    text = account["expires_at"] if account is not None else None
    return datetime.fromisoformat(text) if text is not None else None


def state(account: BooksAccount) -> str | None:
    """The state in the books."""
    return None if account is None else str(account["state"])


_PREPARE: dict[Verb, Callable[[PanelUnderTest], Deed]] = {
    Verb.CREATE: _create,
    Verb.EXTEND: _extend,
    Verb.SUSPEND: _suspend,
    Verb.UNSUSPEND: _unsuspend,
    Verb.RESET_CREDENTIALS: _reset,
    Verb.CHANGE_PACKAGE: _change_package,
    Verb.TERMINATE: _terminate,
}
