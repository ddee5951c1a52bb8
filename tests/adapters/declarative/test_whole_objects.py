"""Objects that a panel wants back whole, and accounts that one read finds and another one shows."""

from __future__ import annotations

from typing import Any

import pytest

from panelbridge import Absent, Found, Outcome, Unknown
from panelbridge_declarative.description.expressions import ExpressionFailed, ExpressionInvalid, template
from tests.adapters.declarative.conftest import ACCOUNT, ACME, GONE, REF, Panel, answer, rows

BY_SEARCH = ACME.replace("[op.get]\n", '[op.get]\nlookup = { there = { op = "find", take = "id" } }\n')
KEPT = ACME.replace(
    'GET = "/users/{{account.id|path}}" }\nresult = {',
    'GET = "/users/{{account.id|path}}" }\nresult = { kept = "body.{note: note, flow: flow, seats: seats}",',
).replace(
    'json = { on = false, why = "{{reason}}" }',
    "json = \"{{present.kept|with('on', false)|with('note', account.reference ~ '!')}}\"",
)


def value(source: str, **facts: Any) -> Any:
    return template(source).value(facts)


def test_an_entry_is_another_one_and_the_rest_is_kept() -> None:
    told = {"a": 1, "b": None, "c": ""}
    assert value("{{t|with('a', 2)}}", t=told) == {"a": 2, "c": ""}
    assert value("{{t|with('a', none)|with('d', x)}}", t=told, x=False) == {"c": "", "d": False}
    assert told == {"a": 1, "b": None, "c": ""}
    assert value("{{t|with('a', 2)}}", t=None) is None


@pytest.mark.parametrize("table", ["text", 7, ["a"]])
def test_what_is_no_table_gets_no_entry(table: object) -> None:
    with pytest.raises(ExpressionFailed):
        value("{{t|with('a', 2)}}", t=table)


def test_it_takes_a_name_and_a_value() -> None:
    for source in ("{{t|with('a')}}", "{{t|with('a', 1, 2)}}"):
        with pytest.raises(ExpressionInvalid):
            template(source)


def test_a_write_sends_back_what_was_read_with_its_changes(panel: Panel) -> None:
    read = answer({**ACCOUNT, "flow": "vision", "seats": 3})
    after = answer({**ACCOUNT, "flow": "vision", "seats": 3, "on": False})
    adapter, session = panel(KEPT, read, answer({}), after)
    assert adapter.suspend(REF, "overdue").outcome is Outcome.DONE
    assert session.writes[0]["json"] == {"note": "bridge:1:1!", "flow": "vision", "seats": 3, "on": False}


def test_whom_the_search_proves_absent_is_absent(panel: Panel) -> None:
    adapter, session = panel(BY_SEARCH, rows())
    assert isinstance(adapter.get(REF), Absent)
    assert session.lines == ["GET /users"]


def test_whom_the_search_finds_and_the_read_does_not_is_told_as_the_read_says(panel: Panel) -> None:
    adapter, _ = panel(BY_SEARCH, rows(ACCOUNT), answer(ACCOUNT))
    assert isinstance(adapter.get(REF), Found)
    adapter, _ = panel(BY_SEARCH, rows(ACCOUNT), answer({"error": "crash"}, 500))
    assert isinstance(adapter.get(REF), Unknown)


def test_a_search_that_proves_nothing_leaves_the_account_unknown(panel: Panel) -> None:
    for reply in (answer({"error": "crash"}, 500), answer({"rows": None}), answer({}, 401)):
        adapter, _ = panel(BY_SEARCH, reply, GONE)
        assert isinstance(adapter.get(REF), Unknown)
