"""What can be seen of a description from outside, step by step: two that differ in anything differ here.

A scripted round against its practice panel, in this process and without HTTP, so that it takes a moment.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode

from panelbridge import PanelError, Verb
from panelbridge.contract.capabilities import OrderFact
from panelbridge.contract.exceptions import OutcomeUnknown
from panelbridge.contract.models import AccountId, AccountRef, CreateOrder, Credentials, PackageChange
from panelbridge.contract.order_check import LONGEST
from panelbridge.contract.secret import Secret
from panelbridge.contract.settings import read_settings, secret_fields
from panelbridge.testing.conformance.subject import fitting
from panelbridge.testing.practice import Fault, PracticePanel, PracticeReply, PracticeRequest
from panelbridge.transport import PanelReply
from panelbridge_declarative import DeclarativeAdapter
from panelbridge_declarative.description.load import load
from panelbridge_declarative.description.places import rules
from panelbridge_declarative.operations.outcomes import judge
from panelbridge_declarative.operations.replies import read

UNTIL = datetime(2031, 1, 1, tzinfo=UTC)
URL = "http://panel.test:1/"
OPERATORS_WORD = {"mail_host": "mail.panel.test", "subscription_url": "https://panel.test/sub/"}
GENERAL = (
    PracticeReply(status=302, headers={"Location": "/elsewhere"}),
    PracticeReply(status=429, body=b"{}", headers={"Retry-After": "7"}),
    PracticeReply(status=429, body=b"slow down", content_type="text/plain"),
    PracticeReply(status=401, body=b"no", content_type="text/plain"),
    PracticeReply(status=204, body=b"done", content_type="text/plain"),
    PracticeReply.html("Sign in", status=200),
    PracticeReply.html("Internal Server Error", status=500),
    PracticeReply(status=200),
    PracticeReply(status=200, body=b'{"cut', content_type="application/json"),
    PracticeReply(status=200, body=b"{}", content_type="text/plain"),
)
_VERBS = frozenset(verb.value for verb in Verb)
_FACTS = {OrderFact.DOMAIN: "{username}.example", OrderFact.EMAIL: "{username}@customer.example"}


@dataclass
class InProcess:
    """A session that ends at a practice panel: ``mode`` is what befalls its writes."""

    panel: PracticePanel
    # "lie": accepted, not done; "cut": done, no answer; "bend": done with other values; "short": rows missing
    mode: str = "plain"
    whom: str = ""  # the login name a bend is about
    written: bool = False
    sent: list[Any] = field(default_factory=list)

    def request(self, method: str, path: str, **more: Any) -> PanelReply:
        form = more.get("form")
        body = urlencode(form).encode() if form is not None else more.get("body") or b""
        headers = {name.lower(): value for name, value in (more.get("headers") or {}).items()}
        if form is not None:
            headers["content-type"] = "application/x-www-form-urlencoded"
        target = f"{path}?{urlencode(more.get('query') or [])}"
        request = PracticeRequest.read(method, target, headers, body)
        self.sent.append((method, path, more.get("query"), body.decode(), sorted(headers)))
        if self.mode == "short":
            return _reply(self.panel.with_rows_missing(self.panel.respond(request)))
        if self.panel.operation(request) not in _VERBS or self.mode == "plain":
            return _reply(self.panel.respond(request))
        if self.mode == "half":  # the first write of a call is done, no second one is
            if self.written:
                raise OutcomeUnknown("cut")
            self.written = True
            return _reply(self.panel.respond(request))
        if self.mode == "lie":
            return _reply(self.panel.pretend(request))
        reply = self.panel.respond(request)
        if self.mode == "cut":
            raise OutcomeUnknown("cut")
        with suppress(LookupError):
            self.panel.act("bend", {"username": self.whom})
        return _reply(reply)

    def close(self) -> None:
        """Nothing is open."""


def _reply(reply: PracticeReply) -> PanelReply:
    headers = {"content-type": reply.content_type, **reply.headers}
    return PanelReply(status=reply.status, headers=headers, body=reply.body)


def seen(name: str, file: Path, books: Path) -> Iterator[Any]:
    """Everything, in order and lazily. Raises ``SpecInvalid`` and ``SettingsInvalid``."""
    module = import_module(f"panelbridge_declarative.practice_{name.replace('-', '_')}")
    description = load(str(file))
    spec = description.spec
    yield [str(finding) for finding in description.warnings]
    yield spec.name, spec.title, spec.limits, spec.admin_link
    yield [
        _judged(place, reply, spec.reply) for place in rules(spec) for reply in (*GENERAL, *module.REPLIES)
    ]
    with patch(
        "panelbridge.contract.secret.secrets.token_bytes", Random(1).randbytes
    ):  # the same secrets in every round
        yield from Round(module.PRACTICE(books, {}), file).run()
        for number, setup in enumerate(module.PRACTICE.setups.values()):
            if setup.practice_options:  # another release of the same panel
                own = books.with_suffix(f".{number}")
                yield from Round(module.PRACTICE(own, dict(setup.practice_options)), file).run()


def _ways_to_connect(found: Any) -> list[tuple[str, str, bool]]:
    """What an account's equality leaves out."""
    details = getattr(getattr(found, "account", None), "connect", ())
    return [(item.kind.value, item.value.get_secret_value(), item.secret) for item in details]


def _judged(place: Any, reply: PracticeReply, form: str | None) -> Any:
    return place.key, judge(place.all, read(_reply(reply), form))


class Round:
    """One scripted round: every verb twice, on every package, and with a panel that lies or is cut off."""

    def __init__(self, panel: PracticePanel, file: Path) -> None:
        self.session = InProcess(panel)
        self.panel = panel
        values: dict[str, Any] = {**panel.settings(URL), "spec": str(file)}
        known = DeclarativeAdapter.settings_model_for(values).model_fields
        self.values = values | {name: value for name, value in OPERATORS_WORD.items() if name in known}
        self.adapter = self._adapter(self.values)
        self._numbers = itertools.count(1)
        setup = next(iter(panel.setups.values()))
        self.package, self.other = setup.package, setup.other_package or setup.package
        self.options = setup.options

    def _adapter(self, values: Mapping[str, Any]) -> DeclarativeAdapter:
        model = DeclarativeAdapter.settings_model_for(values)
        settings: Any = read_settings(model, dict(values))
        return DeclarativeAdapter(settings, self.session)

    def run(self) -> Iterator[Any]:
        adapter = self.adapter
        yield adapter.capabilities
        yield type(adapter.settings).model_json_schema()
        yield adapter.admin_link()
        yield self._call(adapter.test_connection)
        yield self._call(lambda: list(adapter.list_packages()))
        yield self._call(adapter.balance)
        nobody = AccountRef(id=AccountId("nobodyhere"), username="nobodyhere")
        for look in (lambda: adapter.get(nobody), lambda: adapter.find(username="nobodyhere")):
            yield self._call(look)
        yield from self._life(self.order())
        yield from self._packages()
        yield from self._strangers()
        if self.panel.cannot(Fault.TRUNCATED_PAGE) is None:
            yield from self._short()
        yield from self._expired()
        yield from self._used_up()
        yield from self._half_replaced(self.order())
        yield from self._doubts()
        yield from self._refusals()

    def order(self, **changes: Any) -> CreateOrder:
        rules = self.adapter.capabilities
        number = next(self._numbers)
        name = f"svc{number:05d}"
        if rules.username.breach(name) is not None:
            name = fitting(rules.username, 12)
        password = f"Passw0rd{number:08d}"
        if rules.password.breach(password) is not None:
            password = fitting(rules.password, 16)
        options = {key: value.replace("{username}", name) for key, value in self.options.items()}
        facts = {fact.value: _FACTS[fact].replace("{username}", name) for fact in rules.needs}
        order = CreateOrder(
            credentials=Credentials(username=name, password=Secret(password)),
            package=self.package,
            until=UNTIL,
            reference=f"bridge:{number}:1",
            options={**facts, **options},
            key=f"key{number}",
        )
        return replace(order, **changes)

    def _life(self, order: CreateOrder) -> Iterator[Any]:
        yield self._call(lambda: self.adapter.create(order))
        yield self._books(order)
        yield self._call(lambda: self.adapter.create(order))
        ref = self._ref(order)
        yield self._call(lambda: self.adapter.get(ref))
        yield self._call(lambda: _ways_to_connect(self.adapter.get(ref)))
        yield self._call(lambda: self.adapter.find(username=ref.username))
        yield self._call(lambda: self.adapter.find(reference=order.reference))
        yield self._call(lambda: list(self.adapter.list_accounts()))
        yield self._call(lambda: list(self.adapter.usages()))
        yield self._call(lambda: self.adapter.sign_on(ref))
        for _, do in self._verbs(order):
            yield self._call(do)
            yield self._books(order)
            yield self._call(lambda: self.adapter.find(username=ref.username))
            yield self._call(do)

    def _verbs(self, order: CreateOrder) -> list[tuple[Verb, Callable[[], Any]]]:
        ref, adapter = self._ref(order), self.adapter
        renewed = replace(
            order.credentials, password=Secret(f"N{order.credentials.password.get_secret_value()[1:]}")
        )
        return [
            (Verb.EXTEND, lambda: adapter.extend(ref, UNTIL + timedelta(days=31))),
            (Verb.SUSPEND, lambda: adapter.suspend(ref, "overdue")),
            (Verb.UNSUSPEND, lambda: adapter.unsuspend(ref)),
            (Verb.CHANGE_PACKAGE, lambda: adapter.change_package(ref, PackageChange(package=self.other))),
            (Verb.RESET_CREDENTIALS, lambda: adapter.reset_credentials(ref, renewed)),
            (Verb.TERMINATE, lambda: adapter.terminate(ref)),
        ]

    def _packages(self) -> Iterator[Any]:
        """Each package on an account of its own."""
        try:
            packages = [package.id for package in self.adapter.list_packages()]
        except PanelError:
            return
        for package in packages:
            yield from self._package(self.order(package=package), packages)

    def _package(self, order: CreateOrder, packages: list[str]) -> Iterator[Any]:
        yield self._call(lambda: self.adapter.create(order))
        yield self._books(order)
        yield self._call(lambda: self.adapter.suspend(self._ref(order), "overdue"))
        yield self._call(lambda: list(self.adapter.list_accounts()))
        yield self._call(lambda: self.adapter.unsuspend(self._ref(order)))
        yield self._books(order)
        for other in packages:
            change = partial(self.adapter.change_package, self._ref(order), PackageChange(package=other))
            yield self._call(change)
        yield self._books(order)

    def _strangers(self) -> Iterator[Any]:
        """Names and ids of somebody else's, a wrong secret, a token that was taken back."""
        order = self.order()
        name = order.credentials.username
        yield self._act("create", username=name)
        yield self._call(lambda: self.adapter.create(order))
        yield self._call(lambda: [account.id for account in self.adapter.list_accounts()])
        yield self._call(lambda: self.adapter.get(self._ref(order)))
        yield self._act("create", username=f"{name}x")
        yield self._call(lambda: self.adapter.find(username=name))
        theirs = replace(self._ref(order), username="somebodyelse")
        yield self._call(lambda: self.adapter.terminate(theirs))
        yield from self._without_password(self.order())
        yield from self._edited(self.order())
        yield self._act("expire_tokens")
        yield self._call(self.adapter.test_connection)
        wrong = dict.fromkeys(
            secret_fields(type(self.adapter.settings)) & self.values.keys(), "wr0ngwr0ngwr0ng"
        )
        stranger = self._adapter({**self.values, **wrong})
        yield self._call(stranger.test_connection)
        yield self._call(lambda: stranger.create(self.order()))

    def _edited(self, order: CreateOrder) -> Iterator[Any]:
        """A customer who writes another reference into a field that is his own."""
        yield self._call(lambda: self.adapter.create(order))
        name = order.credentials.username
        yield self._act("edit_reference", username=name, reference="bridge:99:1")
        yield self._call(lambda: self.adapter.suspend(self._ref(order), "overdue"))

    def _without_password(self, order: CreateOrder) -> Iterator[Any]:
        """An account that was adopted: nobody told us the password it has."""
        yield self._call(lambda: self.adapter.create(order))
        ref = replace(self._ref(order), password=None)
        yield self._call(lambda: self.adapter.suspend(ref, "overdue"))
        yield self._call(lambda: self.adapter.unsuspend(ref))

    def _short(self) -> Iterator[Any]:
        """Rows are missing, and what counts them tells."""
        order = self.order()
        yield self._call(lambda: self.adapter.create(order))
        self.session.mode = "short"
        yield self._call(lambda: self.adapter.find(username=order.credentials.username))
        yield self._call(lambda: list(self.adapter.list_accounts()))
        self.session.mode = "plain"

    def _expired(self) -> Iterator[Any]:
        """An account whose time is up, before and after the panel's own job has looked."""
        order = self.order()
        yield self._call(lambda: self.adapter.create(order))
        name = order.credentials.username
        yield self._act("set_expiry", username=name, expires_at="2020-01-01T00:00:00+00:00")
        yield self._call(lambda: self.adapter.get(self._ref(order)))
        yield self._act("review")
        yield self._call(lambda: self.adapter.get(self._ref(order)))
        yield self._call(lambda: self.adapter.unsuspend(self._ref(order)))
        yield self._act("review")
        yield self._call(lambda: self.adapter.extend(self._ref(order), UNTIL))
        yield self._books(order)

    def _used_up(self) -> Iterator[Any]:
        """An account that may use no more, suspended, lifted and renewed."""
        order = self.order()
        yield self._call(lambda: self.adapter.create(order))
        yield self._act("use_up", username=order.credentials.username)
        yield self._call(lambda: [usage.last_seen is not None for usage in self.adapter.usages()])
        yield self._call(lambda: self.adapter.get(self._ref(order)))
        yield self._call(lambda: self.adapter.suspend(self._ref(order), "overdue"))
        yield self._call(lambda: self.adapter.unsuspend(self._ref(order)))
        yield self._call(lambda: self.adapter.extend(self._ref(order), UNTIL + timedelta(days=31)))
        yield self._books(order)

    def _half_replaced(self, order: CreateOrder) -> Iterator[Any]:
        """A change was cut between the old account and the new one."""
        yield self._call(lambda: self.adapter.create(order))
        ref = self._ref(order)
        self.session.mode = "half"
        renewed = replace(order.credentials, password=Secret("N3wPassw0rd00001"))
        yield self._call(lambda: self.adapter.reset_credentials(ref, renewed))
        self.session.mode = "plain"
        if self._act("half_replace", username=ref.username) == "half_replace":
            yield self._call(lambda: self.adapter.get(ref))
            yield self._call(lambda: self.adapter.suspend(ref, "overdue"))
            yield self._call(lambda: self.adapter.terminate(ref))
            yield self._call(lambda: self.adapter.get(ref))

    def _doubts(self) -> Iterator[Any]:
        """A panel that accepts and does nothing, that is cut off after doing it, that does something else."""
        for mode in ("lie", "cut", "bend"):
            lost = self.order()
            self.session.mode, self.session.whom = mode, lost.credentials.username
            yield self._call(partial(self.adapter.create, lost))
            self.session.mode = "plain"
            yield self._call(partial(self.adapter.create, lost))
            order = self.order()
            self.session.whom = order.credentials.username
            yield self._call(partial(self.adapter.create, order))
            for verb, do in self._verbs(order):
                self.session.mode = mode
                yield verb, mode, self._call(do)
                self.session.mode = "plain"
                yield self._call(do) if verb is not Verb.TERMINATE else None

    def _refusals(self) -> Iterator[Any]:
        """Orders at and beyond the ends of what is declared."""
        rules = self.adapter.capabilities
        yield self._call(lambda: self.adapter.create(self.order(package="987654321")))
        yield self._call(lambda: self.adapter.create(self.order(options={"hostile": "x"})))
        yield self._call(lambda: self.adapter.create(self.order(reference="r" * LONGEST)))
        if OrderFact.DOMAIN in rules.needs:
            yield from self._domain_of_another()
        longest = fitting(rules.username, rules.username.max_length)
        yield len(longest), self._ended(lambda: self._named(longest))

    def _domain_of_another(self) -> Iterator[Any]:
        first, second = self.order(), self.order()
        yield self._call(lambda: self.adapter.create(first))
        options = {**second.options, "domain": first.options["domain"]}
        yield self._call(lambda: self.adapter.create(replace(second, options=options)))
        yield self._books(second)

    def _named(self, name: str) -> Any:
        order = self.order()
        return self.adapter.create(replace(order, credentials=replace(order.credentials, username=name)))

    def _ref(self, order: CreateOrder) -> AccountRef:
        name = order.credentials.username
        account = self.panel.snapshot()["accounts"].get(name)
        return AccountRef(
            id=AccountId(str(account["id"]) if account else name),
            username=name,
            reference=order.reference,
            password=order.credentials.password,
        )

    def _act(self, name: str, **arguments: Any) -> Any:
        try:
            self.panel.act(name, arguments)
        except LookupError:
            return "no such act"
        return name

    def _books(self, order: CreateOrder) -> Any:
        snapshot = self.panel.snapshot()
        name = order.credentials.username
        kinds = [effect["kind"] for effect in snapshot["effects"] if effect["account"] == name]
        return snapshot["accounts"].get(name), kinds

    def _call(self, do: Callable[[], Any]) -> Any:
        """How it ended and what was sent."""
        del self.session.sent[:]
        return self._ended(do), list(self.session.sent)

    def _ended(self, do: Callable[[], Any]) -> Any:
        try:
            return told(do())
        except PanelError as error:
            return error.code, error.outcome, error.message, error.field, error.retry_after


def told(value: Any) -> Any:
    """``value`` with its secrets in clear, to be compared; what changes from run to run is left out."""
    if isinstance(value, Secret):
        return value.get_secret_value()
    if isinstance(value, (list, tuple)):
        return [told(item) for item in value]
    if hasattr(value, "__dataclass_fields__"):
        shown = {name: told(getattr(value, name)) for name in value.__dataclass_fields__}
        shown.pop("clock_skew", None)
        return type(value).__name__, shown
    return value
