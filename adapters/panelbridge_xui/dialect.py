"""What both dialects do alike: everything that names a line by its id.

Before a write the line is read by id with our own key: on the reseller API that is the ownership check which
``disable_line``, ``enable_line`` and ``delete_line`` of XC_VM 2025-07 lack.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from panelbridge.capabilities import Capabilities
from panelbridge.exceptions import (
    Conflict,
    InvalidOrder,
    NotFound,
    OutcomeUnknown,
    PanelError,
    PermissionMissing,
)
from panelbridge.models import (
    Absent,
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
    VerbResult,
)
from panelbridge.order_check import check_credentials, check_order
from panelbridge_xui import mapping
from panelbridge_xui.client import Written, XuiClient
from panelbridge_xui.errors import PanelRefused
from panelbridge_xui.guards import already_sent, nothing_sent
from panelbridge_xui.rows import LineRow, PackageRow
from panelbridge_xui.search import SeenIds
from panelbridge_xui.settings import XuiSettings

Clock = Callable[[], datetime]
_PACKAGES_LAST = 60.0  # seconds


class Dialect(ABC):
    """One API of the panel with one credential."""

    def __init__(self, client: XuiClient, settings: XuiSettings, clock: Clock) -> None:
        self._client = client
        self._settings = settings
        self._clock = clock
        self._seen = SeenIds(settings.probe_from)
        self._packages: tuple[float, dict[str, PackageRow]] = (0.0, {})

    capabilities: Capabilities

    @abstractmethod
    def test_connection(self) -> Connection: ...

    @abstractmethod
    def create(self, order: CreateOrder) -> VerbResult: ...

    @abstractmethod
    def extend(self, ref: AccountRef, until: datetime, purchase: Purchase | None) -> VerbResult: ...

    @abstractmethod
    def reset_credentials(self, ref: AccountRef, credentials: Credentials) -> VerbResult: ...

    @abstractmethod
    def change_package(self, ref: AccountRef, change: PackageChange) -> VerbResult: ...

    @abstractmethod
    def find(self, username: str | None, reference: str | None) -> Lookup: ...

    @abstractmethod
    def list_accounts(self) -> Iterator[PanelAccount]: ...

    @abstractmethod
    def _read_packages(self) -> tuple[PackageRow, ...]: ...

    @abstractmethod
    def balance(self) -> PanelBalance | None: ...

    @abstractmethod
    def absence(self, line_id: int) -> Absent:
        """The panel does not show this line: proof that it is gone. Raises ``PanelError`` without one."""

    def list_packages(self) -> Iterator[Package]:
        return (mapping.package(row) for row in self._fresh_packages().values() if row.is_line)

    def get(self, ref: AccountRef) -> Lookup:
        try:
            line_id = _line_id(ref)
            line = self._read(line_id)
            return self.absence(line_id) if line is None else Found(account=self._account(line))
        except PanelError as error:
            return Unknown(cause=error.message)

    def suspend(self, ref: AccountRef) -> VerbResult:
        line = self._own_line(ref)
        if not line.enabled:
            return self._already(line)
        self._client.disable_line(line.id)
        after = self._read_back(line.id)
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
        self._client.enable_line(line.id)
        after = self._read_back(line.id)
        if not (after.enabled and after.admin_enabled):
            raise OutcomeUnknown(
                "the panel accepted enabling the line, but it still reads as disabled or banned"
            )
        return self._done(after)

    def terminate(self, ref: AccountRef) -> VerbResult:
        line_id = _line_id(ref)
        with nothing_sent():
            line = self._read(line_id)
            if line is None:
                return self._gone(line_id)
        _check_name(line, ref.username)
        deleted = self._client.delete_line(line_id)
        with already_sent():
            still_there = self._read(line_id) is not None
            if not still_there:
                self._gone(line_id)
                return VerbResult(outcome=Outcome.DONE, account=None)
        if deleted:
            raise OutcomeUnknown("the panel accepted deleting the line, but it still shows it")
        raise PanelRefused("delete_line: the panel refused without a reason and the line is still there")

    def _fresh_packages(self) -> dict[str, PackageRow]:
        packages = {str(row.id): row for row in self._read_packages()}
        self._packages = (time.monotonic(), packages)
        return packages

    def _line_package(self, package_id: str) -> PackageRow:
        """A package for lines, at most a minute old: a create is one call. Raises ``InvalidOrder``."""
        read_at, packages = self._packages
        package = packages.get(package_id)
        if package is None or time.monotonic() - read_at > _PACKAGES_LAST:
            package = self._fresh_packages().get(package_id)
        if package is None or not package.is_line:
            raise InvalidOrder("the package is not offered to us for lines", field="package")
        return package

    def _gone(self, line_id: int) -> VerbResult:
        self.absence(line_id)
        return VerbResult(outcome=Outcome.ALREADY, account=None)

    def _own_line(self, ref: AccountRef, *, also_named: str | None = None) -> LineRow:
        """The line, read before a write. Raises when it is absent, unreadable, or has another name."""
        line_id = _line_id(ref)
        with nothing_sent():
            line = self._read(line_id)
            if line is None:
                raise NotFound(f"the line does not exist: {self.absence(line_id).proof}")
        if line.username != also_named:
            _check_name(line, ref.username)
        return line

    def _read(self, line_id: int) -> LineRow | None:
        line = self._client.get_line(line_id)
        if line is None:
            self._seen.gone(line_id)
        else:
            self._seen.own(line.id)
        return line

    def _read_back(self, line_id: int) -> LineRow:
        with already_sent():
            line = self._read(line_id)
            if line is None:
                raise OutcomeUnknown("the panel accepted the change and then did not show the line")
            return line

    def _written_line(self, written: Written) -> LineRow:
        """The line as it is after a create or edit: the answer is the panel's own read, else we read it."""
        self._seen.own(written.id)
        return written.line or self._read_back(written.id)

    def _created_line(self, written: Written, order: CreateOrder) -> LineRow:
        """A panel that ignores names keeps our notes; a line with neither is somebody else's."""
        line = self._written_line(written)
        if line.username != order.credentials.username and line.reseller_notes != order.reference:
            raise OutcomeUnknown("the panel answered the create with a line that is not the one ordered")
        return line

    def _account(self, line: LineRow) -> PanelAccount:
        return mapping.account(line, self._clock())

    def _done(self, line: LineRow, differs: tuple[str, ...] = (), note: str | None = None) -> VerbResult:
        return VerbResult(outcome=Outcome.DONE, account=self._account(line), differs=differs, note=note)

    def _already(self, line: LineRow, differs: tuple[str, ...] = ()) -> VerbResult:
        return VerbResult(outcome=Outcome.ALREADY, account=self._account(line), differs=differs)

    def _check_order(self, order: CreateOrder) -> None:
        """Rules that can be told before any call. Raises ``InvalidOrder`` or ``Unsupported``."""
        check_order(order, self.capabilities)

    def _check_credentials(self, credentials: Credentials) -> None:
        check_credentials(credentials, self.capabilities)


def utc_now() -> datetime:
    return datetime.now(UTC)


def _line_id(ref: AccountRef) -> int:
    if not (ref.id.isascii() and ref.id.isdigit() and int(ref.id) > 0):
        raise InvalidOrder("a line id is a whole number above zero", field="id")
    return int(ref.id)


def _check_name(line: LineRow, username: str) -> None:
    if line.username != username:
        raise Conflict(
            "the line with this id has another name than ours; nothing was changed",
            advice="An admin compares the id kept by the bridge with the panel and corrects it.",
        )
