"""Where the customer signs in."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from panelbridge import AccountId, AccountState, PanelAccount


def test_where_the_customer_signs_in_is_told(panel: Any) -> None:
    account = PanelAccount(id=AccountId("1"), username="maria2345", state=AccountState.ACTIVE)
    details = getattr(panel.adapter(), "connect", lambda _: ())(account)
    base = panel.settings["base_url"]
    assert urlsplit(base).hostname
    told = [(item.kind.value, item.label, item.value.get_secret_value()) for item in details]
    assert told == [("web", "Control panel (DirectAdmin)", base)]
