"""Create: look, send once, find out what came of it, and never take what is somebody else's."""

from __future__ import annotations

from typing import Any

from panelbridge.contract.capabilities import Capabilities, Extend
from panelbridge.contract.doubt import nothing_sent
from panelbridge.contract.exceptions import Conflict, ContractBroken, OutcomeUnknown, PanelError, Unsupported
from panelbridge.contract.models import (
    AccountId,
    AccountState,
    CreateOrder,
    Outcome,
    PanelAccount,
    VerbResult,
)
from panelbridge_declarative.changes import holds, same_moment
from panelbridge_declarative.description import queries
from panelbridge_declarative.description.abilities import after_unknown
from panelbridge_declarative.description.expressions import Scope
from panelbridge_declarative.description.spec import AfterUnknown, CreateOp, Is
from panelbridge_declarative.errors import HalfMade, error_of, taken
from panelbridge_declarative.lookups import Lookups, Seen, found_or_broken, must_be_reported
from panelbridge_declarative.operations.running import Runner, Written

_NOT_BY_WAITING = frozenset({Is.INVALID, Is.DENIED, Is.EXISTS, Is.NOT_FOUND, Is.NO_CREDIT})


class Creation:
    """The create of one description."""

    def __init__(self, runner: Runner, lookups: Lookups, capabilities: Capabilities) -> None:
        self._runner = runner
        self._lookups = lookups
        self._capabilities = capabilities

    def run(self, order: CreateOrder, scope: Scope) -> VerbResult:
        """The account as ordered. Raises ``PanelError``."""
        op = self._runner.spec.op.create
        if op is None:
            raise Unsupported("this panel's description has no create")
        reads = self._lookups.can_read
        with nothing_sent():
            scope = self._runner.with_lookups(op, {**scope, "present": {}})
            seen = None
            if reads and op.look_first:
                seen = must_be_reported(self._lookups.named(order.credentials.username))
        if seen is not None:
            return self._adopted(order, seen, scope)
        written = self._runner.write(op, scope)
        outcome = written.verdict.outcome
        if not written.is_done and outcome not in (Is.UNKNOWN, Is.EXISTS, Is.NOT_FOUND):
            raise error_of(written.verdict)
        if not reads:
            return self._believed(op, order, written)
        if outcome is Is.OK:
            return self._read_back(order, scope)
        return self._doubted(order, written, scope)

    def _believed(self, op: CreateOp, order: CreateOrder, written: Written) -> VerbResult:
        """Nothing can be read: only a plain success counts, and a taken name may be ours or not."""
        if written.verdict.outcome is not Is.OK:
            raise error_of(written.verdict)
        name = order.credentials.username
        own = op.result.get("id")
        reported = queries.ask(own.at, written.facts) if own is not None else name
        if not isinstance(reported, (str, int)) or isinstance(reported, bool):
            raise ContractBroken("the panel accepted the create and told no id", field="id")
        account = PanelAccount(id=AccountId(str(reported)), username=name, state=AccountState.ACTIVE)
        return VerbResult(outcome=Outcome.DONE, account=account)

    def _read_back(self, order: CreateOrder, scope: Scope) -> VerbResult:
        try:
            seen = found_or_broken(
                must_be_reported(self._lookups.named(order.credentials.username)), "create"
            )
        except PanelError as error:
            raise OutcomeUnknown(
                f"the panel accepted the create, and cannot be read since: {error.message}"
            ) from None
        return self._reported(order, seen, scope, Outcome.DONE)

    def _doubted(self, order: CreateOrder, written: Written, scope: Scope) -> VerbResult:
        """The name is taken, or nobody knows what the request did: whose account is there now?"""
        is_taken = written.verdict.outcome in (Is.EXISTS, Is.ALREADY)
        if not is_taken and after_unknown(self._runner.spec, "create") is AfterUnknown.STOP:
            raise OutcomeUnknown(f"nobody knows what the create did: {written.verdict.message}")
        try:
            seen = must_be_reported(self._lookups.named(order.credentials.username))
        except PanelError as error:
            raise OutcomeUnknown(f"nobody knows whose the name is: {error.message}") from None
        if seen is None:
            said = written.verdict.message
            if is_taken:
                raise ContractBroken(f"the panel calls the name taken and knows no such account: {said}")
            raise OutcomeUnknown(f"nobody knows yet what the create did: {said}")
        if any(step in written.sent for step in self._lookups.unmade(seen)):  # it may land late
            raise OutcomeUnknown(
                f"the account is there, and not yet its {' and '.join(seen.account.unfinished)}"
            )
        try:
            return self._adopted(order, seen, scope, Outcome.ALREADY if is_taken else Outcome.DONE)
        except Conflict as error:
            if is_taken:
                raise
            # Our own request may have left it there half made: a stranger's it is not proved to be.
            raise OutcomeUnknown(f"{written.verdict.message}, and since then {error.message}") from None

    def _adopted(
        self, order: CreateOrder, seen: Seen, scope: Scope, outcome: Outcome = Outcome.ALREADY
    ) -> VerbResult:
        """Ours only when every readable one of reference and password is what we sent, and one is."""
        shown = {
            "reference": (seen.account.reference, order.reference),
            "password": (seen.account.password, order.credentials.password),
        }
        readable = [pair for name, pair in shown.items() if name in seen.values]
        if not readable:
            raise OutcomeUnknown("the login name is taken, and the panel does not show whose account it is")
        if any(reported != sent for reported, sent in readable):
            raise taken()
        if seen.account.unfinished:
            return self._completed(order, seen, scope)
        return self._reported(order, seen, scope, outcome)

    def _completed(self, order: CreateOrder, seen: Seen, scope: Scope) -> VerbResult:
        """Ours and half made: the steps that it lacks are sent, and nothing that is there is taken back."""
        op = self._runner.spec.op.create
        if op is None:
            raise Unsupported("this panel's description has no create")
        written = self._runner.write(op, scope, only=self._lookups.unmade(seen))
        if written.is_done:
            return self._read_back(order, scope)
        lacks = f"the account is there without its {' and '.join(seen.account.unfinished)}"
        if written.verdict.outcome in _NOT_BY_WAITING:
            raise HalfMade(f"{lacks}: {written.verdict.message}")
        raise error_of(written.verdict)

    def _reported(self, order: CreateOrder, seen: Seen, scope: Scope, outcome: Outcome) -> VerbResult:
        """``outcome``, naming the fields that the panel set otherwise than asked."""
        account, shown = seen.account, seen.values
        if account.username != order.credentials.username:
            raise ContractBroken("the panel answers with another account than the one created")
        as_asked: dict[str, Any] = {
            "password": "password" not in shown or account.password == order.credentials.password,
            "reference": "reference" not in shown or account.reference == order.reference,
            "package": account.package in (None, order.package),
            "connections": None in (order.connections, account.connections)
            or order.connections == account.connections,
            "expires_at": self._capabilities.extend is Extend.NONE
            or same_moment(account, order.until, self._capabilities),
        }
        op = self._runner.spec.op.create
        if op is not None and op.verify is not None and not holds(op.verify, seen, scope, self._runner):
            as_asked["verify"] = False
        differs = (*(name for name, equal in as_asked.items() if not equal), *account.unfinished)
        return VerbResult(outcome=outcome, account=account, differs=differs)
