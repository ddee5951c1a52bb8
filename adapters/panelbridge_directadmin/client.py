"""The wire of DirectAdmin's legacy API: one method per command, success recognised by its mark alone.

HTTP status says nothing; a write is done when its one ``error`` field is 0 and refused when it is 1, a
list or a record is one when it has its own fields. A login that fails is HTTP 200 and a page.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from panelbridge.contract.exceptions import AuthenticationFailed, ContractBroken, PanelRefused
from panelbridge.contract.secret import Secret
from panelbridge.transport import PanelReply, PanelSession, Redactor
from panelbridge_directadmin.settings import DirectAdminSettings
from panelbridge_directadmin.wire import Fields, decoded

_LONGEST_REASON = 200
_KEY_LIFE = "30m"
_MARKS = frozenset({"0", "1"})


class DirectAdminClient:
    """One login. Commands in, their fields out. Every method raises ``PanelError``."""

    def __init__(self, settings: DirectAdminSettings) -> None:
        self._settings = settings
        self._session = PanelSession(
            settings, secrets=[settings.key], headers=_basic(settings.login, settings.key)
        )

    def login_test(self) -> datetime | None:
        """Whether our login works; answers the server's clock as its front says it."""
        reply = self._session.request("GET", "CMD_API_LOGIN_TEST", repeatable=True)
        self._marked(reply)
        return _date(reply)

    def login_works(self, user: str, password: Secret) -> bool:
        """Whether a customer's password is this one."""
        reply = self._session.request(
            "GET", "CMD_API_LOGIN_TEST", repeatable=False, headers=_basic(user, password)
        )
        try:
            self._marked(reply, password)
        except (AuthenticationFailed, PanelRefused):
            return False
        return True

    def user_config(self, user: str) -> Fields:
        return self._record("CMD_API_SHOW_USER_CONFIG", user)

    def user_usage(self, user: str) -> Fields:
        return self._record("CMD_API_SHOW_USER_USAGE", user)

    def users(self) -> tuple[str, ...]:
        """Names of all users of ours. Raises ``EmptyList`` when there seem to be none."""
        return self._list("CMD_API_SHOW_USERS")

    def packages(self) -> tuple[str, ...]:
        return self._list("CMD_API_PACKAGES_USER")

    def addresses(self) -> tuple[str, ...]:
        return self._list("CMD_API_SHOW_RESELLER_IPS")

    def address_status(self, address: str) -> str:
        """``server``, ``shared``, ``free`` or ``owned``."""
        return self._read("CMD_API_SHOW_RESELLER_IPS", {"ip": address}).one("status")

    def create(self, fields: Mapping[str, str], password: Secret) -> None:
        """Flags that are off must be left out, so only what is on is sent."""
        secret = password.get_secret_value()
        form = {
            "action": "create",
            "add": "Submit",
            **fields,
            "passwd": secret,
            "passwd2": secret,
            "notify": "no",
        }
        self._write("CMD_API_ACCOUNT_USER", form, password)

    def suspend(self, user: str, reason: str) -> None:
        reported = {"reason": reason} if reason else {}
        self._write("CMD_API_SELECT_USERS", {"select0": user, "suspend": "Suspend", **reported})

    def unsuspend(self, user: str) -> None:
        self._write("CMD_API_SELECT_USERS", {"select0": user, "suspend": "Unsuspend"})

    def set_password(self, user: str, password: Secret) -> None:
        secret = password.get_secret_value()
        form = {"username": user, "passwd": secret, "passwd2": secret}
        self._write("CMD_API_USER_PASSWD", form, password)

    def change_package(self, user: str, package: str) -> None:
        self._write("CMD_API_MODIFY_USER", {"action": "package", "user": user, "package": package})

    def delete(self, user: str) -> None:
        """For ever, files and all. Whose it is must have been checked."""
        self._write("CMD_API_SELECT_USERS", {"confirmed": "Confirm", "delete": "yes", "select0": user})

    def login_url(self, user: str) -> Fields:
        """A one-time address that logs ``user`` in, asked for in his name."""
        name = f"{self._settings.administrator}|{user}"
        form = {"action": "create", "type": "one_time_url", "expiry": _KEY_LIFE}
        return self._write("CMD_API_LOGIN_KEYS", form, headers=_basic(name, self._settings.key))

    def close(self) -> None:
        self._session.close()

    def _read(self, command: str, query: Mapping[str, str] | None = None) -> Fields:
        """A list or a record: without an ``error`` field, or with 0 in it."""
        fields = _answered(self._session.request("GET", command, query=query, repeatable=True))
        if "error" in fields.names():
            self._check(fields)
        return fields

    def _record(self, command: str, user: str) -> Fields:
        return self._read(command, {"user": user})

    def _list(self, command: str) -> tuple[str, ...]:
        fields = self._read(command)
        if fields.empty:
            raise EmptyList(f"{command}: an empty answer: no rows, or no answer at all")
        rows = fields.all("list[]")
        if fields.names() - {"list[]", "error", "text", "details"} or (
            not rows and "error" not in fields.names()
        ):
            raise ContractBroken(f"{command}: the panel answered with something else than a list")
        return rows

    def _write(
        self,
        command: str,
        form: Mapping[str, str],
        secret: Secret | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Fields:
        reply = self._session.request("POST", command, form=form, headers=headers, repeatable=False)
        try:
            return self._marked(reply, secret)
        except AuthenticationFailed as page:
            # A page in answer to a write may come from anything that stands before the panel.
            raise ContractBroken(f"{command}: {page.message}", advice=page.advice) from None

    def _marked(self, reply: PanelReply, secret: Secret | None = None) -> Fields:
        fields = _answered(reply)
        self._check(fields, secret)
        return fields

    def _check(self, fields: Fields, secret: Secret | None = None) -> None:
        """Raises ``PanelRefused`` for ``error=1``, ``ContractBroken`` for anything but 0."""
        mark = fields.one("error")
        if mark not in _MARKS:
            raise ContractBroken(
                "the panel's answer is marked neither as success nor as failure", field="error"
            )
        if mark == "1":
            redactor = Redactor([self._settings.key, *([secret] if secret else [])])
            raise PanelRefused(f"the panel refuses: {_said(fields, redactor)}")


class EmptyList(ContractBroken):
    """A list without rows is an empty body, which an outage may be as well."""


def _answered(reply: PanelReply) -> Fields:
    fields = Fields.read(reply)
    if reply.status != HTTPStatus.OK and fields.all("error") != ("1",):
        raise ContractBroken(f"the panel answered HTTP {reply.status} and no refusal of its own")
    return fields


def _basic(user: str, password: Secret) -> dict[str, str]:
    pair = f"{user}:{password.get_secret_value()}".encode()
    return {"Authorization": f"Basic {b64encode(pair).decode()}"}


def _said(fields: Fields, redactor: Redactor) -> str:
    """What the panel says, fit to be shown: one short line without secrets or markup."""
    raw = redactor.text(f"{fields.reported('text')}: {fields.reported('details')}")
    reported = redactor.text(decoded(raw))  # entities may have hidden a part of a secret
    text = "".join(char if char.isprintable() and char not in "<>" else " " for char in reported)
    return " ".join(text.split())[:_LONGEST_REASON].strip(": ") or "it gives no reason"


def _date(reply: PanelReply) -> datetime | None:
    try:
        reported = parsedate_to_datetime(reply.headers.get("Date") or "")
    except ValueError:
        return None
    return reported if reported.tzinfo else reported.replace(tzinfo=UTC)
