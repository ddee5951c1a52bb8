"""The Dispatcharr adapter: a user of level 0 is an account. Facts seen on 0.29.0; see README.

The panel knows neither expiry nor suspension. We suspend by taking the player's password away, and give it
back from our own books: what the panel keeps beside it can be written by the customer. For the same reason an
account is ours by id, name and player password, never by a reference kept at the panel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

from panelbridge.adapter import PanelAdapter
from panelbridge.capabilities import Capabilities, Extend, FindBy, TextRule, Verb
from panelbridge.connect_details import origin_of, xtream_login
from panelbridge.doubt import already_sent, nothing_sent
from panelbridge.exceptions import (
    Conflict,
    ContractBroken,
    InvalidOrder,
    NotFound,
    OutcomeUnknown,
    PanelError,
    Unsupported,
)
from panelbridge.models import (
    Absent,
    AccountRef,
    AccountState,
    ConnectDetail,
    Connection,
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
from panelbridge.order_check import check_credentials, check_order, check_package_change
from panelbridge.secret import Secret
from panelbridge.strict import each_package
from panelbridge_dispatcharr import mapping
from panelbridge_dispatcharr.client import DispatcharrClient
from panelbridge_dispatcharr.mapping import HELD_PASSWORD, PLAYER_PASSWORD, User
from panelbridge_dispatcharr.settings import DispatcharrSettings

_VERBS = frozenset(Verb) - {Verb.EXTEND}
_TEXT = TextRule(pattern=r"[A-Za-z0-9._@-]+")
_SESSIONS = "no player gets in; a web sign-in from before lives for up to a day and plays nothing"
_API_KEY = (
    "no player gets in; the user has an API key of its own, which plays nothing: remove it at the panel, "
    "where nothing else ends it"
)


class DispatcharrAdapter(PanelAdapter[DispatcharrSettings]):
    """One Dispatcharr, as one of its admins."""

    backend = "dispatcharr"
    settings_model = DispatcharrSettings

    def __init__(self, settings: DispatcharrSettings) -> None:
        super().__init__(settings)
        self._client = DispatcharrClient(settings)

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

    def create(self, order: CreateOrder) -> VerbResult:
        check_order(order, self.capabilities)
        _check_options(order.options)
        wish = mapping.order_to(order, self.settings.stream_limit)
        try:
            made = self._client.create(wish)
        except InvalidOrder as refused:
            if refused.field != "username":
                raise
            return self._adopted(order, refused)
        with already_sent():
            user = self._read(mapping.user_from(made).id)
        if not _is_ours(user, order):
            raise OutcomeUnknown("the panel accepted the user, and shows another one under its id")
        return self._as_ordered(order, user, Outcome.DONE)

    def _adopted(self, order: CreateOrder, refused: InvalidOrder) -> VerbResult:
        """The name was refused: for an earlier try of ours, for somebody else's user, or by a rule."""
        try:
            user = self._named(order.credentials.username)
        except PanelError as error:
            raise OutcomeUnknown(
                f"the login name may be taken and nobody can say by whom: {error.message}"
            ) from None
        if user is None:
            raise refused
        if not _is_ours(user, order):
            raise Conflict("the login name is taken by an account that is not ours")
        return self._as_ordered(order, user, Outcome.ALREADY)

    def _as_ordered(self, order: CreateOrder, user: User, outcome: Outcome) -> VerbResult:
        """``outcome`` with a user who has what was ordered, whatever is missing.

        The panel saves a user and then its profiles, in no transaction (seen on 0.29.0): what stops between
        them leaves one who sees every channel.
        """
        limit = self.settings.stream_limit if order.connections is None else order.connections
        if _has(user, order.package, limit):
            return VerbResult(outcome=outcome, account=mapping.account_from(user))
        rights = mapping.rights_to(order.package, limit)
        with already_sent():
            return self._changed(user, rights, lambda after: _has(after, order.package, limit))

    def extend(self, ref: AccountRef, until: datetime, purchase: Purchase | None = None) -> VerbResult:
        del ref, until, purchase
        raise Unsupported("this panel keeps no expiry; the bridge suspends when the paid time has passed")

    def suspend(self, ref: AccountRef, reason: str) -> VerbResult:
        del reason  # the panel has no place for it
        user = self._ours(ref)
        if user.player is None:
            return _already(user)
        wish = mapping.passwords_to({PLAYER_PASSWORD: None, HELD_PASSWORD: None})
        done = self._changed(user, wish, lambda after: after.player is None)
        return replace(done, note=_API_KEY if user.has_api_key else _SESSIONS)

    def unsuspend(self, ref: AccountRef) -> VerbResult:
        user = self._ours(ref)
        if user.state is AccountState.ACTIVE:
            return _already(user)
        if ref.password is None:
            raise InvalidOrder(
                "the panel keeps no password of a suspended user, and none was given",
                field="password",
                advice="Give the account's password with its reference; a new one will do.",
            )
        return self._set_password(user, ref.password)

    def reset_credentials(self, ref: AccountRef, credentials: Credentials) -> VerbResult:
        check_credentials(credentials, self.capabilities)
        if credentials.username != ref.username:
            raise InvalidOrder("this backend does not rename users", field="username")
        user = self._ours(ref)
        if user.player == credentials.password.get_secret_value():
            return _already(user)
        if user.state is AccountState.SUSPENDED:  # and stays so: the new one is given when that ends
            wish = mapping.passwords_to({PLAYER_PASSWORD: None, HELD_PASSWORD: None})
            done = self._changed(user, wish, lambda after: after.player is None)
            return replace(done, note="the new password counts when the suspension ends")
        return self._set_password(user, credentials.password)

    def _set_password(self, user: User, password: Secret) -> VerbResult:
        wanted = password.get_secret_value()
        wish = mapping.passwords_to({PLAYER_PASSWORD: wanted, HELD_PASSWORD: None})
        return self._changed(user, wish, lambda after: after.player == wanted)

    def change_package(self, ref: AccountRef, change: PackageChange) -> VerbResult:
        check_package_change(change)
        _check_options(change.options)
        rights = mapping.rights_to(change.package, change.connections)
        user = self._ours(ref)
        if _has(user, change.package, change.connections):
            return _already(user)
        return self._changed(user, rights, lambda after: _has(after, change.package, change.connections))

    def terminate(self, ref: AccountRef) -> VerbResult:
        try:
            user = self._ours(ref)
        except NotFound:
            return VerbResult(outcome=Outcome.ALREADY, account=None)
        with suppress(NotFound):  # gone in between, or not: the read tells
            self._client.delete(user.id)
        if not isinstance(self.get(ref), Absent):
            raise OutcomeUnknown("the panel accepted the deletion, but does not show that the user is gone")
        return VerbResult(outcome=Outcome.DONE, account=None)

    def get(self, ref: AccountRef) -> Lookup:
        try:
            return Found(account=mapping.account_from(self._read(_user_id(ref))))
        except NotFound as error:
            return Absent(proof=f"{error.message}, and its list has none")
        except PanelError as error:
            return Unknown(cause=error.message)

    def find(self, *, username: str | None = None, reference: str | None = None) -> Lookup:
        if username is None:
            del reference  # the customer can write it: it proves nothing
            return Unknown(cause="users of this panel are found by login name only")
        try:
            user = self._named(username)
        except PanelError as error:
            return Unknown(cause=error.message)
        if user is None:
            return Absent(proof="the panel's list of all users, which is never filtered, has no such user")
        return Found(account=mapping.account_from(user))

    def list_accounts(self) -> Iterator[PanelAccount]:
        """Everybody but the panel's admins; an account of ours stays one whatever its level became."""
        listed = map(mapping.listed_from, self._client.users())
        return iter([account for account in listed if account is not None])

    def list_packages(self) -> Iterator[Package]:
        return each_package(self._client.profiles(), mapping.package_from, "id")

    def admin_link(self) -> str | None:
        return self.settings.base_url

    def usages(self) -> Iterator[Usage]:
        """Of every user whose row can be read."""
        return iter([usage for usage in map(mapping.usage_from, self._client.users()) if usage is not None])

    def connect(self, account: PanelAccount) -> tuple[ConnectDetail, ...]:
        address = self.settings.player_url or f"{origin_of(self.settings.base_url)}/"
        return xtream_login(address, account.username, account.password)

    def close(self) -> None:
        self._client.close()

    def _named(self, username: str) -> User | None:
        """Compared here, letter by letter: the panel filters nothing, and "anna" and "ANNA" are two users.

        Only this user's row is read whole: what is wrong with another's is nobody else's trouble.
        """
        rows = self._client.users()
        found = [row for row in rows if mapping.names_from(row)[1] == username]
        if len(found) > 1:
            raise ContractBroken(f"the panel has {len(found)} users of that name")
        if not found and any(mapping.names_from(row)[1] is None for row in rows):
            raise ContractBroken("a row of the panel's list does not tell whose it is")
        return mapping.user_from(found[0]) if found else None

    def _read(self, user_id: int) -> User:
        """Raises ``NotFound`` when the panel shows no such id, and its list, which must come, has none."""
        try:
            payload = self._client.user(user_id)
        except NotFound:  # the words of many an application: a wrong address says them of everybody
            self._check_gone(user_id)
            raise
        user = mapping.user_from(payload)
        if user.id != user_id:
            raise OutcomeUnknown("the panel answered with another user than asked for")
        return user

    def _check_gone(self, user_id: int) -> None:
        try:
            listed = any(mapping.names_from(row)[0] in (None, user_id) for row in self._client.users())
        except NotFound:
            raise ContractBroken("the address has no list of users: it is not the panel's") from None
        if listed:
            raise ContractBroken("the panel does not show the user, and its list has it, or may have")

    def _ours(self, ref: AccountRef) -> User:
        """The user, when it still is the account ``ref`` means and not somebody who runs the panel."""
        with nothing_sent():
            user = self._read(_user_id(ref))
        if user.username != ref.username or user.level >= mapping.ADMIN_LEVEL:
            raise Conflict("the panel's user of this id is not an account of ours (any more)")
        return user

    def _changed(self, user: User, wish: Mapping[str, Any], reached: Callable[[User], bool]) -> VerbResult:
        """Write, and believe only what is read afterwards: the panel accepts what it does not know."""
        mapping.user_from(self._client.update(user.id, wish))
        with already_sent():
            after = self._read(user.id)
        if not reached(after):
            raise OutcomeUnknown("the panel accepted the change, but it cannot be read back")
        return VerbResult(outcome=Outcome.DONE, account=mapping.account_from(after))


def _user_id(ref: AccountRef) -> int:
    if not (ref.id.isascii() and ref.id.isdigit() and len(ref.id) < 19):  # noqa: PLR2004 - 64 bits
        raise InvalidOrder("an account's id at this panel is a number", field="id")
    return int(ref.id)


def _check_options(options: Mapping[str, str]) -> None:
    if options:
        raise InvalidOrder("this panel has no options", field="options")


def _is_ours(user: User, order: CreateOrder) -> bool:
    asked = order.credentials
    same = (user.username, user.player) == (asked.username, asked.password.get_secret_value())
    return same and user.level < mapping.ADMIN_LEVEL


def _has(user: User, package: str, connections: int | None) -> bool:
    return user.package == str(mapping.profile_to(package)) and connections in (None, user.stream_limit)


def _already(user: User) -> VerbResult:
    return VerbResult(outcome=Outcome.ALREADY, account=mapping.account_from(user))
