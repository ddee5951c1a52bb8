"""The wire of ``api.php``: one method per action, HTTP 200 whatever happened, a closed list of refusals.

Success is ``result`` true *without* an ``error``: the panel also says true beside one. What is not on the
list (the empty body of an unknown action, false without a text, a page) leaves the outcome unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from panelbridge.contract.exceptions import (
    AuthenticationFailed,
    Conflict,
    ContractBroken,
    InvalidOrder,
    NotFound,
    PanelError,
)
from panelbridge.contract.secret import Secret
from panelbridge.transport import PanelSession
from panelbridge_xtream.mapping import Columns
from panelbridge_xtream.settings import XtreamSettings

# The gate's texts lie under key "0".
_GATE = {
    "IP FORBIDDEN": "the panel does not let our IP address use its API",
    "KEY WRONG": "the panel refuses the api_pass",
}
_EXISTS: Final = "EXISTS"
_ABSENT: Final = "NOT EXISTS"
_PARAMETERS: Final = {
    "PARAMETER ERROR": ("options", "the panel's table lacks a column we wrote"),
    "PARAMETER ERROR (user/pass)": ("username", "the panel takes the name or password for missing"),
    "PARAMETER ERROR (mac)": ("mac", "the panel does not accept the MAC address"),
}


@dataclass(frozen=True, kw_only=True)
class Line:
    """How the wire names a line: by the pair."""

    username: str
    password: Secret

    @property
    def fields(self) -> Columns:
        return {"username": self.username, "password": self.password.get_secret_value()}


@dataclass(frozen=True, kw_only=True)
class Device:
    """How the wire names a MAG device."""

    mac: str

    @property
    def fields(self) -> Columns:
        return {"mac": self.mac}


class Exists(Conflict):
    """``EXISTS``: the pair or the MAC is there, perhaps by our own first try."""


class XtreamClient:
    """Actions in, JSON out. Every method raises ``PanelError``."""

    def __init__(self, settings: XtreamSettings) -> None:
        secrets = [] if settings.api_pass is None else [settings.api_pass]
        self._session = PanelSession(settings, secrets=secrets)
        self._gate = [("api_pass", item.get_secret_value()) for item in secrets]

    def read(self, name: Line | Device) -> Any | None:
        """``info`` of a line or device; ``None`` for the panel's own *not exists*."""
        try:
            answer = self._call(_sub(name), "info", name.fields, repeatable=True)
        except NotFound:
            return None
        if isinstance(name, Device):
            return answer  # merged: the device's columns and its line's
        if answer.get("user_info") is None:
            raise ContractBroken("the panel's answer holds no user_info")
        return answer["user_info"]

    def create(self, name: Line | Device, columns: Columns) -> Any:
        """Raises ``Exists`` when the pair or the MAC is taken."""
        return self._call(_sub(name), "create", _columns({**name.fields, **columns}), repeatable=False)

    def edit(self, name: Line | Device, columns: Columns) -> None:
        """Write these columns and no other. For a device false without a text says "no row changed"."""
        answer = self._send(_sub(name), "edit", {**name.fields, **_columns(columns)}, repeatable=False)
        if isinstance(name, Device) and answer == {"result": False}:
            return
        _accepted(answer, _sub(name), "edit")

    def resellers(self) -> Any:
        return self._send("reg_user", "list", {}, repeatable=True)

    def log_in(self, line: Line) -> Any | None:
        """What a player is told of the account it logs in to; ``None`` when it may not, by 200 or by 404."""
        query = {"username": line.username, "password": line.password.get_secret_value()}
        reply = self._session.request("GET", "player_api.php", query=query, repeatable=True)
        if reply.status == HTTPStatus.NOT_FOUND:
            return None
        if reply.status != HTTPStatus.OK:
            raise ContractBroken(f"the panel answered a player's login with {reply.status}")
        answer = reply.json()
        reported = answer.get("user_info") if isinstance(answer, dict) else None
        if not isinstance(reported, dict):
            raise ContractBroken("the panel's answer to a player's login holds no user_info")
        return reported if str(reported.get("auth")) == "1" else None

    def close(self) -> None:
        self._session.close()

    def _call(self, action: str, sub: str, form: Columns, *, repeatable: bool) -> Mapping[str, Any]:
        return _accepted(self._send(action, sub, form, repeatable=repeatable), action, sub)

    def _send(self, action: str, sub: str, form: Columns, *, repeatable: bool) -> Any:
        reply = self._session.request(
            "POST",
            "api.php",
            query={"action": action, "sub": sub},
            form=[*self._gate, *form.items()],
            repeatable=repeatable,
        )
        if reply.status != HTTPStatus.OK:
            raise ContractBroken(f"the panel answered {reply.status} where it always answers 200")
        answer = reply.json()
        if isinstance(answer, dict) and answer.get("result") is False:
            for text, why in _GATE.items():
                if answer.get("0") == text:
                    raise AuthenticationFailed(why)
        return answer


def _sub(name: Line | Device) -> str:
    return "user" if isinstance(name, Line) else "stb"


def _columns(columns: Columns) -> Columns:
    return {f"user_data[{column}]": value for column, value in columns.items()}


def _accepted(answer: Any, action: str, sub: str) -> Mapping[str, Any]:
    """``answer`` when it is a success; raises what it is otherwise."""
    if isinstance(answer, dict) and answer.get("result") is True and "error" not in answer:
        return answer
    raise _refusal(answer, action, sub)


def _refusal(answer: Any, action: str, sub: str) -> PanelError:
    """The error that an answer other than a success stands for; its text is never passed on."""
    refused = isinstance(answer, dict) and answer.get("result") is False
    error = answer.get("error") if refused else None
    if error == _EXISTS and sub == "create":
        return Exists("the panel has this name and password (or MAC address) already")
    if error == _ABSENT and sub == "edit" and action == "user":
        return Conflict("the line had another name or password when it was to be written; nothing was")
    if error == _ABSENT and sub != "create":
        return NotFound("the panel has no such account")
    if isinstance(error, str) and error in _PARAMETERS:
        field, why = _PARAMETERS[error]
        return InvalidOrder(why, field=field)
    return ContractBroken(
        f"{action}/{sub}: the panel's answer is neither a success nor a refusal it documents"
    )
