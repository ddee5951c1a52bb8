"""What a panel answered, read strictly: a field that is missing or of another type is loud, never 0."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from panelbridge.contract.exceptions import ContractBroken
from panelbridge.contract.models import AccountId, AccountState, Package, PanelAccount


def _moment(value: Any) -> datetime:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < _NO_SECONDS:
        raise ValueError("no seconds since 1970")
    return datetime.fromtimestamp(value, UTC)


_NO_SECONDS = 2**33  # the year 2242; milliseconds of today are larger
Epoch = Annotated[datetime, BeforeValidator(_moment)]
"""A moment in UTC, which the panel gives as whole seconds since 1970."""


class Strict(BaseModel):
    """One object of a panel's JSON; a subclass names the fields it uses, others are passed over."""

    model_config = ConfigDict(frozen=True, strict=True, hide_input_in_errors=True)

    @classmethod
    def read(cls, payload: Any) -> Self:
        """Raises ``ContractBroken`` naming the fields, never a value."""
        try:
            return cls.model_validate(payload)
        except ValidationError as error:
            fields = sorted({".".join(map(str, item["loc"])) or "all of it" for item in error.errors()})
            broken = f"the panel's {cls.__name__.strip('_').lower()} lacks or changed: {', '.join(fields)}"
        raise ContractBroken(broken)  # out here, so that no value is chained


def each_package(rows: Iterable[Any], read: Callable[[Any], Package], own_id: str) -> Iterator[Package]:
    """Every row as a package: one that cannot be read is one bad package, and hides no other.

    ``own_id`` is the member of a row that holds its id.
    """
    for row in rows:
        try:
            package = read(row)
        except ContractBroken:
            package = unreadable_package(row.get(own_id) if isinstance(row, dict) else None)
        yield package


def each_account(
    rows: Iterable[Any], read: Callable[[Any], PanelAccount], own_id: str, username: str
) -> Iterator[PanelAccount]:
    """Every row as an account: one that cannot be read is one bad account, and hides no other.

    ``own_id`` and ``username`` are the members of a row that hold these; what they do not tell is empty.
    """
    for row in rows:
        try:
            account = read(row)
        except ContractBroken:
            own, name = (_text(row.get(key) if isinstance(row, dict) else None) for key in (own_id, username))
            account = PanelAccount(id=AccountId(own), username=name, state=AccountState.UNREADABLE)
        yield account


def unreadable_package(value: Any) -> Package:
    """A package of which no more than the id can be read, if that is one."""
    return Package(id=_text(value), name=_text(value), unreadable=True)


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
