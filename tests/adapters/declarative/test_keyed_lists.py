"""Lists that a panel keys by name: ``entries`` makes rows of them, and nothing else passes for a table."""

from __future__ import annotations

import pytest

from panelbridge_declarative.description import queries


def test_each_entry_is_a_table_of_one() -> None:
    facts = {"body": {"anna": {"n": 1}, "berta": {"n": 2}}}
    assert queries.ask("entries(body)", facts) == [{"anna": {"n": 1}}, {"berta": {"n": 2}}]
    assert queries.ask("entries(body)[0].keys(@)", facts) == ["anna"]


@pytest.mark.parametrize("body", [[], None, "text", 7, [{"anna": 1}]])
def test_what_is_no_table_cannot_be_read(body: object) -> None:
    with pytest.raises(queries.QueryFailed):
        queries.ask("entries(body)", {"body": body})
