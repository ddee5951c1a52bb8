"""Items of attention: of a code, subject and operation one is open; rows of before get their subject."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import IntegrityError

from panelbridge.attention import THE_BRIDGE, AttentionId, AttentionItem, Subject, SubjectKind
from panelbridge.storage.attention.store import SqlAttentionStore
from panelbridge.storage.engine.migrations import upgrade

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
SHOP = Subject(kind=SubjectKind.INSTALLATION, id=3)


@pytest.fixture
def before(tmp_path: Path) -> Iterator[Connection]:
    """A database as it was when ids stood in codes."""
    engine = create_engine(f"sqlite:///{tmp_path}/before.db")
    with engine.connect() as connection, connection.begin():
        upgrade(connection, "0011_customer")
        yield connection
    engine.dispose()


@pytest.fixture
def now(before: Connection) -> Connection:
    upgrade(before)
    return before


def item(subject: Subject = SHOP, **other: Any) -> AttentionItem:
    values = {"code": "shop_settings", "message": "one", "advice": "mend it", "opened_at": NOW, **other}
    return AttentionItem(id=AttentionId(0), subject=subject, **values)


def old_row(connection: Connection, code: str, **columns: int) -> None:
    names = ["code", "message", "advice", "opened_at", *columns]
    marks = ", ".join("?" for _ in names)
    values = (code, "text", "advice", 1, *columns.values())
    connection.exec_driver_sql(f"INSERT INTO attention ({', '.join(names)}) VALUES ({marks})", values)


def test_rows_of_before_get_their_subject_and_lose_the_id_in_their_code(before: Connection) -> None:
    old_row(before, "credits_low_7")
    old_row(before, "shop_settings_12")
    old_row(before, "late_creates_3")
    old_row(before, "account_conflict", operation_id=5, subscription_id=4, panel_id=2)
    old_row(before, "panel_waits", panel_id=2)
    old_row(before, "writes_off")

    upgrade(before)

    told = [(one.code, one.subject.kind.value, one.subject.id) for one in SqlAttentionStore(before).items()]
    assert told == [
        ("credits_low", "reseller", 7),
        ("shop_settings", "installation", 12),
        ("late_creates", "installation", 3),
        ("account_conflict", "subscription", 4),
        ("panel_waits", "panel", 2),
        ("writes_off", "bridge", 0),
    ]


def test_what_was_open_twice_is_open_once_afterwards(before: Connection) -> None:
    for panel in (1, 2):  # the subscription had moved to another panel
        old_row(before, "orphan_account", subscription_id=4, panel_id=panel)

    upgrade(before)

    first, second = SqlAttentionStore(before).items(open_only=False)
    assert (first.resolved_at, second.resolution) == (None, "told in an earlier item")


def test_what_is_told_again_is_the_same_item_with_the_new_words(now: Connection) -> None:
    store = SqlAttentionStore(now)
    first = store.raise_item(item())

    assert store.raise_item(item(message="two")) == replace(first, message="two")
    store.raise_item(item(Subject(kind=SubjectKind.INSTALLATION, id=4)))
    store.raise_item(item(THE_BRIDGE))
    store.raise_item(item(operation_id=9))
    assert len(store.items()) == 4
    assert [one.id for one in store.items(code="shop_settings", subject=SHOP)] == [first.id, 4]


@pytest.mark.parametrize("operation", [None, 9])
def test_the_database_itself_keeps_a_second_open_item_out(now: Connection, operation: int | None) -> None:
    store = SqlAttentionStore(now)
    first = store.raise_item(item(operation_id=operation))
    again = "INSERT INTO attention (code, subject_kind, subject_id, operation_id, message, advice, opened_at)"
    same = f"{again} SELECT code, subject_kind, subject_id, operation_id, '', '', 1 FROM attention"

    with pytest.raises(IntegrityError):
        now.exec_driver_sql(same)
    store.resolve(first.id, resolution="mended", actor="anna", at=NOW)
    now.exec_driver_sql(same)
    assert [one.id for one in store.items()] == [2]


def test_another_process_that_told_the_same_first_is_no_error(
    now: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SqlAttentionStore(now)
    first = store.raise_item(item())
    look, answers = store._same, [None]  # it looked before the other one had committed
    monkeypatch.setattr(store, "_same", lambda it: answers.pop() if answers else look(it))

    assert store.raise_item(item(message="two")) == replace(first, message="two")
