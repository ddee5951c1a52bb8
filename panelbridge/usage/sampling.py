"""One sample a day of each account, read a little at a time; a panel that cannot be read rests."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from panelbridge.contract.adapter import PanelAdapter
from panelbridge.contract.capabilities import Capabilities
from panelbridge.contract.exceptions import AdapterLoadError, PanelError
from panelbridge.contract.models import AccountId, AccountRef, Usage
from panelbridge.subscriptions import PanelId, Subscription
from panelbridge.transport import deadline
from panelbridge.usage.models import UsageSample
from panelbridge.usage.network import network_of
from panelbridge.usage.port import UsageUnits

KEPT_DAYS = 90
_ROUND = 10.0  # seconds of one round, whatever the panels do: other tasks wait for it
_BATCH = 200  # accounts of a panel in one round
_REST = 3600.0  # seconds in which a panel that said nothing is left alone
_log = logging.getLogger(__name__)


class Adapters(Protocol):
    def adapter(self, panel: PanelId) -> PanelAdapter[Any]: ...
    def capabilities(self, panel: PanelId) -> Capabilities: ...


class UsageSampler:
    """Reads panels, writes samples, forgets old ones. ``hashed`` is keyed, ``ref`` names an account."""

    def __init__(
        self,
        units: UsageUnits,
        panels: Adapters,
        clock: Callable[[], datetime],
        *,
        hashed: Callable[[str], str],
        ref: Callable[[Subscription], AccountRef],
    ) -> None:
        self._units = units
        self._panels = panels
        self._clock = clock
        self._hashed = hashed
        self._ref = ref
        self._rests: dict[PanelId, float] = {}

    def take_round(self) -> int:
        """Sample what lacks today's, as far as a round's time goes. Returns how many. Safe to repeat."""
        ends = time.monotonic() + _ROUND
        with self._units.write() as unit:
            panels = [panel.id for panel in unit.panels.all()]
            unit.usage.forget_before(self._clock().date() - timedelta(days=KEPT_DAYS))
        taken = 0
        for panel in panels:
            left = ends - time.monotonic()
            if left > 0 and time.monotonic() >= self._rests.get(panel, 0.0) and self._says(panel):
                taken += self._sample(panel, left)
        return taken

    def _says(self, panel: PanelId) -> bool:
        try:
            return self._panels.capabilities(panel).usage
        except (AdapterLoadError, PanelError, ValueError):  # reported by doctor and by every call
            return False

    def _sample(self, panel: PanelId, seconds: float) -> int:
        lacking = self._lacking(panel)
        if not lacking:
            return 0
        reported, whole = self._read(panel, lacking, seconds)
        if not reported:  # of nobody: that is the panel, and says nothing of the accounts
            self._rests[panel] = time.monotonic() + _REST
            return 0
        samples = [
            self._sample_of(subscription, reported.get(subscription.account_id or AccountId("")))
            for subscription in lacking
            if whole or subscription.account_id in reported
        ]
        with self._units.write() as unit:
            unit.usage.keep(samples)
        return len(samples)

    def _lacking(self, panel: PanelId) -> list[Subscription]:
        with self._units.read() as unit:
            numbers = unit.usage.lacking(panel, self._clock().date(), _BATCH)
            found = [unit.subscriptions.subscription(number) for number in numbers]
        return [one for one in found if one is not None and one.username is not None]

    def _read(
        self, panel: PanelId, wanted: Sequence[Subscription], seconds: float
    ) -> tuple[dict[AccountId, Usage], bool]:
        """What was reported, and whether that is all the panel says: who is missing then is not known."""
        reported: dict[AccountId, Usage] = {}
        try:
            with deadline(seconds):
                for usage in self._panels.adapter(panel).usages_of([self._ref(one) for one in wanted]):
                    reported[usage.id] = usage
        except PanelError as error:
            _log.info("the use of accounts of panel %s was not told: %s", panel, error.code)
            return reported, False
        return reported, True

    def _sample_of(self, subscription: Subscription, usage: Usage | None) -> UsageSample:
        now = self._clock()
        network = network_of(usage.address) if usage is not None and usage.address else None
        return UsageSample(
            subscription_id=subscription.id,
            generation=subscription.generation,
            day=now.date(),
            taken_at=now,
            last_seen=usage.last_seen if usage else None,
            never_seen=usage.never_seen if usage else False,
            connections=usage.connections if usage else None,
            network=self._hashed(network) if network else None,
            player=usage.player[:200] if usage and usage.player else None,
        )
