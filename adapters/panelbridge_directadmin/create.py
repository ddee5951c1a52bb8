"""Create: an address is chosen, the account made; "domain already exists" is never a success."""

from __future__ import annotations

from panelbridge.contract.doubt import nothing_sent
from panelbridge.contract.exceptions import Conflict
from panelbridge.contract.models import AccountId, CreateOrder
from panelbridge_directadmin import mapping
from panelbridge_directadmin.client import DirectAdminClient
from panelbridge_directadmin.lookups import Lookups


class Creation:
    """One create of one order."""

    def __init__(self, client: DirectAdminClient, lookups: Lookups) -> None:
        self._client = client
        self._lookups = lookups

    def run(self, order: CreateOrder) -> AccountId:
        """Raises ``PanelError``; ``Conflict`` where the user is there already."""
        domain, email = mapping.order_facts(order)
        user = order.credentials.username
        with nothing_sent():
            if self._lookups.shown(user) is not None:
                raise Conflict("the user name is taken")
            package, address = self._lookups.package(order.package), self._lookups.address()
        fields = {"username": user, "email": email, "domain": domain, "package": package, "ip": address}
        self._client.create(fields, order.credentials.password)
        return mapping.account_id(user, domain)
