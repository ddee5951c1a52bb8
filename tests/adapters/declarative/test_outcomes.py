"""What a reply means: only a rule makes it ok, and what cannot be read never is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panelbridge.transport import PanelReply
from panelbridge.transport.redaction import Redactor
from panelbridge_declarative.description.load import read as read_spec
from panelbridge_declarative.description.spec import Is, Rule
from panelbridge_declarative.operations.outcomes import judge
from panelbridge_declarative.operations.replies import read
from tests.adapters.declarative.conftest import ACME, answer

RULES = read_spec(ACME, where="acme").spec.outcomes
PAGE = b"<!DOCTYPE html><html><title>Sign in</title></html>"


def rules(*given: dict[str, Any]) -> tuple[Rule, ...]:
    return tuple(Rule.model_validate(one) for one in given)


BODIES = st.one_of(
    st.binary(max_size=40),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=6,
    ).map(lambda value: json.dumps(value).encode()),
    st.sampled_from([b"", PAGE, b'{"error":"no_user"}', b'{"error":', b"error=0", b"<a/>"]),
)


@given(
    status=st.integers(100, 599),
    kind=st.sampled_from(
        ["application/json", "text/html", "text/xml", "application/x-www-form-urlencoded", ""]
    ),
    body=BODIES,
    cut=st.none() | st.integers(0, 20),
    form=st.sampled_from([None, "json", "urlencoded", "text", "xml"]),
)
def test_no_reply_is_ok_unless_a_rule_says_so(
    status: int, kind: str, body: bytes, cut: int | None, form: str | None
) -> None:
    reply = read(PanelReply(status=status, headers={"Content-Type": kind}, body=body[:cut]), form)
    verdict = judge(RULES, reply)
    if verdict.outcome is Is.OK:
        assert status in (200, 201)
        assert reply.type == "application/json"
        assert reply.readable
    if not reply.readable or status not in (200, 201, 400, 401, 402, 403, 404, 409, 429, 503):
        assert verdict.outcome is Is.UNKNOWN
    if verdict.outcome is Is.NOT_FOUND:
        assert json.loads(body[:cut])["error"] == "no_user"


def test_a_write_is_not_found_only_by_the_panels_own_word() -> None:
    for other in (answer({"error": "no_route"}, 404), answer(PAGE, 404, "text/html"), answer(b"", 404)):
        assert judge(RULES, read(other, "json")).outcome is Is.UNKNOWN


def test_the_first_rule_that_matches_counts() -> None:
    found = rules({"status": 200, "match": "body.error == `1`", "is": "invalid"}, {"status": 200, "is": "ok"})
    assert judge(found, read(answer({"error": 1}), None)).outcome is Is.INVALID
    assert judge(found, read(answer({"error": 0}), None)).outcome is Is.OK


def test_a_condition_that_fails_does_not_match() -> None:
    found = rules({"match": "body.n > `1`", "is": "ok"}, {"match": "contains(body.n, 'x')", "is": "ok"})
    for body in ({"n": "9"}, {"n": None}, {}, [1], None):
        assert judge(found, read(answer(body), None)).outcome is Is.UNKNOWN


def test_conditions_over_headers_type_and_text() -> None:
    found = rules({"header": {"Hestia-Exit-Code": "0"}, "type": "text/plain", "text": "OK", "is": "ok"})
    good = answer(b"OK", 200, "text/plain; charset=utf-8", **{"hestia-exit-code": "0"})
    assert judge(found, read(good, "text")).outcome is Is.OK
    assert judge(found, read(answer(b"OK", 200, "text/plain"), "text")).outcome is Is.UNKNOWN
    by_header = rules({"match": "headers.\"x-code\" == '0'", "is": "ok"})
    assert judge(by_header, read(answer({}, **{"X-Code": "0"}), None)).outcome is Is.OK


@pytest.mark.parametrize("body", [PAGE, b"  <HTML><body>"])
@pytest.mark.parametrize("kind", ["text/html", "application/json", "text/plain"])
def test_a_page_of_html_is_no_success_even_with_a_wide_rule(body: bytes, kind: str) -> None:
    found = rules({"type": "text/html", "text": "title", "is": "ok"}, {"status": 200, "is": "ok"})
    assert judge(found, read(answer(body, 200, kind), None)).outcome is Is.UNKNOWN


def test_a_page_may_say_that_we_are_not_logged_in() -> None:
    """Virtualmin: HTML where JSON is promised means that the credential was not taken."""
    found = rules({"type": "text/html", "is": "auth"}, {"status": 200, "is": "ok"})
    assert judge(found, read(answer(PAGE, 200, "text/html"), "json")).outcome is Is.AUTH


def test_a_redirect_is_always_unknown() -> None:
    found = rules({"status": [302], "is": "ok"})
    assert judge(found, read(answer({}, 302, Location="/x"), None)).outcome is Is.UNKNOWN


@pytest.mark.parametrize(
    ("body", "kind", "form", "read_as"),
    [
        (b"0", "application/json", None, 0),
        (b'""', "text/plain", "json", ""),
        (b"\xef\xbb\xbf[1]", "application/json", None, [1]),
        (b"error=0&text=It&#39;s&list[]=a&list[]=b&one[]=x", "text/plain", "urlencoded",
         {"error": "0", "text": "It's", "list[]": ["a", "b"], "one[]": ["x"]}),
        (b"<r status='ok'><id>7</id><n>a</n><n>b</n></r>", "text/xml", None,
         {"r": {"@status": "ok", "id": "7", "n": ["a", "b"]}}),
        (b"<x:r xmlns:x='urn:x'><x:a/></x:r>", "application/xml", None, {"r": {"a": ""}}),
        (b"plain", "text/plain", None, "plain"),
        (b"", "text/plain", "text", ""),
    ],
)  # fmt: skip
def test_forms_of_replies(body: bytes, kind: str, form: str | None, read_as: Any) -> None:
    reply = read(answer(body, 200, kind), form)
    assert (reply.readable, reply.body) == (True, read_as)


@pytest.mark.parametrize(
    ("body", "kind", "form"),
    [
        (b'{"a":', "application/json", None),
        (b"", "application/json", None),
        (b'{"a":NaN}', "application/json", None),
        (b"[" * 100_000, "application/json", None),
        (b"1" * 5000, "application/json", None),
        (b"no pairs", "text/plain", "urlencoded"),
        (b"<a>", "text/xml", None),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "text/xml", None),
    ],
)
def test_what_cannot_be_read_matches_no_rule(body: bytes, kind: str, form: str | None) -> None:
    reply = read(answer(body, 200, kind), form)
    assert not reply.readable
    assert judge(rules({"status": 200, "is": "ok"}), reply).outcome is Is.UNKNOWN


def test_a_secret_that_the_cut_would_halve_is_starred_whole() -> None:
    """Cut first, the half that stays would be found by nobody."""
    found = rules({"status": 400, "is": "invalid", "message": "body.why"})
    reply = read(answer({"why": "x" * 190 + " Gx7Rk2pQz4Wm9 is too weak"}, 400), None)
    assert "Gx7Rk2pQz" in judge(found, reply).message
    told = judge(found, reply, Redactor(["Gx7Rk2pQz4Wm9"]).text).message
    assert told == "x" * 190 + " *** is to"


def test_the_panels_words_are_made_printable() -> None:
    found = rules({"status": 400, "is": "invalid", "message": "body.why", "field": "username"})
    verdict = judge(found, read(answer({"why": "<b>no</b>\r\n\x1b[31mway " + "x" * 999}, 400), None))
    assert verdict.message.startswith("no [31mway xxx")
    assert len(verdict.message) <= 200
    assert verdict.field == "username"


def test_no_content_is_a_reply() -> None:
    found = rules({"status": 204, "is": "ok"})
    assert judge(found, read(answer(b"", 204), "json")).outcome is Is.OK
    assert judge(rules({"is": "ok"}), read(answer(b"", 200), "json")).outcome is Is.UNKNOWN
