"""Orders made up for a try, that fit a panel's rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from panelbridge.contract.capabilities import Capabilities, OrderFact, TextRule
from panelbridge.contract.models import CreateOrder, Credentials, Term
from panelbridge.contract.secret import LOGIN_ALPHABET, PASSWORD_ALPHABET, Secret, random_text

_FACTS = {OrderFact.DOMAIN: "{username}.example", OrderFact.EMAIL: "{username}@customer.example"}

# Rules differ: names of digits only, in capitals, or beginning with a letter.
_ALPHABETS = (LOGIN_ALPHABET, PASSWORD_ALPHABET, "abcdefghijkmnpqrstuvwxyz", "0123456789", "0123456789ABCDEF")


def fitting(rule: TextRule, wanted: int) -> str:
    """A random text that keeps ``rule``, of ``wanted`` characters where that is allowed."""
    length = min(max(rule.min_length, wanted), rule.max_length)
    for alphabet in _ALPHABETS * 50:
        text = random_text(length, alphabet)
        if rule.breach(text) is None:
            return text
    raise ValueError(f"no text was found that keeps {rule!r}; the suite knows too few alphabets")


def credentials_for(capabilities: Capabilities) -> Credentials:
    """New ones."""
    return Credentials(
        username=fitting(capabilities.username, 12), password=Secret(fitting(capabilities.password, 16))
    )


def order_for(
    capabilities: Capabilities, *, package: str, term: Term, options: Mapping[str, str], tried_by: str
) -> CreateOrder:
    """A new account; ``{username}`` in an option is its login name, and needed facts are made up."""
    credentials = credentials_for(capabilities)
    facts = {fact.value: _FACTS[fact] for fact in capabilities.needs}
    given = {**facts, **options}
    return CreateOrder(
        credentials=credentials,
        package=package,
        until=months_ahead(term),
        reference=f"{tried_by}:{credentials.username}:1",
        options={name: value.replace("{username}", credentials.username) for name, value in given.items()},
    )


def months_ahead(term: Term) -> datetime:
    """About ``term`` from now, in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0) + timedelta(days=term.days or 30 * term.months)
