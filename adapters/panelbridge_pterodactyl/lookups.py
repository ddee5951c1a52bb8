"""Reading accounts: a server and its user. Who is there, who is proved absent, who is ours."""

from __future__ import annotations

from collections.abc import Iterator

from panelbridge.contract.doubt import nothing_sent
from panelbridge.contract.exceptions import Conflict, ContractBroken, NotFound
from panelbridge.contract.models import AccountRef, PanelAccount
from panelbridge_pterodactyl import mapping
from panelbridge_pterodactyl.checks import check_customer, check_reference, number_of
from panelbridge_pterodactyl.client import PterodactylClient
from panelbridge_pterodactyl.mapping import Server, User
from panelbridge_pterodactyl.settings import PterodactylSettings


class Lookups:
    """The accounts of one panel, read anew each time. Every method raises ``PanelError``."""

    def __init__(self, client: PterodactylClient, settings: PterodactylSettings) -> None:
        self._client = client
        self._packages = settings.packages

    def read(self, server_id: int) -> Server:
        """Raises ``NotFound`` only when the panel itself says so."""
        try:
            server = mapping.server_from(self._client.server(server_id))
        except NotFound:
            raise self._proved("the panel has no server of that id") from None
        if server.id != server_id:
            raise ContractBroken("the panel answered with another server than asked for")
        return server

    def referenced(self, reference: str) -> Server:
        """The server with our reference. Raises ``NotFound``."""
        check_reference(reference)
        try:
            server = mapping.server_from(self._client.server_of(reference))
        except NotFound:
            raise self._proved("the panel has no server with that external_id") from None
        if server.external_id != reference:
            raise ContractBroken("the panel answered with another server than asked for")
        return server

    def user_of(self, reference: str) -> User:
        """The user with our reference. Raises ``NotFound``."""
        check_reference(reference)
        try:
            user = mapping.user_from(self._client.user_of(reference))
        except NotFound:
            raise self._proved("the panel has no user with that external_id") from None
        if user.external_id != reference:
            raise ContractBroken("the panel answered with another user than asked for")
        return user

    def owner(self, server: Server) -> User:
        try:
            user = mapping.user_from(self._client.user(server.user))
        except NotFound:  # no absence of the account: its server is there
            raise ContractBroken("the panel shows a server and not its user") from None
        if user.id != server.user:
            raise ContractBroken("the panel answered with another user than asked for")
        return user

    def ours(self, ref: AccountRef, *other_names: str) -> tuple[Server, User]:
        """Server and user, when they still are what ``ref`` means. Raises ``Conflict`` otherwise."""
        with nothing_sent():
            server = self.read(number_of(ref))
            user = self.owner(server)
        if user.username not in (ref.username, *other_names) or ref.reference not in (
            None,
            server.external_id,
        ):
            raise Conflict("the panel's server of this id is not ours any more")
        return server, check_customer(user)

    def account_of(self, server: Server, user: User) -> PanelAccount:
        return mapping.account_from(server, user, self._packages)

    def accounts(self) -> Iterator[PanelAccount]:
        """Every server, page by page. One that cannot be read, or whose user cannot, is one bad account."""
        users = {mapping.reported_of(payload, "id"): payload for payload in self._client.users()}
        for payload in self._client.servers():
            owner = users.get(mapping.reported_of(payload, "user"))
            try:
                server = mapping.server_from(payload)
                user = self.owner(server) if owner is None else mapping.user_from(owner)
            except ContractBroken:
                yield mapping.unreadable(payload, mapping.name_of(owner))
            else:
                yield self.account_of(server, user)

    def _proved(self, message: str) -> NotFound:
        """A 404 counts when the same address and key list servers to us: then it is the panel that speaks."""
        try:
            self._client.first("servers")
        except NotFound:
            raise ContractBroken("the panel's address has neither the thing asked for nor servers") from None
        return NotFound(message)
