"""Who may ask: API keys, their scopes, and the answers already given to a caller's own keys."""

from __future__ import annotations

from panelbridge.access.key_text import KEY_PATTERN, KeyText, digest_of, mint_key, prefix_of
from panelbridge.access.models import ApiKey, NewApiKey, Scope, StoredAnswer
from panelbridge.access.port import AccessStore

__all__ = [
    "KEY_PATTERN",
    "AccessStore",
    "ApiKey",
    "KeyText",
    "NewApiKey",
    "Scope",
    "StoredAnswer",
    "digest_of",
    "mint_key",
    "prefix_of",
]
