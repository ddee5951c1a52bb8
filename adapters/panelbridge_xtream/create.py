"""Create: a line or a device; what a try that was cut short left without output formats is completed."""

from __future__ import annotations

from collections.abc import Mapping

from panelbridge.contract.doubt import already_sent
from panelbridge.contract.exceptions import Conflict, OutcomeUnknown
from panelbridge.contract.models import AccountId, CreateOrder, Outcome, VerbResult
from panelbridge_xtream import mapping
from panelbridge_xtream.client import Device, Exists, Line, XtreamClient
from panelbridge_xtream.lookups import Lookups
from panelbridge_xtream.mapping import Row
from panelbridge_xtream.settings import XtreamPackage, XtreamSettings


class Creation:
    """One create of one order. Every method raises ``PanelError``."""

    def __init__(self, client: XtreamClient, lookups: Lookups, settings: XtreamSettings) -> None:
        self._client = client
        self._lookups = lookups
        self._settings = settings

    def run(self, order: CreateOrder) -> VerbResult:
        package = self._lookups.package(order.package)
        if order.mac is not None:
            return self._device(order, package, Device(mac=mapping.normal_mac(order.mac)))
        line = Line(username=order.credentials.username, password=order.credentials.password)
        number, outcome = None, Outcome.DONE
        try:
            made = self._client.create(line, mapping.order_columns(order, package, self._settings.member_id))
            number = mapping.created_id_from(made)
        except Exists:
            outcome = Outcome.ALREADY
        row = self._complete(line, package)
        account_id = mapping.line_id(row, number, line.username)
        return self._result(outcome, row, account_id, mapping.differs_from(row, order, package))

    def _device(self, order: CreateOrder, package: XtreamPackage, device: Device) -> VerbResult:
        columns = mapping.order_columns(order, package, self._settings.member_id)
        outcome = Outcome.DONE
        try:
            self._client.create(device, columns)  # answers without an id
        except Exists:
            outcome = self._take_back(device, columns)
        row = self._complete(device, package)
        differs = mapping.differs_from(row, order, package)
        if outcome is Outcome.ALREADY and not {"username", "password"}.issuperset(differs):
            raise Conflict("a device of this MAC exists at the panel and is not the one ordered here")
        return self._result(outcome, row, mapping.device_id(device.mac), differs)

    def _take_back(self, device: Device, columns: Mapping[str, str]) -> Outcome:
        """The MAC is taken: by a device that we ended, which is given its new life, or by a living one."""
        if not self._lookups.read_back(device).terminated:
            return Outcome.ALREADY
        self._client.edit(device, {**columns, "enabled": "1"})
        return Outcome.DONE

    def _complete(self, name: Line | Device, package: XtreamPackage) -> Row:
        """Read back, and fix what a create that was cut short left without output formats."""
        row = self._lookups.read_back(name)
        if not mapping.lacks_outputs(row, package):
            return row
        with already_sent():
            self._client.edit(name, mapping.output_columns(package))
        row = self._lookups.read_back(name)
        if mapping.lacks_outputs(row, package):
            raise OutcomeUnknown(
                "the account exists without any output format, so it plays nothing",
                advice="Give it its output formats in the panel's own pages; the bridge looks again.",
            )
        return row

    def _result(
        self, outcome: Outcome, row: Row, account_id: AccountId, differs: tuple[str, ...] = ()
    ) -> VerbResult:
        return VerbResult(outcome=outcome, account=self._lookups.account_of(row, account_id), differs=differs)
