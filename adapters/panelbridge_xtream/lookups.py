"""Finding an account on the wire: a line by its pair, a device by its MAC, and whether it is ours.

``info`` answers *not exists*. That proves the absence of a device, which its MAC names, and not of a line:
somebody may have changed its password. Such a line is unknown, never absent.
"""

from __future__ import annotations

from datetime import UTC, datetime

from panelbridge.contract.doubt import already_sent
from panelbridge.contract.exceptions import Conflict, InvalidOrder, NotFound, OutcomeUnknown
from panelbridge.contract.models import AccountId, AccountRef, PanelAccount
from panelbridge_xtream import mapping
from panelbridge_xtream.client import Device, Line, XtreamClient
from panelbridge_xtream.mapping import Row
from panelbridge_xtream.settings import XtreamPackage, XtreamSettings

NO_PAIR = "the panel has no line of this name and password: deleted there, or its password was changed there"
_REPAIR_PAIR = (
    "An admin looks the name up in the panel's own pages and gives the line its known password again."
)


class Lookups:
    """Reads with one client. Every method raises ``PanelError``."""

    def __init__(self, client: XtreamClient, settings: XtreamSettings) -> None:
        self._client = client
        self._api_pass = settings.api_pass
        self._packages = settings.packages

    def name_of(self, ref: AccountRef) -> Line | Device:
        """How the wire names the account. A line's reference must come with its password."""
        mac = mapping.mac_of(ref.id)
        if mac is not None:
            return Device(mac=mac)
        if ref.password is None:
            raise InvalidOrder(
                "this panel names a line by name and password, and the password was not given",
                field="password",
            )
        return Line(username=ref.username, password=ref.password)

    def ended(self, line: Line) -> Line:
        """The line's pair once it is terminated."""
        password = mapping.scrambled(line.username, line.password, self._api_pass)
        return Line(username=line.username, password=password)

    def held(self, name: Line | Device) -> Row | None:
        """``None`` for the panel's own *not exists*."""
        payload = self._client.read(name)
        if payload is None:
            return None
        row = mapping.row_from(payload)
        # A database may compare without regard to case.
        asked = (
            row.is_device(name.mac) if isinstance(name, Device) else row.is_pair(name.username, name.password)
        )
        if not asked:
            raise Conflict("the panel answers with another account than asked for")
        return row

    def read(self, ref: AccountRef) -> Row | None:
        """The account as it is, terminated or not; ``None`` when it is not there under any name we know."""
        name = self.name_of(ref)
        row = self.held(name)
        if row is None and isinstance(name, Line):
            row = self.held(self.ended(name))
        if row is not None:
            kept_id(row, ref)
        return row

    def ours(self, ref: AccountRef) -> tuple[Line | Device, Row]:
        """The account before a write, when it still is the one ``ref`` means."""
        name = self.name_of(ref)
        row = self.held(name)
        if row is None and isinstance(name, Line):
            raise Conflict(NO_PAIR, advice=_REPAIR_PAIR)
        if row is None:
            raise NotFound("the panel answers that no device has this MAC")
        kept_id(row, ref)
        if isinstance(name, Device) and ref.username not in (row.username, name.mac):
            raise Conflict("the device of this MAC belongs to another account than ours")
        return name, row

    def read_back(self, name: Line | Device) -> Row:
        """After a write. Raises ``PanelError``, never one that says that nothing happened."""
        with already_sent():
            row = self.held(name)
        if row is None:
            raise OutcomeUnknown("the panel accepted the write and does not show the account so")
        return row

    def package(self, package_id: str) -> XtreamPackage:
        package = self._packages.get(package_id)
        if package is None:
            raise InvalidOrder("the panel's settings describe no such package", field="package")
        return package

    def account_of(self, row: Row, account_id: AccountId) -> PanelAccount:
        return mapping.account_from(row, account_id, self._packages, datetime.now(UTC))


def kept_id(row: Row, ref: AccountRef) -> AccountId:
    """``ref.id``, when the row shows no other number. Raises ``Conflict``."""
    if ref.id.isdigit() and row.id is not None and row.id != int(ref.id):
        raise Conflict("the line of this name and password has another number than ours")
    return ref.id
