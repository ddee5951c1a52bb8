"""The wire of ACME's API 2, and the closed list of what counts as refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import panelbridge as pb
from panelbridge.transport import JsonApi
from panelbridge_acme.mapping import Page


class AcmeSettings(pb.PanelSettings):
    key: pb.Secret


class AcmeClient(JsonApi):
    refusals: ClassVar = {
        (401, "bad key"): pb.AuthenticationFailed,
        (404, "no such customer"): pb.NotFound,
        (409, "login taken"): pb.Conflict,
        (422, "unknown tier"): pb.InvalidOrder,
    }

    def customers(self, login: str | None) -> Iterator[object]:
        after: int | None = 0
        while after is not None:
            page = Page.read(self.call("GET", "api/customers", after=str(after), login=login))
            if len(page.rows) != min(page.left, page.limit) or (page.next or after + 1) <= after:
                raise pb.ContractBroken("a page of customers lacks rows, or holds others")
            yield from page.rows
            after = page.next
