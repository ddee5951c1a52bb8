"""Reading users: by id, by name and all; and what proves that there is none. Nothing here writes."""

from __future__ import annotations

from collections.abc import Iterator

from panelbridge.contract.exceptions import ContractBroken, InvalidOrder, NotFound, OutcomeUnknown
from panelbridge.contract.models import AccountId, PanelAccount, Usage
from panelbridge_dispatcharr import mapping
from panelbridge_dispatcharr.client import DispatcharrClient
from panelbridge_dispatcharr.mapping import User


class Lookups:
    """The users of one panel, read anew each time. Every method raises ``PanelError``."""

    def __init__(self, client: DispatcharrClient) -> None:
        self._client = client

    def read(self, account_id: AccountId) -> User:
        """``NotFound`` when the panel shows no such id, and its list, which must come, has none."""
        user_id = _user_id(account_id)
        try:
            payload = self._client.user(user_id)
        except NotFound:  # the words of many an application: a wrong address says them of everybody
            self._check_gone(user_id)
            raise
        user = mapping.user_from(payload)
        if user.id != user_id:
            raise OutcomeUnknown("the panel answered with another user than asked for")
        return user

    def named(self, username: str) -> User | None:
        """Compared here, letter by letter: the panel filters nothing, and "anna" and "ANNA" are two users.

        Only this user's row is read whole: what is wrong with another's is nobody else's trouble.
        """
        rows = self._client.users()
        found = [row for row in rows if mapping.names_from(row)[1] == username]
        if len(found) > 1:
            raise ContractBroken(f"the panel has {len(found)} users of that name")
        if not found and any(mapping.names_from(row)[1] is None for row in rows):
            raise ContractBroken("a row of the panel's list does not tell whose it is")
        return mapping.user_from(found[0]) if found else None

    def accounts(self) -> Iterator[PanelAccount]:
        """Everybody but the panel's admins; an account of ours stays one whatever its level became."""
        listed = map(mapping.listed_from, self._client.users())
        return iter([account for account in listed if account is not None])

    def usages(self) -> Iterator[Usage]:
        """Of every user whose row can be read."""
        return iter([usage for usage in map(mapping.usage_from, self._client.users()) if usage is not None])

    def _check_gone(self, user_id: int) -> None:
        try:
            listed = any(mapping.names_from(row)[0] in (None, user_id) for row in self._client.users())
        except NotFound:
            raise ContractBroken("the address has no list of users: it is not the panel's") from None
        if listed:
            raise ContractBroken("the panel does not show the user, and its list has it, or may have")


def _user_id(account_id: AccountId) -> int:
    if not (account_id.isascii() and account_id.isdigit() and len(account_id) < 19):  # noqa: PLR2004 - 64 bits
        raise InvalidOrder("an account's id at this panel is a number", field="id")
    return int(account_id)
