"""The Tvheadend adapter. Facts seen on the source of June 2026; see README.

An account is two objects that the panel neither links nor keeps single. So every verb reads both grids by
name first, writes only what is missing, and reads them again. A name can log in and has rights when both
entries are enabled; a create does the last of that last, a suspend undoes it first.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from panelbridge.contract.adapter import PanelAdapter
from panelbridge.contract.capabilities import Capabilities, Extend, FindBy, Verb
from panelbridge.contract.connect_details import detail
from panelbridge.contract.doubt import Writes, already_sent, nothing_sent
from panelbridge.contract.exceptions import (
    AuthenticationFailed,
    Conflict,
    InvalidOrder,
    NotFound,
    OutcomeUnknown,
    PanelError,
    Unsupported,
)
from panelbridge.contract.models import (
    Absent,
    AccountRef,
    AccountState,
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
    Unknown,
    Usage,
    VerbResult,
)
from panelbridge.contract.order_check import check_credentials, check_order, check_package_change
from panelbridge_tvheadend import mapping
from panelbridge_tvheadend.checks import check_options, check_whole, only_access
from panelbridge_tvheadend.client import TvheadendClient
from panelbridge_tvheadend.create import Creation, delete
from panelbridge_tvheadend.lookups import Lookups
from panelbridge_tvheadend.mapping import Pair
from panelbridge_tvheadend.settings import TvheadendSettings

_VERBS = frozenset(Verb) - {Verb.EXTEND}


class TvheadendAdapter(PanelAdapter[TvheadendSettings]):
    """One Tvheadend, as one of its admins."""

    backend = "tvheadend"
    settings_model = TvheadendSettings

    def __init__(self, settings: TvheadendSettings) -> None:
        super().__init__(settings)
        self._client = TvheadendClient(settings)
        self._lookups = Lookups(self._client)
        self._creation = Creation(self._client, self._lookups, settings)

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            verbs=_VERBS,
            extend=Extend.NONE,
            find_by=frozenset(FindBy),
            grace=False,
            reference_field="comment",
            safe_repeats=_VERBS,
            usage=True,
            password_readable=True,
            late_commit=self.settings.late_commit,
        )

    def test_connection(self) -> Connection:
        server, admin = self._client.server(), True
        try:
            self._lookups.probe()
        except AuthenticationFailed:  # let in before, so it is the right that lacks
            admin = False
        return mapping.connection_from(server, self.settings.username, admin=admin)

    def create(self, order: CreateOrder) -> VerbResult:
        check_order(order, self.capabilities)
        check_options(order.options)
        return self._creation.run(order)

    def extend(self, ref: AccountRef, until: datetime, purchase: Purchase | None = None) -> VerbResult:
        del ref, until, purchase
        raise Unsupported("this panel keeps no expiry; the bridge suspends when the paid time has passed")

    def suspend(self, ref: AccountRef, reason: str) -> VerbResult:
        del reason  # the comment holds our reference
        pair = self._ours(ref)
        do = Writes()
        for entry in pair.entries:
            if entry.enabled:
                do(self._client.save, entry.uuid, enabled=False)
        if not do.count:
            return _already(pair)
        with already_sent():
            after = self._lookups.held(pair.username)
        if not after.access or any(entry.enabled for entry in after.entries):
            raise OutcomeUnknown("the panel accepted the suspension, but not every entry reads as disabled")
        return _done(after)

    def unsuspend(self, ref: AccountRef) -> VerbResult:
        pair = self._ours(ref)
        check_whole(pair)
        do = Writes()
        for entry in reversed(pair.entries):
            if not entry.enabled:
                do(self._client.save, entry.uuid, enabled=True)
        if not do.count:
            return _already(pair)
        after = self._lookups.read_back(pair.username)
        if after.state is not AccountState.ACTIVE:
            raise OutcomeUnknown("the panel accepted the end of the suspension, but it cannot be read back")
        return _done(after)

    def reset_credentials(self, ref: AccountRef, credentials: Credentials) -> VerbResult:
        check_credentials(credentials, self.capabilities)
        if credentials.username != ref.username:
            raise InvalidOrder("this backend does not rename accounts", field="username")
        pair = self._ours(ref)
        access = only_access(pair)
        if pair.has_password(credentials):
            return _already(pair)
        do = Writes()
        if pair.passwords:
            kept = pair.passwords[0]
            do(self._client.save, kept.uuid, password=credentials.password.get_secret_value())
            delete(self._client, do, pair.passwords[1:], pair.access[1:])
        else:
            conf = mapping.password_to(credentials, access.comment, enabled=access.enabled)
            do(self._client.create_password, conf)
        after = self._lookups.read_back(pair.username)
        if not after.has_password(credentials):
            raise OutcomeUnknown("the panel accepted the password, but another one is read back")
        return _done(after)

    def change_package(self, ref: AccountRef, change: PackageChange) -> VerbResult:
        check_package_change(change)
        check_options(change.options)
        connections = change.connections
        if connections is not None:
            connections = mapping.connections_to(connections, self.settings)
        with nothing_sent():
            self._lookups.check_package(change.package)
        pair = self._ours(ref)
        do = Writes()
        after = self._creation.granted(do, pair, change.package, connections)
        return _done(after) if do.count else _already(pair)

    def terminate(self, ref: AccountRef) -> VerbResult:
        try:
            pair = self._ours(ref)
        except NotFound:
            return VerbResult(outcome=Outcome.ALREADY, account=None)
        delete(self._client, Writes(), pair.passwords, pair.access)
        with already_sent():
            left = self._lookups.held(pair.username).entries
        if left:
            raise OutcomeUnknown("the panel accepted the deletion, but entries of this name are still there")
        return VerbResult(outcome=Outcome.DONE, account=None)

    def get(self, ref: AccountRef) -> Lookup:
        try:
            pair = self._lookups.read(ref)
        except NotFound as error:
            return Absent(proof=error.message)
        except PanelError as error:
            return Unknown(cause=error.message)
        return _reported(pair)

    def find(self, *, username: str | None = None, reference: str | None = None) -> Lookup:
        try:
            pairs = self._lookups.search(username, reference)
        except PanelError as error:
            return Unknown(cause=error.message)
        if not pairs:
            return Absent(proof="neither grid of the panel holds an entry of that name or comment")
        if len(pairs) > 1:
            return Unknown(cause=f"the panel has entries of {len(pairs)} such names")
        if pairs[0].was_never_enabled:
            return Unknown(cause="the account was made and never switched on; a repeated create does that")
        return _reported(pairs[0])

    def list_accounts(self) -> Iterator[PanelAccount]:
        """Every name that has an access entry, but those that run the panel and those that mean everybody."""
        return self._lookups.accounts()

    def list_packages(self) -> Iterator[Package]:
        return self._lookups.packages()

    def admin_link(self) -> str | None:
        return self.settings.base_url

    def usages(self) -> Iterator[Usage]:
        """Who plays now, from where and with what; when somebody played before, the server does not keep."""
        accounts = list(self.list_accounts())
        return iter(mapping.usages_from(accounts, self._client.subscriptions(), datetime.now(UTC)))

    def connect(self, account: PanelAccount) -> tuple[ConnectDetail, ...]:
        del account  # players ask for name and password
        address = self.settings.player_url or self.settings.base_url
        server = detail(ConnectKind.SERVER, "Server (Tvheadend)", address.rstrip("/"))
        return server, detail(ConnectKind.PLAYLIST, "Playlist (M3U)", f"{address}playlist/channels")

    def close(self) -> None:
        self._client.close()

    def _ours(self, ref: AccountRef) -> Pair:
        """What is held under the name, when all of it is the account that ``ref`` means."""
        with nothing_sent():
            pair = self._lookups.read(ref)
        strange = pair.username != ref.username or any(entry.admin for entry in pair.access)
        if strange or (ref.reference is not None and not pair.belongs_to(ref.reference)):
            raise Conflict("the panel's entries of this name or uuid are not, or not only, our account's")
        if not pair.access and ref.reference is None:
            raise Conflict("a password entry of this name is left, and nothing says whose it is")
        return pair


def _reported(pair: Pair) -> Lookup:
    if not pair.is_whole:
        return Unknown(
            cause=f"half an account or more than one: {len(pair.access)} access entries and "
            f"{len(pair.passwords)} password entries of the name; repeating the verb fixes it"
        )
    return Found(account=mapping.account_from(pair))


def _done(pair: Pair) -> VerbResult:
    return VerbResult(outcome=Outcome.DONE, account=mapping.account_from(pair))


def _already(pair: Pair) -> VerbResult:
    account = mapping.account_from(pair) if pair.access else None
    return VerbResult(outcome=Outcome.ALREADY, account=account)
