"""An action refused before anything was asked of books or panel."""

from __future__ import annotations


class Refused(Exception):
    """``code`` is stable, as in the error catalogue; ``advice`` says who can fix it, and how."""

    def __init__(self, code: str, message: str, *, advice: str, retry_safe: bool = True) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.advice = advice
        self.retry_safe = retry_safe
