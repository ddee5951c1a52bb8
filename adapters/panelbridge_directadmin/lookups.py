"""Reading one user, proving that there is none, and what an order needs to know of the server."""

from __future__ import annotations

from collections.abc import Iterator

from panelbridge.contract.exceptions import (
    CapacityExhausted,
    Conflict,
    ContractBroken,
    InvalidOrder,
    NotFound,
    PanelRefused,
)
from panelbridge.contract.models import AccountId, Credentials, PanelAccount, Usage
from panelbridge_directadmin import mapping
from panelbridge_directadmin.client import DirectAdminClient, EmptyList
from panelbridge_directadmin.mapping import UserRow
from panelbridge_directadmin.settings import DirectAdminSettings

_SHARED = ("shared", "server")  # the others belong to one user alone


class Lookups:
    """Users by name. Every method raises ``PanelError``."""

    def __init__(self, client: DirectAdminClient, settings: DirectAdminSettings) -> None:
        self._client = client
        self._settings = settings

    def shown(self, user: str) -> UserRow | None:
        """The user; ``None`` when the panel refuses to show one, which alone proves nothing."""
        try:
            fields = self._client.user_config(user)
        except PanelRefused:
            return None
        row = mapping.row_from(fields)
        if row.username != user:
            raise ContractBroken("the panel answered with another user than the one asked for")
        return row

    def read(self, account_id: AccountId) -> UserRow:
        """The user when name and domain are still those of the id. ``NotFound`` is proved."""
        user, domain = mapping.id_parts(account_id)
        row = self.named(user)
        if row is None:
            raise NotFound("the panel refuses to show such a user, and its list of ours has none")
        if domain not in ("", row.domain):
            raise Conflict("the panel's user of this name is not our account any more: its domain differs")
        return row

    def named(self, user: str) -> UserRow | None:
        """The user when it is a customer's; ``None`` when there is none of any kind."""
        row = self.held(user)
        if row is not None and row.usertype != "user":
            raise Conflict("the panel's user of this name is no customer")
        return row

    def held(self, user: str) -> UserRow | None:
        """The user; ``None`` when it is proved absent: neither shown nor in the list of ours."""
        row = self.shown(user)
        if row is None:
            names = self.listed()
            if user in names:
                raise ContractBroken("the panel lists the user and does not show it")
            if "" in names:
                raise ContractBroken("the panel's list has a user without a name")
        return row

    def accounts(self) -> Iterator[PanelAccount]:
        """The list holds names only: each user is then read, and one that went meanwhile is left out.

        One that is listed and cannot be read is one bad account.
        """
        for user in self._client.users():
            if not user:
                yield mapping.unreadable(user)
                continue
            try:
                row = self.held(user)
            except ContractBroken:
                yield mapping.unreadable(user)
                continue
            if row is not None:
                yield mapping.account_from(row)

    def usages(self) -> Iterator[Usage]:
        """A user that cannot be read says nothing, and is no other's trouble."""
        for user in filter(None, self._client.users()):
            try:
                usage = mapping.usage_from(self._client.user_config(user), self._client.user_usage(user))
            except ContractBroken:
                continue
            yield usage

    def package(self, wanted: str) -> str:
        """``wanted``, when the server offers it to us; asked for another one it may do anything."""
        if wanted not in self._client.packages():
            raise InvalidOrder("the server offers us no package of that name", field="package")
        return wanted

    def address(self) -> str:
        """Where a new account is put."""
        if self._settings.ip is not None:
            return self._settings.ip
        statuses, broken = self._address_statuses()
        for wanted in _SHARED:
            for ip, status in statuses.items():
                if status == wanted:
                    return ip
        if broken is not None:
            raise broken
        raise CapacityExhausted("the server gives us no shared address to put an account on")

    def _address_statuses(self) -> tuple[dict[str, str], ContractBroken | None]:
        """Of each address that can be read, and the trouble with one that cannot: it stops no order."""
        statuses: dict[str, str] = {}
        broken = None
        for ip in self._client.addresses():
            try:
                statuses[ip] = self._client.address_status(ip)
            except ContractBroken as error:
                broken = error
        return statuses, broken

    def lets_in(self, row: UserRow, credentials: Credentials) -> bool:
        """Whether the password works, where that can be tried: a suspended user is let in nowhere."""
        if row.suspended or not self._settings.verify_passwords:
            return True
        return self._client.login_works(row.username, credentials.password)

    def listed(self) -> tuple[str, ...]:
        """Our users. No rows are an empty body: believed beside a refusal to show, while our login works."""
        try:
            return self._client.users()
        except EmptyList:
            self._client.login_test()
            return ()
