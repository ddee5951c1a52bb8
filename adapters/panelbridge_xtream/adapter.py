"""The xtream adapter: accounts named by name *and* password, written column by column, never deleted.

A line's present password comes with its ``AccountRef``: without the pair nothing can be asked of it. Facts
and their evidence are in the README.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from panelbridge.contract.adapter import PanelAdapter
from panelbridge.contract.capabilities import Capabilities, Verb
from panelbridge.contract.connect_details import origin_of, portal, xtream_login
from panelbridge.contract.exceptions import (
    Conflict,
    ContractBroken,
    InvalidOrder,
    NotFound,
    PanelError,
    PermissionMissing,
    Unsupported,
)
from panelbridge.contract.models import (
    Absent,
    AccountId,
    AccountRef,
    ConnectDetail,
    Connection,
    CreateOrder,
    Credentials,
    Found,
    Lookup,
    Outcome,
    Package,
    PackageChange,
    PanelAccount,
    PanelBalance,
    Purchase,
    Unknown,
    Usage,
    VerbResult,
)
from panelbridge.contract.order_check import check_credentials, check_order, check_package_change
from panelbridge_xtream import mapping
from panelbridge_xtream.client import Device, Line, XtreamClient
from panelbridge_xtream.create import Creation
from panelbridge_xtream.lookups import NO_PAIR, Lookups, kept_id
from panelbridge_xtream.mapping import Row
from panelbridge_xtream.settings import XtreamSettings

_ENDED = "disabled for good, with an expiry in 1970 and a scrambled password: this panel has no delete"
_ENDED_DEVICE = "disabled for good, with an expiry in 1970: this panel has no delete, and keeps the MAC"


class XtreamAdapter(PanelAdapter[XtreamSettings]):
    """One panel. Its packages are the settings' own: the panel knows only bouquets."""

    backend = "xtream"
    settings_model = XtreamSettings

    def __init__(self, settings: XtreamSettings) -> None:
        super().__init__(settings)
        self._client = XtreamClient(settings)
        self._lookups = Lookups(self._client, settings)

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            find_by=frozenset(),
            # The identical pair again: EXISTS means that the first try worked.
            safe_repeats=frozenset(Verb),
            list_complete=False,
            password_readable=True,
            devices=frozenset({"line", "mag"}),
            usage=True,
        )

    def test_connection(self) -> Connection:
        reported = self._client.resellers()
        name = self.settings.reseller
        return Connection(
            version=None,
            identity=name or "an address that the panel lets use its API",
            balance=None if name is None else PanelBalance(amount=mapping.credits_from(reported, name)),
            warnings=() if self.settings.packages else ("this panel's settings describe no packages",),
        )

    def create(self, order: CreateOrder) -> VerbResult:
        mac = None if order.mac is None else mapping.normal_mac(order.mac)
        check_order(replace(order, mac=mac), self.capabilities)
        mapping.check_options(order.options, device=mac is not None)
        return Creation(self._client, self._lookups, self.settings).run(order)

    def extend(self, ref: AccountRef, until: datetime, purchase: Purchase | None = None) -> VerbResult:
        del purchase  # nothing is bought here: the date is written
        wanted = mapping.epoch(until)  # never empty: an empty date on an edit is 1970
        return self._changed(ref, {"exp_date": str(wanted)}, lambda row: row.exp_date == wanted)

    def suspend(self, ref: AccountRef, reason: str) -> VerbResult:
        del reason  # no column that every panel has keeps it
        return self._changed(ref, {"enabled": "0"}, lambda row: not row.enabled)

    def unsuspend(self, ref: AccountRef) -> VerbResult:
        def usable(row: Row) -> bool:
            if not row.admin_enabled:
                raise PermissionMissing("the panel's owner banned the account; only the owner can lift that")
            return row.enabled

        return self._changed(ref, {"enabled": "1"}, usable)

    def reset_credentials(self, ref: AccountRef, credentials: Credentials) -> VerbResult:
        if mapping.mac_of(ref.id) is not None:
            raise Unsupported("a device has no login of ours to be reset")
        if credentials.username != ref.username:
            raise InvalidOrder("this panel is not known to check a new login name", field="username")
        check_credentials(credentials, self.capabilities)
        wanted = Line(username=credentials.username, password=credentials.password)
        # An earlier try may have got through: the new pair is asked first, then the old one.
        row = self._lookups.held(wanted)
        if row is not None:
            return self._result(Outcome.ALREADY, row, kept_id(row, ref))
        present, _ = self._lookups.ours(ref)
        self._client.edit(present, {"password": wanted.password.get_secret_value()})
        return self._result(Outcome.DONE, self._lookups.read_back(wanted), ref.id)

    def change_package(self, ref: AccountRef, change: PackageChange) -> VerbResult:
        check_package_change(change)
        package = self._lookups.package(change.package)
        mapping.check_options(change.options, device=mapping.mac_of(ref.id) is not None)
        connections = mapping.connections_of(package, change.connections)

        def has_it(row: Row) -> bool:
            return mapping.has_bouquets(row, package) and row.max_connections == connections

        return self._changed(ref, mapping.package_columns(package, connections), has_it)

    def terminate(self, ref: AccountRef) -> VerbResult:
        name = self._lookups.name_of(ref)
        if isinstance(name, Device):
            return self._terminate_device(ref)
        ended = self._lookups.ended(name)
        row = self._lookups.read(ref)
        if row is None:
            raise Conflict(NO_PAIR)
        if row.terminated and row.password == ended.password:
            return VerbResult(outcome=Outcome.ALREADY, account=None, note=_ENDED)
        columns = {**mapping.ENDING, "password": ended.password.get_secret_value()}
        self._client.edit(name if row.password == name.password else ended, columns)
        if not self._lookups.read_back(ended).terminated:
            raise ContractBroken("the panel accepted the end of the line and did not set it")
        return VerbResult(outcome=Outcome.DONE, account=None, note=_ENDED)

    def _terminate_device(self, ref: AccountRef) -> VerbResult:
        try:
            ended = self._changed(ref, mapping.ENDING, lambda row: row.terminated)
        except NotFound:
            return VerbResult(outcome=Outcome.ALREADY, account=None)
        return VerbResult(outcome=ended.outcome, account=None, note=_ENDED_DEVICE)

    def get(self, ref: AccountRef) -> Lookup:
        try:
            row = self._lookups.read(ref)
            if row is not None:
                return Found(account=self._lookups.account_of(row, ref.id))
            if mapping.mac_of(ref.id) is None:
                return Unknown(cause=NO_PAIR)
            return Absent(proof="the panel answers that no device has this MAC")
        except PanelError as error:
            return Unknown(cause=error.message)

    def find(self, *, username: str | None = None, reference: str | None = None) -> Lookup:
        del username, reference
        return Unknown(cause="this panel finds an account by name and password together, not by one of them")

    def list_accounts(self) -> Iterator[PanelAccount]:
        raise Unsupported("this panel has no list of accounts")

    def list_packages(self) -> Iterator[Package]:
        """Those of the settings: the panel knows bouquets only."""
        return (mapping.package_from(key, item) for key, item in self.settings.packages.items())

    def balance(self) -> PanelBalance | None:
        return None if self.settings.reseller is None else self.test_connection().balance

    def usages_of(self, refs: Iterable[AccountRef]) -> Iterator[Usage]:
        """Each line by the login that a player makes: the panel has no list, and ``info`` says no use.

        One that may not log in says nothing: neither is that asked for twice (repeated failures block us).
        """
        for ref in refs:
            if ref.password is None or mapping.mac_of(ref.id) is not None:
                continue
            try:
                reported = self._client.log_in(Line(username=ref.username, password=ref.password))
            except ContractBroken:
                reported = None
            used = mapping.connections_in_use(reported)
            yield Usage(id=ref.id, username=ref.username, connections=used)

    def connect(self, account: PanelAccount) -> tuple[ConnectDetail, ...]:
        address = self.settings.player_url or f"{origin_of(self.settings.base_url)}/"
        if account.mac is not None:
            return (portal(f"{address}c/"),)
        return xtream_login(address, account.username, account.password)

    def close(self) -> None:
        self._client.close()

    def _changed(
        self, ref: AccountRef, columns: Mapping[str, str], reached: Callable[[Row], bool]
    ) -> VerbResult:
        """Write what is not so yet, and believe only what is read after it."""
        name, row = self._lookups.ours(ref)
        if reached(row):
            return self._result(Outcome.ALREADY, row, ref.id)
        self._client.edit(name, columns)
        after = self._lookups.read_back(name)
        if not reached(after):
            raise ContractBroken("the panel accepted the change and did not set it")
        return self._result(Outcome.DONE, after, ref.id)

    def _result(
        self, outcome: Outcome, row: Row, account_id: AccountId, differs: tuple[str, ...] = ()
    ) -> VerbResult:
        return VerbResult(outcome=outcome, account=self._lookups.account_of(row, account_id), differs=differs)
