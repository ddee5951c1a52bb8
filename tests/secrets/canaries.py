"""Canaries: secrets that must not be found anywhere, in any of the forms in which a secret escapes."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus


def forms(secret: str) -> Mapping[str, bytes]:
    """``secret`` as it looks in a log, a URL, JSON, and base64 (alone or inside something longer)."""
    raw = secret.encode()
    found = {
        "raw": raw,
        "URL-encoded": quote(secret, safe="").encode(),
        "form-encoded": quote_plus(secret).encode(),
        "JSON-escaped": json.dumps(secret)[1:-1].encode(),
        "PHP-JSON-escaped": json.dumps(secret)[1:-1].replace("/", "\\/").encode(),
        "HTML-escaped": secret.replace("&", "&amp;").replace('"', "&quot;").encode(),
        "hexadecimal": raw.hex().encode(),
    }
    for ahead in range(3):
        # Whatever stands around it, these characters of the encoding depend on the secret alone.
        text = base64.b64encode(b"\0" * ahead + raw)
        start, end = (0, 2, 3)[ahead], 4 * ((ahead + len(raw)) // 3)
        found[f"base64, {ahead} bytes in"] = text[start:end]
        found[f"URL base64, {ahead} bytes in"] = text[start:end].translate(bytes.maketrans(b"+/", b"-_"))
    return found


class Canaries:
    """Named secrets, and where they were found."""

    def __init__(self) -> None:
        self._secrets: dict[str, str] = {}

    def add(self, name: str, secret: str) -> str:
        assert len(secret) >= 8, "too short to be told from chance"
        self._secrets[name] = secret
        return secret

    @property
    def names(self) -> set[str]:
        return set(self._secrets)

    def found_in(self, where: str, content: bytes | str) -> list[str]:
        seen = content.encode() if isinstance(content, str) else content
        return [
            f"{name}, {form}, in {where}"
            for name, secret in self._secrets.items()
            for form, shape in forms(secret).items()
            if shape in seen
        ]

    def found_below(self, folder: Path, *, but: Path) -> list[str]:
        """In any file below ``folder``, its name included; ``but`` is the one file that may hold secrets."""
        return [
            line
            for file in files_below(folder)
            if file != but
            for line in (
                *self.found_in(f"{file.name}", file.read_bytes()),
                *self.found_in("a file name", file.name),
            )
        ]


def files_below(folder: Path) -> Iterator[Path]:
    yield from (item for item in sorted(folder.rglob("*")) if item.is_file())
