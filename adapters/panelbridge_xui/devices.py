"""Finding a device: the panel's own lists by MAC or reference, each hit read and compared.

What a list's search looks at was seen for lines only. A hit is proof; none is proof only where the panel has
no device at all.
"""

from __future__ import annotations

from collections.abc import Callable

from panelbridge.models import Absent, Unknown
from panelbridge_xui.client import XuiClient
from panelbridge_xui.kinds import DEVICES, Kind, same_mac
from panelbridge_xui.rows import LineRow
from panelbridge_xui.search import by_text

UNSEARCHED = Unknown(
    cause="no line has this reference, and a search for devices is not known to look at references"
)


class DeviceFinder:
    """Looks with every credential given, our own first. Every method raises ``PanelError``."""

    def __init__(self, *clients: XuiClient | None) -> None:
        self._clients = tuple(client for client in clients if client is not None)

    def by_mac(self, kind: Kind, mac: str) -> LineRow | None:
        return self._found(
            mac, lambda line: line.device is not None and same_mac(line.device.mac, mac), (kind,)
        )

    def by_reference(self, reference: str) -> LineRow | None:
        return self._found(reference, lambda line: line.reseller_notes == reference, DEVICES)

    def besides(self, found: Absent | Unknown, reference: str) -> LineRow | Absent | Unknown:
        """The device of this reference, or what ``found`` (of lines) is worth beside the devices."""
        device = self.by_reference(reference)
        if device is not None:
            return device
        return UNSEARCHED if isinstance(found, Absent) and self._any() else found

    def _any(self) -> bool:
        return any(client.rows(kind, limit=1).total for client in self._clients for kind in DEVICES)

    def _found(self, text: str, fits: Callable[[LineRow], bool], kinds: tuple[Kind, ...]) -> LineRow | None:
        for client in self._clients:
            for kind in kinds:
                line = by_text(client, text, fits, kind)
                if line is not None:
                    return line
        return None
