"""Refusals of the journal: nothing was sent, nothing is held."""

from __future__ import annotations


class Refusal(Exception):
    """The request cannot be admitted. ``code`` is stable; ``advice`` says who can fix it.

    ``customer`` is what the customer may read of it, where he can fix it himself.
    """

    def __init__(
        self, code: str, message: str, *, advice: str, field: str | None = None, customer: str | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.advice = advice
        self.field = field
        self.customer = customer
        self.retry_safe = True


def not_provisioned(verb: str) -> Refusal:
    return Refusal(
        "not_provisioned",
        f"{verb} is not possible: this service has no account at the panel",
        advice="Run Create first.",
    )
