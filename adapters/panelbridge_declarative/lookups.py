"""Reading one account: found, absent, or nobody knows; and whether it is the one that is meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from panelbridge.contract.exceptions import Conflict, ContractBroken, OutcomeUnknown, PanelError, Unsupported
from panelbridge.contract.models import (
    Absent,
    AccountRef,
    ConnectDetail,
    Found,
    Lookup,
    PanelAccount,
    Unknown,
)
from panelbridge.contract.secret import Secret
from panelbridge_declarative.description.expressions import ExpressionFailed, expression, template
from panelbridge_declarative.description.spec import Is, ReadOp, Step
from panelbridge_declarative.errors import error_of, not_found
from panelbridge_declarative.mapping import Values, account_from, values_from
from panelbridge_declarative.operations import facts
from panelbridge_declarative.operations.outcomes import Verdict
from panelbridge_declarative.operations.running import Runner

CUT_HALF_WAY = "a change of ours was cut half way; sending it again completes it"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """An account as read: the record, and every result by its name."""

    account: PanelAccount
    values: Values = field(repr=False)
    half: bool = False  # what stands in for it while a change of ours is cut half way


class Lookups:
    """The look-ups of one description."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._ops = runner.spec.op
        self._config = runner.client.config
        self._editable = runner.spec.capabilities.reference_editable

    @property
    def can_read(self) -> bool:
        return self._ops.get is not None or self._ops.find is not None

    def named(self, username: str) -> Seen | Verdict:
        """The account of that name, or the verdict that says why not. Raises ``PanelError``."""
        return self._read(self._ops.find or self._ops.get, facts.of_name(username))

    def read(self, ref: AccountRef) -> Seen | Verdict:
        """The account of that id. Raises ``PanelError``."""
        return self._read(self._ops.get or self._ops.find, facts.of_ref(ref))

    def referenced(self, reference: str) -> Seen | Verdict:
        """The account that keeps that reference of ours. Raises ``PanelError``."""
        account = facts.of_name("", reference)
        return self._read(self._ops.find_reference, {**account, "id": None, "username": None})

    def ours(self, ref: AccountRef) -> Seen:
        """The account, when it still is the one ``ref`` means. Raises ``NotFound``, ``Conflict``, …"""
        seen = self.read(ref)
        if isinstance(seen, Verdict):
            raise not_found(seen) if seen.outcome is Is.NOT_FOUND else error_of(seen)
        self.compare(seen.account, ref)
        return seen

    def compare(self, account: PanelAccount, ref: AccountRef) -> None:
        """Ids may be given out anew: name, id and, where both are known, reference. Raises ``Conflict``.

        What the customer himself can write is left out, or he could make his account one nobody can suspend.
        """
        same = (account.username, account.id) == (ref.username, ref.id)
        both = ref.reference is not None and account.reference is not None and not self._editable
        if not same or (both and account.reference != ref.reference):
            raise Conflict("the account of this id is another one by now; nothing was changed")

    def _read(self, op: ReadOp | None, account: Mapping[str, Any]) -> Seen | Verdict:
        if op is None:
            raise Unsupported("this panel's description has no operation that reads such an account")
        answer = self._runner.read(op, {"account": account})
        half = answer.verdict.outcome is Is.HALF_MADE and op.proof is not None and op.proof.reads
        if answer.verdict.outcome is not Is.OK and not half:
            return answer.verdict
        now = datetime.now(UTC)
        values = values_from(op.result, answer.facts, now)
        seen = Seen(account=account_from(values, now), values=values, half=half)
        unfinished = tuple(step.name or "part of it" for step in self.unmade(seen))
        connect = () if half else tuple(self._connect(seen, account))
        return replace(seen, account=replace(seen.account, unfinished=unfinished, connect=connect))

    def _connect(self, seen: Seen, account: Mapping[str, Any]) -> Iterator[ConnectDetail]:
        """What the customer connects with, as far as the panel shows it with the account."""
        reported = {
            "result": facts.of_values(seen.values),
            "account": account,
            "config": self._config,
            "panel": {"url": self._runner.client.url},
        }
        for line in self._runner.spec.connect:
            with suppress(ExpressionFailed):
                value = template(line.value).value(reported)
                if isinstance(value, str) and value:
                    shown = Secret(value)
                    yield ConnectDetail(kind=line.kind, label=line.label, value=shown, secret=line.secret)

    def unmade(self, seen: Seen) -> tuple[Step, ...]:
        """Steps of a create that the account shows as not done, of those that it can show."""
        op = self._ops.create
        steps = op.sequence() if op is not None else ()
        return tuple(step for step in steps if step.made is not None and not self._is_made(step.made, seen))

    def _is_made(self, test: str, seen: Seen) -> bool:
        reported = {"result": facts.of_values(seen.values), "config": self._config}
        try:
            return expression(test).value(reported) is True
        except ExpressionFailed:
            return False


def as_lookup(look: Any) -> Lookup:
    """What a look-up of ``Lookups`` came to, as the contract says it. Never raises ``PanelError``."""
    try:
        seen: Seen | Verdict = look()
    except PanelError as error:
        return Unknown(cause=error.message)
    if isinstance(seen, Seen):
        return Unknown(cause=CUT_HALF_WAY) if seen.half else Found(account=seen.account)
    if seen.outcome is Is.NOT_FOUND:
        return Absent(proof=f"the panel has no such account: {seen.message}")
    return Unknown(cause=error_of(seen).message)


def must_be_reported(seen: Seen | Verdict) -> Seen | None:
    """The account, ``None`` when it is proved absent. Raises ``PanelError`` when nobody knows."""
    if isinstance(seen, Seen):
        if seen.half:
            raise OutcomeUnknown(CUT_HALF_WAY)
        return seen
    if seen.outcome is Is.NOT_FOUND:
        return None
    raise error_of(seen)


def found_or_broken(seen: Seen | None, what: str) -> Seen:
    """Raises ``ContractBroken`` when the panel lost what it just accepted."""
    if seen is None:
        raise ContractBroken(f"the panel accepted the {what} and knows no such account")
    return seen
