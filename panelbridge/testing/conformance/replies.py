"""Whatever a panel answers, the adapter never lies: a property over random and mutated replies.

Scripted replies have no effect on the books, so every word an adapter believes of them is a word too many.
Needs hypothesis; the same examples come in every run.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from panelbridge.contract.capabilities import FindBy, Verb
from panelbridge.contract.exceptions import PanelError
from panelbridge.contract.models import Absent, Found, Lookup, Outcome, PanelAccount, Unknown
from panelbridge.testing.conformance.deeds import deed
from panelbridge.testing.conformance.subject import PanelUnderTest, ending_of
from panelbridge.testing.conformance.suite import Suite
from panelbridge.testing.practice import Fault, ScriptedReply
from panelbridge.transport import deadline

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

_PATIENCE = 0.3  # seconds for a verb; its reads go to a panel in order
_READ_PATIENCE = 0.12  # for a read, which the transport repeats
_STATUSES = (200, 200, 200, 201, 204, 302, 400, 401, 403, 404, 409, 422, 429, 500, 502, 503)
_TYPES = ("application/json", "text/html; charset=UTF-8", "text/plain", "application/octet-stream")
_PAGE = b"<!DOCTYPE html><html><head><title>Log in</title></head><body>{}</body></html>"


class RandomReplies(Suite):
    @pytest.mark.parametrize("verb", list(Verb))
    def test_no_reply_makes_a_verb_lie(self, subject: PanelUnderTest, verb: Verb) -> None:
        """Done is what the books show, refused is without effect, and a write is sent once."""
        operation = subject.operation(verb)
        other = deed(subject, verb)  # a true reply, but of another account
        ending_of(other.do)
        true = subject.control.true_reply(operation)
        bystander = subject.in_books(other.username)
        asked = deed(subject, verb)

        def holds(reply: ScriptedReply) -> None:
            script(subject, operation, reply)
            effects, mark = subject.effects(asked.username), subject.mark()
            with deadline(_PATIENCE):
                outcome = ending_of(asked.do)
            if outcome in (Outcome.DONE, Outcome.ALREADY) and verb not in subject.unseen:
                assert asked.shown(subject.in_books(asked.username)), f"told {outcome} of {reply}"
            if outcome in (Outcome.REFUSED, Outcome.RETRY_LATER):
                assert subject.effects(asked.username) == effects, f"told {outcome} of {reply}"
            if verb not in subject.repeatable:
                written = subject.sent(operation, since=mark)
                times = Counter(one["same"] for one in written if one["fault"] == Fault.SCRIPTED)
                assert max(times.values(), default=0) <= 1, f"sent again after {reply}"

        for_replies(true, holds, examples=25)
        assert subject.in_books(other.username) == bystander, "another account was changed"

    @pytest.mark.parametrize("name", ["get", "find"])
    def test_no_reply_makes_a_look_up_raise_or_find_another(self, subject: PanelUnderTest, name: str) -> None:
        """A look-up never raises, and finds the account that was asked for or none."""
        by_get = name == "get"
        if not by_get and FindBy.USERNAME not in subject.capabilities.find_by:
            pytest.skip(f"{subject.adapter.backend}: capabilities.find_by lacks username")
        other, account = subject.made(), subject.made()

        def look_up(account: PanelAccount) -> Lookup:
            try:
                if by_get:
                    return subject.adapter.get(account.ref)
                return subject.adapter.find(username=account.username)
            except PanelError as error:
                raise AssertionError(f"a look-up never raises, this one did: {error!r}") from error

        look_up(other)
        true = subject.control.true_reply(subject.read(name))

        def holds(reply: ScriptedReply) -> None:
            script(subject, subject.read(name), reply)
            with deadline(_READ_PATIENCE):
                answer = look_up(account)
            match answer:
                case Found(account=found):
                    same = found.id == account.id if by_get else found.username == account.username
                    assert same, f"found another account in {reply}"
                case Absent(proof=text) | Unknown(cause=text):
                    assert text

        for_replies(true, holds, examples=20)

    @pytest.mark.parametrize("name", ["list_accounts", "list_packages", "test_connection"])
    def test_no_reply_makes_a_read_raise_anything_else(self, subject: PanelUnderTest, name: str) -> None:
        """A reader of lists and of the panel itself gets an answer or a ``PanelError``."""
        reads: dict[str, Callable[[], object]] = {
            "list_accounts": lambda: list(subject.adapter.list_accounts()),
            "list_packages": lambda: list(subject.adapter.list_packages()),
            "test_connection": subject.adapter.test_connection,
        }
        try:
            reads[name]()
        except PanelError as error:
            pytest.skip(f"{subject.adapter.backend}: {name} is not offered: {error.code}")
        true = subject.control.true_reply(subject.read(name))

        def holds(reply: ScriptedReply) -> None:
            script(subject, subject.read(name), reply)
            with deadline(_READ_PATIENCE):
                try:
                    reads[name]()
                except PanelError:
                    return

        for_replies(true, holds, examples=15)


def script(subject: PanelUnderTest, operation: str, reply: ScriptedReply) -> None:
    """From now on the panel answers ``operation`` with ``reply`` and does nothing."""
    subject.control.clear_faults()
    subject.set_reply(operation, reply)


def for_replies(true: ScriptedReply | None, holds: Callable[[ScriptedReply], None], *, examples: int) -> None:
    """``holds`` for replies of every kind: random, and made of the ``true`` one."""
    try:
        from hypothesis import HealthCheck, Phase, given, settings
    except ImportError:
        pytest.fail("RandomReplies needs hypothesis: pip install hypothesis", pytrace=False)
    bounded = settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )
    bounded(given(_replies(true))(holds))()


def _replies(true: ScriptedReply | None) -> SearchStrategy[ScriptedReply]:
    from hypothesis import strategies as st

    anything = st.recursive(
        st.none() | st.booleans() | st.integers(-10, 10**12) | st.text(max_size=12),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=8,
    )
    bodies = [
        anything.map(lambda value: json.dumps(value).encode()),
        st.sampled_from((b"", _PAGE, b"null", b"[]", b"{}", b'"ok"', b"OK", b"\xff\xfe\x00")),
        st.binary(max_size=40),
    ]
    if true is not None:
        reported = true.body
        bodies += [
            st.just(reported),
            st.integers(0, len(reported)).map(lambda end: reported[:end]),
            st.tuples(st.integers(0, 10**6), anything).map(lambda how: mutated(reported, *how)),
        ]
    statuses = st.sampled_from((*_STATUSES, *([true.status] * len(_STATUSES) if true else [])))
    return st.builds(
        ScriptedReply,
        status=statuses,
        content_type=st.sampled_from((*_TYPES, *([true.content_type] * 2 if true else []))),
        body=st.one_of(*bodies),
        cut_after=st.none() | st.none() | st.none() | st.integers(0, 40),
    )


def mutated(body: bytes, where: int, value: Any) -> bytes:
    """``body`` with one of its values another one, or left out; of other formats one byte less."""
    try:
        content = json.loads(body)
    except ValueError:
        at = where % max(1, len(body))
        return body[:at] + body[at + 1 :]
    places = list(_places(content))
    if not places:
        return json.dumps(value).encode()
    holder, key = places[where % len(places)]
    if where % 3 == 0:
        del holder[key]
    else:
        holder[key] = value
    return json.dumps(content).encode()


def _places(content: Any) -> list[tuple[Any, Any]]:
    """Every value in ``content``, as what holds it and where."""
    keys: list[Any] = []
    if isinstance(content, dict):
        keys = list(content)
    elif isinstance(content, list):
        keys = list(range(len(content)))
    own = [(content, key) for key in keys]
    return [*own, *(place for key in keys for place in _places(content[key]))]
