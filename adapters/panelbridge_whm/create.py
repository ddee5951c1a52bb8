"""Create, the slow one: it takes minutes where hooks run, so a time-out is followed by looking."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from panelbridge.contract.doubt import nothing_sent
from panelbridge.contract.exceptions import (
    Conflict,
    ContractBroken,
    OutcomeUnknown,
    PanelError,
)
from panelbridge.contract.models import AccountId, CreateOrder
from panelbridge.transport import deadline, remaining
from panelbridge_whm import mapping
from panelbridge_whm.client import WhmClient
from panelbridge_whm.lookups import Lookups
from panelbridge_whm.settings import WhmSettings

_SHARE_OF_LOOKS = 0.25  # of the time left, at most, is kept for looking after a time-out


class Creation:
    """One create of one order."""

    def __init__(self, client: WhmClient, lookups: Lookups, settings: WhmSettings) -> None:
        self._client = client
        self._lookups = lookups
        self._settings = settings

    def run(self, order: CreateOrder) -> AccountId:
        """Raises ``PanelError``; ``Conflict`` where the user is there already."""
        domain, email = mapping.order_facts(order)
        user = order.credentials.username
        with nothing_sent():
            if self._lookups.named(user) is not None:
                raise Conflict("the user name is taken")
            plan = self._lookups.package(order.package)
        fields = {"username": user, "domain": domain, "contactemail": email, "plan": plan}
        if self._settings.owner is not None:
            fields["owner"] = self._settings.owner
        with deadline(self._settings.create_timeout + self._settings.create_poll):
            try:
                with self._time_to_look():
                    self._client.create(fields, order.credentials.password)
            except OutcomeUnknown as lost:
                self._wait_for(user, lost)
            except ContractBroken as broken:
                self._look(user, broken)
        return mapping.account_id(user, domain)

    @contextmanager
    def _time_to_look(self) -> Iterator[None]:
        left = remaining() or 0.0
        with deadline(left - min(self._settings.create_poll, left * _SHARE_OF_LOOKS)):
            yield

    def _wait_for(self, user: str, lost: OutcomeUnknown) -> None:
        """Look until the account is there or time is over: the server works on after we hung up."""
        ends_at = time.monotonic() + min(self._settings.create_poll, remaining() or 0.0)
        while True:
            try:
                self._look(user, lost)
            except PanelError as error:
                pause = min(self._settings.poll_every, ends_at - time.monotonic())
                if error is not lost or pause <= 0:
                    raise lost from None
            else:
                return
            time.sleep(pause)

    def _look(self, user: str, lost: PanelError) -> None:
        """Raises ``lost`` when the account is not there or the panel cannot tell."""
        try:
            there = self._lookups.held(user)
        except PanelError:
            there = None
        if there is None:
            raise lost
