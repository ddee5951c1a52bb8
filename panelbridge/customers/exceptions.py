"""What cannot be done to a customer. A message names fields and ids, never a value of a person."""

from __future__ import annotations


class CustomerRefused(Exception):
    """Nothing was changed. ``code`` is stable; ``advice`` says who can do what about it."""

    def __init__(self, code: str, message: str, *, advice: str, field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.advice = advice
        self.field = field


def not_found(customer: int) -> CustomerRefused:
    return CustomerRefused(
        "not_found", f"there is no customer {customer}", advice="Look for the customer by name or address."
    )
