"""Who asks: keys verified, installations bound to their shop."""

from __future__ import annotations

from panelbridge.actions.caller import Access, Caller
from panelbridge.http.auth.binding import check_binding
from panelbridge.http.auth.verifier import KeyVerifier

__all__ = ["Access", "Caller", "KeyVerifier", "check_binding"]
