"""The wire of Pterodactyl's application API: one method per endpoint, and the closed list of refusals.

Facts are from the panel's source, release 1.11 (README). A refusal is the panel's own JSON: a list ``errors``
whose ``status`` is the reply's. An error of the daemon comes in the same dress with the daemon's own status,
so its class name is looked at: what the node says is no word of the panel's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from panelbridge.contract.exceptions import (
    AuthenticationFailed,
    ContractBroken,
    InvalidOrder,
    NotFound,
    PanelBusy,
    PanelError,
    PanelRefused,
    PermissionMissing,
)
from panelbridge.transport import PanelReply, PanelSession
from panelbridge_pterodactyl import mapping
from panelbridge_pterodactyl.settings import PterodactylSettings

_API = "api/application/"
_PAGE = 100
_OK, _CREATED, _NO_CONTENT, _MISSING, _INVALID = 200, 201, 204, 404, 422


class FieldsRefused(InvalidOrder):
    """422: nothing was done. ``rules`` has the broken rule of each field refused."""

    def __init__(self, rules: Mapping[str, str]) -> None:
        self.rules = rules
        first = next(iter(rules))
        super().__init__("the panel does not accept: " + ", ".join(sorted(rules)), field=first)


_REFUSALS: Mapping[int, tuple[type[PanelError], str]] = {
    400: (PanelRefused, "the panel's rules forbid this"),
    401: (AuthenticationFailed, "the panel refuses the API key"),
    403: (PermissionMissing, "the API key may not do this"),
    404: (NotFound, "the panel has no such thing"),
    409: (PanelBusy, "the server is in a state that does not allow this now"),
}
_NOT_FOUND_CODE = "NotFoundHttpException"


class _Meta(BaseModel):
    """Names only: they are told on, and nothing else that the panel writes is."""

    source_field: str = Field(pattern=r"^[A-Za-z0-9_.]{1,64}$")
    rule: str = Field(default="", pattern=r"^[A-Za-z0-9_]{0,64}$")


class _Error(BaseModel):
    model_config = ConfigDict(strict=True, hide_input_in_errors=True)

    code: str
    status: str
    meta: _Meta | None = None


class _Errors(BaseModel):
    model_config = ConfigDict(strict=True, hide_input_in_errors=True)

    errors: list[_Error]


class PterodactylClient:
    """Endpoints in, JSON out. Every method raises ``PanelError``."""

    def __init__(self, settings: PterodactylSettings) -> None:
        headers = {
            "Authorization": f"Bearer {settings.api_key.get_secret_value()}",
            "Accept": "application/json",  # without it errors become redirects to a page
        }
        self._session = PanelSession(settings, secrets=[settings.api_key], headers=headers)

    def users(self) -> Iterator[Any]:
        return self._pages("users")

    def servers(self) -> Iterator[Any]:
        return self._pages("servers")

    def first(self, kind: str) -> None:
        """See that the panel lists ``kind`` to us at all."""
        self._page(kind, 1, size=1)

    def user(self, user_id: int) -> Any:
        return self._read(f"users/{user_id}")

    def user_of(self, external_id: str) -> Any:
        return self._read(f"users/external/{quote(external_id, safe='')}")

    def server(self, server_id: int) -> Any:
        return self._read(f"servers/{server_id}")

    def server_of(self, external_id: str) -> Any:
        return self._read(f"servers/external/{quote(external_id, safe='')}")

    def create_user(self, body: Mapping[str, Any]) -> Any:
        return self._write("POST", "users", body, _CREATED).json()

    def update_user(self, user_id: int, body: Mapping[str, Any]) -> None:
        self._write("PATCH", f"users/{user_id}", body, _OK).json()

    def delete_user(self, user_id: int) -> None:
        self._write("DELETE", f"users/{user_id}", None, _NO_CONTENT)

    def create_server(self, body: Mapping[str, Any]) -> Any:
        return self._write("POST", "servers", body, _CREATED).json()

    def suspend(self, server_id: int) -> None:
        self._write("POST", f"servers/{server_id}/suspend", None, _NO_CONTENT)

    def unsuspend(self, server_id: int) -> None:
        self._write("POST", f"servers/{server_id}/unsuspend", None, _NO_CONTENT)

    def set_build(self, server_id: int, body: Mapping[str, Any]) -> None:
        self._write("PATCH", f"servers/{server_id}/build", body, _OK).json()

    def delete_server(self, server_id: int) -> None:
        self._write("DELETE", f"servers/{server_id}", None, _NO_CONTENT)

    def close(self) -> None:
        self._session.close()

    def _read(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        reply = self._session.request("GET", _API + path, query=query, repeatable=True)
        return _accepted(reply, _OK).json()

    def _write(self, method: str, path: str, body: Mapping[str, Any] | None, status: int) -> PanelReply:
        reply = self._session.request(method, _API + path, json=body, repeatable=False)
        return _accepted(reply, status)

    def _page(self, kind: str, number: int, size: int = _PAGE) -> mapping.Page:
        return mapping.page_from(self._read(kind, {"page": str(number), "per_page": str(size)}), number)

    def _pages(self, kind: str) -> Iterator[Any]:
        """From the last page to the first: what is deleted meanwhile moves rows to pages not read yet, so
        that none is lost. What is made meanwhile comes at the end.
        """
        first = self._page(kind, 1)
        lowest: int | None = None
        for number in range(max(1, first.pages), 0, -1):
            rows = (self._page(kind, number) if first.pages > 1 else first).rows
            yield from (row for own, row in rows if own is None or lowest is None or own < lowest)
            lowest = min((own for own, _ in rows if own is not None), default=lowest)


def _accepted(reply: PanelReply, status: int) -> PanelReply:
    """``reply`` when it is that; raises the panel's refusal, or ``ContractBroken``."""
    if reply.status == status:
        return reply
    errors = _errors(reply)
    if reply.status == _INVALID:
        raise FieldsRefused({error.meta.source_field: error.meta.rule for error in errors if error.meta})
    refusal, message = _REFUSALS[reply.status]
    raise refusal(message)


def _errors(reply: PanelReply) -> list[_Error]:
    """The panel's own errors. Raises ``ContractBroken`` when it is not the panel that speaks."""
    broken = ContractBroken(f"the panel answered {reply.status}, which says nothing of what it did")
    if reply.status not in _REFUSALS and reply.status != _INVALID:
        raise broken
    try:
        errors = _Errors.model_validate(reply.json()).errors
    except ValidationError:
        raise broken from None
    if not errors or any(error.status != str(reply.status) or "Daemon" in error.code for error in errors):
        raise broken
    if reply.status == _INVALID and not all(error.meta and error.meta.source_field for error in errors):
        raise broken
    if reply.status == _MISSING and any(error.code != _NOT_FOUND_CODE for error in errors):
        raise broken
    return errors
