"""Rows of Xtream Codes to records and orders to columns: pure, and strict about every field used.

A row prints numbers as strings; a list is JSON in a string. ``exp_date`` null is never, 0 is 1970.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from panelbridge.contract.exceptions import ContractBroken, InvalidOrder
from panelbridge.contract.models import AccountId, AccountState, CreateOrder, Package, PanelAccount
from panelbridge.contract.secret import Secret
from panelbridge_xtream.settings import XtreamPackage

WireT = TypeVar("WireT", bound=BaseModel)
Columns = Mapping[str, str]
TERMINATED = 1  # a past second that nothing else writes: the mark of an account we ended
ENDING: Mapping[str, str] = {"enabled": "0", "exp_date": str(TERMINATED)}
_DEVICE = "mag:"
_SEPARATORS = re.compile("[:.-]")
_DIGITS = re.compile("[0-9A-Fa-f]{12}")


def _listed(value: Any) -> Any:
    if isinstance(value, str):
        return json.loads(value) if value else []
    return value


Ids = Annotated[frozenset[int], BeforeValidator(_listed)]


class Row(BaseModel):
    """What ``info`` shows of a line, or of a device and its line in one."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    id: int | None = Field(default=None, ge=1)
    username: str | None = None
    password: Secret | None = None
    mac: str | None = None
    exp_date: int | None = Field(ge=0, le=253402300799)
    enabled: bool  # our switch
    admin_enabled: bool  # the owner's: false = banned
    max_connections: int = Field(ge=0)
    bouquet: Ids
    output_formats: Ids | None = None  # not every fork shows them
    is_trial: bool = False

    @property
    def terminated(self) -> bool:
        return not self.enabled and self.exp_date == TERMINATED

    def is_pair(self, username: str, password: Secret) -> bool:
        return (self.username, self.password) == (username, password)

    def is_device(self, mac: str) -> bool:
        """False when it shows another MAC; some panels show it encoded, which says nothing."""
        shown = _DIGITS.fullmatch(_SEPARATORS.sub("", self.mac or ""))
        return shown is None or normal_mac(shown[0]) == mac


class _Created(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)

    created_id: int = Field(ge=1)


class _Reseller(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)

    username: str
    credits: Decimal


def row_from(payload: Any) -> Row:
    """Raises ``ContractBroken``."""
    return _read(Row, payload)


def created_id_from(payload: Any) -> int:
    """Raises ``ContractBroken``."""
    return _read(_Created, payload).created_id


def credits_from(payload: Any, name: str) -> Decimal:
    """The credit of the panel user ``name``. Raises ``ContractBroken``, and ``InvalidOrder`` without one."""
    if not isinstance(payload, list):
        raise ContractBroken("the panel's list of resellers is no list")
    # Only our own row is read whole: what is wrong with another's is nobody else's trouble.
    mine = (item for item in payload if isinstance(item, dict) and item.get("username") == name)
    amount = next((_read(_Reseller, item).credits for item in mine), None)
    if amount is None and not all(isinstance(item, dict) for item in payload):
        raise ContractBroken("the panel's list of resellers holds something that is none")
    if amount is None:
        raise InvalidOrder("the panel has no user of the name in the setting reseller", field="reseller")
    return amount


def account_from(
    row: Row, account_id: AccountId, packages: Mapping[str, XtreamPackage], now: datetime
) -> PanelAccount:
    """``now`` decides whether an enabled account has expired."""
    mac = mac_of(account_id)
    return PanelAccount(
        id=account_id,
        username=row.username or mac or "",
        state=_state(row, now),
        expires_at=None if row.exp_date is None else datetime.fromtimestamp(row.exp_date, UTC),
        never_expires=row.exp_date is None,
        password=row.password,
        package=_package_of(row, packages),
        connections=row.max_connections,
        trial=row.is_trial,
        mac=mac,
    )


def _state(row: Row, now: datetime) -> AccountState:
    if not row.admin_enabled:
        return AccountState.BANNED
    if not row.enabled:
        return AccountState.SUSPENDED
    if row.exp_date is not None and row.exp_date <= now.timestamp():
        return AccountState.EXPIRED
    return AccountState.ACTIVE


def _package_of(row: Row, packages: Mapping[str, XtreamPackage]) -> str | None:
    """The package whose bouquets it has; of several the one with its connections; else nobody can tell."""
    fitting = {key: item for key, item in packages.items() if has_bouquets(row, item)}
    if len(fitting) > 1:
        fitting = {key: item for key, item in fitting.items() if item.connections == row.max_connections}
    return next(iter(fitting)) if len(fitting) == 1 else None


def has_bouquets(row: Row, package: XtreamPackage) -> bool:
    return row.bouquet == frozenset(package.bouquets)


def lacks_outputs(row: Row, package: XtreamPackage) -> bool:
    """Whether it plays nothing: a create that was cut short leaves a row without its output formats."""
    return bool(package.outputs) and row.output_formats is not None and not row.output_formats


def differs_from(row: Row, order: CreateOrder, package: XtreamPackage) -> tuple[str, ...]:
    """Fields that the panel set otherwise than ordered."""
    wanted = order.credentials
    as_asked = {
        "username": row.username in (None, wanted.username),
        "password": row.password in (None, wanted.password),
        "expires_at": row.exp_date == epoch(order.until),
        "package": has_bouquets(row, package),
        "connections": row.max_connections == connections_of(package, order.connections),
    }
    return tuple(name for name, equal in as_asked.items() if not equal)


def package_columns(package: XtreamPackage, connections: int | None) -> Columns:
    """What a package is, as columns. The bouquets are JSON: anything else becomes none, and a success."""
    return {
        "bouquet": json.dumps(package.bouquets),
        "max_connections": str(connections_of(package, connections)),
    }


def order_columns(order: CreateOrder, package: XtreamPackage, member_id: int | None) -> Columns:
    """Columns of a create, without what names the account."""
    columns = {"exp_date": str(epoch(order.until)), **package_columns(package, order.connections)}
    if package.outputs:
        columns |= output_columns(package)
    if package.trial:
        columns["is_trial"] = "1"
    if member_id is not None:
        columns["member_id"] = str(member_id)
    return columns


def output_columns(package: XtreamPackage) -> Columns:
    return {"output_formats": json.dumps(package.outputs)}


def connections_of(package: XtreamPackage, connections: int | None) -> int:
    """Raises ``InvalidOrder``."""
    if connections is not None and connections < 0:
        raise InvalidOrder("connections are 0 (unlimited) or more", field="connections")
    return package.connections if connections is None else connections


def check_options(options: Mapping[str, str], *, device: bool) -> None:
    """``device`` = ``mag`` of a device's plan is all there is. Raises ``InvalidOrder``."""
    for name, value in options.items():
        if name != "device" or value != ("mag" if device else "line"):
            raise InvalidOrder("this panel knows only device = mag, with a MAC", field=f"options.{name}")


def package_from(package_id: str, item: XtreamPackage) -> Package:
    return Package(
        id=package_id,
        name=item.name or package_id,
        connections=item.connections,
        trial=item.trial,
        devices=frozenset({"line", "mag"}),
    )


def connections_in_use(reported: Any | None) -> int | None:
    """Of a player's login; ``None``: not known."""
    used = reported.get("active_cons") if isinstance(reported, dict) else None
    text = str(used) if isinstance(used, str | int) and not isinstance(used, bool) else ""
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None


def epoch(moment: datetime) -> int:
    return int(moment.timestamp())


def line_id(row: Row, created: int | None, username: str) -> AccountId:
    """The panel's number; the name it was made under, where a fork's ``info`` shows no number."""
    number = row.id or created
    return AccountId(f"name:{username}" if number is None else str(number))


def device_id(mac: str) -> AccountId:
    return AccountId(_DEVICE + mac)


def mac_of(account_id: str) -> str | None:
    """The MAC of a device's id; ``None`` for a line. Raises ``InvalidOrder``."""
    if not account_id.startswith(_DEVICE):
        return None
    return normal_mac(account_id.removeprefix(_DEVICE), field="id")


def normal_mac(text: str, *, field: str = "mac") -> str:
    """Upper-case colon form, in which the panel compares as text. Raises ``InvalidOrder``."""
    digits = _SEPARATORS.sub("", text).upper()
    if _DIGITS.fullmatch(digits) is None:
        raise InvalidOrder("a MAC address is 12 hexadecimal digits, such as 00:1A:79:12:34:56", field=field)
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


def scrambled(username: str, password: Secret, api_pass: Secret | None) -> Secret:
    """The password of an ended line: made from its last one, so that a repeat finds the line by it."""
    key = api_pass.get_secret_value().encode() if api_pass is not None else b""
    text = f"panelbridge terminated\0{username}\0{password.get_secret_value()}"
    return Secret(hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:32])


def _read(model: type[WireT], payload: Any) -> WireT:
    try:
        return model.model_validate(payload)
    except (ValidationError, RecursionError) as error:
        found = error.errors() if isinstance(error, ValidationError) else []
        fields = sorted({".".join(map(str, item["loc"])) or "reply" for item in found})
        broken = f"the panel's reply has missing or unreadable fields: {', '.join(fields)}"
    raise ContractBroken(broken)
