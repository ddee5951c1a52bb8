"""Create: an access entry and a password entry, written where they lack; a repeat goes on there."""

from __future__ import annotations

from collections.abc import Sequence

from panelbridge.contract.doubt import Writes, already_sent, nothing_sent
from panelbridge.contract.exceptions import OutcomeUnknown
from panelbridge.contract.models import AccountState, CreateOrder, Outcome, VerbResult
from panelbridge_tvheadend import mapping
from panelbridge_tvheadend.checks import check_ours, has, only_access
from panelbridge_tvheadend.client import TvheadendClient
from panelbridge_tvheadend.lookups import Lookups
from panelbridge_tvheadend.mapping import Access, Pair, Password
from panelbridge_tvheadend.settings import TvheadendSettings


class Creation:
    """Creates of one panel, and what else gives rights. Every method raises ``PanelError``."""

    def __init__(self, client: TvheadendClient, lookups: Lookups, settings: TvheadendSettings) -> None:
        self._client = client
        self._lookups = lookups
        self._settings = settings

    def run(self, order: CreateOrder) -> VerbResult:
        conf = mapping.access_to(order, self._settings)
        with nothing_sent():
            self._lookups.check_package(order.package)
            pair = self._lookups.held(order.credentials.username)
        check_ours(pair, order)
        do = Writes()
        if not pair.access:
            do(self._client.create_access, conf)
        delete(self._client, do, pair.passwords[1:], pair.access[1:])
        if not pair.passwords:
            password = mapping.password_to(order.credentials, order.reference, enabled=True)
            do(self._client.create_password, password)
        made = self._lookups.read_back(pair.username) if do.count else pair
        made = self.granted(do, made, conf["channel_tag"][0], conf["conn_limit"])
        if made.was_never_enabled:
            do(self._client.save, made.access[0].uuid, enabled=True)
            made = self._lookups.read_back(pair.username)
            if made.state is not AccountState.ACTIVE:
                raise OutcomeUnknown("the panel accepted the account, but it is not switched on")
        return self._as_ordered(order, made, Outcome.DONE if do.count else Outcome.ALREADY)

    def granted(self, do: Writes, pair: Pair, package: str, connections: int | None) -> Pair:
        """``pair`` with exactly these rights, written where they differ.

        A tag that went since it was looked up is stored as none without a word, and none opens everything:
        then the entry, which is not switched on yet, stays off.
        """
        access = only_access(pair)
        if has(access, package, connections):
            return pair
        do(self._client.save, access.uuid, **mapping.rights_to(package, connections))
        with already_sent():
            after = self._lookups.held(pair.username)
        if len(after.access) != 1 or not has(after.access[0], package, connections):
            raise OutcomeUnknown("the panel accepted the package, but it cannot be read back")
        return after

    def _as_ordered(self, order: CreateOrder, pair: Pair, outcome: Outcome) -> VerbResult:
        """``outcome``, naming the fields that the panel set otherwise than asked."""
        account = mapping.account_from(pair)
        as_asked = {
            "username": account.username == order.credentials.username,
            "password": account.password == order.credentials.password,
            "package": account.package == order.package,
            "connections": account.connections == mapping.connections_to(order.connections, self._settings),
            "reference": pair.belongs_to(order.reference),
        }
        differs = tuple(name for name, equal in as_asked.items() if not equal)
        return VerbResult(outcome=outcome, account=account, differs=differs)


def delete(client: TvheadendClient, do: Writes, *classes: Sequence[Access | Password]) -> None:
    """One request for each class: of a list of two the panel deletes the first one's, and says done."""
    for entries in classes:
        if entries:
            do(client.delete, [entry.uuid for entry in entries])
