"""The Jellyfin adapter, which speaks Emby as well: users of a media server, held by their policy.

Facts are from Jellyfin's source and Emby's public reference; neither was run (README).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from panelbridge.contract.adapter import PanelAdapter
from panelbridge.contract.capabilities import Capabilities, Connections, Extend, TextRule, Verb
from panelbridge.contract.connect_details import detail
from panelbridge.contract.doubt import already_sent, nothing_sent
from panelbridge.contract.exceptions import (
    Conflict,
    ContractBroken,
    InvalidOrder,
    NotFound,
    PanelError,
    Unsupported,
)
from panelbridge.contract.models import (
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
    Unknown,
    Usage,
    VerbResult,
)
from panelbridge.contract.order_check import check_credentials, check_order, check_package_change
from panelbridge.contract.secret import Secret
from panelbridge_jellyfin import mapping
from panelbridge_jellyfin.client import JellyfinClient
from panelbridge_jellyfin.create import Creation
from panelbridge_jellyfin.lookups import Lookups
from panelbridge_jellyfin.mapping import Policy, User
from panelbridge_jellyfin.settings import Dialect, FolderPackage, JellyfinSettings

_VERBS = frozenset(Verb) - {Verb.EXTEND}
# Jellyfin also takes spaces and apostrophes, which customers mistype; of Emby no rule is known.
_NAMES = {Dialect.JELLYFIN: r"[A-Za-z0-9][A-Za-z0-9._@+-]*", Dialect.EMBY: r"[A-Za-z0-9]+"}


class JellyfinAdapter(PanelAdapter[JellyfinSettings]):
    """One server. A package is a set of media folders named in the settings."""

    backend = "jellyfin"
    settings_model = JellyfinSettings

    def __init__(self, settings: JellyfinSettings) -> None:
        super().__init__(settings)
        self._client = JellyfinClient(settings)
        self._lookups = Lookups(self._client, settings.dialect)
        self._creation = Creation(self._client, self._lookups, settings)
        self._jellyfin = settings.dialect is Dialect.JELLYFIN

    @property
    def capabilities(self) -> Capabilities:
        # A password cannot be read, so a repeated reset sets it once more. That Emby refuses a second user
        # of one name rests on its reference alone.
        unsafe = {Verb.RESET_CREDENTIALS} if self._jellyfin else {Verb.RESET_CREDENTIALS, Verb.CREATE}
        return Capabilities(
            verbs=_VERBS,
            extend=Extend.NONE,
            grace=False,
            username=TextRule(min_length=3, max_length=32, pattern=_NAMES[self.settings.dialect]),
            password=TextRule(min_length=8, max_length=64, pattern=r"[!-~]+"),
            safe_repeats=_VERBS - unsafe,
            usage=True,
            connections=Connections.CHOSEN if self._jellyfin else Connections.NONE,
        )

    def test_connection(self) -> Connection:
        version, name = mapping.info_from(self._client.info())
        folders = mapping.folders_from(self._client.media_folders())
        sold = self._sold(*self.settings.packages.values())
        warnings = [f"no package has media folder {folders[key]!r} ({key})" for key in folders.keys() - sold]
        if self._jellyfin:
            warnings += [
                f"a package names media folder {key}, which is not there" for key in sold - folders.keys()
            ]
        return Connection(version=version, identity=f"API key of {name!r}", warnings=tuple(sorted(warnings)))

    def create(self, order: CreateOrder) -> VerbResult:
        check_order(order, self.capabilities)
        package = self._package(order.package, order.connections, order.options)
        with nothing_sent():
            self._check_folders(package)
        return self._creation.run(order, package)

    def extend(self, ref: AccountRef, until: datetime, purchase: Purchase | None = None) -> VerbResult:  # noqa: ARG002
        raise Unsupported("users of this server have no expiry")

    def suspend(self, ref: AccountRef, reason: str) -> VerbResult:  # noqa: ARG002 - no place to keep it
        user = self._lookups.ours(ref)
        if user.disabled:
            return self._already(user)
        return self._changed(user, mapping.switched(user.policy, disabled=True), lambda after: after.disabled)

    def unsuspend(self, ref: AccountRef) -> VerbResult:
        user = self._lookups.ours(ref)
        if not user.disabled:
            return self._already(user)
        if user.sees_nothing or user.has_password is False:
            raise Conflict(
                "the user has no access or no password yet, so switching it on would be wrong",
                advice="Set a password and change the package, or create the account again; then repeat.",
            )
        return self._changed(
            user, mapping.switched(user.policy, disabled=False), lambda after: not after.disabled
        )

    def reset_credentials(self, ref: AccountRef, credentials: Credentials) -> VerbResult:
        check_credentials(credentials, self.capabilities)
        if credentials.username != ref.username:
            raise InvalidOrder("this backend does not rename users", field="username")
        user = self._lookups.ours(ref)
        self._client.set_password(user.id, credentials.password)
        with already_sent():
            after = self._lookups.read(user.id)
            works = None if after.disabled else self._client.password_works(after.name, credentials.password)
            if after.has_password is False or works is False:
                self._shut_if_open(after)
                raise ContractBroken("the server accepted the password and did not set it")
        note = None if works else "the server accepted the password; it does not let the user in to try it"
        return VerbResult(outcome=Outcome.DONE, account=self._account(after), note=note)

    def _shut_if_open(self, user: User) -> None:
        """A user whom an empty password lets in is switched off until a repeat has set one."""
        empty = user.has_password is False or self._client.password_works(user.name, Secret("")) is True
        if empty and not user.disabled:
            self._client.set_policy(user.id, mapping.switched(user.policy, disabled=True))

    def change_package(self, ref: AccountRef, change: PackageChange) -> VerbResult:
        check_package_change(change)
        package = self._package(change.package, change.connections, change.options)
        connections = package.connections_for(change.connections)

        def has_it(user: User) -> bool:
            return user.grants == package.grants and connections in (None, user.connections)

        user = self._lookups.ours(ref)
        if has_it(user):
            return self._already(user)
        with nothing_sent():
            self._check_folders(package)
        return self._changed(user, mapping.granted(user.policy, package, connections, self.settings), has_it)

    def terminate(self, ref: AccountRef) -> VerbResult:
        try:
            user = self._lookups.ours(ref)
        except NotFound:
            return VerbResult(outcome=Outcome.ALREADY, account=None)
        self._client.delete(user.id)
        with already_sent():
            if not isinstance(self.get(ref), Absent):
                raise ContractBroken("the server accepted the deletion, and the user is not proved gone")
        return VerbResult(outcome=Outcome.DONE, account=None)

    def get(self, ref: AccountRef) -> Lookup:
        try:
            return Found(account=self._account(self._lookups.read(ref.id)))
        except NotFound as error:
            return Absent(proof=error.message)
        except PanelError as error:
            return Unknown(cause=error.message)

    def find(self, *, username: str | None = None, reference: str | None = None) -> Lookup:
        if username is None or reference is not None:
            return Unknown(cause="users of this server are found by name only")
        try:
            user = self._lookups.named(username)
        except PanelError as error:
            return Unknown(cause=error.message)
        if user is None:
            return Absent(proof="the server's whole list of users has no such name")
        return Found(account=self._account(user))

    def list_accounts(self) -> Iterator[PanelAccount]:
        return iter(
            [
                self._account(user) if isinstance(user, User) else mapping.unreadable(*user)
                for user in self._lookups.users()
            ]
        )

    def list_packages(self) -> Iterator[Package]:
        """Of the settings; one whose folder the server lacks cannot be sold, and the others can."""
        missing = self._missing_folders(*self.settings.packages.values())
        return iter(
            [
                Package(
                    id=name,
                    name=package.title or name,
                    connections=package.connections,
                    unreadable=bool(self._sold(package) & missing),
                )
                for name, package in self.settings.packages.items()
            ]
        )

    def admin_link(self) -> str | None:
        return self.settings.base_url

    def usages(self) -> Iterator[Usage]:
        """Last activity of each user, and what plays now, with where and in what."""
        return iter(mapping.usages_from(list(self._client.users()), self._client.sessions()))

    def connect(self, account: PanelAccount) -> tuple[ConnectDetail, ...]:
        del account  # name and password are all that is typed beside it
        address = self.settings.player_url or self.settings.base_url
        return (detail(ConnectKind.SERVER, "Server address", address.rstrip("/")),)

    def close(self) -> None:
        self._client.close()

    def _package(self, name: str, connections: int | None, options: object) -> FolderPackage:
        if options:
            raise InvalidOrder("this backend has no options", field="options")
        if connections is not None and not self._jellyfin:
            raise InvalidOrder("the number of sessions cannot be set on Emby", field="connections")
        if connections is not None and connections < 0:
            raise InvalidOrder("connections are 0 (unlimited) or more", field="connections")
        if name not in self.settings.packages:
            raise InvalidOrder("the panel's settings have no package of that name", field="package")
        return self.settings.packages[name]

    def _sold(self, *packages: FolderPackage) -> frozenset[str]:
        return frozenset().union(*(package.grants[0] for package in packages))

    def _check_folders(self, *packages: FolderPackage) -> None:
        """The server takes a folder it does not have, and the customer would see nothing."""
        missing = self._missing_folders(*packages)
        if missing:
            raise InvalidOrder(
                f"the server has no media folder of the id {', '.join(sorted(missing))}",
                field="package",
                advice="Correct the package's folders in the panel's settings; testing the panel lists them.",
            )

    def _missing_folders(self, *packages: FolderPackage) -> frozenset[str]:
        """How Emby writes a folder's id in its two places is not known, so there it is not compared."""
        sold = self._sold(*packages)
        if not self._jellyfin or not sold:
            return frozenset()
        return sold - mapping.folders_from(self._client.media_folders()).keys()

    def _changed(self, user: User, policy: Policy, reached: Callable[[User], bool]) -> VerbResult:
        """Write the whole policy and believe only what is read after it."""
        self._client.set_policy(user.id, policy)
        with already_sent():
            after = self._lookups.read(user.id)
        if not reached(after):
            raise ContractBroken("the server accepted the policy and did not set it")
        return VerbResult(outcome=Outcome.DONE, account=self._account(after))

    def _account(self, user: User) -> PanelAccount:
        return mapping.account_from(user, self.settings.packages)

    def _already(self, user: User) -> VerbResult:
        return VerbResult(outcome=Outcome.ALREADY, account=self._account(user))
