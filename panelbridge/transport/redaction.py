"""Taking secrets out of text that leaves the process: by the name of a field and by value.

The same secret looks different in a query, a JSON string, a page or a Basic header, so every such form of it
is searched for. Over-redaction is harmless, a leak is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from panelbridge.contract.secret import Secret
from panelbridge.transport.secret_forms import forms_of, found_by
from panelbridge.transport.secret_text import STARS, is_secret_key


class Redactor:
    """Replaces every form of the given secrets by stars. Build once, use often; safe between threads."""

    def __init__(self, secrets: Iterable[Secret | str] = ()) -> None:
        plain = {item.get_secret_value() if isinstance(item, Secret) else item for item in secrets}
        forms = {form for secret in plain if secret for form in forms_of(secret)}
        ordered = sorted(forms, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(found_by, ordered)), re.IGNORECASE) if ordered else None

    def __repr__(self) -> str:
        return "Redactor(***)"

    def text(self, text: str) -> str:
        """``text`` with every known secret starred."""
        return text if self._pattern is None else self._pattern.sub(STARS, text)

    def fields(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """A copy of ``fields``, starred by key and by value, all levels down."""
        return {
            self.text(str(key)): STARS if is_secret_key(str(key)) else self._any(value)
            for key, value in fields.items()
        }

    def _any(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return self.fields(value)
        if isinstance(value, (list, tuple, set, frozenset)):
            return [self._any(item) for item in value]
        if isinstance(value, bytes):
            return self.text(value.decode("utf-8", "replace"))
        if value is None or isinstance(value, (bool, int, float)):
            return value
        return self.text(str(value))


def redact(text: str, secrets: Iterable[Secret | str]) -> str:
    """``text`` with every form of ``secrets`` starred; for many texts keep a ``Redactor``."""
    return Redactor(secrets).text(text)
