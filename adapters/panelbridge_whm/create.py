"""Create, the slow one: it takes minutes where hooks run, so a time-out is followed by looking."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from panelbridge.capabilities import Capabilities
from panelbridge.doubt import already_sent, nothing_sent
from panelbridge.exceptions import (
    Conflict,
    ContractBroken,
    OutcomeUnknown,
    PanelError,
    PanelRefused,
)
from panelbridge.models import CreateOrder, Outcome, VerbResult
from panelbridge.order_check import check_order
from panelbridge.transport import deadline, remaining
from panelbridge_whm import mapping
from panelbridge_whm.client import WhmClient
from panelbridge_whm.lookups import AccountReader
from panelbridge_whm.mapping import AccountRow
from panelbridge_whm.settings import WhmSettings

_SHARE_OF_LOOKS = 0.25  # of the time left, at most, is kept for looking after a time-out


class Creation:
    """One create of one order."""

    def __init__(
        self, client: WhmClient, reader: AccountReader, settings: WhmSettings, capabilities: Capabilities
    ) -> None:
        self._client = client
        self._reader = reader
        self._settings = settings
        self._capabilities = capabilities

    def run(self, order: CreateOrder) -> VerbResult:
        """Raises ``PanelError``; ``Conflict`` where user or domain belong to somebody else."""
        domain, email = self._checked(order)
        user = order.credentials.username
        with nothing_sent():
            there = self._reader.read(user)
            plan = self._reader.package(order.package) if there is None else ""
        if there is not None:
            return self._adopted(order, there, domain, email)
        made = self._send(order, {"username": user, "domain": domain, "contactemail": email, "plan": plan})
        if made.domain != domain:
            raise Conflict("an account of that name was made meanwhile, for another domain")
        if not self._reader.owns(made):
            raise ContractBroken("the panel gave the account to another WHM user than asked")
        return self._result(order, made, Outcome.DONE)

    def _adopted(self, order: CreateOrder, there: AccountRow, domain: str, email: str) -> VerbResult:
        """Ours, from an earlier try, when everything readable says so: domain, owner, contact address."""
        if there.domain != domain or not self._reader.owns(there):
            raise Conflict("the user name is taken by an account that is not ours")
        if there.email and there.email.lower() != email.lower():
            # A domain exists once on a server, but its customer may have changed his address since.
            raise Conflict(
                "the account is there with this domain, but with another contact address",
                outcome=Outcome.UNKNOWN,
            )
        return self._result(order, there, Outcome.ALREADY)

    def _send(self, order: CreateOrder, fields: dict[str, str]) -> AccountRow:
        """The account of that name after ``createacct``, whoever made it."""
        if self._settings.owner is not None:
            fields["owner"] = self._settings.owner
        with deadline(self._settings.create_timeout + self._settings.create_poll):
            try:
                with self._time_to_look():
                    self._client.create(fields, order.credentials.password)
            except PanelRefused as refusal:
                return self._after_refusal(fields, refusal)
            except OutcomeUnknown as lost:
                return self._wait_for(fields["username"], lost)
            except ContractBroken as broken:
                return self._look(fields["username"], broken)
            with already_sent():
                made = self._reader.read(fields["username"])
        if made is None:
            raise ContractBroken("the panel says that the account is made, and does not know it")
        return made

    @contextmanager
    def _time_to_look(self) -> Iterator[None]:
        left = remaining() or 0.0
        with deadline(left - min(self._settings.create_poll, left * _SHARE_OF_LOOKS)):
            yield

    def _after_refusal(self, fields: dict[str, str], refusal: PanelRefused) -> AccountRow:
        """Refused only when there is still no such account: a create may fail half-way."""
        there = self._reader.after_refusal(fields["username"], refusal)
        if there is None:
            raise refusal
        if there.domain != fields["domain"]:
            return there
        raise OutcomeUnknown(f"the panel reports a failure, yet the account is there: {refusal.message}")

    def _wait_for(self, user: str, lost: OutcomeUnknown) -> AccountRow:
        """Look until the account is there or time is over: the server works on after we hung up."""
        ends_at = time.monotonic() + min(self._settings.create_poll, remaining() or 0.0)
        while True:
            try:
                return self._look(user, lost)
            except PanelError as error:
                pause = min(self._settings.poll_every, ends_at - time.monotonic())
                if error is not lost or pause <= 0:
                    raise lost from None
            time.sleep(pause)

    def _look(self, user: str, lost: PanelError) -> AccountRow:
        """The account; raises ``lost`` when it is not there or the panel cannot tell."""
        try:
            there = self._reader.read(user)
        except PanelError:
            there = None
        if there is None:
            raise lost
        return there

    def _result(self, order: CreateOrder, row: AccountRow, outcome: Outcome) -> VerbResult:
        as_asked = {
            "package": row.plan in (order.package, f"{self._settings.user}_{order.package}"),
            "email": not row.email or row.email.lower() == order.options["email"].lower(),
        }
        differs = tuple(name for name, equal in as_asked.items() if not equal)
        return VerbResult(outcome=outcome, account=mapping.account_from(row), differs=differs)

    def _checked(self, order: CreateOrder) -> tuple[str, str]:
        """Domain and e-mail address. Raises ``InvalidOrder`` or ``Unsupported`` before anything is sent."""
        check_order(order, self._capabilities)
        mapping.check_connections(order.connections)
        return mapping.order_facts(order)
