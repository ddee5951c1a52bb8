"""A round against a panel, kept in a file and played back: what a release of a panel really said.

Secrets are replaced by stand-ins before anything is kept, the same one for the same secret, so that the round
can be played with them. What other accounts look like is never asked: no list is recorded.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

from panelbridge.contract.capabilities import Verb
from panelbridge.contract.exceptions import PanelError
from panelbridge.contract.models import AccountId, AccountRef, CreateOrder, Credentials, Found, PackageChange
from panelbridge.contract.secret import Secret, random_text
from panelbridge.contract.settings import read_settings, secret_fields
from panelbridge.transport import PanelReply, PanelSession, Redactor
from panelbridge.transport.secret_text import is_secret_key
from panelbridge_declarative.adapter import DeclarativeAdapter
from panelbridge_declarative.client import Session
from panelbridge_declarative.description.load import load
from panelbridge_declarative.description.places import rules
from panelbridge_declarative.description.spec import Spec
from panelbridge_declarative.settings import DeclarativeSettings

_KEPT_HEADERS = frozenset({"content-type", "retry-after", "location"})
STARS = "***"


class CassetteMismatch(AssertionError):
    """The description asks, or understands, something else than when the cassette was recorded."""


@dataclass
class Recording:
    """A session that keeps what passes through it. ``headers``: names of those that are kept of a reply."""

    inner: Session
    headers: frozenset[str]
    exchanges: list[dict[str, Any]] = field(default_factory=list)

    def request(self, method: str, path: str, **more: Any) -> PanelReply:
        asked = _asked(method, path, more)
        try:
            reply = self.inner.request(method, path, **more)
        except PanelError as error:
            self.exchanges.append({"request": asked, "lost": error.code})
            raise
        self.exchanges.append({"request": asked, "reply": _kept(reply, self.headers)})
        return reply

    def close(self) -> None:
        self.inner.close()


@dataclass
class Playing:
    """A session that gives the recorded replies, in order, to exactly the recorded requests."""

    exchanges: Iterator[Mapping[str, Any]]

    def request(self, method: str, path: str, **more: Any) -> PanelReply:
        kept = next(self.exchanges, None)
        asked = _asked(method, path, more)
        if kept is None or asked != kept["request"]:
            wanted = "nothing more" if kept is None else kept["request"]
            raise CassetteMismatch(f"the cassette has {wanted}, the description asks {asked}")
        if "reply" not in kept:
            raise CassetteMismatch("the recorded request had no answer; record the round anew")
        reply = kept["reply"]
        return PanelReply(status=reply["status"], headers=reply["headers"], body=reply["body"].encode())

    def close(self) -> None:
        """Nothing is open."""


def record(
    values: Mapping[str, Any], package: str, options: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Run the round on a throwaway account and return the cassette. Raises ``SettingsInvalid``."""
    settings: Any = read_settings(DeclarativeAdapter.settings_model_for(values), dict(values))
    secrets = {name: settings_secret(settings, name) for name in secret_fields(type(settings))}
    session = PanelSession(settings, secrets=[Secret(text) for text in secrets.values() if text])
    tape = Recording(session, _judged_by(load(settings.spec).spec))
    with DeclarativeAdapter(settings, tape) as adapter:
        order = throwaway(adapter, package, options or {})
        calls = [{"call": name, "ended": ended} for name, ended in play(adapter, order)]
        tokens = adapter.tokens()
    first, second = (order.credentials.password.get_secret_value(), _renewed(order))
    numbered = {f"token{at}": token for at, token in enumerate(tokens)}
    hidden = {**secrets, "account": first, "renewed": second, **numbered}
    stand_ins = {text: _stand_in(text, name) for name, text in hidden.items() if text}
    cassette = {
        "cassette": 1,
        "spec": adapter.spec.name,
        "title": adapter.spec.title,
        "settings": {name: stand_ins[text] for name, text in secrets.items() if text} | _plain(settings),
        "order": {
            "username": order.credentials.username,
            "password": stand_ins[first],
            "renewed": stand_ins[second],
            "package": package,
            "reference": order.reference,
            "until": order.until.isoformat(),
            "options": dict(order.options),
        },
        "calls": calls,
        "exchanges": tape.exchanges,
    }
    return _without(cassette, stand_ins)


def replay(file: Path, spec: str) -> None:
    """Play the cassette through the description ``spec``. Raises ``CassetteMismatch``."""
    cassette = json.loads(file.read_text("utf-8"))
    values = {**cassette["settings"], "spec": spec, "base_url": "https://panel.example/"}
    settings: Any = read_settings(DeclarativeAdapter.settings_model_for(values), values)
    kept = cassette["order"]
    order = CreateOrder(
        credentials=Credentials(username=kept["username"], password=Secret(kept["password"])),
        package=kept["package"],
        until=datetime.fromisoformat(kept["until"]),
        reference=kept["reference"],
        options=kept["options"],
    )
    exchanges = iter(cassette["exchanges"])
    with DeclarativeAdapter(settings, Playing(exchanges)) as adapter:
        played = [{"call": name, "ended": ended} for name, ended in play(adapter, order, kept["renewed"])]
    if played != cassette["calls"]:
        raise CassetteMismatch(f"recorded {cassette['calls']}, played {played}")
    if next(exchanges, None) is not None:
        raise CassetteMismatch("the cassette has more requests than the description sends")


def play(
    adapter: DeclarativeAdapter, order: CreateOrder, renewed: str | None = None
) -> Iterator[tuple[str, str]]:
    """The round, each call with how it ended."""
    name = order.credentials.username
    ref = AccountRef(id=AccountId(name), username=name, reference=order.reference)
    yield "test_connection", _ended(adapter.test_connection)
    yield "find nobody", _ended(lambda: adapter.find(username=name))
    yield "create", _ended(lambda: adapter.create(order))
    yield "create again", _ended(lambda: adapter.create(order))
    found = adapter.find(username=name)
    yield "find", type(found).__name__
    if isinstance(found, Found):
        ref = replace(ref, id=found.account.id)
    password = Secret(renewed or _renewed(order))
    calls = {
        Verb.SUSPEND: lambda: adapter.suspend(ref, "test"),
        Verb.UNSUSPEND: lambda: adapter.unsuspend(ref),
        Verb.EXTEND: lambda: adapter.extend(ref, order.until + timedelta(days=31)),
        Verb.RESET_CREDENTIALS: lambda: adapter.reset_credentials(
            ref, Credentials(username=name, password=password)
        ),
        Verb.CHANGE_PACKAGE: lambda: adapter.change_package(ref, PackageChange(package=order.package)),
        Verb.TERMINATE: lambda: adapter.terminate(ref),
    }
    for verb, call in calls.items():
        if verb in adapter.capabilities.verbs:
            yield verb.value, _ended(call)
            yield f"{verb.value} again", _ended(call)


def throwaway(adapter: DeclarativeAdapter, package: str, options: Mapping[str, str]) -> CreateOrder:
    """An account that nobody ordered, of a name that says so."""
    rule = adapter.capabilities.username
    name = f"pbtest{random_text(6, 'abcdefghijkmnpqrstuvwxyz')}"[: rule.max_length]
    password = random_text(max(adapter.capabilities.password.min_length, 16))
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)
    return CreateOrder(
        credentials=Credentials(username=name, password=Secret(password)),
        package=package,
        until=until,
        reference=f"record:{name}:1",
        options=dict(options),
    )


def settings_secret(settings: DeclarativeSettings, name: str) -> str:
    """A secret setting in clear, empty where there is none."""
    value = getattr(settings, name)
    return "" if value is None else str(value.get_secret_value())


def _renewed(order: CreateOrder) -> str:
    return order.credentials.password.get_secret_value()[::-1]


def _ended(call: Any) -> str:
    try:
        result = call()
    except PanelError as error:
        return f"{error.code} {error.outcome.value}"
    outcome = getattr(result, "outcome", None)
    differs = getattr(result, "differs", ())
    reported = outcome.value if outcome is not None else type(result).__name__
    return f"{reported} differs {','.join(differs)}" if differs else reported


def _asked(method: str, path: str, more: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of a request: no header, for those hold the credential."""
    form = more.get("form")
    body = urlencode(form) if form is not None else (more.get("body") or b"").decode()
    return {"method": method, "path": path, "query": urlencode(more.get("query") or []), "body": body}


def _judged_by(spec: Spec) -> frozenset[str]:
    """Headers that the description's rules look at, and those that every reply is read by."""
    named = {name.lower() for place in rules(spec) for rule in place.all for name in rule.header}
    return _KEPT_HEADERS | named


def _kept(reply: PanelReply, names: frozenset[str]) -> dict[str, Any]:
    headers = {name: value for name, value in reply.headers.items() if name.lower() in names}
    return {"status": reply.status, "headers": headers, "body": reply.body.decode("utf-8", "replace")}


def _plain(settings: DeclarativeSettings) -> dict[str, Any]:
    """Settings without secrets and without the address of the panel."""
    hidden = {"base_url", "spec", "ca_file", "fingerprint", *secret_fields(type(settings))}
    return settings.model_dump(mode="json", exclude=hidden, exclude_none=True)


def _stand_in(secret: str, name: Any) -> str:
    return f"m4skedM4sked{name}".replace("_", "")[: max(len(secret), 16)]


def _without(cassette: dict[str, Any], stand_ins: Mapping[str, str]) -> dict[str, Any]:
    """The cassette with each secret replaced wherever it stands, and what else looks like one starred."""
    text = json.dumps({**cassette, "exchanges": [_starred(one, stand_ins) for one in cassette["exchanges"]]})
    for secret in sorted(stand_ins, key=len, reverse=True):
        for form in (secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]):
            text = text.replace(json.dumps(form)[1:-1], stand_ins[secret])
    clean: dict[str, Any] = json.loads(Redactor(stand_ins).text(text))
    return clean


def _starred(exchange: dict[str, Any], known: Mapping[str, str]) -> dict[str, Any]:
    """Fields of a JSON reply whose name says secret are starred, unless we know the secret and replace it."""
    reply = exchange.get("reply")
    if reply is None:
        return exchange
    try:
        body = json.loads(reply["body"])
    except ValueError:
        return exchange
    return {**exchange, "reply": {**reply, "body": json.dumps(_star(body, known))}}


def _star(value: Any, known: Mapping[str, str], name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _star(item, known, key) for key, item in value.items()}
    if isinstance(value, list):
        return [_star(item, known, name) for item in value]
    if isinstance(value, str) and value not in known and is_secret_key(name):
        return STARS
    return value
