"""A third party's adapter that knows nothing of newer hooks keeps working: each has a default."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from panelbridge import AccountId, AccountState, PanelAccount, Unsupported
from panelbridge.contract.settings import read_settings
from panelbridge_reference import ReferenceAdapter
from tests.support.ready import PracticeHere


@pytest.fixture
def adapter(tmp_path: Path) -> Any:
    """The reference backend has none of the hooks."""
    with PracticeHere("reference", books=tmp_path / "panel.sqlite") as practice:
        yield ReferenceAdapter(read_settings(ReferenceAdapter.settings_model, practice.settings))


def test_how_to_connect_is_what_the_panel_told_with_the_account(adapter: Any) -> None:
    account = PanelAccount(id=AccountId("1"), username="maria2345", state=AccountState.ACTIVE)
    assert adapter.connect(account) == ()


def test_use_is_unsupported_and_ids_are_taken_and_forgotten(adapter: Any) -> None:
    assert adapter.recall([AccountId("1")]) is None
    with pytest.raises(Unsupported):
        list(adapter.usages_of([]))
