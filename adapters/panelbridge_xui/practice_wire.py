"""How XC_VM 2025-07 reads parameters and cleans what is stored: PHP's ways."""

from __future__ import annotations

import json
import re
import secrets
from calendar import monthrange
from datetime import UTC, datetime, timedelta
from typing import Any

from panelbridge.testing.practice import PracticeReply, PracticeRequest

_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"


class PanelCrash(Exception):
    """The panel's own code fails: PHP 8 answers 200 with an empty body."""


class Refused(Exception):
    """The panel answers with a status, and echoes the posted form where it validates."""

    def __init__(self, status: str, *, echo: bool = False, error: str | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.echo = echo
        self.error = error


class Parameters:
    """Query and form together; the form wins. ``name[]`` makes a list, as in PHP."""

    def __init__(self, request: PracticeRequest) -> None:
        self._values: dict[str, str | list[str]] = {}
        for source in (request.query, request.form):
            fresh: dict[str, str | list[str]] = {}
            for name, value in source:
                if name.endswith("[]"):
                    kept = fresh.get(name[:-2])
                    fresh[name[:-2]] = [*(kept if isinstance(kept, list) else []), value]
                else:
                    fresh[name] = value
            self._values.update(fresh)

    def has(self, name: str) -> bool:
        """Presence alone counts for flags."""
        return name in self._values

    def text(self, name: str) -> str | None:
        value = self._values.get(name)
        return value if isinstance(value, str) else None

    def cleaned(self, name: str) -> str | None:
        """As stored: trimmed, no backslashes, the word null as nothing."""
        value = self.text(name)
        if value is None:
            return None
        value = value.strip().replace("\\", "").replace("<script", "&lt;script").replace("<!--", "&lt;!--")
        return None if value.lower() == "null" else value

    def number(self, name: str) -> int | None:
        value = (self.text(name) or "").strip()
        return int(value) if re.fullmatch(r"-?\d{1,18}", value) else None

    def array(self, name: str) -> list[str] | None:
        value = self._values.get(name)
        return value if isinstance(value, list) else None

    def posted(self) -> dict[str, Any]:
        """What a validation error echoes: the whole form, password included."""
        return {name: value for name, value in self._values.items() if name not in ("api_key", "action")}


def random_name() -> str:
    """What the panel makes up when it ignores, or is not given, a name or password."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(10))


def answer(content: Any) -> PracticeReply:
    """JSON under the wrong content type, with a session cookie nobody needs."""
    body = json.dumps(content, separators=(",", ":")).replace("/", "\\/").encode()
    return PracticeReply(
        body=body,
        content_type="text/html; charset=UTF-8",
        headers={"Set-Cookie": f"PHPSESSID={secrets.token_hex(13)}; path=/; HttpOnly"},
    )


def empty() -> PracticeReply:
    return PracticeReply(body=b"", content_type="text/html; charset=UTF-8")


def later(base: datetime, count: int, unit: str) -> datetime:
    """``count`` units after ``base``; a month's missing days run over into the next one, as PHP counts."""
    unit = unit.lower().rstrip("s")
    if unit in ("month", "year"):
        index = base.year * 12 + base.month - 1 + count * (12 if unit == "year" else 1)
        year, month = divmod(index, 12)
        last = monthrange(year, month + 1)[1]
        fitting = base.replace(year=year, month=month + 1, day=min(base.day, last))
        return fitting + timedelta(days=max(0, base.day - last))
    hours = {"hour": 1, "day": 24, "week": 168}[unit]
    return base + timedelta(hours=hours * count)


def parsed_date(text: str, now: datetime) -> int:
    """An admin's ``exp_date``. Raises ``Refused`` for what the panel takes for no date."""
    if text == "":
        return 0  # stored as 1970: expired
    if re.fullmatch(r"@-?\d{1,12}", text):
        return int(text[1:])
    relative = re.fullmatch(r"\+?(\d{1,4}) ?(hour|day|week|month|year)s?", text)
    if relative:
        return int(later(now, int(relative[1]), relative[2]).timestamp())
    for form in ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S"):
        try:
            return int(datetime.strptime(text, form).replace(tzinfo=UTC).timestamp())
        except ValueError:
            continue
    raise Refused("STATUS_INVALID_DATE", echo=True)
