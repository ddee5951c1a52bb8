"""Who asks: keys verified, installations bound to their shop."""

from __future__ import annotations

from whmcs_module_shim.auth.binding import check_binding
from whmcs_module_shim.auth.caller import Access, Caller
from whmcs_module_shim.auth.verifier import KeyVerifier

__all__ = ["Access", "Caller", "KeyVerifier", "check_binding"]
