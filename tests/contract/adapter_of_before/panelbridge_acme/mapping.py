"""ACME's JSON to records and back."""

from __future__ import annotations

from pydantic import PositiveInt

import panelbridge as pb
from panelbridge.record_adapter import Change
from panelbridge.strict import Epoch, Strict


class Me(Strict):
    name: str
    version: str
    tiers: dict[str, str]  # id and name of what we may sell


class Customer(Strict):
    id: PositiveInt
    login: str
    secret: str
    tier: str
    until: Epoch
    on: bool
    note: str

    def account(self) -> pb.PanelAccount:
        return pb.PanelAccount(
            id=pb.AccountId(str(self.id)),
            username=self.login,
            state=pb.AccountState.of_enabled(self.until) if self.on else pb.AccountState.SUSPENDED,
            expires_at=self.until,
            password=pb.Secret(self.secret),
            package=self.tier,
            reference=self.note,
        )


class Page(Strict):
    rows: list[object]  # each is read by itself: one bad row is one bad account
    left: int  # customers that follow, those of this page included
    limit: PositiveInt  # rows that a page has at most
    next: PositiveInt | None  # the id after which the next page begins


def body_of(change: Change) -> dict[str, object]:
    body = {
        "until": change.until and int(change.until.timestamp()),
        "on": None if change.suspended is None else not change.suspended,
        "tier": change.package,
        "login": (login := change.credentials) and login.username,
        "secret": login and login.password.get_secret_value(),
    }
    return {name: value for name, value in body.items() if value is not None}
