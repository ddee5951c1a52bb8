"""What an account at the panel can be: a line with a login, or a device named by its MAC. Pure.

A device has an id of its own beside its hidden line's; ``*_mag`` and ``*_enigma`` actions take that one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from panelbridge.contract.exceptions import InvalidOrder
from panelbridge.contract.models import AccountId, CreateOrder

_MAC = re.compile(r"[0-9A-F]{2}(:[0-9A-F]{2}){5}")
_ID = re.compile(r"(?:(mag|enigma):)?([1-9][0-9]{0,17})")


class Kind(StrEnum):
    """As the panel's actions are named: ``get_line``, ``get_mag``, ``get_enigma``."""

    LINE = "line"
    MAG = "mag"
    ENIGMA = "enigma"

    @property
    def id_name(self) -> str:
        """Where a row of this kind holds its id."""
        return {Kind.LINE: "id", Kind.MAG: "mag_id", Kind.ENIGMA: "device_id"}[self]


DEVICES = (Kind.MAG, Kind.ENIGMA)


@dataclass(frozen=True)
class Key:
    """How the wire names one account."""

    kind: Kind
    number: int

    @property
    def account_id(self) -> AccountId:
        """``41`` of a line, ``mag:12`` or ``enigma:5`` of a device."""
        return AccountId(str(self.number) if self.kind is Kind.LINE else f"{self.kind.value}:{self.number}")


def key_of(account_id: str) -> Key:
    """Raises ``InvalidOrder``."""
    found = _ID.fullmatch(account_id)
    if found is None:
        raise InvalidOrder("an id is a whole number above zero, of a device with mag: before it", field="id")
    return Key(Kind(found[1] or "line"), int(found[2]))


def kind_of(order: CreateOrder) -> Kind:
    """By its MAC and the option ``device``. Raises ``InvalidOrder``."""
    kinds = {Kind.LINE.value} if order.mac is None else {kind.value for kind in DEVICES}
    asked = order.options.get("device", "line" if order.mac is None else "mag")
    if asked not in kinds:
        raise InvalidOrder("device is mag or enigma with a MAC, and line without one", field="options.device")
    return Kind(asked)


def normal_mac(text: str) -> str:
    """Upper-case colon form: the panel stores and compares it as text. Raises ``InvalidOrder``."""
    mac = text.upper().replace("-", ":")
    if re.fullmatch("[0-9A-F]{12}", mac):
        mac = ":".join(mac[at : at + 2] for at in range(0, 12, 2))
    if _MAC.fullmatch(mac) is None:
        raise InvalidOrder("a MAC is 12 hexadecimal digits, such as 00:1A:79:12:34:56", field="mac")
    return mac


def same_mac(left: str, right: str) -> bool:
    """Whether both are one address, whatever form somebody typed it in."""
    return left.upper().replace("-", ":") == right.upper().replace("-", ":")
