"""Sends what was rendered: the login's token, the pace, the judging of each reply."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from typing import Any, Protocol

from panelbridge.contract.exceptions import ContractBroken, OutcomeUnknown, PanelError, PanelUnreachable
from panelbridge.contract.models import Outcome
from panelbridge.contract.secret import Secret
from panelbridge.transport import PanelReply, PanelSession, Redactor, deadline, remaining
from panelbridge_declarative.description import queries
from panelbridge_declarative.description.expressions import ExpressionFailed, Scope
from panelbridge_declarative.description.spec import Is, Login, Request, Rules, Send, Spec
from panelbridge_declarative.errors import error_of, refused_value
from panelbridge_declarative.operations.outcomes import Verdict, judge
from panelbridge_declarative.operations.rendering import Rendered, render
from panelbridge_declarative.operations.replies import Reply, read
from panelbridge_declarative.settings import DeclarativeSettings

_A_MOMENT = 30.0
"""Seconds in which a verb has read, and writes."""


class Session(Protocol):
    """What sends: a ``PanelSession``, or what stands in for one in a recording or a test."""

    def request(
        self,
        method: str,
        path: str,
        *,
        repeatable: bool,
        query: Any = None,
        form: Any = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        judged: bool = False,
    ) -> PanelReply: ...

    def close(self) -> None: ...


class PanelClient:
    """Requests of one description to one panel; safe between threads."""

    def __init__(self, spec: Spec, settings: DeclarativeSettings, session: Session | None = None) -> None:
        self._spec = spec
        self.url = str(settings.base_url)
        self.config = {name: plain(getattr(settings, name)) for name in spec.config}
        self._hidden = [
            str(self.config[name]) for name, field in spec.config.items() if field.type == "secret"
        ]
        secrets = [Secret(text) for text in self._hidden]
        self._session: Session = session or PanelSession(settings, secrets=secrets)
        self._patience = settings.total_timeout
        self._turn = threading.Lock()
        self._login = threading.Lock()
        self._token: Any = None
        self._accepted: tuple[Any, float] = (None, 0.0)
        self._next_at = 0.0

    def send(
        self, request: Request, scope: Scope, rules: Rules, *, repeatable: bool
    ) -> tuple[Verdict, Reply | None]:
        """What came of it. ``unknown`` where it may have left and nobody knows what it did.

        On ``auth`` (nothing happened) the token is asked for anew, once. A write is then sent again only when
        its token was not accepted a moment ago: the read before it has found out a stale one. Raises
        ``PanelError`` only while nothing has left: ``InvalidOrder``, ``PanelUnreachable``, or what the login
        ended with.
        """
        login = self._spec.auth.login
        if login is None:
            return self._judged(request, self._spec.auth.send, scope, rules, repeatable=repeatable)
        token = self._known_token(login, None)
        for last in (False, True):
            reported = {**scope, "token": token}
            verdict, reply = self._judged(
                request, self._spec.auth.send, reported, rules, repeatable=repeatable
            )
            if verdict.outcome is not Is.AUTH:
                if verdict.outcome is not Is.UNKNOWN:
                    self._accepted = (token, time.monotonic())
                break
            if last or (not repeatable and self._was_accepted(token)):
                break
            token = self._known_token(login, token)
        return verdict, reply

    def _was_accepted(self, token: Any) -> bool:
        """Whether the panel took ``token`` a moment ago."""
        known, at = self._accepted
        return bool(known == token and time.monotonic() - at < _A_MOMENT)

    def close(self) -> None:
        self._session.close()

    def tokens(self) -> list[str]:
        """The token in use, to be kept out of what is written down."""
        return [] if self._token is None else [str(self._token)]

    def _known_token(self, login: Login, refused: Any) -> Any:
        """The token, a new one when the known was ``refused``. Raises ``PanelError``: nothing was sent."""
        with self._login:
            if self._token is None or self._token == refused:
                self._token = self._log_in(login)
            return self._token

    def _log_in(self, login: Login) -> Any:
        rules = login.outcomes + self._spec.outcomes
        verdict, reply = self._judged(login.request, Send(), {}, rules, repeatable=False)
        if verdict.outcome is not Is.OK or reply is None:
            error = error_of(verdict)
            if error.outcome is Outcome.UNKNOWN:  # a login changes nothing, and nothing else was sent
                error = type(error)(f"could not log in: {error.message}", outcome=Outcome.RETRY_LATER)
            raise error
        try:
            token = queries.ask(login.token, reply.facts())
        except queries.QueryFailed:
            token = None
        if not isinstance(token, str) or not token:
            raise ContractBroken("the panel's login brought no token", outcome=Outcome.RETRY_LATER)
        return token

    def _judged(
        self, request: Request, send: Send, scope: Scope, rules: Rules, *, repeatable: bool
    ) -> tuple[Verdict, Reply | None]:
        reported = {**scope, "config": self.config}
        try:
            rendered = render(request, send, self._spec.prefix, reported)
        except ExpressionFailed as error:
            refusal = refused_value(error)
            raise refusal from None
        self._wait_for_turn()
        form = request.reply or self._spec.reply
        try:
            reply = read(self.exchange(rendered, repeatable=repeatable), form)
        except (OutcomeUnknown, ContractBroken) as error:
            return Verdict(outcome=Is.UNKNOWN, message=error.message, retry_after=error.retry_after), None
        return self._bounded(judge(rules, reply, self._redactor(reported).text)), reply

    def exchange(self, rendered: Rendered, *, repeatable: bool) -> PanelReply:
        """Raises ``PanelError``; ``InvalidOrder`` for a path that the transport does not take."""
        try:
            return self._session.request(
                rendered.method,
                rendered.path,
                repeatable=repeatable,
                query=rendered.query or None,
                form=rendered.form,
                body=rendered.body,
                headers=rendered.headers,
                judged=True,
            )
        except PanelError:
            raise
        except ValueError:
            raise PanelUnreachable("the address of a request has a form that is not sent") from None

    def _bounded(self, verdict: Verdict) -> Verdict:
        """The panel may ask for a wait as long as the description allows."""
        wait = verdict.retry_after
        return replace(
            verdict, retry_after=None if wait is None else min(wait, self._spec.limits.retry_after_at_most_s)
        )

    def _redactor(self, scope: Scope) -> Redactor:
        """The panel's words may repeat what we sent."""
        secrets = [*self._hidden, str(scope.get("token") or ""), str(_password(scope) or "")]
        return Redactor([text for text in secrets if text])

    def _wait_for_turn(self) -> None:
        """Requests of this process keep the pace the description names."""
        pace = self._spec.limits.per_second
        if pace is None:
            return
        with self._turn:
            now = time.monotonic()
            starts_at = max(now, self._next_at)
            self._next_at = starts_at + 1 / pace
        pause = starts_at - now
        left = remaining()
        if pause >= (self._patience if left is None else left):
            raise PanelUnreachable("the pace of requests leaves no turn before the deadline")
        time.sleep(pause)

    def patience(self, verb: str) -> Any:
        """The time an operation may take, as the description bounds it."""
        limits = self._spec.limits
        seconds = limits.create_timeout_s if verb == "create" else None
        seconds = seconds or limits.timeout_s
        return nullcontext() if seconds is None else deadline(seconds)


def plain(value: Any) -> Any:
    """A setting as expressions read it."""
    return value.get_secret_value() if isinstance(value, Secret) else value


def _password(scope: Scope) -> Any:
    account = scope.get("account")
    return account.get("password") if isinstance(account, Mapping) else None
