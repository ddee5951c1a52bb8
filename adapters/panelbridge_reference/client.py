"""The wire of the reference protocol 1: one method per endpoint, every documented refusal by its own error.

Only an error body of the list in the README is a refusal. Anything else, such as a 404 of a web server that
does not know the panel, proves nothing and is ``ContractBroken``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from panelbridge.contract.exceptions import (
    AuthenticationFailed,
    CapacityExhausted,
    Conflict,
    ContractBroken,
    InsufficientPanelCredit,
    InvalidOrder,
    NotFound,
    PanelError,
    PermissionMissing,
)
from panelbridge.transport import PanelReply, PanelSession
from panelbridge_reference.settings import ReferenceSettings

_CREATED = 201
_REFUSALS: dict[tuple[int, str], tuple[type[PanelError], str]] = {
    (401, "bad_token"): (AuthenticationFailed, "the panel refuses the token"),
    (402, "insufficient_credit"): (InsufficientPanelCredit, "our credit at the panel is used up"),
    (403, "permission_missing"): (PermissionMissing, "the token may not do this"),
    (404, "no_such_account"): (NotFound, "the panel has no such account"),
    (409, "name_taken"): (Conflict, "the login name is taken at the panel"),
    (409, "panel_full"): (CapacityExhausted, "the panel takes no more accounts"),
    (422, "invalid_field"): (InvalidOrder, "the panel does not accept a field"),
}


class ReferenceClient:
    """Endpoints in, JSON out. Every method raises ``PanelError``."""

    def __init__(self, settings: ReferenceSettings) -> None:
        bearer = {"Authorization": f"Bearer {settings.token.get_secret_value()}"}
        self._session = PanelSession(settings, secrets=[settings.token], headers=bearer)

    def panel(self) -> Any:
        return self._read("v1/panel")

    def packages(self) -> Iterator[Any]:
        return self._pages("v1/packages", "packages", {})

    def accounts(self, **search: str) -> Iterator[Any]:
        """Every account, or those whose ``username`` or ``reference`` is exactly that."""
        return self._pages("v1/accounts", "accounts", search)

    def account(self, account_id: str) -> Any:
        return self._read(f"v1/accounts/{quote(account_id, safe='')}")

    def create(self, username: str, body: Mapping[str, Any]) -> tuple[Any, bool]:
        """The account of that name, and whether this call made it."""
        reply = self._write("PUT", f"v1/names/{quote(username, safe='')}", body)
        return reply.json(), reply.status == _CREATED

    def put(self, account_id: str, part: str, body: Mapping[str, Any]) -> Any:
        """Set one part of an account: expiry, suspension, credentials or package."""
        return self._write("PUT", f"v1/accounts/{quote(account_id, safe='')}/{part}", body).json()

    def lift_suspension(self, account_id: str) -> Any:
        return self._write("DELETE", f"v1/accounts/{quote(account_id, safe='')}/suspension", None).json()

    def buy(self, account_id: str, package: str) -> Any:
        """Add the length of ``package`` to the account. Every call adds."""
        path = f"v1/accounts/{quote(account_id, safe='')}/purchases"
        return self._write("POST", path, {"package": package}).json()

    def delete(self, account_id: str) -> None:
        self._write("DELETE", f"v1/accounts/{quote(account_id, safe='')}", None).json()

    def close(self) -> None:
        self._session.close()

    def _read(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        return _accepted(self._session.request("GET", path, query=query, repeatable=True)).json()

    def _write(self, method: str, path: str, body: Mapping[str, Any] | None) -> PanelReply:
        # Not repeatable, although these writes converge: a lost one may land late, after a newer verb. Only
        # the engine, which waits that time out, may send it again.
        return _accepted(self._session.request(method, path, json=body, repeatable=False))

    def _pages(self, path: str, name: str, search: Mapping[str, str]) -> Iterator[Any]:
        after, seen = "", {""}
        while True:
            page = self._read(path, {**search, "after": after} if after else search)
            if not isinstance(page, dict) or not isinstance(page.get(name), list) or "next" not in page:
                raise ContractBroken(f"a page of {name} lacks {name!r} or 'next'")
            yield from page[name]
            if page["next"] is None:
                return
            after = str(page["next"])
            if not page[name] or _id_of(page[name][-1]) not in (None, after):
                raise ContractBroken(f"a page of {name} lacks rows before its 'next'")
            if after in seen:
                raise ContractBroken(f"the pages of {name} go in a circle")
            seen.add(after)


def _id_of(row: Any) -> str | None:
    """``None`` where a row that cannot be read does not tell it: it hides no page after its own."""
    reported = row.get("id") if isinstance(row, dict) else None
    return reported if isinstance(reported, str) and reported else None


def _accepted(reply: PanelReply) -> PanelReply:
    """``reply`` when it is a success; raises the documented refusal, or ``ContractBroken``."""
    if reply.status in (200, _CREATED):
        return reply
    content = reply.json()
    code = content.get("error") if isinstance(content, dict) else None
    if (reply.status, code) not in _REFUSALS:
        raise ContractBroken(f"the panel answered {reply.status} without an error of its documented list")
    refusal, message = _REFUSALS[reply.status, str(code)]
    field = content.get("field")
    raise refusal(message, field=field if isinstance(field, str) else None)
