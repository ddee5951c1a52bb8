"""The WHM adapter: read, compare, write what is missing, and believe only what is read afterwards.

WHM keeps neither an expiry nor our reference, and shows no password: an account is ours when its user, its
domain and its owner are. Whether a second suspend fails is not documented, so every write is preceded by a
read; and what a function calls its failure is a refusal only when the account still reads as before.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

from panelbridge.contract.capabilities import Capabilities, Connections, Extend, OrderFact, TextRule, Verb
from panelbridge.contract.connect_details import detail
from panelbridge.contract.exceptions import (
    Conflict,
    PanelError,
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
from panelbridge.contract.strict import each_package
from panelbridge_whm import mapping
from panelbridge_whm.client import WhmClient
from panelbridge_whm.create import Creation
from panelbridge_whm.lookups import Lookups
from panelbridge_whm.mapping import AccountRow
from panelbridge_whm.settings import WhmSettings

NEEDED = frozenset(
    {
        "accountsummary",
        "changepackage",
        "create_user_session",
        "createacct",
        "listaccts",
        "listpkgs",
        "passwd",
        "removeacct",
        "suspendacct",
        "unsuspendacct",
    }
)
_VERBS = frozenset(Verb) - {Verb.EXTEND}


class WhmAdapter(RecordVerbs[WhmSettings, AccountRow]):
    """A WHM server, as root or as one of its resellers (see README)."""

    backend = "whm"
    settings_model = WhmSettings
    renames = False

    def __init__(self, settings: WhmSettings) -> None:
        super().__init__(settings)
        self._client = WhmClient(settings)
        self._lookups = Lookups(self._client, settings)

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            verbs=_VERBS,
            extend=Extend.NONE,
            grace=False,
            username=TextRule(
                min_length=3, max_length=self.settings.username_max, pattern=r"(?!test)[a-z][a-z0-9]*"
            ),
            password=TextRule(min_length=self.settings.password_min, max_length=64, pattern=r"[!-~]+"),
            # WHM does not show a password, so a second reset writes again.
            safe_repeats=_VERBS - {Verb.RESET_CREDENTIALS},
            needs=frozenset(OrderFact),
            connections=Connections.ONE,
            single_sign_on=True,
            admin_sign_on=True,
            usage=True,
            late_commit=self.settings.late_commit,
            slow_verbs={Verb.CREATE: self.settings.create_timeout},
        )

    def test_connection(self) -> Connection:
        version, clock = self._client.version()
        missing = NEEDED - self._client.functions()
        return Connection(
            version=version,
            identity=self.settings.user,
            missing_permissions=tuple(sorted(missing)),
            clock_skew=None if clock is None else (clock - datetime.now(UTC)).total_seconds(),
            warnings=self._slots(),
        )

    def _slots(self) -> tuple[str, ...]:
        """How full a reseller is: account slots, no money; root has none and may be refused the question."""
        try:
            slots = mapping.slots_from(self._client.slots())
        except PanelError:
            return ()
        if not str(slots.limit).isdigit():
            return ()
        return (f"account slots: {slots.active} active, {slots.suspended} suspended, limit {slots.limit}",)

    def read(self, account_id: AccountId) -> AccountRow:
        return self._lookups.read(account_id)

    def named(self, username: str) -> AccountRow | None:
        return self._lookups.named(username)

    def account_of(self, record: AccountRow) -> PanelAccount:
        return mapping.account_from(record)

    def offered(self, package: str) -> str:
        return self._lookups.package(package)

    def add(self, order: CreateOrder) -> AccountId:
        return Creation(self._client, self._lookups, self.settings).run(order)

    def is_ours(self, record: AccountRow, order: CreateOrder) -> bool:
        domain, email = mapping.order_facts(order)
        if record.domain == domain and record.email and record.email.lower() != email.lower():
            # A domain exists once on a server, but its customer may have changed his address since.
            raise Conflict(
                "the account is there with this domain, but with another contact address",
                outcome=Outcome.UNKNOWN,
            )
        return record.domain == domain

    def as_asked(self, record: AccountRow, order: CreateOrder) -> dict[str, bool]:
        email = order.options["email"].lower()
        return {
            "package": record.plan in (order.package, f"{self.settings.user}_{order.package}"),
            "email": not record.email or record.email.lower() == email,
        }

    def write(self, record: AccountRow, change: Change) -> None:
        match change:
            case Change(suspended=True):
                self._client.suspend(record.user, change.reason)
            case Change(suspended=False):
                self._client.unsuspend(record.user)
            case Change(package=str(package)):
                self._client.change_package(record.user, package)
            case Change(credentials=Credentials(password=password)):
                self._client.set_password(record.user, password)

    def remove(self, record: AccountRow) -> None:
        self._client.remove(record.user)

    def list_accounts(self) -> Iterator[PanelAccount]:
        return self._lookups.accounts()

    def list_packages(self) -> Iterator[Package]:
        return each_package(self._client.packages(), mapping.package_from, "name")

    def sign_on(self, ref: AccountRef) -> SignOn:
        return self._session(self._ours(ref).user, "cpaneld")

    def admin_sign_on(self) -> SignOn:
        return self._session(self.settings.user, "whostmgrd")

    def connect(self, account: PanelAccount) -> tuple[ConnectDetail, ...]:
        del account  # cPanel's own door is on another port of the server (documented)
        host = urlsplit(self.settings.base_url).hostname
        return (detail(ConnectKind.WEB, "Control panel (cPanel)", f"https://{host}:2083/"),)

    def admin_link(self) -> str | None:
        return self.settings.base_url

    def usages(self) -> Iterator[Usage]:
        return self._lookups.usages()

    def close(self) -> None:
        self._client.close()

    def _session(self, user: str, service: str) -> SignOn:
        return mapping.sign_on_from(self._client.user_session(user, service), self.settings)
