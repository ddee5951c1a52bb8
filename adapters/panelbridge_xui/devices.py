"""Finding a device: the panel's own lists by MAC or reference, each hit read and compared.

What a list's search looks at was seen for lines only. A hit is proof; none is proof only where the panel has
no device at all.
"""

from __future__ import annotations

from panelbridge.models import Absent, Unknown
from panelbridge_xui.client import XuiClient
from panelbridge_xui.kinds import DEVICES, Kind
from panelbridge_xui.rows import LineRow
from panelbridge_xui.search import Wanted, by_text

UNSEARCHED = Unknown(
    cause="no line has this reference, and a search for devices is not known to look at references"
)


class DeviceLookups:
    """Looks with every credential given, our own first. Every method raises ``PanelError``."""

    def __init__(self, *clients: XuiClient | None) -> None:
        self._clients = tuple(client for client in clients if client is not None)

    def by_mac(self, kind: Kind, mac: str) -> LineRow | None:
        return self._found(mac, Wanted(mac=mac), (kind,))

    def by_reference(self, reference: str) -> LineRow | None:
        return self._found(reference, Wanted(reference=reference), DEVICES)

    def besides(self, found: Absent | Unknown, reference: str) -> LineRow | Absent | Unknown:
        """The device of this reference, or what ``found`` (of lines) is worth beside the devices."""
        device = self.by_reference(reference)
        if device is not None:
            return device
        return UNSEARCHED if isinstance(found, Absent) and self._any() else found

    def _any(self) -> bool:
        """Whether there may be one. The last credential sees the most; no count is no answer."""
        return any(self._clients[-1].rows(kind, limit=1).total != 0 for kind in DEVICES)

    def _found(self, text: str, wanted: Wanted, kinds: tuple[Kind, ...]) -> LineRow | None:
        for client in self._clients:
            for kind in kinds:
                line = by_text(client, text, wanted, kind)
                if line is not None:
                    return line
        return None
