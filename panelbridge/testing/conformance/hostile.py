"""Hostile text arrives as data, in its own account, or is refused with the field named: nothing else."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from panelbridge.contract.capabilities import Verb
from panelbridge.contract.exceptions import InvalidOrder, PanelError
from panelbridge.contract.models import CreateOrder, Credentials, Outcome, VerbResult
from panelbridge.contract.secret import Secret
from panelbridge.testing.conformance.subject import PanelUnderTest
from panelbridge.testing.conformance.suite import Suite

VALUES: Mapping[str, str] = {
    "quotes": "a'b\"c`d' OR '1'='1",
    "braces": "{x}${y}{{7*7}}{%if%}",
    "newline": "first\r\nX-Second: 1\n",
    "dots": "../../../etc/passwd",
    "percent": "%00%0a%2e%2e%2f",
    "nul": "before\0after",
    "long": "A" * 10_240,
    "entities": "&lt;b&gt;&amp;amp;<i>x</i>",
    "non-ascii": "Ünïcödé-名前-\U0001f642",
    "blanks": "  blanks around  ",
}
FIELDS = (
    "username",
    "password",
    "package",
    "reference",
    "options",
    "mac",
    "reason",
    "new username",
    "new password",
)
_UNKNOWN_OPTION = "hostile"


@dataclass(frozen=True, kw_only=True)
class _Sent:
    """A call with a hostile value: whom it is about, and where the books would show the value."""

    verb: Verb
    names: tuple[str, ...]  # accounts that may change
    column: str | None  # in the books; None where they show no such thing
    do: Callable[[], VerbResult]


class HostileValues(Suite):
    @pytest.mark.parametrize("field", FIELDS)
    @pytest.mark.parametrize("value", VALUES)
    def test_a_value_is_data_or_refused_by_name(
        self, subject: PanelUnderTest, field: str, value: str
    ) -> None:
        text = VALUES[value]
        call = _call(subject, field, text)
        before, mark = subject.control.books(), subject.mark()
        result = _result_of(call.do)
        after = subject.control.books()
        if isinstance(result, PanelError):
            assert result.outcome is Outcome.REFUSED, result
            assert after["accounts"] == before["accounts"]
            assert len(after["effects"]) == len(before["effects"])
            unsent = not subject.sent(subject.operation(call.verb), since=mark)
            if unsent and isinstance(result, InvalidOrder):
                assert field.removeprefix("new ") in (result.field or ""), f"it names {result.field!r}"
            return
        assert result.outcome in (Outcome.DONE, Outcome.ALREADY)
        names = {subject.login(name) for name in call.names}
        assert _others(after, names) == _others(before, names)
        reported = any(call.column is not None and call.column in name for name in result.differs)
        if call.column is None or reported:
            return
        books = subject.in_books(call.names[-1])
        assert books is not None, "no account has exactly that name"
        assert books.get(call.column) in (text, None)


def _result_of(do: Callable[[], VerbResult]) -> VerbResult | PanelError:
    try:
        return do()
    except PanelError as error:
        return error


def _others(books: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {name: account for name, account in books["accounts"].items() if name not in names}


def _call(subject: PanelUnderTest, field: str, text: str) -> _Sent:
    if field == "reason":
        subject.needs(Verb.SUSPEND)
        account = subject.made()
        suspend = subject.adapter.suspend
        return _Sent(
            verb=Verb.SUSPEND,
            names=(account.username,),
            column="reason",
            do=lambda: suspend(account.ref, text),
        )
    if field.startswith("new "):
        subject.needs(Verb.RESET_CREDENTIALS)
        account = subject.made()
        named = field.removeprefix("new ")
        wanted = _with(replace(subject.credentials(), username=account.username), named, text)
        reset = subject.adapter.reset_credentials
        return _Sent(
            verb=Verb.RESET_CREDENTIALS,
            names=(account.username, wanted.username),
            column=named,
            do=lambda: reset(account.ref, wanted),
        )
    order = _order(subject, field, text)
    column = None if field in ("options", "mac") else field
    if field == "reference" and subject.capabilities.reference_field is None:
        column = None
    create = subject.adapter.create
    return _Sent(
        verb=Verb.CREATE, names=(order.credentials.username,), column=column, do=lambda: create(order)
    )


def _order(subject: PanelUnderTest, field: str, text: str) -> CreateOrder:
    order = subject.order()
    match field:
        case "username" | "password":
            return replace(order, credentials=_with(order.credentials, field, text))
        case "options":
            name = next(iter(order.options), _UNKNOWN_OPTION)
            return replace(order, options={**order.options, name: text})
        case "package":
            return replace(order, package=text)
        case "reference":
            return replace(order, reference=text)
        case _:
            return replace(order, mac=text)


def _with(credentials: Credentials, field: str, text: str) -> Credentials:
    if field == "username":
        return replace(credentials, username=text)
    return replace(credentials, password=Secret(text))
