"""What is a secret by its look or its field's name. Secrets that are known: ``redaction``."""

from __future__ import annotations

import re

STARS = "***"

_SECRET_KEY = re.compile(
    r"pass(wd|word|phrase|code)?([-_]?(\d+|confirm\w*|repeat\w*|again|verify))?$|pw$|pwd|secret|token"
    r"|api[-_]?key|access[-_]?(key|code|hash)|private|credential|authori[sz]ation|cookie|signature"
    r"|^auth$|^r?key$|^pin$|sess(ion)?[-_]?id|(^|[-_])t?otp",
    re.IGNORECASE,
)
_SECRET_VALUES = re.compile(
    r"(?P<key>pb_(?:live|test)_[0-9A-Za-z]{10})_[0-9A-Za-z]+"  # our own keys: the prefix may be shown
    r"|(?P<url>[a-z][a-z0-9+.-]*://)[^/\s:@]*:[^/\s@]*@"  # user:password in a URL
    r"|(?P<query>[?&;](?:user(?:name)?|pass(?:word)?|token|key|api_?key|mac)=)[^&\s\"']+"  # playlist URLs
    r"|(?P<sql>\[(?:parameters|SQL): ).*",  # what a database error would show
    re.IGNORECASE | re.DOTALL,
)


def redact_text(text: str) -> str:
    """``text`` without keys, URL credentials and database parameters, whoever's they are."""
    return _SECRET_VALUES.sub(lambda match: f"{match[match.lastgroup or 0]}{STARS}", text)


def is_secret_key(name: str) -> bool:
    """Whether a field of this name is never shown."""
    return _SECRET_KEY.search(name) is not None
