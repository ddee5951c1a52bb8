"""One row that cannot be read is one bad account: it hides no other, and ends no list."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from panelbridge import Found, Outcome, Unknown
from panelbridge_reference import ReferenceAdapter
from panelbridge_reference.practice import ReferencePracticePanel
from tests.support.bad_rows import respoken
from tests.support.ended import ended, listed
from tests.support.practice_panel import PanelOf, created, order_for, started

BROKEN: dict[str, Any] = {
    "number": {"connections": "three"},
    "date": {"expires_at": "soon"},
    "name": {"username": None},
    "id": {"id": None},
    "shape": ["no", "row"],
}


@pytest.fixture
def panel(tmp_path: Path) -> Iterator[Any]:
    with started(tmp_path, PanelOf[Any, Any], ReferencePracticePanel, ReferenceAdapter) as start:
        yield start()


@pytest.mark.parametrize("broken", list(BROKEN))
def test_it_is_one_bad_account(panel: Any, broken: str) -> None:
    def spoil(reply: Any) -> None:
        rows, columns = reply["accounts"], BROKEN[broken]
        rows[1] = {**rows[1], **columns} if isinstance(columns, dict) else columns

    adapter = panel.adapter()
    good, bad, third = (created(adapter, order_for(f"svc0000{n}", package="basic-1m")) for n in range(3))
    listed(adapter)
    respoken(panel.control, "list_accounts", spoil)
    told = [(account.username, account.state) for account in listed(adapter)]
    name = "" if broken in ("name", "shape") else bad.username
    assert told == [(good.username, "active"), (name, "unreadable"), (third.username, "active")]
    ids = [account.id for account in listed(adapter)]
    assert ids == [good.id, "" if broken in ("id", "shape") else bad.id, third.id]


def test_its_own_look_up_is_unknown_and_no_other(panel: Any) -> None:
    adapter = panel.adapter()
    good, bad = (created(adapter, order_for(f"svc0000{n}", package="basic-1m")) for n in range(2))
    with panel.practice.books.writing() as db:
        db.execute("UPDATE accounts SET connections = 'three' WHERE username = 'svc00001'")
    told = [(account.username, account.state) for account in listed(adapter)]
    assert told == [("svc00000", "active"), ("svc00001", "unreadable")]
    assert isinstance(adapter.find(username="svc00000"), Found)
    assert isinstance(adapter.find(username="svc00001"), Unknown)
    assert isinstance(adapter.find(reference=bad.reference), Unknown)
    assert isinstance(adapter.get(bad.ref), Unknown)
    assert ended(adapter.suspend, good.ref, "overdue").outcome == Outcome.DONE


def test_a_bad_last_row_hides_no_page_after_it(tmp_path: Path) -> None:
    with started(tmp_path, PanelOf[Any, Any], ReferencePracticePanel, ReferenceAdapter) as start:
        small: Any = start(page="2")
        adapter = small.adapter()
        for n in range(3):
            created(adapter, order_for(f"svc0000{n}", package="basic-1m"))
        first: Any = next(iter(adapter.list_accounts()), None)
        assert first is not None

        def spoil(reply: Any) -> None:
            reply["accounts"][-1].update({"id": None, "username": None})

        respoken(small.control, "list_accounts", spoil, times=1)
        told = [(account.username, account.state) for account in listed(adapter)]
        assert told == [("svc00000", "active"), ("", "unreadable"), ("svc00002", "active")]
