"""Reading the server's users: who is there, who is proved absent, who is ours."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from panelbridge.contract.doubt import nothing_sent
from panelbridge.contract.exceptions import (
    Conflict,
    ContractBroken,
    InvalidOrder,
    NotFound,
    PermissionMissing,
)
from panelbridge.contract.models import AccountRef
from panelbridge_jellyfin import mapping
from panelbridge_jellyfin.client import JellyfinClient
from panelbridge_jellyfin.mapping import User
from panelbridge_jellyfin.settings import Dialect, guid_key


class Lookups:
    """The users of one server, read anew each time. Every method raises ``PanelError``."""

    def __init__(self, client: JellyfinClient, dialect: Dialect) -> None:
        self._client = client
        self._dialect = dialect

    def user_of(self, payload: object) -> User:
        return mapping.user_from(payload, self._dialect)

    def users(self) -> Iterator[User | tuple[str, str]]:
        """All of them; of a row that cannot be read id and name: one bad row is one bad account."""
        for row in self._rows():
            try:
                yield self.user_of(row)
            except ContractBroken:
                yield mapping.names_from(row)

    def _rows(self) -> Sequence[object]:
        """The whole list. One without an administrator is none: a server always has one."""
        rows = list(self._client.users())
        ids = [own for own, _ in map(mapping.names_from, rows) if own]
        if len(set(ids)) < len(ids):
            raise ContractBroken("the server's list names a user twice")
        if not any(mapping.is_administrator(row) for row in rows):
            raise ContractBroken("the server's list of users has no administrator, so it is not whole")
        return rows

    def named(self, username: str) -> User | None:
        """Names are unique without regard to case. A row that hides its name could be anybody's."""
        wanted, rows = username.casefold(), self._rows()
        found = [row for row in rows if mapping.names_from(row)[1].casefold() == wanted]
        if len(found) > 1:
            raise ContractBroken(f"the server has {len(found)} users of that name")
        if not found and not all(mapping.names_from(row)[1] for row in rows):
            raise ContractBroken("a row of the server's list does not tell whose it is")
        return self.user_of(found[0]) if found else None

    def read(self, user_id: str) -> User:
        """Raises ``NotFound`` when the whole list lacks the user; a 404 alone proves nothing."""
        if re.fullmatch(r"[A-Za-z0-9-]{1,64}", user_id) is None:
            raise InvalidOrder("no server gives such an id to a user", field="id")
        payload = self._client.user(user_id)
        if payload is not None:
            user = self.user_of(payload)
            if guid_key(user.id) != guid_key(user_id):
                raise ContractBroken("the server answered with another user than asked for")
            return user
        listed = [mapping.names_from(row)[0] for row in self._rows()]
        if not all(listed) or guid_key(user_id) in map(guid_key, listed):
            raise ContractBroken("the server does not show a user whom its list has, or may have")
        raise NotFound("the server's whole list of users has no such id")

    def ours(self, ref: AccountRef) -> User:
        """The user, when it still is the one ``ref`` means and none who administers the server."""
        with nothing_sent():
            user = self.read(ref.id)
        if user.name != ref.username:
            raise Conflict("the server's user of this id has another name than ours")
        if user.administrator:
            raise PermissionMissing(
                "the user administers the server; the bridge changes no administrator",
                advice="The server's owner takes the administration from this user, or changes it by hand.",
            )
        return user
