"""Finding a line and finding a device: which answer is proof, and of what."""

from __future__ import annotations

from panelbridge.contract.exceptions import Conflict
from panelbridge.contract.models import Absent, Unknown
from panelbridge_xui.client import XuiClient
from panelbridge_xui.errors import UnreadableRow
from panelbridge_xui.kinds import DEVICES, Key, Kind
from panelbridge_xui.rows import LineRow
from panelbridge_xui.search import SeenIds, Wanted, by_probe, by_text, short_rows

MAY_NAME = "allow_change_username"
_EMPTY = Unknown(cause="the panel lists no lines, which proves nothing on the July 2025 release")
_NAMELESS = Unknown(
    cause="our group may not choose names, so a line of ours need not have the one we asked for"
)
_UNSEARCHED = Unknown(
    cause="no line has this reference, and a search for devices is not known to look at references"
)


class Lookups:
    """Looks with the reseller's own key, and with an admin's where one is given."""

    def __init__(self, client: XuiClient, admin: XuiClient | None, seen: SeenIds, probe_limit: int) -> None:
        self._client = client
        self._admin = admin
        self._seen = seen
        self._probe_limit = probe_limit

    def find(self, username: str | None, reference: str | None) -> LineRow | Absent | Unknown:
        """The line of this name or reference. Raises ``PanelError``."""
        wanted = Wanted(username=username, reference=reference)
        line = self._listed(self._client, wanted)
        if line is not None:
            return line
        if self._admin is not None:
            line = self._listed(self._admin, wanted)
            if line is not None:
                return line
            # The admin's list knows every line of the panel; but only what we could name has our name.
            if reference is None and not self._may_name():
                return _NAMELESS
            return Absent(proof="the admin API's list of all lines holds no such line")
        line = by_probe(self._client, self._seen, username, self._probe_limit) if username else None
        return line or self._absent_from_own_list(reference)

    def named(self, username: str) -> LineRow | None:
        """A line known to exist, by any means. Raises ``PanelError``."""
        wanted = Wanted(username=username)
        for client in (self._client, self._admin):
            line = None if client is None else self._listed(client, wanted)
            if line is not None:
                return line
        return by_probe(self._client, self._seen, username, self._probe_limit)

    def absence(self, key: Key) -> Absent:
        """What a bare refusal to show an account means for an id that was once ours.

        The panel refuses absent ids and other owners' alike. With our key working, an id once ours is refused
        after a deletion, or after the panel's owner moved the line away, which only an admin key can tell.
        Raises ``Conflict`` in that case, and ``PanelError`` when the panel cannot be asked.
        """
        self._client.user_info()  # raises when our key itself is the reason
        if self._admin is None:
            return Absent(proof="the panel refuses this id of ours while it answers our key")
        if self._admin.get(key) is not None:
            raise Conflict(
                "the account with this id is not in our reseller's tree (any more)",
                advice="An admin compares the id kept here with the panel, whose owner may have moved it.",
            )
        return Absent(proof="neither our key nor the admin's is shown an account with this id")

    def _listed(self, client: XuiClient, wanted: Wanted) -> LineRow | None:
        for text in wanted.texts:
            line = by_text(client, text, wanted)
            if line is not None:
                return line
        return None

    def _is_there(self, line_id: int) -> bool:
        try:
            return self._client.get(Key(Kind.LINE, line_id)) is not None
        except UnreadableRow:
            return True

    def _may_name(self) -> bool:
        return self._client.user_info().may(MAY_NAME) is True

    def _absent_from_own_list(self, reference: str | None) -> Absent | Unknown:
        """Our list proves absence only when it is seen to work and holds every line we have read."""
        rows = short_rows(self._client)
        if not rows:
            return _EMPTY
        listed = {row.id for row in rows if row.id is not None}
        known = self._seen.owned()
        missing = [line_id for line_id in known - listed if self._is_there(line_id)]
        if not known & listed or missing:
            return Unknown(cause="the panel's list of our lines is not proved to be complete")
        if reference is None and not self._may_name():
            return _NAMELESS
        return Absent(proof="the panel's list, seen to hold our other lines and to add up, has no such line")


class DeviceLookups:
    """Looks for devices with every credential given, our own first. Every method raises ``PanelError``.

    What a list's search looks at was seen for lines only. A hit is proof, read and compared; none is proof
    only where the panel has no device at all.
    """

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
        return _UNSEARCHED if isinstance(found, Absent) and self._any() else found

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
