"""Create: look for the name, buy once under a key that the panel knows, and read what was bought."""

from __future__ import annotations

from datetime import UTC, datetime

from panelbridge.contract.doubt import already_sent, nothing_sent
from panelbridge.contract.exceptions import Conflict, ContractBroken
from panelbridge.contract.models import CreateOrder, Outcome, VerbResult
from panelbridge_onestream import checks, mapping
from panelbridge_onestream.client import Answered, OneStreamClient
from panelbridge_onestream.lookups import Lookups
from panelbridge_onestream.mapping import Line


class Creation:
    """One create of one order. Every method raises ``PanelError``."""

    def __init__(self, client: OneStreamClient, lookups: Lookups) -> None:
        self._client = client
        self._lookups = lookups

    def run(self, order: CreateOrder) -> VerbResult:
        body = checks.create_body(order)
        with nothing_sent():
            named = self._lookups.named(order.credentials.username)
        if named:
            return self._adopted(order, named)
        try:
            line_id = self._client.create(body)
        except Answered as error:
            return self._after_refusal(order, error)
        with already_sent():
            line = next(
                (line for line in self._lookups.named(order.credentials.username) if line.id == line_id), None
            )
        if line is None:
            raise ContractBroken("the panel sold a line and does not list it under the name asked for")
        return self._as_ordered(order, line, Outcome.DONE)

    def _after_refusal(self, order: CreateOrder, error: Answered) -> VerbResult:
        """A repeated ``rid`` may be answered with an error although the first try was done: look by name."""
        with already_sent():
            named = self._lookups.named(order.credentials.username)
            refusal = None if named else self._lookups.refusal(order.package, error.message)
        if refusal is not None:
            raise refusal
        return self._adopted(order, named)

    def _adopted(self, order: CreateOrder, named: list[Line]) -> VerbResult:
        """The name is taken: ours, from an earlier try, only when password and reference are."""
        proof = (order.credentials.password, order.reference)
        ours = [line for line in named if (line.account.password, line.account.reference) == proof]
        if not ours:
            raise Conflict("the login name is taken by a line that is not ours")
        if len(ours) > 1:
            raise ContractBroken("the panel sold this line more than once")
        return self._as_ordered(order, ours[0], Outcome.ALREADY)

    def _as_ordered(self, order: CreateOrder, line: Line, outcome: Outcome) -> VerbResult:
        """``outcome``, naming the fields that the panel set otherwise than asked."""
        account, bouquets = line.account, checks.bouquets_of(order.options)
        as_asked = {
            "password": account.password == order.credentials.password,
            "reference": account.reference == order.reference,
            "package": account.package == order.package,
            "connections": order.connections in (None, account.connections),
            "mac": checks.with_mac(order).mac in (None, account.mac),
            "options": bouquets is None or line.bouquets == bouquets,
            "expires_at": mapping.expiry_fits(account.expires_at, order.until, datetime.now(UTC)),
        }
        differs = tuple(name for name, equal in as_asked.items() if not equal)
        return VerbResult(outcome=outcome, account=account, differs=differs)
