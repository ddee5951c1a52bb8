"""The Pterodactyl adapter: an account is a user with one server, both named by our reference.

Facts are from the panel's source, release 1.11; it was not run (README).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime

from panelbridge.contract.adapter import PanelAdapter
from panelbridge.contract.capabilities import (
    Capabilities,
    Connections,
    Extend,
    FindBy,
    OrderFact,
    TextRule,
    Verb,
)
from panelbridge.contract.connect_details import detail
from panelbridge.contract.doubt import already_sent, nothing_sent
from panelbridge.contract.exceptions import (
    Conflict,
    ContractBroken,
    InvalidOrder,
    NotFound,
    PanelError,
    PanelRefused,
    PermissionMissing,
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
    VerbResult,
)
from panelbridge.contract.order_check import check_credentials, check_order, check_package_change
from panelbridge.contract.secret import LOGIN_ALPHABET, random_text
from panelbridge_pterodactyl import mapping
from panelbridge_pterodactyl.checks import check_account, check_customer, number_of
from panelbridge_pterodactyl.client import FieldsRefused, PterodactylClient
from panelbridge_pterodactyl.create import Creation
from panelbridge_pterodactyl.lookups import Lookups
from panelbridge_pterodactyl.mapping import INSTALL_FAILED, INSTALLING, Server, User
from panelbridge_pterodactyl.settings import PterodactylSettings, ServerPackage

_VERBS = frozenset(Verb) - {Verb.EXTEND}


class PterodactylAdapter(PanelAdapter[PterodactylSettings]):
    """One panel, through an application key. A package is limits on an egg, named in the settings."""

    backend = "pterodactyl"
    settings_model = PterodactylSettings

    def __init__(self, settings: PterodactylSettings) -> None:
        super().__init__(settings)
        self._client = PterodactylClient(settings)
        self._lookups = Lookups(self._client, settings)
        self._creation = Creation(self._client, self._lookups, settings)

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            verbs=_VERBS,
            extend=Extend.NONE,
            find_by=frozenset({FindBy.REFERENCE}),
            grace=False,
            username=TextRule(min_length=3, max_length=32, pattern=r"[a-z0-9]+"),
            password=TextRule(min_length=8, max_length=64, pattern=r"[!-~]+"),
            reference_field="external_id",
            # A password cannot be read, so a repeated reset sets it once more.
            safe_repeats=_VERBS - {Verb.RESET_CREDENTIALS},
            needs=frozenset({OrderFact.EMAIL}),
            connections=Connections.NONE,
            shared_login=not self.settings.plus_address,
        )

    def test_connection(self) -> Connection:
        missing = []
        for kind in ("servers", "users"):
            try:
                self._client.first(kind)
            except PermissionMissing:
                missing.append(f"{kind}: read")
        note = "whether the key may also write cannot be seen without writing"
        return Connection(
            version=None,
            identity="an application key",
            missing_permissions=tuple(missing),
            warnings=(note,) if not missing else (),
        )

    def create(self, order: CreateOrder) -> VerbResult:
        check_order(order, self.capabilities)
        check_account(order)
        return self._creation.run(order, self._package(order.package, order.connections))

    def extend(self, ref: AccountRef, until: datetime, purchase: Purchase | None = None) -> VerbResult:  # noqa: ARG002
        raise Unsupported("servers of this panel have no expiry")

    def suspend(self, ref: AccountRef, reason: str) -> VerbResult:  # noqa: ARG002 - no place to keep it
        server, user = self._lookups.ours(ref)
        if server.suspended:
            return self._already(server, user)
        self._client.suspend(server.id)
        return self._changed(server, user, lambda after: after.suspended)

    def unsuspend(self, ref: AccountRef) -> VerbResult:
        server, user = self._lookups.ours(ref)
        if not server.suspended:
            return self._already(server, user)
        self._client.unsuspend(server.id)
        return self._changed(server, user, lambda after: not after.suspended)

    def reset_credentials(self, ref: AccountRef, credentials: Credentials) -> VerbResult:
        check_credentials(credentials, self.capabilities)
        server, user = self._lookups.ours(ref, credentials.username)
        word = random_text(8, LOGIN_ALPHABET)
        body = mapping.password_to(user, credentials.username, credentials.password, word)
        try:
            self._client.update_user(user.id, body)
        except FieldsRefused as refused:
            if refused.rules.get("username") == "unique":
                raise Conflict("the login name is taken by another user") from None
            raise
        with already_sent():
            after = self._lookups.owner(server)
        if (after.username, after.last_name) != (credentials.username, body["last_name"]):
            raise ContractBroken("the panel accepted the credentials and did not set them")
        return VerbResult(outcome=Outcome.DONE, account=self._lookups.account_of(server, after))

    def change_package(self, ref: AccountRef, change: PackageChange) -> VerbResult:
        check_package_change(change)
        if change.options:
            raise InvalidOrder("this backend has no options", field="options")
        package = self._package(change.package, change.connections)
        server, user = self._lookups.ours(ref)
        if server.build == package.build:
            return self._already(server, user)
        self._check_start(server, package)
        self._client.set_build(server.id, mapping.build_to(server, package))
        return self._changed(server, user, lambda after: after.build == package.build)

    def terminate(self, ref: AccountRef) -> VerbResult:
        try:
            server, user = self._lookups.ours(ref)
        except NotFound:
            return self._terminate_user_left(ref)
        with suppress(NotFound):  # gone in between, or not: the read says
            self._client.delete_server(server.id)
        with already_sent():
            if not isinstance(self.get(ref), Absent):
                raise ContractBroken("the panel accepted the deletion, and the server is not proved gone")
            return VerbResult(outcome=Outcome.DONE, account=None, note=self._delete_user(user, ref))

    def _terminate_user_left(self, ref: AccountRef) -> VerbResult:
        """The server is gone; an earlier try may have stopped before its user."""
        already = VerbResult(outcome=Outcome.ALREADY, account=None)
        with nothing_sent():
            user = self._user_left(ref)
        if user is None:
            return already
        if user.username != ref.username:
            if user.external_id == ref.customer:  # a later order made him, after this one's login was gone
                return already
            raise Conflict("our reference belongs to a user of another name")
        note = self._delete_user(check_customer(user), ref)
        return already if note else VerbResult(outcome=Outcome.DONE, account=None)

    def _user_left(self, ref: AccountRef) -> User | None:
        """Who bears the account's own reference, or its customer's."""
        for reference in (ref.reference, ref.customer):
            if reference is not None:
                with suppress(NotFound):
                    return self._lookups.user_of(reference)
        return None

    def _delete_user(self, user: User, ref: AccountRef) -> str | None:
        """Delete him, when he is of our making and has no other server; else a note says that he stays."""
        if user.external_id not in (ref.reference, ref.customer) or user.external_id is None:
            return "the server is gone; its user stays, because the bridge did not make him"
        try:
            self._client.delete_user(user.id)
        except NotFound:
            return None
        except PanelRefused:  # the panel refuses while he has servers
            return "the server is gone; its user stays, because he has other servers"
        return None

    def get(self, ref: AccountRef) -> Lookup:
        try:
            return self._found(self._lookups.read(number_of(ref)))
        except NotFound as error:
            return Absent(proof=error.message)
        except PanelError as error:
            return Unknown(cause=error.message)

    def find(self, *, username: str | None = None, reference: str | None = None) -> Lookup:
        if reference is None or username is not None:
            return Unknown(cause="servers of this panel are found by our reference only")
        try:
            return self._found(self._lookups.referenced(reference))
        except NotFound as error:
            return Absent(proof=error.message)
        except PanelError as error:
            return Unknown(cause=error.message)

    def list_accounts(self) -> Iterator[PanelAccount]:
        return self._lookups.accounts()

    def list_packages(self) -> Iterator[Package]:
        for name, package in self.settings.packages.items():
            yield Package(id=name, name=package.title or name)

    def connect(self, account: PanelAccount) -> tuple[ConnectDetail, ...]:
        del account  # name and password are typed there
        return (detail(ConnectKind.WEB, "Game panel", self.settings.base_url),)

    def admin_link(self) -> str | None:
        return f"{self.settings.base_url}admin"

    def close(self) -> None:
        self._client.close()

    def _found(self, server: Server) -> Lookup:
        """A server that is not installed is there and not done: neither found nor absent."""
        if server.status == INSTALLING:
            return Unknown(cause="the server exists and is still being installed")
        if server.status == INSTALL_FAILED:
            return Unknown(cause="the server exists and its installation failed")
        return Found(account=self._lookups.account_of(server, self._lookups.owner(server)))

    def _package(self, name: str, connections: int | None) -> ServerPackage:
        if connections is not None:
            raise InvalidOrder("servers of this panel have no number of connections", field="connections")
        if name not in self.settings.packages:
            raise InvalidOrder("the panel's settings have no package of that name", field="package")
        return self.settings.packages[name]

    def _check_start(self, server: Server, package: ServerPackage) -> None:
        """Only limits are changed: another egg or start means another installation."""
        held = self.settings.packages.get(mapping.package_of(server, self.settings.packages))
        if server.build[0] != package.egg or (held is not None and held.start != package.start):
            raise InvalidOrder(
                "the package has another egg, image, startup or environment, which stay as they are",
                field="package",
                advice="Sell it as a new service, or reinstall the server at the panel by hand.",
            )

    def _changed(self, server: Server, user: User, reached: Callable[[Server], bool]) -> VerbResult:
        """Believe only what is read after the write."""
        with already_sent():
            after = self._lookups.read(server.id)
        if not reached(after):
            raise ContractBroken("the panel accepted the change and did not make it")
        return VerbResult(outcome=Outcome.DONE, account=self._lookups.account_of(after, user))

    def _already(self, server: Server, user: User) -> VerbResult:
        return VerbResult(outcome=Outcome.ALREADY, account=self._lookups.account_of(server, user))
