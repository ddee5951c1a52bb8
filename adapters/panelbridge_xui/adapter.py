"""The XUI adapter: XC_VM and XUI-style panels, through their reseller or their admin API.

Facts were seen on the XC_VM source of July 2025; the README lists them with versions and gaps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel

from panelbridge.contract.adapter import PanelAdapter
from panelbridge.contract.capabilities import Capabilities
from panelbridge.contract.connect_details import origin_of, portal, xtream_login
from panelbridge.contract.exceptions import PanelError
from panelbridge.contract.models import (
    AccountId,
    AccountRef,
    ConnectDetail,
    Connection,
    CreateOrder,
    Credentials,
    Lookup,
    Package,
    PackageChange,
    PanelAccount,
    PanelBalance,
    Purchase,
    Unknown,
    Usage,
    VerbResult,
)
from panelbridge.transport import PanelSession
from panelbridge_xui import settings as xui
from panelbridge_xui.admin import AdminDialect
from panelbridge_xui.client import XuiClient
from panelbridge_xui.dialect import Clock, Dialect, utc_now
from panelbridge_xui.reseller import ResellerDialect


class XuiAdapter(PanelAdapter[xui.XuiSettings]):
    """Lines of one panel; the dialect is a setting. Keep one instance per panel: it remembers line ids."""

    backend: ClassVar[str] = "xui"
    settings_model: ClassVar[type[BaseModel]] = xui.XuiSettings

    def __init__(self, settings: xui.XuiSettings, *, clock: Clock = utc_now) -> None:
        super().__init__(settings)
        own = [settings.access_code, settings.api_key]
        admin = [item for item in (settings.admin_access_code, settings.admin_api_key) if item is not None]
        self._session = PanelSession(settings, secrets=[*own, *admin])
        self._dialect = self._choose(settings, clock)

    def recall(self, known: Iterable[AccountId]) -> None:
        self._dialect.recall(known)

    @property
    def capabilities(self) -> Capabilities:
        return self._dialect.capabilities

    def test_connection(self) -> Connection:
        return self._dialect.test_connection()

    def create(self, order: CreateOrder) -> VerbResult:
        return self._dialect.create(order)

    def extend(self, ref: AccountRef, until: datetime, purchase: Purchase | None = None) -> VerbResult:
        return self._dialect.extend(ref, until, purchase)

    def suspend(self, ref: AccountRef, reason: str) -> VerbResult:
        del reason  # the panel's notes hold our reference, and every edit of them may reset other fields
        return self._dialect.suspend(ref)

    def unsuspend(self, ref: AccountRef) -> VerbResult:
        return self._dialect.unsuspend(ref)

    def reset_credentials(self, ref: AccountRef, credentials: Credentials) -> VerbResult:
        return self._dialect.reset_credentials(ref, credentials)

    def change_package(self, ref: AccountRef, change: PackageChange) -> VerbResult:
        return self._dialect.change_package(ref, change)

    def terminate(self, ref: AccountRef) -> VerbResult:
        return self._dialect.terminate(ref)

    def get(self, ref: AccountRef) -> Lookup:
        return self._dialect.get(ref)

    def find(self, *, username: str | None = None, reference: str | None = None) -> Lookup:
        try:
            return self._dialect.find(username, reference)
        except PanelError as error:
            return Unknown(cause=error.message)

    def list_accounts(self) -> Iterator[PanelAccount]:
        return self._dialect.list_accounts()

    def list_packages(self) -> Iterator[Package]:
        return self._dialect.list_packages()

    def balance(self) -> PanelBalance | None:
        return self._dialect.balance()

    def usages(self) -> Iterator[Usage]:
        return self._dialect.usages()

    def usages_of(self, refs: Iterable[AccountRef]) -> Iterator[Usage]:
        return self._dialect.usages_of(refs)

    def connect(self, account: PanelAccount) -> tuple[ConnectDetail, ...]:
        address = self.settings.player_url or f"{origin_of(self.settings.base_url)}/"
        if account.mac is not None:
            return (portal(f"{address}c/"),)
        return xtream_login(address, account.username, account.password)

    def close(self) -> None:
        self._session.close()

    def _choose(self, settings: xui.XuiSettings, clock: Clock) -> Dialect:
        client = XuiClient(
            self._session,
            access_code=settings.access_code,
            api_path=settings.api_path,
            api_key=settings.api_key,
        )
        if settings.dialect is xui.Dialect.ADMIN:
            return AdminDialect(client, settings, clock)
        admin = None
        if settings.admin_access_code is not None and settings.admin_api_key is not None:
            admin = XuiClient(
                self._session,
                access_code=settings.admin_access_code,
                api_path=settings.admin_api_path,
                api_key=settings.admin_api_key,
            )
        return ResellerDialect(client, settings, clock, admin)
