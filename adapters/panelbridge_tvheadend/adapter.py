"""The Tvheadend adapter. Facts seen on the source of June 2026; see README.

An account is two objects that the panel neither links nor keeps single. So every verb reads both grids by
name first, writes only what is missing, and reads them again. A name can log in and has rights when both
entries are enabled; a create does the last of that last, a suspend undoes it first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from panelbridge.contract.adapter import PanelAdapter
from panelbridge.contract.capabilities import Capabilities, Extend, FindBy, Verb
from panelbridge.contract.connect_details import detail
from panelbridge.contract.doubt import Writes, already_sent, nothing_sent
from panelbridge.contract.exceptions import (
    AuthenticationFailed,
    Conflict,
    ContractBroken,
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
from panelbridge.contract.strict import each_package
from panelbridge_tvheadend import mapping
from panelbridge_tvheadend.client import TvheadendClient
from panelbridge_tvheadend.lookups import Lookups
from panelbridge_tvheadend.mapping import Access, Pair, Password
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
        _check_options(order.options)
        conf = mapping.access_to(order, self.settings)
        with nothing_sent():
            self._check_package(order.package)
            pair = self._lookups.held(order.credentials.username)
        _check_ours(pair, order)
        do = Writes()
        if not pair.access:
            do(self._client.create_access, conf)
        self._delete_extras(do, pair)
        if not pair.passwords:
            password = mapping.password_to(order.credentials, order.reference, enabled=True)
            do(self._client.create_password, password)
        made = self._read_back(pair.username) if do.count else pair
        made = self._granted(do, made, conf["channel_tag"][0], conf["conn_limit"])
        if made.was_never_enabled:
            do(self._client.save, made.access[0].uuid, enabled=True)
            made = self._read_back(pair.username)
            if made.state is not AccountState.ACTIVE:
                raise OutcomeUnknown("the panel accepted the account, but it is not switched on")
        return self._as_ordered(order, made, Outcome.DONE if do.count else Outcome.ALREADY)

    def _granted(self, do: Writes, pair: Pair, package: str, connections: int | None) -> Pair:
        """``pair`` with exactly these rights, written where they differ.

        A tag that went since it was looked up is stored as none without a word, and none opens everything:
        then the entry, which is not switched on yet, stays off.
        """
        access = _only_access(pair)
        if _has(access, package, connections):
            return pair
        do(self._client.save, access.uuid, **mapping.rights_to(package, connections))
        with already_sent():
            after = self._lookups.held(pair.username)
        if len(after.access) != 1 or not _has(after.access[0], package, connections):
            raise OutcomeUnknown("the panel accepted the package, but it cannot be read back")
        return after

    def _as_ordered(self, order: CreateOrder, pair: Pair, outcome: Outcome) -> VerbResult:
        """``outcome``, naming the fields that the panel set otherwise than asked."""
        account = mapping.account_from(pair)
        as_asked = {
            "username": account.username == order.credentials.username,
            "password": account.password == order.credentials.password,
            "package": account.package == order.package,
            "connections": account.connections == mapping.connections_to(order.connections, self.settings),
            "reference": pair.belongs_to(order.reference),
        }
        differs = tuple(name for name, equal in as_asked.items() if not equal)
        return VerbResult(outcome=outcome, account=account, differs=differs)

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
        _check_whole(pair)
        do = Writes()
        for entry in reversed(pair.entries):
            if not entry.enabled:
                do(self._client.save, entry.uuid, enabled=True)
        if not do.count:
            return _already(pair)
        after = self._read_back(pair.username)
        if after.state is not AccountState.ACTIVE:
            raise OutcomeUnknown("the panel accepted the end of the suspension, but it cannot be read back")
        return _done(after)

    def reset_credentials(self, ref: AccountRef, credentials: Credentials) -> VerbResult:
        check_credentials(credentials, self.capabilities)
        if credentials.username != ref.username:
            raise InvalidOrder("this backend does not rename accounts", field="username")
        pair = self._ours(ref)
        access = _only_access(pair)
        if pair.has_password(credentials):
            return _already(pair)
        do = Writes()
        if pair.passwords:
            kept = pair.passwords[0]
            do(self._client.save, kept.uuid, password=credentials.password.get_secret_value())
            self._delete_extras(do, pair)
        else:
            conf = mapping.password_to(credentials, access.comment, enabled=access.enabled)
            do(self._client.create_password, conf)
        after = self._read_back(pair.username)
        if not after.has_password(credentials):
            raise OutcomeUnknown("the panel accepted the password, but another one is read back")
        return _done(after)

    def change_package(self, ref: AccountRef, change: PackageChange) -> VerbResult:
        check_package_change(change)
        _check_options(change.options)
        connections = change.connections
        if connections is not None:
            connections = mapping.connections_to(connections, self.settings)
        with nothing_sent():
            self._check_package(change.package)
        pair = self._ours(ref)
        do = Writes()
        after = self._granted(do, pair, change.package, connections)
        return _done(after) if do.count else _already(pair)

    def terminate(self, ref: AccountRef) -> VerbResult:
        try:
            pair = self._ours(ref)
        except NotFound:
            return VerbResult(outcome=Outcome.ALREADY, account=None)
        self._delete(Writes(), pair.passwords, pair.access)
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
        return _told(pair)

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
        return _told(pairs[0])

    def list_accounts(self) -> Iterator[PanelAccount]:
        """Every name that has an access entry, but those that run the panel and those that mean everybody."""
        return self._lookups.accounts()

    def list_packages(self) -> Iterator[Package]:
        return each_package(self._client.tags(), mapping.package_from, "uuid")

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
            raise Conflict("a password entry of this name is left, and nothing tells whose it is")
        return pair

    def _read_back(self, username: str) -> Pair:
        with already_sent():
            pair = self._lookups.held(username)
        if not pair.is_whole:
            raise OutcomeUnknown("the panel accepted the change, but does not hold one entry of each kind")
        return pair

    def _delete_extras(self, do: Writes, pair: Pair) -> None:
        self._delete(do, pair.passwords[1:], pair.access[1:])

    def _delete(self, do: Writes, *classes: Sequence[Access | Password]) -> None:
        """One request for each class: of a list of two the panel deletes the first one's, and says done."""
        for entries in classes:
            if entries:
                do(self._client.delete, [entry.uuid for entry in entries])

    def _check_package(self, package: str) -> None:
        """The panel takes a tag that it does not have, so it is looked up before."""
        sold = {item.id: item for item in self.list_packages()}
        if package in sold and sold[package].unreadable:
            raise ContractBroken("the panel's channel tag of this uuid cannot be read", field="package")
        if package not in sold:
            raise InvalidOrder("the panel has no channel tag with this uuid", field="package")


def _check_ours(pair: Pair, order: CreateOrder) -> None:
    asked = order.credentials.password.get_secret_value()
    same = all(entry.password == asked for entry in pair.passwords)
    if not (same and pair.belongs_to(order.reference)):
        raise Conflict("the login name is taken by entries that are not ours")


def _check_whole(pair: Pair) -> None:
    if not pair.is_whole:
        raise Conflict(
            "the panel does not hold exactly one access entry and one password entry of this name",
            advice="An admin compares the entries of this name; a reset of the password adds a lost one.",
        )


def _only_access(pair: Pair) -> Access:
    if len(pair.access) != 1:
        raise Conflict("the panel does not hold exactly one access entry of this name")
    return pair.access[0]


def _has(access: Access, package: str, connections: int | None) -> bool:
    return access.channel_tag == [package] and connections in (None, access.conn_limit)


def _check_options(options: Mapping[str, str]) -> None:
    if options:
        raise InvalidOrder("this panel has no options", field="options")


def _told(pair: Pair) -> Lookup:
    if not pair.is_whole:
        return Unknown(
            cause=f"half an account or more than one: {len(pair.access)} access entries and "
            f"{len(pair.passwords)} password entries of the name; repeating the verb mends it"
        )
    return Found(account=mapping.account_from(pair))


def _done(pair: Pair) -> VerbResult:
    return VerbResult(outcome=Outcome.DONE, account=mapping.account_from(pair))


def _already(pair: Pair) -> VerbResult:
    account = mapping.account_from(pair) if pair.access else None
    return VerbResult(outcome=Outcome.ALREADY, account=account)
