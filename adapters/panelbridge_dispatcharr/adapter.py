"""The Dispatcharr adapter: a user of level 0 is an account. Facts seen on 0.29.0; see README.

The panel knows neither expiry nor suspension. We suspend by putting the player's password aside, where the
panel's player API does not look, and by closing the web login that has the same password.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from panelbridge.adapter import PanelAdapter
from panelbridge.capabilities import Capabilities, Extend, FindBy, TextRule, Verb
from panelbridge.doubt import already_sent, nothing_sent
from panelbridge.exceptions import (
    Conflict,
    ContractBroken,
    InvalidOrder,
    NotFound,
    OutcomeUnknown,
    PanelError,
    PermissionMissing,
    Unsupported,
)
from panelbridge.models import (
    Absent,
    AccountRef,
    AccountState,
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
    VerbResult,
)
from panelbridge.order_check import check_credentials, check_order, check_package_change
from panelbridge.secret import random_text
from panelbridge_dispatcharr import mapping
from panelbridge_dispatcharr.client import DispatcharrClient
from panelbridge_dispatcharr.mapping import HELD_PASSWORD, PLAYER_PASSWORD, User
from panelbridge_dispatcharr.settings import DispatcharrSettings

_VERBS = frozenset(Verb) - {Verb.EXTEND}
_TEXT = TextRule(pattern=r"[A-Za-z0-9._@-]+")


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
            find_by=frozenset(FindBy),
            grace=False,
            username=_TEXT,
            password=_TEXT,
            reference_field=f"custom_properties.{mapping.REFERENCE}",
            safe_repeats=_VERBS,
            password_readable=True,
            late_commit=self.settings.late_commit,
        )

    def test_connection(self) -> Connection:
        return mapping.connection_from(self._client.me(), self._client.version())

    def create(self, order: CreateOrder) -> VerbResult:
        check_order(order, self.capabilities)
        _refuse_options(order.options)
        wish = mapping.order_to(order, self.settings.stream_limit)
        try:
            made = self._client.create(wish)
        except InvalidOrder as refused:
            if refused.field != "username":
                raise
            return self._adopt(order, refused)
        with already_sent():
            account = mapping.account_of(self._read(mapping.user_from(made).id))
        if not _is_ours(account, order):
            raise OutcomeUnknown("the panel accepted the user, and shows another one under its id")
        return self._created(order, account, Outcome.DONE)

    def _adopt(self, order: CreateOrder, refused: InvalidOrder) -> VerbResult:
        """The name was refused: for an earlier try of ours, for somebody else's user, or by a rule."""
        match self.find(username=order.credentials.username):
            case Found(account=account):
                if not _is_ours(account, order):
                    raise Conflict("the login name is taken by an account that is not ours")
                return self._created(order, account, Outcome.ALREADY)
            case Absent():
                raise refused
            case Unknown(cause=cause):
                raise OutcomeUnknown(f"the login name may be taken and nobody can say by whom: {cause}")

    def _created(self, order: CreateOrder, account: PanelAccount, outcome: Outcome) -> VerbResult:
        """``outcome``, naming the fields that the panel set otherwise than asked."""
        limit = self.settings.stream_limit if order.connections is None else order.connections
        as_asked = {
            "package": account.package == order.package,
            "connections": account.connections == limit,
        }
        differs = tuple(name for name, equal in as_asked.items() if not equal)
        return VerbResult(outcome=outcome, account=account, differs=differs)

    def extend(self, ref: AccountRef, until: datetime, purchase: Purchase | None = None) -> VerbResult:
        del ref, until, purchase
        raise Unsupported("this panel keeps no expiry; the bridge suspends when the paid time has passed")

    def suspend(self, ref: AccountRef, reason: str) -> VerbResult:
        del reason  # the panel has no place for it
        user = self._ours(ref)
        if user.player is None:
            return _already(user)
        aside = {PLAYER_PASSWORD: None, HELD_PASSWORD: user.player}
        # The web login has the customer's password as well: it gets one that nobody knows.
        wish = mapping.passwords_to(random_text(40), aside)
        return self._write(user, wish, lambda after: (after.player, after.held) == (None, user.player))

    def unsuspend(self, ref: AccountRef) -> VerbResult:
        user = self._ours(ref)
        if user.state is AccountState.ACTIVE:
            return _already(user)
        if user.held is None or user.state is AccountState.BANNED:
            raise PermissionMissing(
                "the player's password was taken away at the panel, and not by us",
                advice="The panel's owner sets an xc_password for this user again; then repeat.",
            )
        back = {PLAYER_PASSWORD: user.held, HELD_PASSWORD: None}
        wish = mapping.passwords_to(user.held, back)
        return self._write(user, wish, lambda after: (after.player, after.held) == (user.held, None))

    def reset_credentials(self, ref: AccountRef, credentials: Credentials) -> VerbResult:
        check_credentials(credentials, self.capabilities)
        if credentials.username != ref.username:
            raise InvalidOrder("this backend does not rename users", field="username")
        password = credentials.password.get_secret_value()
        user = self._ours(ref)
        if user.state is AccountState.BANNED:
            raise PermissionMissing("the player's password was taken away at the panel, and not by us")
        if user.password == password:
            return _already(user)
        if user.state is AccountState.SUSPENDED:  # and stays so: the new one waits where the old one lay
            wish = mapping.passwords_to(random_text(40), {HELD_PASSWORD: password})
            return self._write(user, wish, lambda after: (after.player, after.held) == (None, password))
        wish = mapping.passwords_to(password, {PLAYER_PASSWORD: password, HELD_PASSWORD: None})
        return self._write(user, wish, lambda after: (after.player, after.held) == (password, None))

    def change_package(self, ref: AccountRef, change: PackageChange) -> VerbResult:
        check_package_change(change)
        _refuse_options(change.options)
        profile = mapping.profile_to(change.package)
        wish: dict[str, Any] = {"channel_profiles": [profile]}
        if change.connections is not None:
            wish["stream_limit"] = mapping.connections_to(change.connections)

        def has_it(user: User) -> bool:
            return user.profiles == {profile} and change.connections in (None, user.stream_limit)

        user = self._ours(ref)
        return _already(user) if has_it(user) else self._write(user, wish, has_it)

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
            return Found(account=mapping.account_of(self._read(_user_id(ref))))
        except NotFound as error:
            return Absent(proof=f"{error.message}, and its list has none")
        except PanelError as error:
            return Unknown(cause=error.message)

    def find(self, *, username: str | None = None, reference: str | None = None) -> Lookup:
        if username is None and reference is None:
            return Unknown(cause="neither a login name nor a reference was given")
        try:
            # Compared here, letter by letter: the panel filters nothing, and "anna" and "ANNA" are two users.
            found = [
                user
                for user in self._users()
                if username in (None, user.username) and reference in (None, user.reference)
            ]
        except PanelError as error:
            return Unknown(cause=error.message)
        if len(found) > 1:
            return Unknown(cause=f"the panel has {len(found)} such users")
        if not found:
            return Absent(proof="the panel's list of all users, which is never filtered, has no such user")
        return Found(account=mapping.account_of(found[0]))

    def list_accounts(self) -> Iterator[PanelAccount]:
        """Everybody but the panel's admins; an account of ours stays one whatever its level became."""
        for user in self._users():
            if user.level < mapping.ADMIN_LEVEL or user.reference is not None:
                yield mapping.account_of(user)

    def list_packages(self) -> Iterator[Package]:
        return map(mapping.package_from, self._client.profiles())

    def admin_link(self) -> str | None:
        return self.settings.base_url

    def close(self) -> None:
        self._client.close()

    def _users(self) -> list[User]:
        return [mapping.user_from(payload) for payload in self._client.users()]

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
            listed = any(user.id == user_id for user in self._users())
        except NotFound:
            raise ContractBroken("the address has no list of users: it is not the panel's") from None
        if listed:
            raise ContractBroken("the panel lists the user and does not show it")

    def _ours(self, ref: AccountRef) -> User:
        """The user, when it still is the account ``ref`` means and not somebody who runs the panel."""
        with nothing_sent():
            user = self._read(_user_id(ref))
        same = user.username == ref.username and ref.reference in (None, user.reference)
        if not same or user.level >= mapping.ADMIN_LEVEL:
            raise Conflict("the panel's user of this id is not an account of ours (any more)")
        return user

    def _write(self, user: User, wish: Mapping[str, Any], reached: Callable[[User], bool]) -> VerbResult:
        """Write, and believe only what is read afterwards: the panel accepts what it does not know."""
        mapping.user_from(self._client.update(user.id, wish))
        with already_sent():
            after = self._read(user.id)
        if not reached(after):
            raise OutcomeUnknown("the panel accepted the change, but it cannot be read back")
        return VerbResult(outcome=Outcome.DONE, account=mapping.account_of(after))


def _user_id(ref: AccountRef) -> int:
    if not (ref.id.isascii() and ref.id.isdigit() and len(ref.id) < 19):  # noqa: PLR2004 - 64 bits
        raise InvalidOrder("an account's id at this panel is a number", field="id")
    return int(ref.id)


def _refuse_options(options: Mapping[str, str]) -> None:
    if options:
        raise InvalidOrder("this panel has no options", field="options")


def _is_ours(account: PanelAccount, order: CreateOrder) -> bool:
    asked = order.credentials
    told = (account.username, account.password, account.reference)
    return told == (asked.username, asked.password, order.reference)


def _already(user: User) -> VerbResult:
    return VerbResult(outcome=Outcome.ALREADY, account=mapping.account_of(user))
