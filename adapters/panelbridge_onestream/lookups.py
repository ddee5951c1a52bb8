"""Everything that is read of the panel: lines by name and by id, packages, credit. Nothing here writes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from panelbridge.contract.doubt import nothing_sent
from panelbridge.contract.exceptions import (
    Conflict,
    ContractBroken,
    InsufficientPanelCredit,
    InvalidOrder,
    NotFound,
    PanelError,
)
from panelbridge.contract.models import (
    Absent,
    AccountRef,
    Found,
    Lookup,
    Outcome,
    Package,
    PanelAccount,
    PanelBalance,
    Unknown,
)
from panelbridge.contract.strict import each_package
from panelbridge_onestream import checks, mapping
from panelbridge_onestream.client import OneStreamClient
from panelbridge_onestream.mapping import Line


class Lookups:
    """Its look-ups never raise ``PanelError``."""

    def __init__(self, client: OneStreamClient) -> None:
        self._client = client

    def named(self, username: str) -> list[Line]:
        """Lines of exactly that name: whether names are unique there is not documented."""
        if not username:
            raise InvalidOrder("a look-up needs a login name", field="username")
        # Only rows of that name are read whole: what is wrong with another's is nobody else's trouble.
        rows = list(self._client.lines(username))
        lines = [_line(row) for row in rows if mapping.reported(row, "username") == username]
        return lines or _none_of(rows, "username")

    def read(self, line_id: str, *names: str) -> Line:
        """The line of that id. The panel cannot be asked by id: it is sought among those names, then among
        all, for somebody may have renamed it. Raises ``NotFound`` when the whole list lacks it.
        """
        checks.check_id(line_id)
        for name in names:
            for line in self.named(name):
                if line.id == line_id:
                    return line
        rows = []
        for row in self._client.lines():
            if mapping.reported(row, "line_id") == line_id:
                return _line(row)
            rows.append(row)
        _none_of(rows, "line_id")
        raise NotFound("the panel's list of lines is whole and lacks it")

    def ours(self, ref: AccountRef, *other_names: str) -> Line:
        """The line, when it still is the one ``ref`` means."""
        with nothing_sent():
            line = self.read(ref.id, ref.username, *other_names)
        same_name = line.account.username in (ref.username, *other_names)
        if not same_name or ref.reference not in (None, line.account.reference):
            raise Conflict("the panel's line of this id is not ours any more")
        return line

    def get(self, ref: AccountRef) -> Lookup:
        try:
            return Found(account=self.read(ref.id, ref.username).account)
        except NotFound as error:
            return Absent(proof=error.message)
        except PanelError as error:
            return Unknown(cause=error.message)

    def find(self, username: str, reference: str | None) -> Lookup:
        try:
            named = [line.account for line in self.named(username)]
        except PanelError as error:
            return Unknown(cause=error.message)
        if not named:
            return Absent(proof="the panel lists no line of that name")
        if len(named) > 1 or reference not in (None, named[0].reference):
            return Unknown(cause=f"the panel lists {len(named)} lines of that name, none certainly the one")
        return Found(account=named[0])

    def accounts(self) -> Iterator[PanelAccount]:
        """Of a row that cannot be read what can: one bad row is one bad account."""
        for row in self._client.lines():
            try:
                account = _line(row).account
            except ContractBroken:
                account = mapping.unreadable(row)
            yield account

    def packages(self) -> Iterator[Package]:
        return each_package(self._client.packages(), mapping.package_from, "id")

    def package(self, package_id: str) -> Package | None:
        rows = (row for row in self._client.packages() if mapping.reported(row, "id") == package_id)
        return next(map(mapping.package_from, rows), None)

    def profile(self) -> tuple[str, PanelBalance]:
        return mapping.profile_from(self._client.profile())

    def refusal(self, package_id: str, reported: str) -> PanelError:
        """What an error was about that sold nothing: its words are not documented, what we read is."""
        package, (_, balance) = self.package(package_id), self.profile()
        if package is None:
            return InvalidOrder("the panel offers our user no package of that id", field="package")
        if package.price is not None and balance.amount < package.price:
            return InsufficientPanelCredit("our credit at the panel is below the package's price")
        return refused(f"{reported}; nothing was sold")


def _none_of(rows: list[Any], field: str) -> list[Line]:
    """No line, unless a row hides the field that would tell: then it may be the one that was sought."""
    if any(mapping.reported(row, field) is None for row in rows):
        raise ContractBroken(f"a row of the panel's list does not tell its {field}", field=field)
    return []


def refused(message: str) -> PanelError:
    """An error of the panel that changed nothing."""
    advice = "Ask the panel's provider: the reason stands in its log."
    return PanelError(message, outcome=Outcome.REFUSED, advice=advice)


def _line(payload: object) -> Line:
    return mapping.line_from(payload, datetime.now(UTC))
