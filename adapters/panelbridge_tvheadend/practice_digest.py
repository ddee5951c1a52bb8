"""HTTP Digest at the practice panel: who calls, told from the ``Authorization`` header."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping

from requests.utils import parse_dict_header

REALM = "tvheadend"


def challenge(key: str, epoch: str) -> str:
    """The value of ``WWW-Authenticate``; its nonce is known for as long as the epoch lasts."""
    salt = secrets.token_hex(8)
    return f'Digest realm="{REALM}", qop="auth", nonce="{salt}.{_seal(key, epoch, salt)}"'


def parts_of(header: str, key: str, epoch: str) -> Mapping[str, str] | None:
    """The parts of an answer to a challenge of this epoch; ``None`` for anything else."""
    scheme, _, rest = header.partition(" ")
    if scheme.lower() != "digest":
        return None
    parts: dict[str, str] = parse_dict_header(rest)  # type: ignore[no-untyped-call]
    salt, _, seal = parts.get("nonce", "").partition(".")
    return parts if hmac.compare_digest(seal, _seal(key, epoch, salt)) else None


def fits(parts: Mapping[str, str], method: str, passwords: Iterable[str]) -> bool:
    """Whether one of ``passwords`` is what the answer was made with."""
    second = _md5(f"{method}:{parts.get('uri')}")
    middle = ":".join(parts.get(name, "") for name in ("nonce", "nc", "cnonce", "qop"))
    firsts = (_md5(f"{parts.get('username')}:{REALM}:{password}") for password in passwords)
    return any(parts.get("response") == _md5(f"{first}:{middle}:{second}") for first in firsts)


def _seal(key: str, epoch: str, salt: str) -> str:
    return hmac.new(key.encode(), f"{epoch}.{salt}".encode(), hashlib.sha256).hexdigest()[:24]


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
