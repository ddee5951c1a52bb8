"""What a reply means: the rules in order, first match wins, and what none speaks of is unknown."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from panelbridge.transport.reply import retry_after
from panelbridge_declarative.description import queries
from panelbridge_declarative.description.spec import Is, Rule, Rules
from panelbridge_declarative.operations.replies import Reply

_LONGEST_MESSAGE = 200
_TOO_MANY = 429


def _as_it_is(text: str) -> str:
    return text


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the reply is, and what the panel said with it, made printable."""

    outcome: Is
    message: str = ""
    field: str | None = None
    retry_after: float | None = None


def judge(rules: Rules, reply: Reply, starred: Callable[[str], str] = _as_it_is) -> Verdict:
    """A redirect is always unknown. A reply that cannot be read is never a success.

    ``starred`` takes secrets out of the panel's words, before they are cut: half a secret is not found.
    """
    wait = retry_after(reply.headers.get("retry-after"))
    if 300 <= reply.status < 400:  # noqa: PLR2004 - redirects
        return Verdict(
            outcome=Is.UNKNOWN, message=f"answered {reply.status}, a redirect, which is not followed"
        )
    for rule in rules:
        if _matches(rule, reply) and (reply.readable or _speaks_of_pages(rule)):
            said = _said(rule, reply, starred) or f"answered {reply.status}"
            return Verdict(outcome=rule.outcome, message=said, field=rule.field, retry_after=wait)
    how = "which no rule speaks of" if reply.readable else "with a body that is not what it should be"
    return Verdict(outcome=Is.UNKNOWN, message=f"answered {reply.status}, {how}", retry_after=wait)


def _matches(rule: Rule, reply: Reply) -> bool:
    return (
        (not rule.status or reply.status in rule.status)
        and rule.type in (None, reply.type)
        and all(reply.headers.get(name.lower()) == value for name, value in rule.header.items())
        and (rule.text is None or rule.text in reply.text)
        and (rule.match is None or queries.holds(rule.match, reply.facts()))
    )


def _speaks_of_pages(rule: Rule) -> bool:
    """A rule that names the type or a text of a page knows what it looks at; even so it proves no success.

    A 429 needs neither: a proxy in front of the panel says it with a page of its own, and lets nothing pass.
    """
    if rule.outcome is Is.RATE_LIMITED and rule.status == (_TOO_MANY,) and rule.match is None:
        return True
    proves = rule.outcome in (Is.OK, Is.ALREADY, Is.EXISTS, Is.NOT_FOUND)
    return not proves and (rule.type is not None or rule.text is not None)


def _said(rule: Rule, reply: Reply, starred: Callable[[str], str]) -> str:
    """Text of the panel, safe to print: one short line of visible characters, no markup."""
    if rule.message is None:
        return ""
    try:
        found = queries.ask(rule.message, reply.facts())
    except queries.QueryFailed:
        return ""
    text = found if isinstance(found, str) else "" if found is None else str(found)
    shown = "".join(sign if sign.isprintable() else " " for sign in re.sub(r"<[^>]*>?", " ", starred(text)))
    return starred(" ".join(shown.split()))[:_LONGEST_MESSAGE]
