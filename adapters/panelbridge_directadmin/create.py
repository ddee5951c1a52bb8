"""Create: an address is chosen, the account made and read; "domain already exists" is never a success."""

from __future__ import annotations

from panelbridge.capabilities import Capabilities
from panelbridge.doubt import already_sent, nothing_sent
from panelbridge.exceptions import Conflict, ContractBroken, PanelRefused
from panelbridge.models import CreateOrder, Outcome, VerbResult
from panelbridge.order_check import check_order
from panelbridge_directadmin import mapping
from panelbridge_directadmin.client import DirectAdminClient
from panelbridge_directadmin.lookups import UserReader, half_way
from panelbridge_directadmin.mapping import UserRow


class Creation:
    """One create of one order."""

    def __init__(self, client: DirectAdminClient, reader: UserReader, capabilities: Capabilities) -> None:
        self._client = client
        self._reader = reader
        self._capabilities = capabilities

    def run(self, order: CreateOrder) -> VerbResult:
        """Raises ``PanelError``; ``Conflict`` where the name is somebody else's."""
        domain, email = self._checked(order)
        user = order.credentials.username
        with nothing_sent():
            there = self._reader.shown(user)
        if there is not None:
            return self._adopted(order, there, domain, email)
        with nothing_sent():
            package, address = self._reader.package(order.package), self._reader.address()
        self._send(
            order, {"username": user, "email": email, "domain": domain, "package": package, "ip": address}
        )
        with already_sent():
            made = self._reader.shown(user)
        if made is None or made.domain != domain:
            raise ContractBroken("the panel says that the account is made, and does not show it")
        return _result(order, made, Outcome.DONE)

    def _send(self, order: CreateOrder, wish: dict[str, str]) -> None:
        """Refused only when there is still no such user: the panel may fail half-way."""
        try:
            self._client.create(wish, order.credentials.password)
        except PanelRefused as refusal:
            if self._reader.after_refusal(wish["username"], refusal) is not None:
                raise half_way(refusal) from None
            raise

    def _adopted(self, order: CreateOrder, there: UserRow, domain: str, email: str) -> VerbResult:
        """Ours, from an earlier try, when everything that can be read or tried says so."""
        if there.domain != domain or there.usertype != "user":
            raise Conflict("the user name is taken by an account that is not ours")
        same_contact = there.email.lower() in ("", email.lower())
        if not same_contact or not self._reader.lets_in(there, order.credentials):
            # A domain exists once on a server, but its owner may have changed address or password since.
            raise Conflict(
                "the account is there with this domain, but with another address or password",
                outcome=Outcome.UNKNOWN,
            )
        return _result(order, there, Outcome.ALREADY)

    def _checked(self, order: CreateOrder) -> tuple[str, str]:
        """Domain and e-mail address. Raises ``InvalidOrder`` or ``Unsupported`` before anything is sent."""
        check_order(order, self._capabilities)
        mapping.check_connections(order.connections)
        return mapping.order_facts(order)


def _result(order: CreateOrder, row: UserRow, outcome: Outcome) -> VerbResult:
    differs = () if row.package == order.package else ("package",)
    return VerbResult(outcome=outcome, account=mapping.account_from(row), differs=differs)
