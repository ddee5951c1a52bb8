"""Passwords that the bridge makes: random, and drawn until one keeps the panel's rule."""

from __future__ import annotations

from panelbridge.contract.capabilities import TextRule
from panelbridge.contract.secret import Secret, random_text
from panelbridge.provisioning.exceptions import Refusal

LENGTH = 14  # where the panel allows it
_DRAWS = 200


def password_for(rule: TextRule) -> Secret:
    """Raises ``Refusal`` (``password_rule``). Some panels want a digit or a capital in it."""
    length = min(rule.max_length, max(rule.min_length, LENGTH))
    for _ in range(_DRAWS):
        password = random_text(length)
        if rule.breach(password) is None:
            return Secret(password)
    raise Refusal(
        "password_rule",
        f"the bridge makes no password that fits the panel's rule: {rule.pattern}",
        advice="Give the service a password that does.",
        field="password",
    )
