"""Create: the account switched off, its packages, and the write that finishes it. A repeat goes on there."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from panelbridge.contract.doubt import already_sent, nothing_sent
from panelbridge.contract.exceptions import Conflict, ContractBroken
from panelbridge.contract.models import CreateOrder, Outcome, VerbResult
from panelbridge_stalker import checks
from panelbridge_stalker.client import Doubtful, StalkerClient
from panelbridge_stalker.lookups import Lookups
from panelbridge_stalker.mapping import Mark, Plan, Row


class Creation:
    """Creates of one panel. Every method raises ``PanelError``."""

    def __init__(self, client: StalkerClient, lookups: Lookups, zone: ZoneInfo | None) -> None:
        self._client = client
        self._lookups = lookups
        self._zone = zone

    def run(self, order: CreateOrder) -> VerbResult:
        fields, packages = checks.first_fields(order, self._zone), checks.packages_of(order.options)
        name = order.credentials.username
        with nothing_sent():
            row = self._lookups.named(name)
            if row is None:
                self._lookups.plan(order.package, packages)
        if row is None:
            row = self._made(name, fields)
        return self._finish(order) if row is None else self._adopted(order, row)

    def _made(self, name: str, fields: dict[str, str]) -> Row | None:
        """Send the first write. The account that has the name already; ``None`` when the panel took ours."""
        try:
            self._client.create(fields)
        except (Conflict, Doubtful) as error:
            if error.field == "mac":
                raise
            with already_sent():
                row = self._lookups.named(name)
            if row is not None:
                return row
            if isinstance(error, Doubtful):
                raise
            raise ContractBroken("the panel calls the login name taken and knows no such account") from None
        return None

    def _adopted(self, order: CreateOrder, row: Row) -> VerbResult:
        """The name is taken: ours, from an earlier try, only when the reference is: no password is shown."""
        if row.account.reference != order.reference:
            raise Conflict("the login name is taken by an account that is not ours")
        if row.comment.mark is Mark.UNFINISHED:
            return self._finish(order, row)
        return self._as_ordered(order, row, Outcome.ALREADY)

    def _finish(self, order: CreateOrder, begun: Row | None = None) -> VerbResult:
        """Packages, then the second write, and what the account is then: unfinished until all is done.

        ``begun`` is what an earlier try left.
        """
        name, packages = order.credentials.username, checks.packages_of(order.options)
        with already_sent():
            if packages is not None:
                plan = self._lookups.plan(order.package, packages)
                self.with_packages(self._lookups.read(name), plan, packages)
            left = {} if begun is None else checks.missing_fields(order, begun, self._zone)
            self._client.update(name, {**checks.last_fields(order), **left})
            row = self._lookups.read(name)
        if row.comment.mark is not Mark.NONE or not row.on:
            raise ContractBroken("the panel accepted the new account and did not switch it on")
        return self._as_ordered(order, row, Outcome.DONE)

    def _as_ordered(self, order: CreateOrder, row: Row, outcome: Outcome) -> VerbResult:
        """``outcome``, naming the fields that the panel set otherwise than asked."""
        asked, packages = checks.first_fields(order, self._zone), checks.packages_of(order.options)
        as_asked = {
            "package": row.account.package == order.package,
            "expires_at": row.end_date == asked.get("end_date"),
            "mac": "stb_mac" not in asked or row.account.mac == asked["stb_mac"],
            "options": packages is None or packages <= row.subscribed,
        }
        differs = tuple(name for name, equal in as_asked.items() if not equal)
        return VerbResult(outcome=outcome, account=row.account, differs=differs)

    def with_packages(self, row: Row, plan: Plan, packages: frozenset[str]) -> Row:
        """The account with these optional packages, however the panel called the write: it may fail and yet
        be done.
        """
        if row.subscribed & plan.optional == packages:
            return row
        doubt = ContractBroken("the panel accepted the packages and did not set them")
        try:
            self._client.subscribe(row.number or "", packages)
        except Doubtful as error:
            doubt = error
        after = self._lookups.read(row.account.id)
        if after.subscribed & plan.optional != packages:
            raise doubt
        return after
