"""Reading one account, and proving that there is none."""

from __future__ import annotations

from collections.abc import Iterator

from panelbridge.contract.exceptions import Conflict, ContractBroken, InvalidOrder, NotFound, PanelRefused
from panelbridge.contract.models import AccountId, PanelAccount, Usage
from panelbridge_whm import mapping
from panelbridge_whm.client import WhmClient
from panelbridge_whm.mapping import AccountRow
from panelbridge_whm.settings import WhmSettings


class Lookups:
    """Accounts by user name, with the proof of absence that the list gives."""

    def __init__(self, client: WhmClient, settings: WhmSettings) -> None:
        self._client = client
        self._settings = settings

    def read(self, account_id: AccountId) -> AccountRow:
        """The account when user, domain and owner are still those of the id. ``NotFound`` is proved."""
        user, domain = mapping.id_parts(account_id)
        row = self.named(user)
        if row is None:
            raise NotFound("the panel knows no such user, and its list, which answers, has none")
        if domain not in ("", row.domain):
            raise Conflict("the panel's account of this name is not ours any more: its domain differs")
        return row

    def named(self, user: str) -> AccountRow | None:
        """The account of that user when it is ours; ``None`` when there is none of anybody's."""
        row = self.held(user)
        if row is not None and not self.owns(row):
            raise Conflict("the account of that name belongs to another WHM user")
        return row

    def held(self, user: str) -> AccountRow | None:
        """The account, whoever owns it; ``None`` when it is proved absent. Raises ``PanelError``.

        The text of ``accountsummary``'s refusal is documented nowhere, so that it proves nothing by itself: a
        list that answers and lacks the name does.
        """
        try:
            payloads = self._client.account(user)
        except PanelRefused:
            payloads = ()
        if not payloads:
            self._prove_absent(user)
            return None
        rows = [mapping.row_from(payload) for payload in payloads]
        if [row.user for row in rows] != [user]:
            raise ContractBroken("the panel answered with another account than the one asked for")
        return rows[0]

    def accounts(self) -> Iterator[PanelAccount]:
        """Every account of ours. One bad row is one bad account, unless it says that it is another's."""
        for payload in self._client.accounts():
            try:
                row = mapping.row_from(payload)
            except ContractBroken:
                if mapping.reported(payload, "owner") in (None, self._settings.owned_by):
                    yield mapping.unreadable(payload)
                continue
            if self.owns(row):
                yield mapping.account_from(row)

    def usages(self) -> Iterator[Usage]:
        """A row that cannot be read says nothing, and is no other's trouble."""
        for payload in self._client.accounts():
            try:
                row, usage = mapping.row_from(payload), mapping.usage_from(payload)
            except ContractBroken:
                continue
            if self.owns(row):
                yield usage

    def owns(self, row: AccountRow) -> bool:
        """Whether the account belongs to the WHM user we work for; root sees everybody's."""
        return row.owner == self._settings.owned_by

    def package(self, wanted: str) -> str:
        """The server's name of a package. Raises ``PanelError``; ``InvalidOrder`` when there is none.

        A package without a readable name stops no order of another one.
        """
        reported = [mapping.reported(payload, "name") for payload in self._client.packages()]
        try:
            return mapping.resolve_package(wanted, filter(None, reported), self._settings.user)
        except InvalidOrder:
            if None in reported:
                raise ContractBroken("the panel's list of packages has one without a readable name") from None
            raise

    def _prove_absent(self, user: str) -> None:
        """A row of another name is no trouble of this one, whatever else it holds."""
        names = [mapping.reported(payload, "user") for payload in self._client.accounts(user)]
        if user in names:
            raise ContractBroken("the panel lists the account and does not show it")
        if None in names:
            raise ContractBroken("the panel's list has an account without a readable name")
