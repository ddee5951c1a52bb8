"""What can be tried on a real panel: the life of one throwaway account, which is terminated at the end.

Needs no pytest. What is reported never holds a secret.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from panelbridge.contract.adapter import PanelAdapter
from panelbridge.contract.capabilities import Extend, FindBy, PackageWrite, Verb
from panelbridge.contract.exceptions import PanelError, RateLimited
from panelbridge.contract.models import (
    Absent,
    AccountState,
    Credentials,
    Found,
    Outcome,
    PackageChange,
    PanelAccount,
    Purchase,
)
from panelbridge.contract.secret import Secret
from panelbridge.contract.settings import secret_fields
from panelbridge.testing.orders import credentials_for, order_for
from panelbridge.testing.practice import Setup
from panelbridge.testing.scorecard import Finding, Mark
from panelbridge.transport import Redactor

PART = "live"
Answer = TypeVar("Answer")
_SLOWER = 5  # times that a step waits as the panel asks it to
_LONGEST_WAIT = 30.0  # seconds each time


class _NotApplicable(Exception):
    """The panel, or what was told of it, has nothing to try here."""


class _Wrong(Exception):
    """The panel or the adapter did something else than was asked."""


class LiveCheck:
    """``run`` yields one finding a step. Whatever happens, it tries to leave no account behind."""

    def __init__(self, adapter: PanelAdapter[Any], setup: Setup) -> None:
        self._adapter = adapter
        self._command = setup
        self._capabilities = adapter.capabilities
        self._planned = order_for(
            self._capabilities,
            package=setup.package,
            term=setup.term,
            options=setup.options,
            tried_by="check",
        )
        self._username = self._planned.credentials.username
        self._new_password = credentials_for(self._capabilities).password
        passwords = [self._planned.credentials.password, self._new_password]
        self._redactor = Redactor([*_secrets_of(adapter), *passwords])
        self._account: PanelAccount | None = None
        self._may_exist = False
        self._findings: list[Finding] = []

    def plan(self) -> list[str]:
        """What will be done and what it may cost, in sentences."""
        command, verbs = self._command, self._capabilities.verbs
        package = f", package {command.package}" if command.package else ""
        lines = [f"One account is made{package}, used for a moment, and terminated."]
        if self._capabilities.extend is Extend.ADD:
            lines.append(
                f"Create and extend each buy package {command.package}: twice its price of the panel's "
                "credit."
            )
        if command.other_package and self._capabilities.change_package is PackageWrite.PURCHASE:
            lines.append(f"The change of package buys {command.other_package} as well.")
        if Verb.TERMINATE not in verbs:
            lines.append("This panel has no terminate: the account STAYS, and has to be removed by hand.")
        lines.append("A panel that does not give credit back keeps what was paid.")
        return lines

    def run(self) -> Generator[Finding]:
        """Step by step. Ends early when there is no account to go on with."""
        steps: dict[str, Callable[[], str]] = {
            "connection": self._connection,
            "create": self._create,
            "repeat": self._repeat,
            "get": self._get,
            "find": self._find,
            "extend": self._extend,
            "suspend": self._suspend,
            "unsuspend": self._unsuspend,
            "reset credentials": self._reset,
            "change package": self._change_package,
            "terminate": self._terminate,
            "absent": self._absent,
        }
        try:
            for name, step in steps.items():
                finding = self._tried(name, step)
                yield finding
                if finding.mark is Mark.FAILED and name in ("connection", "create"):
                    break
        finally:
            left = self._cleaned_up()
        if left is not None:
            yield left

    def _tried(self, name: str, step: Callable[[], str]) -> Finding:
        try:
            message, mark = _unhurried(step), Mark.PASSED
        except _NotApplicable as why:
            message, mark = str(why), Mark.NOT_APPLICABLE
        except _Wrong as wrong:
            message, mark = str(wrong), Mark.FAILED
        except PanelError as error:
            message, mark = f"{error.code} ({error.outcome}): {error.message}", Mark.FAILED
        except Exception as error:  # noqa: BLE001 - an adapter's bug is a finding, and the account must go
            message, mark = f"an error of the adapter itself: {type(error).__name__}", Mark.FAILED
        return Finding(part=PART, name=name, mark=mark, message=self._redactor.text(message))

    def _cleaned_up(self) -> Finding | None:
        """Terminate what a failed step may have left. ``None`` when there is nothing to tell."""
        if not self._may_exist:
            return None
        return self._tried("clean up", self._clean_up)

    def _clean_up(self) -> str:
        if self._account is None:
            match self._adapter.find(username=self._username):
                case Found(account=account):
                    self._account = account
                case Absent():
                    return "nothing was left"
                case _:
                    raise _Wrong(f"nobody can say whether {self._username} exists: look at the panel")
        if Verb.TERMINATE not in self._capabilities.verbs:
            raise _Wrong(f"the account {self._username} is left: remove it at the panel")
        try:
            _unhurried(partial(self._adapter.terminate, self._account.ref))
        except PanelError as error:
            raise _Wrong(
                f"the account {self._username} is left ({error.message}): remove it at the panel"
            ) from None
        return f"{self._username} was terminated"

    def _connection(self) -> str:
        seen = self._adapter.test_connection()
        if seen.missing_permissions:
            raise _Wrong(f"permissions are missing: {', '.join(seen.missing_permissions)}")
        return f"{seen.identity}, version {seen.version or 'not message'}"

    def _create(self) -> str:
        self._needs(Verb.CREATE)
        self._may_exist = True
        try:
            result = self._adapter.create(self._planned)
        except PanelError as error:
            self._may_exist = error.outcome is Outcome.UNKNOWN
            raise
        if result.account is None:
            raise _Wrong("the create returned no account")
        known = result.account.password or self._planned.credentials.password  # as the journal knows it
        self._account = replace(result.account, password=known)
        return _done(
            result.outcome, f"{result.account.username}, differs: {', '.join(result.differs) or '-'}"
        )

    def _repeat(self) -> str:
        if Verb.CREATE not in self._capabilities.safe_repeats:
            raise _NotApplicable("capabilities.safe_repeats lacks create")
        outcome = self._adapter.create(self._planned).outcome
        if outcome is not Outcome.ALREADY:
            raise _Wrong(f"a repeated create is {outcome}, which is not already")
        return outcome.value

    def _get(self) -> str:
        return f"found, {self._now().state}"

    def _find(self) -> str:
        if not self._capabilities.find_by:
            raise _NotApplicable("capabilities.find_by is empty")
        wanted = {FindBy.USERNAME: self._username, FindBy.REFERENCE: self._planned.reference}
        for by in sorted(self._capabilities.find_by):
            match self._adapter.find(**{by.value: wanted[by]}):
                case Found(account=account) if account.id == self._made().id:
                    continue
                case other:
                    raise _Wrong(f"searched by {by.value}: {type(other).__name__.lower()}")
        return f"found by {', '.join(sorted(self._capabilities.find_by))}"

    def _extend(self) -> str:
        self._needs(Verb.EXTEND)
        before = self._now()
        if before.expires_at is None:
            raise _Wrong("the account has no expiry")
        purchase = None
        until = before.expires_at + timedelta(days=1)
        if self._capabilities.extend is Extend.ADD:
            until = before.expires_at + timedelta(
                days=self._command.term.days or 30 * self._command.term.months
            )
            purchase = Purchase(
                package=self._command.package, term=self._command.term, before=before.expires_at
            )
        outcome = self._adapter.extend(before.ref, until, purchase).outcome
        after = self._now().expires_at
        if after is None or after <= before.expires_at:
            raise _Wrong(f"told {outcome}, and the expiry did not move")
        return _done(outcome, f"until {after:%Y-%m-%d %H:%M} UTC")

    def _suspend(self) -> str:
        self._needs(Verb.SUSPEND)
        outcome = self._adapter.suspend(self._made().ref, "checked by panelbridge").outcome
        state = self._now().state
        if state is AccountState.ACTIVE and Verb.SUSPEND not in self._capabilities.safe_repeats:
            return _done(outcome, "the panel does not show it, so try it by hand")
        if state is not AccountState.SUSPENDED:
            raise _Wrong(f"told {outcome}, and it is {state}")
        return outcome.value

    def _unsuspend(self) -> str:
        self._needs(Verb.SUSPEND, Verb.UNSUSPEND)
        outcome = self._adapter.unsuspend(self._made().ref).outcome
        if self._now().state is not AccountState.ACTIVE:
            raise _Wrong(f"told {outcome}, and it is {self._now().state}")
        return outcome.value

    def _reset(self) -> str:
        self._needs(Verb.RESET_CREDENTIALS)
        wanted = Credentials(username=self._username, password=self._new_password)
        result = self._adapter.reset_credentials(self._made().ref, wanted)
        password = self._now().password
        if self._capabilities.password_readable and "password" not in result.differs:
            if password != self._new_password:
                raise _Wrong(f"told {result.outcome}, and the password is another")
            return _done(result.outcome, "read back")
        return _done(result.outcome, "the panel does not show it, so try it by hand")

    def _change_package(self) -> str:
        self._needs(Verb.CHANGE_PACKAGE)
        if not self._command.other_package:
            raise _NotApplicable("no other package was named")
        before = self._now()
        change = PackageChange(package=self._command.other_package)
        if self._capabilities.change_package is PackageWrite.PURCHASE:
            purchase = Purchase(
                package=change.package, term=self._command.term, before=before.expires_at, allow_restart=True
            )
            change = replace(change, purchase=purchase)
        outcome = self._adapter.change_package(before.ref, change).outcome
        now = self._now().package
        if now not in (change.package, None):
            raise _Wrong(f"told {outcome}, and the package is another")
        return outcome.value

    def _terminate(self) -> str:
        self._needs(Verb.TERMINATE)
        result = self._adapter.terminate(self._made().ref)
        self._note = result.note
        return _done(result.outcome, result.note or "")

    def _absent(self) -> str:
        self._needs(Verb.TERMINATE)
        match self._adapter.get(self._made().ref):
            case Absent(proof=proof):
                self._may_exist = False
                return proof
            case Found(account=account) if self._note and account.state is AccountState.SUSPENDED:
                self._may_exist = False
                return f"still shown, and {self._note}"
            case other:
                raise _Wrong(f"after the end it is {type(other).__name__.lower()}")

    _note: str | None = None

    def _needs(self, *verbs: Verb) -> None:
        for verb in verbs:
            if verb not in self._capabilities.verbs:
                raise _NotApplicable(f"capabilities.verbs lacks {verb.value}")

    def _made(self) -> PanelAccount:
        if self._account is None:
            raise _Wrong("there is no account")
        return self._account

    def _now(self) -> PanelAccount:
        match self._adapter.get(self._made().ref):
            case Found(account=account):
                return account
            case Absent(proof=text):
                raise _Wrong(f"the account is absent: {text}")
            case other:
                raise _Wrong(f"nobody can say how the account is: {other.cause}")


def _unhurried(do: Callable[[], Answer]) -> Answer:
    """``do``, repeated while the panel asks to slow down, which says that nothing was done."""
    for _ in range(_SLOWER):
        try:
            return do()
        except RateLimited as error:
            wait = error.retry_after or 1.0
            if wait > _LONGEST_WAIT:
                raise
        time.sleep(wait)
    return do()


def _done(outcome: Outcome, more: str) -> str:
    return f"{outcome.value}: {more}" if more else outcome.value


def _secrets_of(adapter: PanelAdapter[Any]) -> Iterator[Secret]:
    for name in secret_fields(type(adapter.settings)):
        value = getattr(adapter.settings, name)
        if isinstance(value, Secret):
            yield value
