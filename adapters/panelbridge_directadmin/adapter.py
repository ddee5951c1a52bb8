"""The DirectAdmin adapter: read, compare, write what is missing, and believe only what is read afterwards.

DirectAdmin keeps neither an expiry nor our reference: an account is ours when its user and its domain are,
and the password lets its owner in. Suspending twice, and unsuspending twice, are errors there, so the state
is read first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from panelbridge.contract.capabilities import Capabilities, Connections, Extend, OrderFact, TextRule, Verb
from panelbridge.contract.connect_details import detail
from panelbridge.contract.exceptions import (
    Conflict,
    ContractBroken,
    PanelRefused,
)
from panelbridge.contract.models import (
    AccountId,
    AccountRef,
    ConnectDetail,
    Connection,
    ConnectKind,
    CreateOrder,
    Credentials,
    Outcome,
    Package,
    PanelAccount,
    SignOn,
    Usage,
)
from panelbridge.contract.record_adapter import Change, RecordVerbs
from panelbridge_directadmin import mapping
from panelbridge_directadmin.client import DirectAdminClient, EmptyList
from panelbridge_directadmin.create import Creation
from panelbridge_directadmin.lookups import Lookups
from panelbridge_directadmin.mapping import UserRow
from panelbridge_directadmin.settings import DirectAdminSettings

_VERBS = frozenset(Verb) - {Verb.EXTEND}
_LOGIN_LIFE = timedelta(minutes=30)


class DirectAdminAdapter(RecordVerbs[DirectAdminSettings, UserRow]):
    """A DirectAdmin server, as one of its resellers (see README)."""

    backend = "directadmin"
    settings_model = DirectAdminSettings
    renames = False

    def __init__(self, settings: DirectAdminSettings) -> None:
        super().__init__(settings)
        self._client = DirectAdminClient(settings)
        self._lookups = Lookups(self._client, settings)

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            verbs=_VERBS,
            extend=Extend.NONE,
            grace=False,
            username=TextRule(min_length=4, max_length=self.settings.username_max, pattern=r"[a-z][a-z0-9]*"),
            password=TextRule(min_length=self.settings.password_min, max_length=64, pattern=r"[!-~]+"),
            # Asking whether a password is set already would be a failed login each time it is not.
            safe_repeats=_VERBS - {Verb.RESET_CREDENTIALS},
            needs=frozenset(OrderFact),
            connections=Connections.ONE,
            single_sign_on=True,
            usage=True,
            late_commit=self.settings.late_commit,
        )

    def test_connection(self) -> Connection:
        clock = self._client.login_test()
        return Connection(
            version=None,
            identity=self.settings.login,
            missing_permissions=tuple(self._refused_commands()),
            clock_skew=None if clock is None else (clock - datetime.now(UTC)).total_seconds(),
        )

    def _refused_commands(self) -> Iterator[str]:
        """Reads that our key is refused; what it may write shows only when it does."""
        reads: dict[str, Callable[[], object]] = {
            "CMD_API_PACKAGES_USER": self._client.packages,
            "CMD_API_SHOW_RESELLER_IPS": self._client.addresses,
            "CMD_API_SHOW_USERS": self._lookups.listed,
        }
        for command, read in reads.items():
            try:
                read()
            except EmptyList:
                continue  # nothing is there, or nothing came: no right is shown to be missing
            except (PanelRefused, ContractBroken):
                yield command

    def read(self, account_id: AccountId) -> UserRow:
        return self._lookups.read(account_id)

    def named(self, username: str) -> UserRow | None:
        return self._lookups.named(username)

    def account_of(self, record: UserRow) -> PanelAccount:
        return mapping.account_from(record)

    def offered(self, package: str) -> str:
        return self._lookups.package(package)

    def add(self, order: CreateOrder) -> AccountId:
        return Creation(self._client, self._lookups).run(order)

    def is_ours(self, record: UserRow, order: CreateOrder) -> bool:
        domain, email = mapping.order_facts(order)
        same_contact = record.email.lower() in ("", email.lower())
        if record.domain != domain:
            return False
        if not same_contact or not self._lookups.lets_in(record, order.credentials):
            # A domain exists once on a server, but its owner may have changed address or password since.
            raise Conflict(
                "the account is there with this domain, but with another address or password",
                outcome=Outcome.UNKNOWN,
            )
        return True

    def check_login(self, record: UserRow, credentials: Credentials) -> None:
        if not self._lookups.lets_in(record, credentials):
            raise ContractBroken(
                "the panel accepted the password, and does not let its owner in with it",
                advice="Where customers may not use the API, switch verify_passwords off for this panel.",
            )

    def write(self, record: UserRow, change: Change) -> None:
        match change:
            case Change(suspended=True):
                self._client.suspend(record.username, change.reason)
            case Change(suspended=False):
                self._client.unsuspend(record.username)
            case Change(package=str(package)):
                self._client.change_package(record.username, package)
            case Change(credentials=Credentials(password=password)):
                self._client.set_password(record.username, password)

    def remove(self, record: UserRow) -> None:
        self._client.delete(record.username)

    def list_accounts(self) -> Iterator[PanelAccount]:
        return self._lookups.accounts()

    def list_packages(self) -> Iterator[Package]:
        return map(mapping.package_from, self._client.packages())

    def sign_on(self, ref: AccountRef) -> SignOn:
        row = self._ours(ref)
        asked_at = datetime.now(UTC)
        fields = self._client.login_url(row.username)
        return mapping.sign_on_from(fields, self.settings, asked_at + _LOGIN_LIFE)

    def connect(self, account: PanelAccount) -> tuple[ConnectDetail, ...]:
        del account  # name and password are typed there
        return (detail(ConnectKind.WEB, "Control panel (DirectAdmin)", self.settings.base_url),)

    def admin_link(self) -> str | None:
        return self.settings.base_url

    def usages(self) -> Iterator[Usage]:
        return self._lookups.usages()

    def close(self) -> None:
        self._client.close()
