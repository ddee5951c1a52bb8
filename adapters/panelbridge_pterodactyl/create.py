"""Making an account: a user, his server, the wait until it is installed. A repeat goes on where it stopped.

``external_id`` is unique for users and for servers, so a repeat is refused (422 on that field) instead of
making a second one: the natural key of both.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from panelbridge.contract.doubt import already_sent
from panelbridge.contract.exceptions import (
    Conflict,
    ContractBroken,
    InvalidOrder,
    NotFound,
    OutcomeUnknown,
    PanelBusy,
    PanelError,
    PanelRefused,
)
from panelbridge.contract.models import CreateOrder, Outcome, VerbResult
from panelbridge.transport import deadline, remaining
from panelbridge_pterodactyl import mapping
from panelbridge_pterodactyl.checks import check_customer
from panelbridge_pterodactyl.client import FieldsRefused, PterodactylClient
from panelbridge_pterodactyl.lookups import Lookups
from panelbridge_pterodactyl.mapping import Server, User
from panelbridge_pterodactyl.settings import PterodactylSettings, ServerPackage

_EMAIL_TAKEN = "Switch on plus_address in the panel's settings: then each account gets an address of its own."
_IF_HIS = " If that user is this customer's, give him the external id {mark} at the panel, then repeat."


class InstallFailed(OutcomeUnknown):
    """User and server exist, and the panel could not install the server."""

    code = "install_failed"
    needs_person = True
    default_advice = "Reinstall the server at the panel and repeat, or terminate the service."


class Creation:
    """Brings one order to a server that runs. Every method raises ``PanelError``."""

    def __init__(self, client: PterodactylClient, accounts: Lookups, settings: PterodactylSettings) -> None:
        self._client = client
        self._lookups = accounts
        self._settings = settings

    def run(self, order: CreateOrder, package: ServerPackage) -> VerbResult:
        user = self._user(order)
        try:
            server, outcome = self._server(order, package, user)
        except PanelError as error:
            if error.outcome is Outcome.UNKNOWN or self._taken_back(error, order, user):
                raise
            raise OutcomeUnknown(f"the user was made, then: {error.message}") from error
        with already_sent():
            server = self._installed(server)
        account = self._lookups.account_of(server, user)
        own_login = user.username == order.credentials.username
        as_asked = {
            "username": own_login,
            "password": own_login,  # of a login that the customer had, it is the one he had
            "package": server.build == package.build,
        }
        differs = tuple(name for name, equal in as_asked.items() if not equal)
        return VerbResult(outcome=outcome, account=account, differs=differs)

    def _user(self, order: CreateOrder) -> User:
        """The user made now, the one of an earlier try, or the one whom the customer's other orders made.

        He is known by our mark, never by his e-mail address. Raises ``Conflict`` when he is somebody else's.
        """
        plus_address = self._settings.plus_address
        email = mapping.email_of(order, plus_address=plus_address)
        mark = mapping.user_mark(order, plus_address=plus_address)
        try:
            user = mapping.user_from(self._client.create_user(mapping.user_to(order, mark, email)))
        except FieldsRefused as refused:
            if "external_id" not in refused.rules:
                raise _reported(refused, order) from None
        else:
            if user.external_id != mark:
                raise ContractBroken("the panel answered a new user with another one than ordered")
            return user
        with _must_be_there():
            user = self._lookups.user_of(mark)
        if mark == order.reference and user.username != order.credentials.username:
            raise Conflict("our reference belongs to a user of another name")
        return check_customer(user)

    def _server(self, order: CreateOrder, package: ServerPackage, user: User) -> tuple[Server, Outcome]:
        """The server made now, or the one of an earlier try, and which of the two."""
        try:
            server = mapping.server_from(self._client.create_server(mapping.server_to(order, package, user)))
        except FieldsRefused as refused:
            if "user" in refused.rules:  # the end of his last server took him away meanwhile
                raise PanelBusy(
                    "the customer's user is gone since he was read; the order makes him anew"
                ) from None
            if "external_id" not in refused.rules:
                raise InvalidOrder(refused.message, field="package") from None
            with _must_be_there():
                server, outcome = self._lookups.referenced(order.reference), Outcome.ALREADY
        else:
            outcome = Outcome.DONE
        if server.external_id != order.reference:
            raise ContractBroken("the panel answered a new server with another one than ordered")
        if server.user != user.id:
            raise Conflict("our reference belongs to a server of another user")
        return server, outcome

    def _taken_back(self, error: PanelError, order: CreateOrder, user: User) -> bool:
        """Whether after a refusal the user, who has no server, is seen gone again: then nothing happened."""
        if user.username != order.credentials.username:
            return True  # the customer had him before
        if error.outcome is not Outcome.REFUSED:
            return False  # a repeat needs him
        try:
            self._client.delete_user(user.id)
            self._lookups.user_of(user.external_id or "")
        except NotFound:
            return True
        except PanelRefused:  # another order of the customer has come to him meanwhile
            return order.customer is not None
        except PanelError:
            return False
        return False

    def _installed(self, server: Server) -> Server:
        """The server once it runs, as read after the write. Raises ``OutcomeUnknown`` while it does not."""
        server = self._lookups.read(server.id)
        with deadline(self._settings.install_wait):
            while server.status == mapping.INSTALLING:
                self._pause()
                server = self._lookups.read(server.id)
        if server.status == mapping.INSTALL_FAILED:
            raise InstallFailed("the panel could not install the server; user and server exist")
        if server.status not in (None, mapping.SUSPENDED):
            raise OutcomeUnknown("the server exists and is in a state that is not its running one yet")
        return server

    def _pause(self) -> None:
        left = remaining()
        if left is not None and left <= 2 * self._settings.poll_seconds:  # the next look needs time as well
            raise OutcomeUnknown(
                "the server exists and is still being installed",
                advice="Nothing to do: the bridge looks again until it is installed.",
            )
        time.sleep(self._settings.poll_seconds)


@contextmanager
def _must_be_there() -> Iterator[None]:
    """The panel has called our reference taken: that nobody has it cannot be."""
    try:
        yield
    except NotFound:
        raise ContractBroken("the panel calls our reference taken and shows nothing that has it") from None


def _advice(order: CreateOrder) -> str:
    return _EMAIL_TAKEN + (_IF_HIS.format(mark=order.customer) if order.customer is not None else "")


def _reported(refused: FieldsRefused, order: CreateOrder) -> PanelError:
    """What the panel says of a new user, in the order's words."""
    if refused.rules.get("username") == "unique":
        return Conflict("the login name is taken by a user who is not ours")
    if refused.rules.get("email") == "unique":
        return Conflict(
            "the customer's e-mail address has a user at the panel already", advice=_advice(order)
        )
    known = {"username", "email", "password"}
    return InvalidOrder(refused.message, field=next((name for name in refused.rules if name in known), None))
