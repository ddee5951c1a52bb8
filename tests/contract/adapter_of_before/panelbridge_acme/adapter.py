"""How ACME's API 2.4 reads, adds, writes and removes; the verbs come from ``RecordAdapter``."""

from __future__ import annotations

from collections.abc import Iterator

import panelbridge as pb
from panelbridge.record_adapter import Change, RecordAdapter
from panelbridge.strict import each_account
from panelbridge_acme.client import AcmeClient, AcmeSettings
from panelbridge_acme.mapping import Customer, Me, body_of


class AcmeAdapter(RecordAdapter[AcmeSettings]):
    backend = "acme"
    settings_model = AcmeSettings

    def __init__(self, settings: AcmeSettings) -> None:
        super().__init__(settings)
        key = {"X-Acme-Key": settings.key.get_secret_value()}
        self._client = AcmeClient(settings, headers=key, secrets=[settings.key])

    @property
    def capabilities(self) -> pb.Capabilities:
        return pb.Capabilities(
            reference_field="note",
            password_readable=True,
            safe_repeats=frozenset(pb.Verb),
            connections=pb.Connections.NONE,
        )

    def test_connection(self) -> pb.Connection:
        me = Me.read(self._client.call("GET", "api/me"))
        return pb.Connection(version=me.version, identity=me.name)

    def list_packages(self) -> Iterator[pb.Package]:
        sold = Me.read(self._client.call("GET", "api/me")).tiers
        return (pb.Package(id=tier, name=name) for tier, name in sold.items())

    def read(self, account_id: pb.AccountId) -> pb.PanelAccount:
        return Customer.read(self._client.call("GET", f"api/customers/{account_id}")).account()

    def rows(self, username: str | None = None) -> Iterator[pb.PanelAccount]:
        rows = self._client.customers(login=username)
        return each_account(rows, lambda row: Customer.read(row).account(), "id", "login")

    def add(self, order: pb.CreateOrder) -> pb.AccountId:
        body = {**body_of(Change.of(order)), "note": order.reference}
        return Customer.read(self._client.call("POST", "api/customers", body)).account().id

    def write(self, account: pb.PanelAccount, change: Change) -> None:
        self._client.call("PATCH", f"api/customers/{account.id}", body_of(change))

    def remove(self, account: pb.PanelAccount) -> None:
        self._client.call("DELETE", f"api/customers/{account.id}")

    def close(self) -> None:
        self._client.close()
