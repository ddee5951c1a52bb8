"""From rows to an account and back; pure. A value nobody can read is loud."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from panelbridge.contract.exceptions import ContractBroken
from panelbridge.contract.models import AccountId, AccountState, PanelAccount
from panelbridge.contract.secret import Secret

PASSWORD = "Cleartext-Password"  # noqa: S105 - the attribute's name
EXPIRATION = "Expiration"
AUTH_TYPE = "Auth-Type"
REJECT = "Reject"
SET = ":="  # with "==" a password is never accepted (seen on 3.2.1)
PLAN_PRIORITY, REJECT_PRIORITY = 1, 0  # the smaller one is asked first

# What the server takes besides seconds since 1970 (seen on 3.2.1). An ISO date rejects every login.
_WRITTEN = ("%b %d %Y %H:%M:%S", "%b %d %Y", "%d %b %Y", "%d %B %Y", "%B %d %Y")


@dataclass(frozen=True, kw_only=True)
class UserRows:
    """Everything the tables hold of one user, in the order of the rows."""

    username: str
    checks: Sequence[tuple[str, str, str]]  # attribute, op, value
    groups: Sequence[tuple[str, int]]  # name, priority
    replies: int  # rows in radreply
    note: str | None = None  # of daloRADIUS

    @property
    def exists(self) -> bool:
        return bool(self.checks or self.groups or self.replies)

    def values(self, attribute: str) -> list[str]:
        """Of that attribute, which the server compares without regard to case."""
        return [value for name, _, value in self.checks if name.lower() == attribute.lower()]

    def plan_groups(self, reject_group: str) -> list[str]:
        return [name for name, _ in sorted(self.groups, key=lambda group: group[1]) if name != reject_group]

    def is_in(self, group: str) -> bool:
        return any(name == group for name, _ in self.groups)

    def suspended(self, reject_group: str) -> bool:
        """Whether that group is asked before every other one; of two of one priority nobody knows which."""
        ours = [priority for name, priority in self.groups if name == reject_group]
        others = [priority for name, priority in self.groups if name != reject_group]
        return bool(ours) and min(ours) < min(others, default=min(ours) + 1)


def account_from(rows: UserRows, *, reject_group: str, zone: ZoneInfo, now: datetime) -> PanelAccount:
    """Raises ``ContractBroken`` for an expiry that the server could not read either."""
    expires = expiry_from(rows, zone)
    passwords = rows.values(PASSWORD)
    groups = rows.plan_groups(reject_group)
    return PanelAccount(
        id=AccountId(rows.username),
        username=rows.username,
        state=_state(rows, expires, reject_group, now),
        expires_at=expires,
        never_expires=expires is None,
        password=Secret(passwords[0]) if passwords else None,  # of two rows the first one works
        package=groups[0] if groups else None,
        reference=rows.note,
    )


def _state(rows: UserRows, expires: datetime | None, reject_group: str, now: datetime) -> AccountState:
    if REJECT in rows.values(AUTH_TYPE):
        return AccountState.BANNED  # by somebody's hand: we suspend by the group
    if rows.suspended(reject_group):
        return AccountState.SUSPENDED
    return AccountState.of_enabled(expires, now)


def expiry_from(rows: UserRows, zone: ZoneInfo) -> datetime | None:
    """The expiry; ``None`` = never. Raises ``ContractBroken``."""
    found = rows.values(EXPIRATION)
    if not found:
        return None
    text = found[0].strip()
    if text.isascii() and text.isdigit() and len(text) < 12:  # noqa: PLR2004 - seconds, no milliseconds
        return datetime.fromtimestamp(int(text), UTC)
    for form in _WRITTEN:
        try:
            return datetime.strptime(text, form).replace(tzinfo=zone).astimezone(UTC)
        except ValueError:
            continue
    raise ContractBroken(f"the expiry of user {rows.username!r} is no date the RADIUS server can read")


def expiry_to(until: datetime) -> str:
    """Seconds since 1970: the one form that means the same in every time zone."""
    return str(int(until.timestamp()))
