"""Any panel over HTTP whose description says how to speak to it; a verb reads, writes, reads again.

What a panel means is in the file; what a verb means is here, the same for every file: who owns the account,
what counts as done, and that doubt stays doubt.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import urljoin, urlsplit

from pydantic import BaseModel

from panelbridge.contract.adapter import PanelAdapter
from panelbridge.contract.capabilities import Capabilities, Verb
from panelbridge.contract.doubt import nothing_sent
from panelbridge.contract.exceptions import ContractBroken, InvalidOrder, SettingsInvalid, Unsupported
from panelbridge.contract.models import (
    AccountRef,
    AccountState,
    Connection,
    CreateOrder,
    Credentials,
    Lookup,
    Package,
    PackageChange,
    PanelAccount,
    PanelBalance,
    Purchase,
    SignOn,
    Unknown,
    Usage,
    VerbResult,
)
from panelbridge.contract.order_check import check_credentials, check_order, check_package_change
from panelbridge.contract.secret import Secret
from panelbridge_declarative import mapping
from panelbridge_declarative.changes import ChangeRequest, Changes
from panelbridge_declarative.checks import check_options
from panelbridge_declarative.client import PanelClient, Session
from panelbridge_declarative.create import Creation
from panelbridge_declarative.description.abilities import abilities
from panelbridge_declarative.description.load import SpecInvalid, load
from panelbridge_declarative.description.spec import Is, ListOp, ReadOp, Results, Spec
from panelbridge_declarative.errors import error_of, not_found
from panelbridge_declarative.lookups import Lookups, as_lookup
from panelbridge_declarative.operations import facts
from panelbridge_declarative.operations.running import Runner
from panelbridge_declarative.packages import Packages
from panelbridge_declarative.settings import DeclarativeSettings, settings_model


class DeclarativeAdapter(PanelAdapter[DeclarativeSettings]):
    """One panel of the description that its settings name. Raises ``SettingsInvalid`` for a broken one."""

    backend = "declarative"
    settings_model: ClassVar[type[BaseModel]] = DeclarativeSettings

    def __init__(self, settings: DeclarativeSettings, session: Session | None = None) -> None:
        super().__init__(settings)
        self.spec = _spec_named(settings.spec)
        self._capabilities = abilities(self.spec)
        self._client = PanelClient(self.spec, settings, session)
        self._runner = Runner(self.spec, self._client, settings.base_url)
        self._lookups = Lookups(self._runner)
        self._packages = Packages(self._runner, settings)
        self._changes = Changes(self._runner, self._lookups, self._capabilities)
        self._creation = Creation(self._runner, self._lookups, self._capabilities)

    @classmethod
    def settings_model_for(cls, values: Mapping[str, Any]) -> type[BaseModel]:
        name = values.get("spec")
        return cls.settings_model if not isinstance(name, str) else settings_model(_spec_named(name))

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    def test_connection(self) -> Connection:
        op = self.spec.op.test
        reported = self._reported(op, {})
        values = mapping.values_from(op.result, reported, datetime.now(UTC))
        where = urlsplit(self.settings.base_url).netloc
        return Connection(
            version=mapping.text_of(values, "version"),
            identity=mapping.text_of(values, "identity") or f"{self.spec.name} at {where}",
            clock_skew=mapping.clock_skew(reported, datetime.now(UTC)),
            balance=self.balance(),
        )

    def create(self, order: CreateOrder) -> VerbResult:
        self._needs(Verb.CREATE)
        check_order(order, self._capabilities)
        check_options(self.spec, "create", order.options)
        with self._client.patience("create"):
            scope = {
                "account": facts.of_order(order),
                "options": dict(order.options),
                **self._sold(order.package),
            }
            return self._creation.run(order, scope)

    def extend(self, ref: AccountRef, until: datetime, purchase: Purchase | None = None) -> VerbResult:
        if purchase is not None:
            raise InvalidOrder("this panel sets dates and sells no lengths", field="purchase")
        return self._change(Verb.EXTEND, ChangeRequest(ref=ref, account=facts.of_ref(ref, expires=until)))

    def suspend(self, ref: AccountRef, reason: str) -> VerbResult:
        return self._change(
            Verb.SUSPEND,
            ChangeRequest(ref=ref, account=facts.of_ref(ref), scope={"reason": reason, **self._held()}),
        )

    def unsuspend(self, ref: AccountRef) -> VerbResult:
        return self._change(
            Verb.UNSUSPEND, ChangeRequest(ref=ref, account=facts.of_ref(ref), scope=self._held())
        )

    def reset_credentials(self, ref: AccountRef, credentials: Credentials) -> VerbResult:
        self._needs(Verb.RESET_CREDENTIALS)
        if credentials.username != ref.username:
            raise InvalidOrder("this panel's description cannot rename an account", field="username")
        check_credentials(credentials, self._capabilities)
        account = facts.of_ref(ref, password=facts.clear(credentials.password))
        return self._change(Verb.RESET_CREDENTIALS, ChangeRequest(ref=ref, account=account))

    def change_package(self, ref: AccountRef, change: PackageChange) -> VerbResult:
        self._needs(Verb.CHANGE_PACKAGE)
        if change.purchase is not None:
            raise InvalidOrder("this panel sets packages and sells none", field="purchase")
        check_package_change(change)
        check_options(self.spec, "change_package", change.options)
        account = facts.of_ref(ref, package=change.package, connections=change.connections)
        scope = {"options": dict(change.options), **self._sold(change.package)}
        return self._change(Verb.CHANGE_PACKAGE, ChangeRequest(ref=ref, account=account, scope=scope))

    def terminate(self, ref: AccountRef) -> VerbResult:
        self._needs(Verb.TERMINATE)
        with self._client.patience("terminate"):
            return self._changes.terminate(ChangeRequest(ref=ref, account=facts.of_ref(ref)))

    def get(self, ref: AccountRef) -> Lookup:
        return as_lookup(lambda: self._lookups.read(ref))

    def find(self, *, username: str | None = None, reference: str | None = None) -> Lookup:
        if username is not None:
            return _named_so(as_lookup(lambda: self._lookups.named(username)), username, reference)
        if reference is None:
            return Unknown(cause="neither a login name nor a reference was given")
        return _named_so(as_lookup(lambda: self._lookups.referenced(reference)), None, reference)

    def list_accounts(self) -> Iterator[PanelAccount]:
        op = self.spec.op.list
        if op is None:
            raise Unsupported("this panel's description has no list of accounts")
        return self._accounts(op)

    def _accounts(self, op: ListOp) -> Iterator[PanelAccount]:
        """One bad row is one bad account; of several not one readable is no list of accounts."""
        alike = self.spec.op.get if op.like is not None else None
        results = alike.result if alike is not None else op.result
        seen: set[str] = set()
        rows = unreadable = 0
        for row in self._runner.rows(op, {}):
            account = _listed(results, {**row, "body": row["row"]} if alike is not None else row)
            if account.id and account.id in seen:
                raise ContractBroken("the panel's list moved while it was read: an account came twice")
            seen.add(account.id)
            rows += 1
            unreadable += account.state is AccountState.UNREADABLE
            yield account
        if unreadable == rows > 1:
            raise ContractBroken("no row of the panel's list can be read: another release may answer there")

    def list_packages(self) -> Iterator[Package]:
        return self._packages.all()

    def balance(self) -> PanelBalance | None:
        op = self.spec.op.balance
        if op is None:
            return None
        values = mapping.values_from(op.result, self._reported(op, {}), datetime.now(UTC))
        amount = mapping.amount(values, "amount")
        if amount is None:
            raise ContractBroken("the panel's reply has no amount", field="amount")
        return PanelBalance(amount=amount, unit=mapping.text_of(values, "unit") or "credits")

    def sign_on(self, ref: AccountRef) -> SignOn:
        op = self.spec.op.sign_on
        if op is None:
            return super().sign_on(ref)
        values = mapping.values_from(op.result, self._reported(op, facts.of_ref(ref)), datetime.now(UTC))
        url = mapping.text_of(values, "url") or ""
        if urlsplit(url).scheme not in ("http", "https"):
            raise ContractBroken("the panel's reply has no address to sign on at", field="url")
        expires = values.get("expires")
        return SignOn(url=Secret(url), expires_at=expires if isinstance(expires, datetime) else None)

    def admin_link(self) -> str | None:
        link = self.spec.admin_link
        return None if link is None else urljoin(self.settings.base_url, link)

    def usages(self) -> Iterator[Usage]:
        op = self.spec.op.usage
        if op is None:
            return super().usages()
        return self._usages(op)

    def _usages(self, op: ListOp) -> Iterator[Usage]:
        """A row that cannot be read says nothing, and is no other's trouble."""
        now = datetime.now(UTC)
        for row in self._runner.rows(op, {}):
            try:
                usage = mapping.usage_from(mapping.values_from(op.result, row, now))
            except ContractBroken:
                continue
            yield usage

    def close(self) -> None:
        self._client.close()

    def tokens(self) -> list[str]:
        """Secrets that the panel gave us; for whoever writes down what was said."""
        return self._client.tokens()

    def _change(self, verb: Verb, request: ChangeRequest) -> VerbResult:
        self._needs(verb)
        with self._client.patience(verb.value):
            return self._changes.reach(verb, request)

    def _reported(self, op: ReadOp, account: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the panel answers. Raises ``PanelError``."""
        answer = self._runner.read(op, {"account": account})
        if answer.verdict.outcome is Is.NOT_FOUND:
            raise not_found(answer.verdict)
        if answer.verdict.outcome is not Is.OK:
            raise error_of(answer.verdict)
        return answer.facts

    def _sold(self, package: str) -> dict[str, Any]:
        with nothing_sent():
            return {"package": self._packages.named(package), "packages": self._packages.held}

    def _held(self) -> dict[str, Any]:
        return {"packages": self._packages.held}

    def _needs(self, verb: Verb) -> None:
        if verb not in self._capabilities.verbs:
            raise Unsupported(f"this panel's description has no {verb.value}")


def _spec_named(name: str) -> Spec:
    try:
        return load(name).spec
    except SpecInvalid as error:
        raise SettingsInvalid(f"spec: {error}") from None


def _listed(results: Results, row: Mapping[str, Any]) -> PanelAccount:
    now = datetime.now(UTC)
    try:
        return mapping.account_from(mapping.values_from(results, row, now), now)
    except ContractBroken:
        return mapping.unreadable(results, row, now)


def _named_so(found: Lookup, username: str | None, reference: str | None) -> Lookup:
    """``found``, unless the panel's search answered with somebody else."""
    account = getattr(found, "account", None)
    if account is None:
        return found
    same_name = username in (None, account.username)
    if same_name and reference in (None, account.reference):
        return found
    return Unknown(cause="the panel's search answered with another account than asked for")
