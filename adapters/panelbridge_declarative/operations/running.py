"""Runs one operation of a description: look-ups before it, its steps and their undoing, polls after it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit

from panelbridge.contract.exceptions import ContractBroken, OutcomeUnknown, PanelError
from panelbridge.transport import remaining
from panelbridge_declarative.client import PanelClient
from panelbridge_declarative.description import queries
from panelbridge_declarative.description.expressions import ExpressionFailed, Scope, expression, template
from panelbridge_declarative.description.spec import (
    Is,
    ListOp,
    Paging,
    Poll,
    ReadOp,
    Request,
    Rules,
    Spec,
    Step,
    WriteOp,
)
from panelbridge_declarative.errors import error_of, not_found, refused_value
from panelbridge_declarative.mapping import Facts, Values, is_named, values_from
from panelbridge_declarative.operations.outcomes import Verdict

_MOST_PAGES = 10_000
_DONE = frozenset({Is.OK, Is.ALREADY})
_NOTHING_DONE = frozenset(
    {Is.AUTH, Is.DENIED, Is.INVALID, Is.NO_CREDIT, Is.RATE_LIMITED, Is.BUSY, Is.EXISTS, Is.NOT_FOUND}
)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a read came to; ``facts`` are there on ``ok``."""

    verdict: Verdict
    facts: Facts = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Written:
    """What a write came to; ``ok`` and ``already`` are done, as far as the panel says."""

    verdict: Verdict
    facts: Facts = field(default_factory=dict, repr=False)
    sent: tuple[Step, ...] = ()

    @property
    def is_done(self) -> bool:
        return self.verdict.outcome in _DONE


class Runner:
    """Operations of one description at one panel."""

    def __init__(self, spec: Spec, client: PanelClient, base_url: str) -> None:
        self.spec = spec
        self.client = client
        self._base_url = base_url

    def read(self, op: ReadOp, scope: Scope) -> Answer:
        """Raises ``PanelError`` only while nothing was learned: unreachable, refused before sending."""
        answer = self._read(op, scope)
        if answer.verdict.outcome is not Is.NOT_FOUND or op.proof is None:
            return answer
        rules = op.proof.outcomes + self.spec.outcomes
        verdict, reply = self.client.send(op.proof.request, scope, rules, repeatable=True)
        if verdict.outcome is Is.NOT_FOUND:
            return answer
        if verdict.outcome in (Is.OK, Is.ALREADY, Is.EXISTS):  # a success of something else
            return Answer(verdict=replace(verdict, outcome=Is.UNKNOWN))
        return Answer(verdict=verdict, facts=reply.facts() if reply is not None else {})

    def _read(self, op: ReadOp, scope: Scope) -> Answer:
        looked_up = self._looked_up(op.lookup, scope)
        if isinstance(looked_up, Verdict):  # whom one read proves absent, no other will find
            return Answer(verdict=looked_up)
        reported = {**scope, "lookup": looked_up}
        verdict, reply = self.client.send(
            op.request, reported, op.outcomes + self.spec.outcomes, repeatable=True
        )
        if verdict.outcome is not Is.OK or reply is None:
            return Answer(verdict=verdict)
        return self._found(op, reply.facts(), {**reported, "config": self.client.config}, verdict)

    def _found(self, op: ReadOp, facts: Facts, scope: Scope, verdict: Verdict) -> Answer:
        """An ``ok`` of a search: who was found, or ``not_found``, or nothing that can be relied on."""
        found = op.found
        if found is None:
            return Answer(verdict=verdict, facts=facts)
        if found.when is not None:
            reported = _asked(found.when, facts)
            if reported is not True:
                return _nobody(reported is False)
        if found.rows is None:
            return Answer(verdict=verdict, facts=facts)
        rows = _asked(found.rows, facts)
        if not isinstance(rows, list):
            return _nobody(False)
        fits = [
            (_fits(op, reported, scope), reported) for reported in ({**facts, "row": row} for row in rows)
        ]
        fitting = [reported for fit, reported in fits if fit]
        if len(fitting) != 1:
            return _nobody(all(fit is False for fit, _ in fits))
        return Answer(verdict=verdict, facts=fitting[0])

    def rows(self, op: ListOp, scope: Scope) -> Iterator[Facts]:
        """Facts of every row, paged to the end. Raises ``PanelError``; never a silent part."""
        size = op.page.size if op.page is not None else 0
        after: Any = None
        count = 0
        seen: set[str] = set()
        for number in range(1, _MOST_PAGES + 1):
            page = {"number": number, "offset": count, "size": size, "after": after}
            facts = self._page(op, {**scope, "page": page})
            rows = _asked(op.rows, facts)
            if not isinstance(rows, list):
                raise ContractBroken(f"the panel's list has no rows at {op.rows}")
            yield from ({**facts, "row": row} for row in rows)
            count += len(rows)
            if op.page is None:
                return
            after = _next_page(op.page, facts, count, len(rows))
            if after is None:
                return
            if str(after) in seen:
                raise ContractBroken("the panel's pages go in a circle")
            seen.add(str(after))
        raise ContractBroken(f"the panel's list has more than {_MOST_PAGES} pages")

    def _page(self, op: ListOp, scope: Scope) -> Facts:
        rules = op.outcomes + self.spec.outcomes
        verdict, reply = self.client.send(op.request, scope, rules, repeatable=True)
        if verdict.outcome is not Is.OK or reply is None:
            raise error_of(verdict)
        return reply.facts()

    def _looked_up(self, lookups: Mapping[str, Any], scope: Scope) -> Values | Verdict:
        """What other reads tell, or the verdict of the one that said nothing."""
        found = {}
        for name, lookup in lookups.items():
            op = self.spec.op.reader(lookup.op)
            answer = self.read(op, scope) if op is not None else _nobody(False)
            if op is None:
                return answer.verdict
            if answer.verdict.outcome is not Is.OK:
                return answer.verdict
            wanted = {lookup.take: op.result[lookup.take]}
            found[name] = values_from(wanted, answer.facts, datetime.now(UTC))[lookup.take]
        return found

    def with_lookups(self, op: WriteOp, scope: Scope) -> dict[str, Any]:
        """``scope`` with what other reads tell, which ``verify`` may want as well. Raises ``PanelError``."""
        looked_up = self._looked_up(op.lookup, scope)
        if isinstance(looked_up, Verdict):
            raise not_found(looked_up) if looked_up.outcome is Is.NOT_FOUND else error_of(looked_up)
        return {**scope, "lookup": looked_up}

    def write(self, op: WriteOp, scope: Scope, *, only: tuple[Step, ...] | None = None) -> Written:
        """Send the steps in order, each at most once; of those that are wanted.

        A step that is refused after others took effect lets them be undone; what cannot be undone, or is
        unknown, makes the whole unknown. Raises ``PanelError`` only while nothing has left.
        """
        reported = self.with_lookups(op, scope) if "lookup" not in scope else scope
        took: dict[str, Any] = {}
        done: list[Step] = []
        sent: list[Step] = []
        facts: Facts = {}
        verdict = Verdict(outcome=Is.ALREADY, message="no step was needed")
        for step in op.sequence() if only is None else only:
            here = {**reported, "took": dict(took)}
            try:
                if not self._is_due(step, here):
                    continue
                verdict, facts = self._step(op, step, here, took)
                sent.append(step)
            except PanelError as error:
                if not done:
                    raise
                verdict = _verdict_of(error)
            if verdict.outcome in _DONE:
                if verdict.outcome is Is.OK and step.request.method != "GET":  # else it changed nothing
                    done.append(step)
                continue
            if done:
                verdict = self._undone(verdict, done, {**reported, "took": dict(took)})
            return Written(verdict=verdict, facts=facts, sent=tuple(sent))
        return Written(verdict=verdict, facts=facts, sent=tuple(sent))

    def _is_due(self, step: Step, scope: Scope) -> bool:
        if step.when is None:
            return True
        try:
            value = expression(step.when).value({**scope, "config": self.client.config})
        except ExpressionFailed as error:
            refusal = refused_value(error)
        else:
            if isinstance(value, bool):
                return value
            refusal = refused_value(ExpressionFailed(f"{step.when} is neither true nor false"))
        raise refusal

    def _step(self, op: WriteOp, step: Step, scope: Scope, took: dict[str, Any]) -> tuple[Verdict, Facts]:
        rules = step.outcomes + op.outcomes + self.spec.outcomes
        verdict, reply = self.client.send(step.request, scope, rules, repeatable=False)
        if verdict.outcome in step.also_ok:
            verdict = Verdict(outcome=Is.ALREADY, message=verdict.message)
        if verdict.outcome not in _DONE or reply is None:
            return verdict, {}
        facts = reply.facts()
        for name, query in step.take.items():
            took[name] = _asked(query, facts)
            if took[name] is None:
                return Verdict(outcome=Is.UNKNOWN, message=f"the reply has no {query}"), facts
        if step.poll is not None:
            return self._polled(step.poll, verdict, facts, {**scope, "took": dict(took)}), facts
        return verdict, facts

    def _undone(self, refused: Verdict, done: list[Step], scope: Scope) -> Verdict:
        """``refused`` when the earlier steps were taken back, else unknown."""
        gaps = "".join(f"; {step.gap}" for step in done if step.gap is not None)
        unknown = Verdict(outcome=Is.UNKNOWN, message=f"only a part was done: {refused.message}{gaps}")
        if refused.outcome not in _NOTHING_DONE:
            return unknown
        for step in reversed(done):
            if step.undo is None:
                return unknown
            try:
                verdict, _ = self.client.send(step.undo, scope, self.spec.outcomes, repeatable=False)
            except PanelError:
                return unknown
            if verdict.outcome not in (Is.OK, Is.ALREADY, Is.NOT_FOUND):
                return unknown
        return refused

    def _polled(self, poll: Poll, verdict: Verdict, first: Facts, scope: Scope) -> Verdict:
        """``verdict`` once the panel says that it is done; unknown when it failed or takes too long."""
        request = poll.request or self._followed(poll, first)
        if request is None:
            return Verdict(
                outcome=Is.UNKNOWN, message="the panel sends us elsewhere to ask, which is not done"
            )
        ends_at = time.monotonic() + poll.at_most
        rules: Rules = poll.outcomes + self.spec.outcomes
        while True:
            facts = self._poll_once(request, scope, rules)
            if queries.holds(poll.until, facts):
                return verdict
            if poll.fail_when is not None and queries.holds(poll.fail_when, facts):
                return Verdict(outcome=Is.UNKNOWN, message="the panel accepted it and then failed")
            left = min(ends_at - time.monotonic(), remaining() or poll.at_most)
            if left <= poll.every:
                return Verdict(outcome=Is.UNKNOWN, message="the panel accepted it and is not done yet")
            time.sleep(poll.every)

    def _poll_once(self, request: Request, scope: Scope, rules: Rules) -> Facts:
        try:
            verdict, reply = self.client.send(request, scope, rules, repeatable=True)
        except PanelError:
            return {}
        return reply.facts() if reply is not None and verdict.outcome is Is.OK else {}

    def _followed(self, poll: Poll, facts: Facts) -> Request | None:
        """The address the panel names, when it is below our own; no other host or port is ever called."""
        reported = _asked(poll.follow or "", facts)
        if not isinstance(reported, str):
            return None
        prefix = template(self.spec.prefix).value({"config": self.client.config}).lstrip("/")
        base = f"{self._base_url}{prefix}/" if prefix else self._base_url
        target = urljoin(self._base_url, reported)
        parts = urlsplit(target)
        if not target.startswith(base) or parts.fragment or "{" in unquote(target) or "%2e" in target.lower():
            return None
        path = target.partition("?")[0].removeprefix(base)
        if any(part in (".", "..") for part in path.split("/")):
            return None
        return Request.model_validate({"GET": f"/{path}", "query": dict(parse_qsl(parts.query))})


def _asked(query: str, facts: Facts) -> Any:
    try:
        return queries.ask(query, facts)
    except queries.QueryFailed:
        return None


def _fits(op: ReadOp, facts: Facts, scope: Scope) -> bool | None:
    """Whether the row is looked for; ``None`` where nobody can say: then nobody is proved absent."""
    test = op.found.where if op.found is not None else None
    if test is None:
        return True
    if "username" in op.result and not is_named(op.result, facts, datetime.now(UTC)):
        return None
    try:
        return expression(test).value({**scope, "row": facts["row"]}) is True
    except ExpressionFailed:
        return None


def _nobody(proved: bool) -> Answer:
    if proved:
        return Answer(verdict=Verdict(outcome=Is.NOT_FOUND, message="its search found none"))
    return Answer(verdict=Verdict(outcome=Is.UNKNOWN, message="its search cannot be read"))


def _next_page(paging: Paging, facts: Facts, count: int, rows: int) -> Any:
    """What names the next page, ``None`` after the last. Raises ``ContractBroken`` when rows are missing."""
    if paging.next is not None:
        return _asked(paging.next, facts)
    if paging.total is None:
        return count if rows >= paging.size else None
    total = _asked(paging.total, facts)
    if isinstance(total, bool) or not isinstance(total, int):
        raise ContractBroken(f"the panel's list has no number at {paging.total}")
    if count >= total:
        return None
    if rows == 0:
        raise ContractBroken(f"the panel's list has {count} of {total} rows")
    return count


def _verdict_of(error: PanelError) -> Verdict:
    """An error of a later step, before that step was sent: it did nothing, the earlier ones did."""
    outcome = Is.UNKNOWN if isinstance(error, OutcomeUnknown) else Is.BUSY
    return Verdict(outcome=outcome, message=error.message, retry_after=error.retry_after)
