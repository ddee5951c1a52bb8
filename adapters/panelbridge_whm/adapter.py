"""The WHM adapter: read, compare, write what is missing, and believe only what is read afterwards.

WHM keeps neither an expiry nor our reference, and shows no password: an account is ours when its user, its
domain and its owner are. Whether a second suspend fails is not documented, so every write is preceded by a
read; and what a function calls its failure is a refusal only when the account still reads as before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

from panelbridge.adapter import PanelAdapter
from panelbridge.capabilities import Capabilities, Connections, Extend, OrderFact, TextRule, Verb
from panelbridge.connect_details import detail
from panelbridge.doubt import already_sent, nothing_sent
from panelbridge.exceptions import (
    Conflict,
    ContractBroken,
    InvalidOrder,
    NotFound,
    OutcomeUnknown,
    PanelError,
    PanelRefused,
    PermissionMissing,
    Unsupported,
)
from panelbridge.models import (
    Absent,
    AccountRef,
    ConnectDetail,
    Connection,
    ConnectKind,
    CreateOrder,
    Credentials,
    Found,
    Lookup,
    Outcome,
    Package,
    PackageChange,
    PanelAccount,
    Purchase,
    SignOn,
    Unknown,
    Usage,
    VerbResult,
)
from panelbridge.order_check import check_credentials
from panelbridge.strict import each_package
from panelbridge_whm import mapping
from panelbridge_whm.client import WhmClient
from panelbridge_whm.create import Creation
from panelbridge_whm.lookups import AccountReader
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


class WhmAdapter(PanelAdapter[WhmSettings]):
    """A WHM server, as root or as one of its resellers (see README)."""

    backend = "whm"
    settings_model = WhmSettings

    def __init__(self, settings: WhmSettings) -> None:
        super().__init__(settings)
        self._client = WhmClient(settings)
        self._reader = AccountReader(self._client, settings)

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

    def create(self, order: CreateOrder) -> VerbResult:
        return Creation(self._client, self._reader, self.settings, self.capabilities).run(order)

    def extend(
        self,
        ref: AccountRef,  # noqa: ARG002
        until: datetime,  # noqa: ARG002
        purchase: Purchase | None = None,  # noqa: ARG002
    ) -> VerbResult:
        raise Unsupported("WHM accounts have no expiry")

    def suspend(self, ref: AccountRef, reason: str) -> VerbResult:
        row = self._ours(ref)
        if row.suspended:
            return _already(row)
        return self._written(
            row, lambda: self._client.suspend(row.user, reason), lambda after: after.suspended
        )

    def unsuspend(self, ref: AccountRef) -> VerbResult:
        row = self._ours(ref)
        if row.suspended and row.is_locked:
            raise PermissionMissing("root suspended the account so that only root can lift it")
        if not row.suspended:
            return _already(row)
        return self._written(row, lambda: self._client.unsuspend(row.user), lambda after: not after.suspended)

    def reset_credentials(self, ref: AccountRef, credentials: Credentials) -> VerbResult:
        """A repeat sets the same password again: WHM does not show which one there is."""
        check_credentials(credentials, self.capabilities)
        if credentials.username != ref.username:
            raise InvalidOrder("an account of this panel keeps its login name", field="username")
        row = self._ours(ref)
        return self._written(row, lambda: self._client.set_password(row.user, credentials.password), None)

    def change_package(self, ref: AccountRef, change: PackageChange) -> VerbResult:
        mapping.check_change(change)
        row = self._ours(ref)
        with nothing_sent():
            package = self._reader.package(change.package)
        if row.plan == package:
            return _already(row)
        return self._written(
            row,
            lambda: self._client.change_package(row.user, package),
            lambda after: after.plan == package,
        )

    def terminate(self, ref: AccountRef) -> VerbResult:
        try:
            row = self._ours(ref)
        except NotFound:
            return VerbResult(outcome=Outcome.ALREADY, account=None)
        try:
            self._client.remove(row.user)
        except PanelRefused as refusal:
            after = self._reader.after_refusal(row.user, refusal)
            if after is not None:
                raise _refused(refusal, unmoved=after == row) from None
        else:
            if self._after(row.user) is not None:
                raise ContractBroken("the panel says that the account is removed, and still lists it")
        return VerbResult(outcome=Outcome.DONE, account=None)

    def get(self, ref: AccountRef) -> Lookup:
        return self._looked_up(mapping.id_parts(ref.id)[0])

    def find(self, *, username: str | None = None, reference: str | None = None) -> Lookup:
        if username is None or reference is not None:
            return Unknown(cause="this panel keeps no reference; it finds accounts by their user name")
        return self._looked_up(username)

    def list_accounts(self) -> Iterator[PanelAccount]:
        return self._reader.listed()

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
        return self._reader.usages()

    def close(self) -> None:
        self._client.close()

    def _session(self, user: str, service: str) -> SignOn:
        return mapping.sign_on_from(self._client.user_session(user, service), self.settings)

    def _looked_up(self, user: str) -> Lookup:
        try:
            row = self._reader.read(user)
        except PanelError as error:
            return Unknown(cause=error.message)
        if row is None:
            return Absent(proof="the panel knows no such user, and its list, which answers, has none")
        if not self._reader.owns(row):
            return Unknown(cause="the account of that name belongs to another WHM user")
        return Found(account=mapping.account_from(row))

    def _ours(self, ref: AccountRef) -> AccountRow:
        """The account, when user, domain and owner are still those that ``ref`` means."""
        user, domain = mapping.id_parts(ref.id)
        with nothing_sent():
            row = self._reader.read(user)
        if row is None:
            raise NotFound("the panel knows no such user, and its list, which answers, has none")
        if row.user != ref.username or domain not in ("", row.domain) or not self._reader.owns(row):
            raise Conflict(
                "the panel's account of this name is not ours any more: user, domain or owner differ"
            )
        return row

    def _written(
        self, row: AccountRow, write: Callable[[], object], reached: Callable[[AccountRow], bool] | None
    ) -> VerbResult:
        """Write, then read. ``reached`` is ``None`` where nothing readable shows the end state."""
        try:
            write()
        except PanelRefused as refusal:
            after = self._reader.after_refusal(row.user, refusal)
            if after is not None and reached is not None and reached(after):
                return _already(after)  # somebody else, or our own late first try, got there before
            raise _refused(refusal, unmoved=after == row) from None
        after = self._after(row.user)
        if after is None or after.id != row.id or (reached is not None and not reached(after)):
            raise ContractBroken("the panel accepted the change and does not show it")
        return VerbResult(outcome=Outcome.DONE, account=mapping.account_from(after))

    def _after(self, user: str) -> AccountRow | None:
        with already_sent():
            return self._reader.read(user)


def _already(row: AccountRow) -> VerbResult:
    return VerbResult(outcome=Outcome.ALREADY, account=mapping.account_from(row))


def _refused(refusal: PanelRefused, *, unmoved: bool) -> PanelError:
    """The panel's refusal, when the account reads as before it; else nobody knows how far it came."""
    if unmoved:
        return refusal
    return OutcomeUnknown(f"the panel reports a failure, but the account has changed: {refusal.message}")
