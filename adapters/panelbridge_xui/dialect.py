"""What both dialects do alike: everything that names an account by its id, and making a device.

Before a write the account is read by id with our own key: on the reseller API that is the ownership check
which ``disable_line``, ``enable_line``, ``delete_line`` and their twins for devices lack on XC_VM 2025-07.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain

from panelbridge.contract.capabilities import Capabilities
from panelbridge.contract.doubt import already_sent, nothing_sent
from panelbridge.contract.exceptions import (
    Conflict,
    InvalidOrder,
    NotFound,
    OutcomeUnknown,
    PanelError,
    PermissionMissing,
    Unsupported,
)
from panelbridge.contract.models import (
    Absent,
    AccountId,
    AccountRef,
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
from panelbridge.contract.order_check import check_credentials, check_order
from panelbridge.contract.strict import unreadable_package
from panelbridge_xui import mapping
from panelbridge_xui.client import Written, XuiClient
from panelbridge_xui.errors import ExistsIdUnknown, NameTaken, PanelRefused, UnreadableRow
from panelbridge_xui.kinds import Key, Kind, key_of, kind_of, normal_mac, same_mac
from panelbridge_xui.lookups import DeviceLookups
from panelbridge_xui.rows import LineRow, PackageRow, PackagesRead, ShortLineRow
from panelbridge_xui.search import SeenIds, read_listed
from panelbridge_xui.settings import XuiSettings

Clock = Callable[[], datetime]
_PACKAGES_LAST = 60.0  # seconds


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A row of a list, and its account; ``None``: it is there, and cannot be read."""

    kind: Kind
    row: ShortLineRow
    line: LineRow | None


class Dialect(ABC):
    """One API of the panel with one credential."""

    def __init__(self, client: XuiClient, settings: XuiSettings, clock: Clock) -> None:
        self._client = client
        self._settings = settings
        self._clock = clock
        self._seen = SeenIds(settings.probe_from)
        self._kinds = tuple(Kind) if settings.devices else (Kind.LINE,)
        self._devices = DeviceLookups(client)
        self._packages = (0.0, PackagesRead(rows={}))

    capabilities: Capabilities

    @abstractmethod
    def test_connection(self) -> Connection: ...

    @abstractmethod
    def _create_line(self, order: CreateOrder) -> VerbResult: ...

    @abstractmethod
    def _create_fields(
        self, order: CreateOrder, package: PackageRow
    ) -> tuple[tuple[str, ...] | None, mapping.Fields]:
        """The bouquets chosen (``None``: the package's), and the fields of the create."""

    @abstractmethod
    def _differs(
        self, line: LineRow, order: CreateOrder, bouquets: tuple[str, ...] | None
    ) -> tuple[str, ...]:
        """Fields of a created account that are not as ordered."""

    @abstractmethod
    def extend(self, ref: AccountRef, until: datetime, purchase: Purchase | None) -> VerbResult: ...

    @abstractmethod
    def reset_credentials(self, ref: AccountRef, credentials: Credentials) -> VerbResult: ...

    @abstractmethod
    def change_package(self, ref: AccountRef, change: PackageChange) -> VerbResult: ...

    @abstractmethod
    def find(self, username: str | None, reference: str | None) -> Lookup: ...

    @abstractmethod
    def list_lines(self) -> Iterator[Listed]:
        """Every account of ours, paged to the end. Raises ``PanelError``; never a silent part."""

    @abstractmethod
    def _read_packages(self) -> PackagesRead: ...

    @abstractmethod
    def balance(self) -> PanelBalance | None: ...

    @abstractmethod
    def absence(self, key: Key) -> Absent:
        """The panel does not show this account: proof that it is gone. Raises ``PanelError`` without one."""

    def recall(self, known: Iterable[AccountId]) -> None:
        """Ids of lines; a device's are counted apart, and what is no id of ours says nothing."""
        for account_id in known:
            with suppress(InvalidOrder):
                key = key_of(account_id)
                if key.kind is Kind.LINE:
                    self._seen.note(key.number)

    def list_accounts(self) -> Iterator[PanelAccount]:
        for item in self.list_lines():
            if item.line is None:
                yield mapping.unreadable(item.kind, item.row)
            else:
                yield self._account(item.line)

    def usages(self) -> Iterator[Usage]:
        return (mapping.usage_from(item.line) for item in self.list_lines() if item.line is not None)

    def usages_of(self, refs: Iterable[AccountRef]) -> Iterator[Usage]:
        """Each by its id: a reseller's list may be empty."""
        for ref in refs:
            try:
                line = self._client.get(key_of(ref.id))
            except UnreadableRow:
                continue
            if line is not None and line.username == ref.username:
                yield mapping.usage_from(line)

    def list_packages(self) -> Iterator[Package]:
        sold = frozenset(self._kinds)
        reported = self._fresh_packages()
        readable = (mapping.package_from(row) for row in reported if row.kinds & sold)
        return chain(readable, map(unreadable_package, reported.unreadable))

    def create(self, order: CreateOrder) -> VerbResult:
        if order.mac is not None:
            order = replace(order, mac=normal_mac(order.mac))
        check_order(order, self.capabilities)
        kind = kind_of(order)
        return self._create_line(order) if kind is Kind.LINE else self._create_device(order, kind)

    def _create_device(self, order: CreateOrder, kind: Kind) -> VerbResult:
        with nothing_sent():
            package = self._package(kind, order.package)
        bouquets, fields = self._create_fields(order, package)
        try:
            written = self._client.create_device(kind, fields)
        except NameTaken:
            line = self._taken_device(order, kind)
            return self._already(line, self._differs(line, order, bouquets))
        line = self._made_device(written, order, kind)
        return self._done(line, self._differs(line, order, bouquets))

    def _made_device(self, written: Written | None, order: CreateOrder, kind: Kind) -> LineRow:
        """The device as answered, or found by its MAC where the answer is of something else."""
        line = None if written is None else written.line
        if line is None or not _is_ordered(line, order):
            with already_sent():
                line = self._devices.by_mac(kind, order.mac or "")
        if line is None or not _is_ordered(line, order):
            raise OutcomeUnknown("the panel accepted the device, and nothing we may read shows it")
        return line

    def _taken_device(self, order: CreateOrder, kind: Kind) -> LineRow:
        """The MAC exists: our own first try, when it carries our reference, or somebody else's."""
        with already_sent():
            line = self._devices.by_mac(kind, order.mac or "")
        if line is None or not line.reseller_notes:
            raise ExistsIdUnknown(
                "a device of this MAC exists, and nothing we may read says whether it is ours"
            )
        if not _is_ordered(line, order):
            raise Conflict("a device of this MAC exists at the panel with another reference")
        return line

    def get(self, ref: AccountRef) -> Lookup:
        try:
            key = key_of(ref.id)
            line = self._read(key)
            return self.absence(key) if line is None else Found(account=self._account(line))
        except PanelError as error:
            return Unknown(cause=error.message)

    def suspend(self, ref: AccountRef) -> VerbResult:
        line = self._own_line(ref)
        if not line.enabled:
            return self._already(line)
        self._client.disable(self._switched(line))
        after = self._read_back(line.key)
        if after.enabled:
            raise OutcomeUnknown("the panel accepted disabling the line, but it still reads as enabled")
        return self._done(after)

    def unsuspend(self, ref: AccountRef) -> VerbResult:
        line = self._own_line(ref)
        if not line.admin_enabled:
            raise PermissionMissing(
                "the panel's owner banned this line; enabling it would answer success and change nothing",
                advice="Only the panel's owner can lift the ban; then repeat.",
            )
        if line.enabled:
            return self._already(line)
        self._client.enable(self._switched(line))
        after = self._read_back(line.key)
        if not (after.enabled and after.admin_enabled):
            raise OutcomeUnknown(
                "the panel accepted enabling the line, but it still reads as disabled or banned"
            )
        return self._done(after)

    def terminate(self, ref: AccountRef) -> VerbResult:
        key = key_of(ref.id)
        with nothing_sent():
            line = self._read(key)
            if line is None:
                return self._gone(key)
        _check_name(line, ref.username)
        deleted = self._client.delete(key)
        with already_sent():
            still_there = self._read(key) is not None
            if not still_there:
                self._gone(key)
                return VerbResult(outcome=Outcome.DONE, account=None)
        if deleted:
            raise OutcomeUnknown("the panel accepted deleting the account, but it still shows it")
        raise PanelRefused("the panel refused to delete without a reason, and the account is still there")

    def _fresh_packages(self) -> PackagesRead:
        packages = self._read_packages()
        self._packages = (time.monotonic(), packages)
        return packages

    def _package(self, kind: Kind, package_id: str) -> PackageRow:
        """A package for such an account, at most a minute old. Raises ``InvalidOrder``."""
        read_at, packages = self._packages
        package = packages.get(package_id)
        if package is None or time.monotonic() - read_at > _PACKAGES_LAST:
            package = self._fresh_packages().get(package_id)
        if package is None or kind not in package.kinds:
            raise InvalidOrder(f"the package is not offered to us for a {kind}", field="package")
        return package

    def _gone(self, key: Key) -> VerbResult:
        self.absence(key)
        return VerbResult(outcome=Outcome.ALREADY, account=None)

    def _own_line(self, ref: AccountRef, *, also_named: str | None = None) -> LineRow:
        """The line, read before a write. Raises when it is absent, unreadable, or has another name."""
        key = key_of(ref.id)
        with nothing_sent():
            line = self._read(key)
            if line is None:
                raise NotFound(f"the account does not exist: {self.absence(key).proof}")
        if line.username != also_named:
            _check_name(line, ref.username)
        return line

    def _own_login(self, ref: AccountRef, credentials: Credentials) -> LineRow:
        """The line whose login shall change, under its old name or already under the new one."""
        check_credentials(credentials, self.capabilities)
        if key_of(ref.id).kind is not Kind.LINE:
            raise Unsupported("a device has no login: its hidden line's is the panel's own affair")
        return self._own_line(ref, also_named=credentials.username)

    def _switched(self, line: LineRow) -> Key:
        """What the panel's switch for ``line`` is sent."""
        return line.key

    def _listed(
        self, client: XuiClient, kind: Kind, rows: Iterable[ShortLineRow], owner: int | None
    ) -> Iterator[Listed]:
        """The accounts of a list's rows; of one that cannot be read, what its row says."""
        for row in rows:
            try:
                line = read_listed(client, kind, row)
            except UnreadableRow:
                yield Listed(kind=kind, row=row, line=None)
                continue
            if line is None or owner not in (None, line.member_id):
                continue  # deleted meanwhile, or another's
            if kind is Kind.LINE and client is self._client:
                self._seen.own(line.id)
            yield Listed(kind=kind, row=row, line=line)

    def _read(self, key: Key) -> LineRow | None:
        line = self._client.get(key)
        if key.kind is Kind.LINE:
            self._seen.gone(key.number) if line is None else self._seen.own(key.number)
        return line

    def _read_back(self, key: Key) -> LineRow:
        with already_sent():
            line = self._read(key)
            if line is None:
                raise OutcomeUnknown("the panel accepted the change and then did not show the account")
            return line

    def _written_line(self, written: Written) -> LineRow:
        """The account as it is after a write: the answer is the panel's own read, else we read it."""
        if written.key.kind is Kind.LINE:
            self._seen.own(written.key.number)
        return written.line or self._read_back(written.key)

    def _edited(self, line: LineRow, fields: mapping.Fields) -> LineRow:
        """Send one edit, with the device's own fields before the line's."""
        return self._written_line(self._client.edit(line.key, [*mapping.device_echo(line), *fields]))

    def _created_line(self, written: Written, order: CreateOrder) -> LineRow:
        """A panel that ignores names keeps our notes; a line with neither is somebody else's."""
        line = self._written_line(written)
        if line.username != order.credentials.username and line.reseller_notes != order.reference:
            raise OutcomeUnknown("the panel answered the create with a line that is not the one ordered")
        return line

    def _account(self, line: LineRow) -> PanelAccount:
        return mapping.account_from(line, self._clock())

    def _done(self, line: LineRow, differs: tuple[str, ...] = (), note: str | None = None) -> VerbResult:
        return VerbResult(outcome=Outcome.DONE, account=self._account(line), differs=differs, note=note)

    def _already(self, line: LineRow, differs: tuple[str, ...] = ()) -> VerbResult:
        return VerbResult(outcome=Outcome.ALREADY, account=self._account(line), differs=differs)


def utc_now() -> datetime:
    return datetime.now(UTC)


def _is_ordered(line: LineRow, order: CreateOrder) -> bool:
    """Whether it is the device of this MAC, with our reference or none readable."""
    same = line.device is not None and same_mac(line.device.mac, order.mac or "")
    return same and line.reseller_notes in (None, "", order.reference)


def _check_name(line: LineRow, username: str) -> None:
    if line.username != username:
        raise Conflict(
            "the account with this id has another name than ours; nothing was changed",
            advice="An admin compares the id kept by the bridge with the panel and corrects it.",
        )
