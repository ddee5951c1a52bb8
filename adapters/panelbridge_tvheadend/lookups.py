"""Reading pairs: both grids, every row compared here, for the panel's filter is a pattern."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from panelbridge.contract.doubt import already_sent
from panelbridge.contract.exceptions import Conflict, ContractBroken, InvalidOrder, NotFound, OutcomeUnknown
from panelbridge.contract.models import AccountRef, Package, PanelAccount
from panelbridge.contract.strict import each_package
from panelbridge_tvheadend import mapping
from panelbridge_tvheadend.client import TvheadendClient
from panelbridge_tvheadend.mapping import EVERYBODY, Access, Pair, Password, access_from, password_from


class Lookups:
    """What the panel holds, by name, by uuid, by reference. Every method raises ``PanelError``."""

    def __init__(self, client: TvheadendClient) -> None:
        self._client = client

    def probe(self) -> None:
        """Read what needs the admin right."""
        self.held("panelbridge-probe")

    def held(self, username: str) -> Pair:
        """Every entry of exactly this name; the enabled ones first."""
        if username in EVERYBODY:
            raise InvalidOrder("this name means everybody and is no account", field="username")
        access = [access_from(row) for row in _of(username, self._client.access(username=username))]
        passwords = [password_from(row) for row in _of(username, self._client.passwords(username=username))]
        return _pair(username, access, passwords)

    def read(self, ref: AccountRef) -> Pair:
        """What is held under the name of the access entry with this uuid.

        Without one, a rest of the account under ``ref``'s own name. Raises ``NotFound`` when both grids hold
        nothing of that name and no access entry has the uuid, and ``Conflict`` when the name is another's.
        """
        pair = self.held(ref.username)
        if any(entry.uuid == ref.id for entry in pair.access):
            return pair
        listed = [mapping.reported_of(row) for row in self._client.access()]
        for uuid, name in listed:
            if uuid == ref.id and name is not None:
                return self.held(name)
        if not pair.entries and any(uuid in (None, ref.id) for uuid, _ in listed):
            raise ContractBroken("an access entry of the panel does not tell whose it is")
        if not pair.entries:
            raise NotFound("the panel's grids hold no entry of this name and no access entry of this uuid")
        if pair.access:
            raise Conflict("the name has an access entry of another uuid: it was made anew, and not by us")
        return pair

    def search(self, username: str | None, reference: str | None) -> list[Pair]:
        """Everything held under the name, or under each name that has the reference in either grid."""
        if username is not None:
            pair = self.held(username)
            fits = reference is None or any(entry.comment == reference for entry in pair.entries)
            return [pair] if pair.entries and fits else []
        if not reference:
            raise InvalidOrder("neither a login name nor a reference was given", field="username")
        rows: list[Access | Password] = [access_from(row) for row in self._client.access(comment=reference)]
        rows += [password_from(row) for row in self._client.passwords(comment=reference)]
        names = {row.username for row in rows if row.comment == reference}
        return [self.held(name) for name in sorted(names - EVERYBODY)]

    def read_back(self, username: str) -> Pair:
        with already_sent():
            pair = self.held(username)
        if not pair.is_whole:
            raise OutcomeUnknown("the panel accepted the change, but does not hold one entry of each kind")
        return pair

    def check_package(self, package: str) -> None:
        """The panel takes a tag that it does not have, so it is looked up before."""
        sold = {item.id: item for item in self.packages()}
        if package in sold and sold[package].unreadable:
            raise ContractBroken("the panel's channel tag of this uuid cannot be read", field="package")
        if package not in sold:
            raise InvalidOrder("the panel has no channel tag with this uuid", field="package")

    def packages(self) -> Iterator[Package]:
        return each_package(self._client.tags(), mapping.package_from, "uuid")

    def accounts(self) -> Iterator[PanelAccount]:
        """Of every name with an access entry that does not run the panel, in the panel's order."""
        passwords: dict[str, list[Any]] = {}
        for row in self._client.passwords():
            passwords.setdefault(mapping.reported_of(row)[1] or "", []).append(row)
        access: dict[str, list[Any]] = {}
        for row in self._client.access():
            name = mapping.reported_of(row)[1]
            if name is None:
                yield mapping.unreadable(row)
            else:
                access.setdefault(name, []).append(row)
        for name, rows in access.items():
            account = _account(name, rows, passwords.get(name, [])) if name not in EVERYBODY else None
            if account is not None:
                yield account


def _of(username: str, rows: Iterable[Any]) -> Iterator[Any]:
    """Those of the name, and those that hide theirs: a filter's pattern may match other names too."""
    return (row for row in rows if mapping.reported_of(row)[1] in (username, None))


def _account(username: str, access: list[Any], passwords: list[Any]) -> PanelAccount | None:
    """``None`` for somebody who runs the panel."""
    try:
        pair = _pair(username, list(map(access_from, access)), list(map(password_from, passwords)))
    except ContractBroken:
        return mapping.unreadable(access[0])
    return None if any(entry.admin for entry in pair.access) else mapping.account_from(pair)


def _pair(username: str, access: list[Access], passwords: list[Password]) -> Pair:
    """Compared letter by letter: a filter's pattern may match more than it was asked for."""
    return Pair(
        username=username,
        access=tuple(sorted((e for e in access if e.username == username), key=lambda e: not e.enabled)),
        passwords=tuple(
            sorted((e for e in passwords if e.username == username), key=lambda e: not e.enabled)
        ),
    )
