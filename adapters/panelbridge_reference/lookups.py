"""Everything that is read of the panel: one account, whose it is, all of them. Nothing here writes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from panelbridge.contract.capabilities import Extend
from panelbridge.contract.exceptions import Conflict, ContractBroken, NotFound, PanelError
from panelbridge.contract.models import (
    Absent,
    AccountId,
    AccountRef,
    Found,
    Lookup,
    Package,
    PanelAccount,
    Unknown,
)
from panelbridge.contract.strict import each_package
from panelbridge_reference import mapping
from panelbridge_reference.client import ReferenceClient
from panelbridge_reference.settings import ReferenceSettings


class Lookups:
    """``get`` and ``find`` never raise ``PanelError``; the others do."""

    def __init__(self, client: ReferenceClient, settings: ReferenceSettings) -> None:
        self._client = client
        self._ends = settings.extend is not Extend.NONE

    def read(self, account_id: AccountId) -> PanelAccount:
        return self.same(account_id, self._client.account(account_id))

    def ours(self, ref: AccountRef, *other_names: str) -> PanelAccount:
        """The account, when it still is the one ``ref`` means: ids may be given out anew."""
        account = self.read(ref.id)
        same_name = account.username in (ref.username, *other_names)
        if not same_name or ref.reference not in (None, account.reference):
            raise Conflict("the panel's account of this id is not ours any more")
        return account

    def get(self, ref: AccountRef) -> Lookup:
        try:
            return Found(account=self.read(ref.id))
        except NotFound as error:
            return Absent(proof=error.message)
        except PanelError as error:
            return Unknown(cause=error.message)

    def find(self, username: str | None, reference: str | None) -> Lookup:
        wanted = {"username": username, "reference": reference}
        search = {name: value for name, value in wanted.items() if value is not None}
        if not search:
            return Unknown(cause="neither a login name nor a reference was given")
        try:
            found = [self.account_of(payload) for payload in self._client.accounts(**search)]
        except PanelError as error:
            return Unknown(cause=error.message)
        if any(getattr(account, name) != value for account in found for name, value in search.items()):
            return Unknown(cause="the panel's search answered with other accounts than asked for")
        if len(found) > 1:
            return Unknown(cause=f"the panel has {len(found)} such accounts")
        return Found(account=found[0]) if found else Absent(proof="the panel's search found none")

    def accounts(self) -> Iterator[PanelAccount]:
        return map(self._listed, self._client.accounts())

    def packages(self) -> Iterator[Package]:
        return each_package(self._client.packages(), mapping.package_from, "id")

    def same(self, account_id: AccountId, payload: object) -> PanelAccount:
        """The account of that id: an answer about another one says nothing of ours."""
        account = self.account_of(payload)
        if account.id != account_id:
            raise ContractBroken("the panel answered with another account than asked for")
        return account

    def account_of(self, payload: object) -> PanelAccount:
        account = mapping.account_from(payload, datetime.now(UTC))
        return account if self._ends else replace(account, never_expires=False)

    def _listed(self, payload: object) -> PanelAccount:
        """One bad row is one bad account: it hides no other."""
        try:
            return self.account_of(payload)
        except ContractBroken:
            return mapping.unreadable(payload)
