"""The panels directory: one adapter, one breaker and one slot count per configured panel and process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from panelbridge.contract.adapter import PanelAdapter
from panelbridge.contract.capabilities import Capabilities, SerialiseWrites
from panelbridge.contract.exceptions import PanelUnreachable
from panelbridge.contract.models import AccountId
from panelbridge.contract.registry import load_adapter
from panelbridge.contract.secret import SecretUnreadable
from panelbridge.contract.settings import read_settings
from panelbridge.subscriptions.panels import Panel, PanelId
from panelbridge.transport import Breaker


class PanelDirectory:
    """Builds adapters when first asked, and anew when a panel's record changed."""

    def __init__(
        self,
        read_panel: Callable[[PanelId], Panel | None],
        clock: Callable[[], float],
        read_known: Callable[[PanelId], Iterable[AccountId]] = lambda _: (),
        on_recovery: Callable[[PanelId], None] = lambda _: None,
    ) -> None:
        """``on_recovery`` runs at the first good probe of a panel that was down, in the probe's thread."""
        self._read_panel = read_panel
        self._read_known = read_known
        self._clock = clock
        self._on_recovery = on_recovery
        self._lock = threading.Lock()
        self._adapters: dict[PanelId, PanelAdapter[Any]] = {}
        self._capabilities: dict[PanelId, Capabilities] = {}
        self._records: dict[PanelId, Panel] = {}
        self._breakers: dict[PanelId, Breaker] = {}

    def adapter(self, panel: PanelId) -> PanelAdapter[Any]:
        """The adapter of ``panel``. Raises ``LookupError``, ``AdapterLoadError`` or ``SettingsInvalid``."""
        with self._lock:
            known = self._adapters.get(panel)
        if known is not None:
            return known
        record = self._read_panel(panel)
        if record is None:
            msg = f"panel {panel} does not exist"
            raise LookupError(msg)
        built = build_adapter(record)
        built.recall(self._read_known(panel))
        with self._lock:
            known = self._adapters.get(panel)
            if known is not None and _same(self._records[panel], record):
                return known
            # Another thread may have built it of an older record meanwhile; whoever uses that one goes on.
            self._records[panel] = record
            self._capabilities.pop(panel, None)
            self._adapters[panel] = built
            return built

    def capabilities(self, panel: PanelId) -> Capabilities:
        known = self._capabilities.get(panel)
        if known is None:  # declared data: it follows from the settings, with which the adapter is built
            adapter = self.adapter(panel)
            known = adapter.capabilities
            with self._lock:
                if self._adapters.get(panel) is adapter:
                    self._capabilities[panel] = known
        return known

    def breaker(self, panel: PanelId) -> Breaker:
        with self._lock:
            known = self._breakers.get(panel)
            if known is None:
                known = self._breakers[panel] = Breaker(clock=self._clock)
                known.on_close(partial(self._on_recovery, panel))
            return known

    def slots(self, panel: PanelId) -> int:
        if self.capabilities(panel).serialise_writes is SerialiseWrites.PER_CREDENTIAL:
            return 1
        return int(getattr(self.adapter(panel).settings, "max_connections", 8))

    def refresh(self, panel: Panel) -> None:
        """Another process may have changed the record: what was built from the old one is dropped."""
        with self._lock:
            known = self._records.get(panel.id)
        if known is not None and not _same(known, panel):
            self.forget(panel.id)

    def forget(self, panel: PanelId) -> None:
        """Drop what was built; the next call reads the record anew."""
        with self._lock:
            known = self._adapters.pop(panel, None)
            self._capabilities.pop(panel, None)
        if known is not None:
            known.close()

    def close(self) -> None:
        with self._lock:
            adapters, self._adapters = list(self._adapters.values()), {}
        for adapter in adapters:
            adapter.close()


def _same(one: Panel, other: Panel) -> bool:
    return (one.settings, one.secrets) == (other.settings, other.secrets)


def build_adapter(panel: Panel) -> PanelAdapter[Any]:
    """An adapter for ``panel``, its secrets put back among its settings."""
    adapter = load_adapter(panel.backend)
    try:
        secrets = {name: secret.get_secret_value() for name, secret in panel.secrets.items()}
    except SecretUnreadable as error:
        raise PanelUnreachable(
            f"a secret of panel {panel.code} cannot be opened ({error}), so nothing was sent",
            advice="The operator gives it anew: panelbridge panels set, or puts the right key file back.",
        ) from None
    values = {**panel.settings, **secrets}
    return adapter(read_settings(adapter.settings_model_for(values), values))
