"""The wire of XC_VM's action API: one method per endpoint, typed rows out, errors of the contract raised.

Every action is a POST of form fields to ``<access code>/`` (so that secrets stay out of access logs), every
answer is HTTP 200 with content type text/html and JSON inside; some lists are bare arrays. Seen on XC_VM
2025-07; the re-brandings that answer ``get_packages`` in an envelope are read as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from panelbridge.contract.exceptions import (
    AuthenticationFailed,
    ContractBroken,
    PermissionMissing,
    Unsupported,
)
from panelbridge.contract.secret import Secret
from panelbridge.transport import PanelReply, PanelSession
from panelbridge_xui import errors
from panelbridge_xui.errors import UnreadableRow
from panelbridge_xui.kinds import Key, Kind
from panelbridge_xui.mapping import Fields
from panelbridge_xui.rows import (
    LineRow,
    OwnUser,
    PackagesRead,
    ShortLineRow,
    as_items,
    as_row,
    device_row,
    line_row,
    own_user,
    packages_reported,
    short_row,
)
from panelbridge_xui.wire import integer

# Some builds answer a create with the new id alone, under one of these names.
_ID_NAMES = ("id", "line_id", "user_id")


@dataclass(frozen=True, kw_only=True)
class Written:
    """What a create or edit answered: the account as the panel read it back, or only its id."""

    key: Key
    line: LineRow | None


@dataclass(frozen=True, kw_only=True)
class LinesPage:
    """One page of ``get_lines``, ``get_mags`` or ``get_enigmas``."""

    rows: tuple[ShortLineRow, ...]
    total: int | None  # of ours, whatever the search; None: the panel counted nothing
    filtered: int | None  # matching the search


class XuiClient:
    """One credential at one of the two APIs. Safe between threads; the session is owned by the caller."""

    def __init__(self, session: PanelSession, *, access_code: Secret, api_path: str, api_key: Secret) -> None:
        self._session = session
        self._api_key = api_key
        # The trailing slash matters: codes shorter than four characters are mounted with it only.
        self._path = f"{quote(access_code.get_secret_value(), safe='')}/{api_path}"

    def user_info(self) -> OwnUser:
        """Reseller API: our own panel user, its balance and permissions."""
        answer = self._ask("user_info")
        return own_user(answer.get("data"), answer.get("permissions"))

    def panel_time(self) -> datetime | None:
        """The panel's clock as its front server says it, to the second; ``None`` when it does not."""
        return _date(self._send("get_lines", [("limit", "1")], repeatable=True))

    def packages(self) -> PackagesRead:
        """Reseller API: the packages offered to our group, with our prices."""
        return packages_reported(self._ask("packages").get("data"))

    def get_packages(self) -> PackagesRead:
        """Admin API: every package; a bare array on XC_VM."""
        return packages_reported(self._ask("get_packages").get("data"))

    def get(self, key: Key) -> LineRow | None:
        """The account, or ``None`` for the panel's bare refusal: absent, or not in our reseller's tree.

        Raises ``UnreadableRow`` when there is one and its own row is what is wrong.
        """
        answer = self._ask(f"get_{key.kind}", [("id", str(key.number))], failure_is_answer=True)
        if answer["status"] != errors.SUCCESS:
            return None
        try:
            line = _row(key.kind, answer.get("data"))
        except ContractBroken as error:
            raise UnreadableRow(error.message, field=error.field) from None
        _check_key(line.key, key)
        return line

    def rows(
        self, kind: Kind = Kind.LINE, *, start: int = 0, limit: int = 50, search: str | None = None
    ) -> LinesPage:
        """One page of a list. An empty page of the reseller API proves nothing (XC_VM 2025-07).

        Its empty list has no counters at all (RUN, November 2026); any other list must have them.
        """
        fields = [("start", str(start)), ("limit", str(limit))]
        answer = self._ask(f"get_{kind}s", fields + ([("search[value]", search)] if search else []))
        rows = tuple(short_row(kind, row) for row in as_items(answer.get("data"), f"{kind}s"))
        if not rows and not {"recordsTotal", "recordsFiltered"} & set(answer):
            return LinesPage(rows=(), total=None, filtered=None)
        return LinesPage(
            rows=rows, total=integer(answer, "recordsTotal"), filtered=integer(answer, "recordsFiltered")
        )

    def create_line(self, fields: Fields) -> Written:
        """Create a line; on the reseller API this buys. Not repeatable."""
        return _written(self._write("create_line", fields))

    def create_device(self, kind: Kind, fields: Fields) -> Written | None:
        """Create a device; ``None`` when the answer shows none: an admin's ``create_enigma`` reads a wrong
        table (by its source).
        """
        data = self._write(f"create_{kind}", fields).get("data")
        try:
            line = device_row(kind, data)
        except ContractBroken:
            return None
        return Written(key=line.key, line=line)

    def edit(self, key: Key, fields: Fields) -> Written:
        """Edit an account; with ``package`` on the reseller API this buys, each time it is sent."""
        answer = self._write(f"edit_{key.kind}", [("id", str(key.number)), *fields])
        if key.kind is not Kind.LINE:
            return Written(key=key, line=None)  # no release is known to answer it with the device
        written = _written(answer)
        _check_key(written.key, key)
        return written

    def disable(self, key: Key) -> None:
        """Switch it off. XC_VM 2025-07 does not check whose it is: the caller must have."""
        self._write(f"disable_{key.kind}", [("id", str(key.number))])

    def enable(self, key: Key) -> None:
        """Switch it on. It does not lift a ban. Whose it is must have been checked."""
        self._write(f"enable_{key.kind}", [("id", str(key.number))])

    def delete(self, key: Key) -> bool:
        """Delete it; false when the panel says there is none. Whose it is must have been checked."""
        fields = [("id", str(key.number))]
        answer = self._call(f"delete_{key.kind}", fields, repeatable=False, failure_is_answer=True)
        return bool(answer["status"] == errors.SUCCESS)

    def _ask(
        self, action: str, fields: Fields | None = None, *, failure_is_answer: bool = False
    ) -> dict[str, Any]:
        return self._call(action, fields or [], repeatable=True, failure_is_answer=failure_is_answer)

    def _write(self, action: str, fields: Fields) -> dict[str, Any]:
        return self._call(action, fields, repeatable=False, failure_is_answer=False)

    def _call(
        self, action: str, fields: Fields, *, repeatable: bool, failure_is_answer: bool
    ) -> dict[str, Any]:
        reply = self._send(action, fields, repeatable=repeatable)
        _check_front(reply)
        answer = _envelope(reply.json(), action, lists=repeatable)
        status = answer["status"]
        if status == errors.SUCCESS:
            return answer
        if status == errors.FAILURE:
            _check_credential(answer, action)
            if failure_is_answer:
                return answer
        raise errors.refusal(status, action)

    def _send(self, action: str, fields: Fields, *, repeatable: bool) -> PanelReply:
        form = [("api_key", self._api_key.get_secret_value()), ("action", action), *fields]
        return self._session.request("POST", self._path, repeatable=repeatable, form=form)


def _check_front(reply: PanelReply) -> None:
    """What the front web server answers by itself, before the API sees anything."""
    if reply.status == HTTPStatus.OK:
        return
    if reply.status == HTTPStatus.NOT_FOUND:
        raise AuthenticationFailed(
            "the panel does not know the access code",
            advice="Correct the access code (and api_path) of this panel; codes can be deleted by its owner.",
        )
    if reply.status == HTTPStatus.FORBIDDEN:
        raise AuthenticationFailed(
            "the panel's web server refuses our address",
            advice="The panel's owner must add the bridge's address to the code's allow-list or unblock it.",
        )
    raise ContractBroken(f"the panel answered HTTP {reply.status} where it always answers 200")


def _envelope(payload: Any, action: str, *, lists: bool) -> dict[str, Any]:
    if isinstance(payload, list) and lists:
        return {"status": errors.SUCCESS, "data": payload}
    if payload is None and lists:
        raise PermissionMissing(f"{action}: our group at the panel may not list this (it answered null)")
    if not isinstance(payload, dict) or not isinstance(payload.get("status"), str):
        raise ContractBroken(f"{action}: the panel answered without a status")
    return payload


def _check_credential(answer: Mapping[str, Any], action: str) -> None:
    """A wrong key, a disabled user and a wrong role all give this one answer."""
    error = answer.get("error")
    if error == "Invalid API key.":
        raise AuthenticationFailed(
            "the panel refuses the API key: wrong, disabled, or of the other dialect",
        )
    if error == "Invalid action.":
        raise Unsupported(
            f"{action}: this panel's API does not know the action",
            advice="Compare the panel's release; if it has no devices, switch the setting devices off.",
        )


def _row(kind: Kind, payload: Any) -> LineRow:
    return line_row(payload) if kind is Kind.LINE else device_row(kind, payload)


def _written(answer: Mapping[str, Any]) -> Written:
    """The write happened; whatever of its answer can be read is used, for the id may be had nowhere else."""
    row = as_row(answer.get("data"), "the written line")
    name = next((name for name in _ID_NAMES if name in row), None)
    if name is None:
        raise ContractBroken("the panel's reply holds no id of the written line", field="id")
    key = Key(Kind.LINE, integer(row, name))
    try:
        return Written(key=key, line=line_row(row))
    except ContractBroken:
        return Written(key=key, line=None)


def _check_key(reported: Key, asked: Key) -> None:
    """An answer about another account says nothing of ours."""
    if reported != asked:
        raise ContractBroken("the panel answered with another account than asked for", field="id")


def _date(reply: PanelReply) -> datetime | None:
    try:
        reported = parsedate_to_datetime(reply.headers.get("Date") or "")
    except ValueError:
        return None
    return reported if reported.tzinfo else reported.replace(tzinfo=UTC)
