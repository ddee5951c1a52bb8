"""The DirectAdmin adapter: read, compare, write what is missing, and believe only what is read afterwards.

DirectAdmin keeps neither an expiry nor our reference: an account is ours when its user and its domain are,
and the password lets its owner in. Suspending twice, and unsuspending twice, are errors there, so the state
is read first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from panelbridge.adapter import PanelAdapter
from panelbridge.capabilities import Capabilities, Connections, Extend, OrderFact, TextRule, Verb
from panelbridge.connect_details import detail
from panelbridge.doubt import already_sent, nothing_sent
from panelbridge.exceptions import (
    Conflict,
    ContractBroken,
    InvalidOrder,
    NotFound,
    PanelError,
    PanelRefused,
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
from panelbridge_directadmin import mapping
from panelbridge_directadmin.client import DirectAdminClient, EmptyList
from panelbridge_directadmin.create import Creation
from panelbridge_directadmin.lookups import UserReader, half_way
from panelbridge_directadmin.mapping import UserRow
from panelbridge_directadmin.settings import DirectAdminSettings

_VERBS = frozenset(Verb) - {Verb.EXTEND}
_LOGIN_LIFE = timedelta(minutes=30)


class DirectAdminAdapter(PanelAdapter[DirectAdminSettings]):
    """A DirectAdmin server, as one of its resellers (see README)."""

    backend = "directadmin"
    settings_model = DirectAdminSettings

    def __init__(self, settings: DirectAdminSettings) -> None:
        super().__init__(settings)
        self._client = DirectAdminClient(settings)
        self._reader = UserReader(self._client, settings)

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
            "CMD_API_SHOW_USERS": self._reader.listed,
        }
        for command, read in reads.items():
            try:
                read()
            except EmptyList:
                continue  # nothing is there, or nothing came: no right is shown to be missing
            except (PanelRefused, ContractBroken):
                yield command

    def create(self, order: CreateOrder) -> VerbResult:
        return Creation(self._client, self._reader, self.capabilities).run(order)

    def extend(
        self,
        ref: AccountRef,  # noqa: ARG002
        until: datetime,  # noqa: ARG002
        purchase: Purchase | None = None,  # noqa: ARG002
    ) -> VerbResult:
        raise Unsupported("DirectAdmin users have no expiry")

    def suspend(self, ref: AccountRef, reason: str) -> VerbResult:
        row = self._ours(ref)
        if row.suspended:
            return _already(row)
        return self._written(
            row, lambda: self._client.suspend(row.username, reason), lambda after: after.suspended
        )

    def unsuspend(self, ref: AccountRef) -> VerbResult:
        row = self._ours(ref)
        if not row.suspended:
            return _already(row)
        return self._written(
            row, lambda: self._client.unsuspend(row.username), lambda after: not after.suspended
        )

    def reset_credentials(self, ref: AccountRef, credentials: Credentials) -> VerbResult:
        """A repeat sets the same password again."""
        check_credentials(credentials, self.capabilities)
        if credentials.username != ref.username:
            raise InvalidOrder("an account of this panel keeps its login name", field="username")
        row = self._ours(ref)
        result = self._written(
            row, lambda: self._client.set_password(row.username, credentials.password), None
        )
        with already_sent():
            if not self._reader.lets_in(row, credentials):
                raise ContractBroken(
                    "the panel accepted the password, and does not let its owner in with it",
                    advice="Where customers may not use the API, switch verify_passwords off for this panel.",
                )
        return result

    def change_package(self, ref: AccountRef, change: PackageChange) -> VerbResult:
        mapping.check_change(change)
        row = self._ours(ref)
        if row.package == change.package:
            return _already(row)
        with nothing_sent():
            package = self._reader.package(change.package)
        return self._written(
            row,
            lambda: self._client.change_package(row.username, package),
            lambda after: after.package == package,
        )

    def terminate(self, ref: AccountRef) -> VerbResult:
        try:
            row = self._ours(ref)
        except NotFound:
            return VerbResult(outcome=Outcome.ALREADY, account=None)
        try:
            self._client.delete(row.username)
        except PanelRefused as refusal:
            # Seen by clients: an error although the user is gone. So look again.
            after = self._reader.after_refusal(row.username, refusal)
            if after is not None:
                raise (refusal if after == row else half_way(refusal)) from None
        else:
            if self._after(row.username) is not None:
                raise ContractBroken("the panel says that the user is deleted, and still shows it")
        return VerbResult(outcome=Outcome.DONE, account=None)

    def get(self, ref: AccountRef) -> Lookup:
        return self._looked_up(mapping.id_parts(ref.id)[0])

    def find(self, *, username: str | None = None, reference: str | None = None) -> Lookup:
        if username is None or reference is not None:
            return Unknown(cause="this panel keeps no reference; it finds accounts by their user name")
        return self._looked_up(username)

    def list_accounts(self) -> Iterator[PanelAccount]:
        return self._reader.accounts()

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
        return self._reader.usages()

    def close(self) -> None:
        self._client.close()

    def _looked_up(self, user: str) -> Lookup:
        try:
            row = self._reader.read(user)
        except PanelError as error:
            return Unknown(cause=error.message)
        if row is None:
            return Absent(proof="the panel refuses to show such a user, and its list of ours has none")
        return Found(account=mapping.account_from(row))

    def _ours(self, ref: AccountRef) -> UserRow:
        """The user, when name and domain are still those that ``ref`` means."""
        user, domain = mapping.id_parts(ref.id)
        with nothing_sent():
            row = self._reader.read(user)
        if row is None:
            raise NotFound("the panel refuses to show such a user, and its list of ours has none")
        if row.username != ref.username or domain not in ("", row.domain) or row.usertype != "user":
            raise Conflict("the panel's user of this name is not our account any more")
        return row

    def _written(
        self, row: UserRow, write: Callable[[], object], reached: Callable[[UserRow], bool] | None
    ) -> VerbResult:
        """Write, then read. ``reached`` is ``None`` where no field shows the end state."""
        try:
            write()
        except PanelRefused as refusal:
            after = self._reader.after_refusal(row.username, refusal)
            if after is not None and reached is not None and reached(after):
                return _already(after)  # somebody else, or our own late first try, got there before
            raise (refusal if after == row else half_way(refusal)) from None
        after = self._after(row.username)
        if after is None or after.id != row.id or (reached is not None and not reached(after)):
            raise ContractBroken("the panel accepted the change and does not show it")
        return VerbResult(outcome=Outcome.DONE, account=mapping.account_from(after))

    def _after(self, user: str) -> UserRow | None:
        with already_sent():
            return self._reader.read(user)


def _already(row: UserRow) -> VerbResult:
    return VerbResult(outcome=Outcome.ALREADY, account=mapping.account_from(row))
