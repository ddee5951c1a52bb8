"""One row that cannot be read is one bad account: it hides no other, and ends no list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from panelbridge import Absent, Found, Outcome, Unknown
from tests.adapters.onestream.conftest import Panel, made, order
from tests.support.ended import ended, listed

BROKEN: tuple[tuple[str, Any], ...] = (("expire_at", "soon"), ("max_connections", "three"))


@pytest.mark.parametrize("options", [{"list": "lines"}, {"list": "index"}, {"filter": "ignored"}])
@pytest.mark.parametrize(("column", "value"), BROKEN)
def test_it_is_one_bad_account(
    start: Callable[..., Panel], options: dict[str, str], column: str, value: Any
) -> None:
    panel = start(**options)
    adapter = panel.adapter()
    good, bad = (made(adapter, order(name)) for name in ("anna2345", "berta234"))
    panel.control.act("set", username="berta234", column=column, value=value)
    rows = {account.username: (account.id, account.state) for account in listed(adapter)}
    assert rows == {"anna2345": (good.id, "active"), "berta234": (bad.id, "unreadable")}
    assert isinstance(adapter.find(username="anna2345"), Found)
    assert isinstance(adapter.find(username="nobody23"), Absent)
    assert isinstance(adapter.find(username="berta234"), Unknown)
    assert isinstance(adapter.get(bad.ref), Unknown)
    assert ended(adapter.suspend, good.ref, "overdue").outcome == Outcome.DONE
    assert ended(adapter.create, order("clara234")).outcome == Outcome.DONE
