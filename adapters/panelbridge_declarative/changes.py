"""The verbs that change an account: read, write what is missing, read again and compare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from panelbridge.contract.capabilities import Capabilities, Verb
from panelbridge.contract.doubt import nothing_sent
from panelbridge.contract.exceptions import (
    ContractBroken,
    NotFound,
    OutcomeUnknown,
    PanelError,
    PermissionMissing,
    Unsupported,
)
from panelbridge.contract.models import AccountRef, AccountState, Outcome, PanelAccount, VerbResult
from panelbridge_declarative.description.abilities import after_unknown
from panelbridge_declarative.description.expressions import ExpressionFailed, Scope, expression
from panelbridge_declarative.description.spec import AfterUnknown, Is, WriteOp
from panelbridge_declarative.errors import error_of, not_found
from panelbridge_declarative.lookups import CUT_HALF_WAY, Lookups, Seen, must_be_reported
from panelbridge_declarative.operations import facts
from panelbridge_declarative.operations.running import Runner, Written


@dataclass(frozen=True, kw_only=True)
class ChangeRequest:
    """What is asked: the account as it shall be, and further facts for the request."""

    ref: AccountRef
    account: Mapping[str, Any] = field(repr=False)
    scope: Mapping[str, Any] = field(default_factory=dict, repr=False)


class Changes:
    """Verbs over one account of one description."""

    def __init__(self, runner: Runner, lookups: Lookups, capabilities: Capabilities) -> None:
        self._runner = runner
        self._lookups = lookups
        self._capabilities = capabilities

    def reach(self, verb: Verb, request: ChangeRequest) -> VerbResult:
        """The account in its end state. Raises ``PanelError``."""
        op: WriteOp = getattr(self._runner.spec.op, verb.value)
        with nothing_sent():
            before = self._lookups.ours(request.ref) if self._lookups.can_read else None
            if op.lookup:
                scope = self._runner.with_lookups(op, {**request.scope, "account": request.account})
                request = replace(request, scope=scope)
        if before is not None and before.half and verb is not Verb.RESET_CREDENTIALS:
            raise OutcomeUnknown(CUT_HALF_WAY)
        if before is not None:
            if verb is Verb.UNSUSPEND and before.account.state is AccountState.BANNED:
                raise PermissionMissing("the panel's owner banned the account; only the owner can lift that")
            if self._is_reached(verb, op, before, request):
                return VerbResult(outcome=Outcome.ALREADY, account=before.account)
        return self._write(verb, op, before, request)

    def _write(self, verb: Verb, op: WriteOp, before: Seen | None, request: ChangeRequest) -> VerbResult:
        present = facts.of_values(before.values) if before is not None else {}
        written = self._runner.write(op, {**request.scope, "account": request.account, "present": present})
        outcome = written.verdict.outcome
        if outcome is Is.NOT_FOUND:
            raise not_found(written.verdict)
        if not written.is_done and outcome not in (Is.UNKNOWN, Is.EXISTS):
            raise error_of(written.verdict)
        stops = after_unknown(self._runner.spec, verb.value) is AfterUnknown.STOP
        if before is None or (stops and not written.is_done):
            return self._believed(written, None if before is None else before.account, verb)
        return self._read_back(verb, op, written, request)

    def _believed(self, written: Written, before: PanelAccount | None, verb: Verb) -> VerbResult:
        """Where nothing can be read back, only what the panel said counts."""
        if not written.is_done:
            raise error_of(written.verdict)
        done = Outcome.ALREADY if written.verdict.outcome is Is.ALREADY else Outcome.DONE
        return VerbResult(outcome=done, account=None if before is None else _as_reported(verb, before))

    def _read_back(self, verb: Verb, op: WriteOp, written: Written, request: ChangeRequest) -> VerbResult:
        try:
            seen = self._lookups.ours(request.ref)
        except PanelError as error:
            raise _unread(written, error) from None
        reached = self._is_reached(verb, op, seen, request)
        if reached or (reached is None and written.is_done):
            account = seen.account if reached else _as_reported(verb, seen.account)
            return VerbResult(outcome=Outcome.DONE, account=account)
        if written.is_done:
            raise ContractBroken(f"the panel accepted the {verb.value} and did not do it")
        raise error_of(written.verdict)

    def _is_reached(self, verb: Verb, op: WriteOp, seen: Seen, request: ChangeRequest) -> bool | None:
        """Whether the account is as asked; ``None`` where the panel does not show it."""
        if seen.half:
            return False
        if op.verify is not None:
            return holds(op.verify, seen, {**request.scope, "account": request.account}, self._runner)
        return self._as_usual(verb, seen, request.account)

    def _as_usual(self, verb: Verb, seen: Seen, wanted: Mapping[str, Any]) -> bool | None:
        account, shown = seen.account, seen.values
        match verb:
            case Verb.EXTEND:
                return same_moment(account, wanted["expires"], self._capabilities)
            case Verb.SUSPEND if "state" in shown:
                return account.state.is_off
            case Verb.UNSUSPEND if "state" in shown:
                return not account.state.is_off
            case Verb.RESET_CREDENTIALS if "password" in shown:
                return bool(facts.clear(account.password) == wanted["password"])
            case Verb.CHANGE_PACKAGE if "package" in shown:
                connections = wanted["connections"]
                same = account.package == wanted["package"]
                return bool(same and connections in (None, account.connections))
        return None

    def terminate(self, request: ChangeRequest) -> VerbResult:
        """The account proved absent; where the panel has no delete, out of use as the file says."""
        op = self._runner.spec.op.terminate
        if op is None:
            raise Unsupported("this panel's description has no terminate")
        if op.verify is not None:
            try:
                return replace(self.reach(Verb.TERMINATE, request), note=op.note)
            except NotFound as error:
                return self._proved_absent(error.message)
        if not self._lookups.can_read:
            return self._terminate_unread(op, request)
        try:
            with nothing_sent():
                before = self._lookups.ours(request.ref)
        except NotFound as error:
            return self._proved_absent(error.message)
        present = facts.of_values(before.values)
        written = self._runner.write(op, {**request.scope, "account": request.account, "present": present})
        if not written.is_done and written.verdict.outcome not in (Is.UNKNOWN, Is.NOT_FOUND, Is.EXISTS):
            raise error_of(written.verdict)
        return self._gone(written, request)

    def _gone(self, written: Written, request: ChangeRequest) -> VerbResult:
        try:
            left = must_be_reported(self._lookups.read(request.ref))
            if left is None:
                self._check_panel()
        except PanelError as error:
            raise _unread(written, error) from None
        if left is None:
            return VerbResult(outcome=Outcome.DONE, account=None)
        if written.is_done:
            raise ContractBroken("the panel accepted the terminate and still has the account")
        raise OutcomeUnknown(f"the account is still there: {written.verdict.message}")

    def _terminate_unread(self, op: WriteOp, request: ChangeRequest) -> VerbResult:
        written = self._runner.write(op, {**request.scope, "account": request.account, "present": {}})
        if written.verdict.outcome is Is.NOT_FOUND:
            return self._proved_absent(written.verdict.message)
        return self._believed(written, None, Verb.TERMINATE)

    def _proved_absent(self, proof: str) -> VerbResult:
        """A panel that knows nobody at all (a wrong path, a lost token) proves nothing: it must answer."""
        try:
            self._check_panel()
        except PanelError as error:
            raise OutcomeUnknown(f"{proof}, but its connection test fails: {error.message}") from None
        return VerbResult(outcome=Outcome.ALREADY, account=None)

    def _check_panel(self) -> None:
        answer = self._runner.read(self._runner.spec.op.test, {"account": {}})
        if answer.verdict.outcome is not Is.OK:
            raise error_of(answer.verdict)


def holds(test: str, seen: Seen, scope: Scope, runner: Runner) -> bool:
    """Whether a ``verify`` is exactly true of what was read; what cannot be compared is not."""
    reported = {**scope, "result": facts.of_values(seen.values), "config": runner.client.config}
    reported.setdefault("present", reported["result"])
    try:
        return expression(test).value(reported) is True
    except ExpressionFailed:
        return False


def same_moment(account: PanelAccount, until: Any, capabilities: Capabilities) -> bool:
    """Equal as far as the panel's expiries are exact."""
    exact = timedelta(seconds=capabilities.expiry_granularity)
    return account.expires_at is not None and abs(account.expires_at - until) <= exact


def _as_reported(verb: Verb, account: PanelAccount) -> PanelAccount:
    """The panel shows no state: it is what the panel said it did."""
    state = {Verb.SUSPEND: AccountState.SUSPENDED, Verb.UNSUSPEND: AccountState.ACTIVE}.get(verb)
    return account if state is None else replace(account, state=state)


def _unread(written: Written, error: PanelError) -> PanelError:
    """The write may have had its effect, whatever befell the read after it."""
    how = "accepted it" if written.is_done else written.verdict.message
    return OutcomeUnknown(f"the panel {how}, and cannot be read since: {error.message}")
