"""The Dispatcharr adapter: a user of level 0 is an account. Facts seen on 0.29.0; see README.

The panel knows neither expiry nor suspension. We suspend by taking the player's password away, and give it
back from our own books: what the panel keeps beside it can be written by the customer. For the same reason an
account is ours by id, name and player password, never by a reference kept at the panel.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from panelbridge.contract.capabilities import Capabilities, Extend, FindBy, TextRule, Verb
from panelbridge.contract.connect_details import origin_of, xtream_login
from panelbridge.contract.doubt import already_sent
from panelbridge.contract.exceptions import (
    Conflict,
    InvalidOrder,
    NotFound,
    OutcomeUnknown,
)
from panelbridge.contract.models import (
    AccountId,
    AccountRef,
    AccountState,
    ConnectDetail,
    Connection,
    CreateOrder,
    Credentials,
    Package,
    PanelAccount,
    Usage,
)
from panelbridge.contract.record_adapter import Change, RecordVerbs
from panelbridge.contract.secret import Secret
from panelbridge.contract.strict import each_package
from panelbridge_dispatcharr import mapping
from panelbridge_dispatcharr.client import DispatcharrClient
from panelbridge_dispatcharr.lookups import Lookups
from panelbridge_dispatcharr.mapping import HELD_PASSWORD, PLAYER_PASSWORD, User
from panelbridge_dispatcharr.settings import DispatcharrSettings

_VERBS = frozenset(Verb) - {Verb.EXTEND}
_TEXT = TextRule(pattern=r"[A-Za-z0-9._@-]+")
_SESSIONS = "no player gets in; a web sign-in from before lives for up to a day and plays nothing"
_API_KEY = (
    "no player gets in; the user has an API key of its own, which plays nothing: remove it at the panel, "
    "where nothing else ends it"
)


class DispatcharrAdapter(RecordVerbs[DispatcharrSettings, User]):
    """One Dispatcharr, as one of its admins."""

    backend = "dispatcharr"
    settings_model = DispatcharrSettings
    renames = False

    def __init__(self, settings: DispatcharrSettings) -> None:
        super().__init__(settings)
        self._client = DispatcharrClient(settings)
        self._lookups = Lookups(self._client)

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            verbs=_VERBS,
            extend=Extend.NONE,
            find_by=frozenset({FindBy.USERNAME}),
            grace=False,
            username=_TEXT,
            password=_TEXT,
            safe_repeats=_VERBS,
            password_readable=True,
            usage=True,
            late_commit=self.settings.late_commit,
        )

    def test_connection(self) -> Connection:
        return mapping.connection_from(self._client.me(), self._client.version())

    def read(self, account_id: AccountId) -> User:
        return self._lookups.read(account_id)

    def named(self, username: str) -> User | None:
        return self._lookups.named(username)

    def account_of(self, record: User) -> PanelAccount:
        return mapping.account_from(record)

    def add(self, order: CreateOrder) -> AccountId:
        try:
            made = self._client.create(mapping.order_to(order, self.settings.stream_limit))
        except InvalidOrder as refused:
            if refused.field != "username":
                raise
            raise Conflict("the login name is taken, or breaks a rule") from refused
        with already_sent():
            return mapping.account_from(mapping.user_from(made)).id

    def is_ours(self, record: User, order: CreateOrder) -> bool:
        return record.level < mapping.ADMIN_LEVEL and record.player == _plain(order.credentials.password)

    def completed(self, record: User, order: CreateOrder) -> User:
        """The panel saves a user and then its profiles, in no transaction (seen on 0.29.0): what stops
        between them leaves one who sees every channel.
        """
        if not self.is_ours(record, order):
            raise OutcomeUnknown("the panel accepted the user, and shows another one under its id")
        limit = self.settings.stream_limit if order.connections is None else order.connections
        rights = Change(package=order.package, connections=limit)
        if self.has(record, rights):
            return record
        self.write(record, rights)
        after = self.read(self.account_of(record).id)
        if not self.has(after, rights):
            raise OutcomeUnknown("the panel accepted the change, and it cannot be read back")
        return after

    def as_asked(self, record: User, order: CreateOrder) -> dict[str, bool]:
        del record, order  # whatever was missing is written
        return {}

    def check_package(self, package: str, connections: int | None) -> None:
        mapping.rights_to(package, connections)

    def check_ours(self, record: User, ref: AccountRef, *other_names: str) -> None:
        super().check_ours(record, ref, *other_names)
        if record.level >= mapping.ADMIN_LEVEL:
            raise Conflict("the panel's user of this id runs the panel and is no account of ours any more")

    def has(self, record: User, change: Change) -> bool | None:
        match change:
            case Change(suspended=bool(suspended)):
                return (record.player is None) is suspended
            case Change(credentials=Credentials(password=password)):
                suspended = record.state is AccountState.SUSPENDED  # and stays so: the new one is given later
                return None if suspended else record.player == _plain(password)
            case Change(package=str(package), connections=connections):
                same = record.package == str(mapping.profile_to(package))
                return same and connections in (None, record.stream_limit)
        return super().has(record, change)

    def write(self, record: User, change: Change) -> None:
        """The panel accepts what it does not know: only what is read afterwards counts."""
        mapping.user_from(self._client.update(record.id, self._body(record, change)))

    def _body(self, record: User, change: Change) -> dict[str, Any]:
        if change.package is not None:
            return mapping.rights_to(change.package, change.connections)
        player = None
        if change.suspended is False:
            player = _given(change.password)
        elif change.credentials is not None and record.state is AccountState.ACTIVE:
            player = _plain(change.credentials.password)
        return mapping.passwords_to({PLAYER_PASSWORD: player, HELD_PASSWORD: None})

    def note(self, record: User, change: Change) -> str | None:
        if change.suspended:
            return _API_KEY if record.has_api_key else _SESSIONS
        if change.credentials is not None and record.state is AccountState.SUSPENDED:
            return "the new password counts when the suspension ends"
        return None

    def remove(self, record: User) -> None:
        with suppress(NotFound):  # gone in between, or not: the read says
            self._client.delete(record.id)

    def list_accounts(self) -> Iterator[PanelAccount]:
        return self._lookups.accounts()

    def list_packages(self) -> Iterator[Package]:
        return each_package(self._client.profiles(), mapping.package_from, "id")

    def admin_link(self) -> str | None:
        return self.settings.base_url

    def usages(self) -> Iterator[Usage]:
        return self._lookups.usages()

    def connect(self, account: PanelAccount) -> tuple[ConnectDetail, ...]:
        address = self.settings.player_url or f"{origin_of(self.settings.base_url)}/"
        return xtream_login(address, account.username, account.password)

    def close(self) -> None:
        self._client.close()


def _plain(password: Secret) -> str:
    return password.get_secret_value()


def _given(password: Secret | None) -> str:
    if password is None:
        raise InvalidOrder(
            "the panel keeps no password of a suspended user, and none was given",
            field="password",
            advice="Give the account's password with its reference; a new one will do.",
        )
    return _plain(password)
