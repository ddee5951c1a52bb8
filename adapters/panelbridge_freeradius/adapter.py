"""The FreeRADIUS adapter: a user's rows are the account, a verb is a transaction. Facts seen on 3.2.1."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from panelbridge.contract.adapter import PanelAdapter
from panelbridge.contract.capabilities import Capabilities, Connections, FindBy, TextRule, Verb
from panelbridge.contract.exceptions import (
    Conflict,
    InvalidOrder,
    NotFound,
    PermissionMissing,
)
from panelbridge.contract.models import (
    AccountRef,
    AccountState,
    Connection,
    CreateOrder,
    Credentials,
    Lookup,
    Outcome,
    Package,
    PackageChange,
    PanelAccount,
    Purchase,
    Usage,
    VerbResult,
)
from panelbridge.contract.order_check import check_credentials, check_order, check_package_change
from panelbridge_freeradius import mapping
from panelbridge_freeradius.client import Books, RadiusDatabase
from panelbridge_freeradius.lookups import Lookups
from panelbridge_freeradius.mapping import EXPIRATION, PASSWORD, UserRows
from panelbridge_freeradius.settings import FreeRadiusSettings

# What a RADIUS name may hold is the network's business; these never need quoting in anybody's configuration.
_NAME = TextRule(min_length=3, max_length=64, pattern=r"[A-Za-z0-9._@-]+")
_PASSWORD = TextRule(min_length=8, max_length=128, pattern=r"[\x21-\x7e]+")
_LATE_COMMIT = 5.0  # seconds: what is late is a COMMIT already sent, on one connection


class FreeRadiusAdapter(PanelAdapter[FreeRadiusSettings]):
    """The SQL tables of one FreeRADIUS. What is written counts at the next login."""

    backend = "freeradius"
    settings_model = FreeRadiusSettings

    def __init__(self, settings: FreeRadiusSettings) -> None:
        super().__init__(settings)
        self._database = RadiusDatabase(settings)
        self._lookups = Lookups(self._database, settings)

    @property
    def capabilities(self) -> Capabilities:
        noted = self.settings.daloradius
        return Capabilities(
            find_by=frozenset(FindBy) if noted else frozenset({FindBy.USERNAME}),
            username=_NAME,
            password=_PASSWORD,
            reference_field="userinfo.notes" if noted else None,
            safe_repeats=frozenset(Verb),
            password_readable=True,
            connections=Connections.NONE,  # the group's own limit counts
            late_commit=_LATE_COMMIT,
            usage=True,
        )

    def test_connection(self) -> Connection:
        settings = self.settings
        with self._database.books() as books:
            missing = () if books.rejects(settings.reject_group) else (settings.reject_group,)
            books.page("", 1)
        warnings = tuple(
            f"group {name} refuses nobody yet; the first suspension makes it" for name in missing
        )
        who = settings.username or settings.database
        return Connection(version=None, identity=f"{who} on {settings.kind.value}", warnings=warnings)

    def create(self, order: CreateOrder) -> VerbResult:
        check_order(order, self.capabilities)
        _check_options(order.connections, order.options)
        name = order.credentials.username
        with self._database.books(write=True) as books:
            self._check_group(books, order.package)
            rows = books.user(name)
            if rows.exists:
                return self._adopted(order, rows)
            if books.alike(name):
                raise Conflict("the login name differs from a taken one in capitals only")
            books.set_check(name, PASSWORD, order.credentials.password.get_secret_value())
            books.set_check(name, EXPIRATION, mapping.expiry_to(order.until))
            books.set_plan(name, order.package, but=self.settings.reject_group)
            books.set_note(name, order.reference)
            made = self._lookups.account_of(books.user(name))
        return VerbResult(outcome=Outcome.DONE, account=made, differs=self._differs(order, made))

    def _adopted(self, order: CreateOrder, rows: UserRows) -> VerbResult:
        """A create is one transaction, so what is there is whole: ours, or somebody else's."""
        account = self._lookups.account_of(rows)
        same_reference = not self.settings.daloradius or account.reference == order.reference
        if account.password != order.credentials.password or not same_reference:
            raise Conflict("the login name is taken by a user that is not ours")
        return VerbResult(outcome=Outcome.ALREADY, account=account, differs=self._differs(order, account))

    def _differs(self, order: CreateOrder, account: PanelAccount) -> tuple[str, ...]:
        as_asked = {
            "package": account.package == order.package,
            "expires_at": account.expires_at == order.until.replace(microsecond=0),
        }
        return tuple(name for name, equal in as_asked.items() if not equal)

    def extend(self, ref: AccountRef, until: datetime, purchase: Purchase | None = None) -> VerbResult:
        del purchase  # nothing is bought here
        wanted = until.replace(microsecond=0)

        def write(books: Books, account: PanelAccount) -> None:
            books.set_check(account.username, EXPIRATION, mapping.expiry_to(wanted))

        return self._changed(ref, lambda account, _: account.expires_at == wanted, write)

    def suspend(self, ref: AccountRef, reason: str) -> VerbResult:
        del reason  # the group's own Reply-Message reaches the user

        def write(books: Books, account: PanelAccount) -> None:
            if not books.rejects(self.settings.reject_group):
                books.make_rejecting(self.settings.reject_group)  # a group nobody refuses suspends nobody
            books.join_first(account.username, self.settings.reject_group)

        return self._changed(ref, lambda account, _: account.state.is_off, write)

    def unsuspend(self, ref: AccountRef) -> VerbResult:
        def write(books: Books, account: PanelAccount) -> None:
            if account.state is AccountState.BANNED:
                raise PermissionMissing("somebody set Auth-Type Reject for this user; only he can lift that")
            books.leave(account.username, self.settings.reject_group)

        def is_on(account: PanelAccount, rows: UserRows) -> bool:
            """Out of the group: behind the plan's it refuses nobody today, and may after the next change."""
            return not account.state.is_off and not rows.is_in(self.settings.reject_group)

        return self._changed(ref, is_on, write)

    def reset_credentials(self, ref: AccountRef, credentials: Credentials) -> VerbResult:
        check_credentials(credentials, self.capabilities)
        name = credentials.username

        def has_them(account: PanelAccount, _: UserRows) -> bool:
            return (account.username, account.password) == (name, credentials.password)

        def write(books: Books, account: PanelAccount) -> None:
            if name != account.username:
                if books.user(name).exists or set(books.alike(name)) - {account.username}:
                    raise Conflict("the new login name is taken")
                books.rename(account.username, name)
            books.set_check(name, PASSWORD, credentials.password.get_secret_value())

        return self._changed(ref, has_them, write, also=name)

    def change_package(self, ref: AccountRef, change: PackageChange) -> VerbResult:
        check_package_change(change)
        _check_options(change.connections, change.options)

        def write(books: Books, account: PanelAccount) -> None:
            self._check_group(books, change.package)
            books.set_plan(account.username, change.package, but=self.settings.reject_group)

        return self._changed(ref, lambda account, _: account.package == change.package, write)

    def terminate(self, ref: AccountRef) -> VerbResult:
        with self._database.books(write=True) as books:
            rows = books.user(ref.id)
            if not rows.exists:
                return VerbResult(outcome=Outcome.ALREADY, account=None)
            self._check_ours(ref, rows)
            books.remove(ref.id)
        return VerbResult(outcome=Outcome.DONE, account=None)

    def get(self, ref: AccountRef) -> Lookup:
        return self._lookups.get(ref)

    def find(self, *, username: str | None = None, reference: str | None = None) -> Lookup:
        return self._lookups.find(username, reference)

    def list_accounts(self) -> Iterator[PanelAccount]:
        return self._lookups.accounts()

    def list_packages(self) -> Iterator[Package]:
        return self._lookups.packages()

    def usages(self) -> Iterator[Usage]:
        return self._lookups.usages()

    def close(self) -> None:
        self._database.close()

    def _changed(
        self,
        ref: AccountRef,
        reached: Callable[[PanelAccount, UserRows], bool],
        write: Callable[[Books, PanelAccount], None],
        *,
        also: str | None = None,
    ) -> VerbResult:
        """Read, compare, write what is missing and read again, all in one transaction."""
        with self._database.books(write=True) as books:
            rows = books.user(ref.id)
            if not rows.exists and also is not None:
                rows = books.user(also)  # an earlier try renamed it already
            if not rows.exists:
                raise NotFound("the RADIUS tables have no row of this user")
            self._check_ours(ref, rows, also)
            account = self._lookups.account_of(rows)
            if reached(account, rows):
                return VerbResult(outcome=Outcome.ALREADY, account=account)
            write(books, account)
            rows = books.user(also or account.username)
            after = self._lookups.account_of(rows)
            if not reached(after, rows):
                raise Conflict("the rows of this user contradict each other; nothing was changed")
        return VerbResult(outcome=Outcome.DONE, account=after)

    def _check_ours(self, ref: AccountRef, rows: UserRows, also: str | None = None) -> None:
        same_note = not self.settings.daloradius or ref.reference in (None, rows.note)
        if rows.username not in (ref.username, also) or not same_note:
            raise Conflict("the RADIUS user of this name is not ours (any more)")

    def _check_group(self, books: Books, group: str) -> None:
        if group == self.settings.reject_group or group not in books.groups():
            raise InvalidOrder("the RADIUS tables have no such group to sell", field="package")


def _check_options(connections: int | None, options: object) -> None:
    if connections is not None:
        raise InvalidOrder("connections follow from the group; leave them empty", field="connections")
    if options:
        raise InvalidOrder("this backend has no options", field="options")
