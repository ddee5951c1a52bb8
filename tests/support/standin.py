"""Drives the billing stand-in: one fresh PHP process for each request to the imitated WHMCS.

Used by the tests and by the demonstration of the whole chain, so it depends on nothing but the standard
library and a ``php`` on the path. Values go to PHP on standard input, never on its command line. One
instance may be used from several threads: it keeps no state between requests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from tests.support.standin_php import STANDIN_FOLDER, PhpRequests, StandinError
from tests.support.standin_records import (
    Fields,
    Invoice,
    Mail,
    PlacedOrder,
    PlacedUpgrade,
    QueueRow,
    Service,
    Turn,
    invoice_from,
    mail_from,
    queue_row_from,
    service_from,
)

__all__ = ["MODULE_PATH", "STANDIN_FOLDER", "Standin", "StandinError"]

MODULE_PATH = STANDIN_FOLDER.parent / "modules" / "servers" / "panelbridge"


class Standin(PhpRequests):
    """A shop in one SQLite file, with one server module."""

    def __init__(
        self,
        module_path: Path = MODULE_PATH,
        database_path: Path = Path("shop.db"),
        *,
        environment: Mapping[str, str] | None = None,
        timeout: float = 120.0,
    ) -> None:
        """``environment`` replaces PHP's process environment; ``timeout`` is in seconds for one request."""
        super().__init__(database_path, environment, timeout)
        self.module_path = module_path

    # Setting up

    def install(
        self,
        *,
        configuration: Mapping[str, str] | None = None,
        switches: Mapping[str, str] | None = None,
        now: str = "",
    ) -> Turn:
        """Make the shop; ``configuration`` is for ``tblconfiguration``, ``now`` sets the shop's clock."""
        return self.request(
            "install",
            module_path=str(self.module_path),
            configuration=dict(configuration or {}),
            switches=dict(switches or {}),
            now=now,
        )

    def configure(
        self, *, configuration: Mapping[str, str] | None = None, switches: Mapping[str, str] | None = None
    ) -> None:
        """Change settings and switches of an installed shop."""
        self.request("configure", configuration=dict(configuration or {}), switches=dict(switches or {}))

    def set_clock(self, now: str) -> None:
        """Set the shop's time: anything PHP reads as a date; empty returns to real time."""
        self.request("set_clock", now=now)

    def add_server(
        self,
        *,
        hostname: str,
        port: int,
        secure: bool,
        username: str,
        password: str,
        access_hash: str = "",
        max_accounts: int = 200,
    ) -> int:
        """Add a server record of the module's type; returns its id."""
        turn = self.request(
            "add_server",
            hostname=hostname,
            port=port,
            secure=secure,
            username=username,
            password=password,
            access_hash=access_hash,
            max_accounts=max_accounts,
        )
        return int(turn.result["id"])

    def add_product(
        self,
        *,
        name: str,
        config_options: Sequence[str] = (),
        pricing: Mapping[str, float] | None = None,
        autosetup: str = "payment",
        custom_fields: Sequence[Fields] = (),
        configurable_options: Sequence[Fields] = (),
        welcome_email: str = "Hosting Account Welcome Email",
        **more: Any,
    ) -> int:
        """Add and save a product of the module (which makes WHMCS note its hooks.php); returns its id.

        ``pricing`` names cycles (``monthly``…): a missing one is not offered. ``custom_fields`` are maps of
        name, type, required, adminonly, showorder, regexpr; ``configurable_options`` of name, type (dropdown,
        radio, yesno, quantity), minimum, maximum, choices (maps of name and price per cycle).
        """
        turn = self.request(
            "add_product",
            name=name,
            config_options=list(config_options),
            pricing=dict(pricing or {"monthly": 10.0}),
            autosetup=autosetup,
            custom_fields=list(custom_fields),
            configurable_options=list(configurable_options),
            welcome_email=welcome_email,
            **more,
        )
        return int(turn.result["id"])

    def save_module_settings(self, product_id: int, values: Mapping[int, str]) -> None:
        """Save the Module Settings tab: option number (1 to 24) to value."""
        numbered = {str(number): value for number, value in values.items()}
        self.request("save_module_settings", product_id=product_id, values=numbered)

    def add_client(self, *, firstname: str = "Ana", lastname: str = "O'Neil", **profile: str) -> int:
        """Add a client as a form would (text is stored entity-encoded); returns the id."""
        profile = {"email": "ana@example.test", "country": "ES", "language": "spanish"} | profile
        turn = self.request("add_client", firstname=firstname, lastname=lastname, **profile)
        return int(turn.result["id"])

    # Selling

    def order(
        self,
        client_id: int,
        items: Sequence[Fields],
        *,
        payment_method: str = "banktransfer",
        through_cart: bool = True,
    ) -> PlacedOrder:
        """Order products; an item has pid and may have billingcycle, domain, quantity, price, and by name
        custom_fields and configurable_options.

        Without ``through_cart`` it is the API's AddOrder, which runs no cart validation and no set-up.
        """
        turn = self.request(
            "order",
            client_id=client_id,
            items=list(items),
            payment_method=payment_method,
            through_cart=through_cart,
        )
        return PlacedOrder(
            refusals=turn.result["refusals"],
            order_id=turn.result.get("order_id", 0),
            service_ids=turn.result.get("service_ids", ()),
            invoice_id=turn.result.get("invoice_id", 0),
            turn=turn,
        )

    def accept_order(self, order_id: int, *, autosetup: bool | None = None) -> Turn:
        """Accept a pending order; ``autosetup`` overrides the products' own policy."""
        return self.request("accept_order", order_id=order_id, autosetup=autosetup)

    def pay_invoice(
        self,
        invoice_id: int,
        *,
        amount: float | None = None,
        gateway: str = "banktransfer",
        transaction_id: str | None = None,
    ) -> Turn:
        """Pay an invoice, by default in full; the gateway ``credit`` takes it from the client's credit."""
        given = {"amount": amount, "transaction_id": transaction_id}
        values = {name: value for name, value in given.items() if value is not None}
        return self.request("pay_invoice", invoice_id=invoice_id, gateway=gateway, **values)

    def generate_renewal(self, service_id: int) -> int:
        """Make the next renewal invoice of a service now; returns its id."""
        return int(self.request("generate_renewal", service_id=service_id).result["invoice_id"])

    def renew_early(self, service_id: int, *, cycles: int = 1) -> int:
        """Make the client's on-demand renewal invoice, a line for each cycle; returns its id."""
        turn = self.request("renew_early", service_id=service_id, cycles=cycles)
        return int(turn.result["invoice_id"])

    def cancel_invoice(self, invoice_id: int) -> Turn:
        """Cancel an unpaid invoice."""
        return self.request("cancel_invoice", invoice_id=invoice_id)

    def cancel_lines(self, invoice_id: int, *item_ids: int) -> Turn:
        """Cancel lines of an unpaid invoice: removed by WHMCS 8.13, kept with a credit note by 9.0."""
        return self.request("cancel_invoice_lines", invoice_id=invoice_id, item_ids=list(item_ids))

    def mark_paid(self, invoice_id: int) -> Turn:
        """Staff mark an invoice paid, without a payment."""
        return self.request("mark_invoice_paid", invoice_id=invoice_id)

    def reissue(self, service_id: int) -> int:
        """Make a cancelled renewal anew as WHMCS's docs say: due date a day on, then generate."""
        due = date.fromisoformat(self.service(service_id).next_due_date) + timedelta(days=1)
        self.save_service(service_id, values={"nextduedate": due.isoformat()})
        return self.generate_renewal(service_id)

    def lines(self, invoice_id: int) -> dict[int, int]:
        """The lines of an invoice: the service each is about, by the line's id."""
        rows = self.rows("tblinvoiceitems", {"invoiceid": invoice_id})
        return {int(row["id"]): int(row["relid"]) for row in rows}

    def refund_invoice(self, invoice_id: int, *, as_credit: bool = False) -> Turn:
        """Refund a paid invoice in full."""
        return self.request("refund_invoice", invoice_id=invoice_id, as_credit=as_credit)

    def upgrade_product(self, service_id: int, product_id: int, *, billingcycle: str = "") -> PlacedUpgrade:
        """Order a change of product, at the same cycle unless told."""
        return _upgrade(
            self.request(
                "upgrade_product", service_id=service_id, product_id=product_id, billingcycle=billingcycle
            )
        )

    def upgrade_options(self, service_id: int, options: Fields) -> PlacedUpgrade:
        """Order a change of configurable options, by option name."""
        return _upgrade(self.request("upgrade_options", service_id=service_id, options=dict(options)))

    def request_cancellation(self, service_id: int, *, immediate: bool = False, reason: str = "") -> Turn:
        """Ask for cancellation, at once or at the end of the billing period."""
        return self.request("request_cancellation", service_id=service_id, immediate=immediate, reason=reason)

    def withdraw_cancellation(self, service_id: int) -> Turn:
        """Take a cancellation request back; no hook tells anyone."""
        return self.request("withdraw_cancellation", service_id=service_id)

    # Staff, module and cron

    def module(
        self,
        service_id: int,
        function: str,
        *,
        automated: bool = False,
        session: Fields | None = None,
        **extra: Any,
    ) -> Turn:
        """Run a module command with its hooks and effects; ``turn.answer`` is ``success`` or the error text.

        ``extra`` are keys added to ``$params`` (``suspendreason="…"``, ``password="…"``).
        """
        return self.request(
            "module",
            service_id=service_id,
            function=function,
            automated=automated,
            extra=extra,
            session=dict(session or {}),
        )

    def call(self, function: str, params: Fields | None = None) -> Turn:
        """Call a module function raw, with exactly these params (None: no argument)."""
        given = {} if params is None else {"params": dict(params)}
        return self.request("call", function=function, **given)

    def service_call(self, service_id: int, function: str, *, session: Fields | None = None) -> Turn:
        """Call a display function (ClientArea, AdminServicesTabFields…) of a service."""
        return self.request(
            "service_call", service_id=service_id, function=function, session=dict(session or {})
        )

    def server_call(self, server_id: int, function: str) -> Turn:
        """Call a server-level function (TestConnection, ListAccounts, UsageUpdate) with server keys only."""
        return self.request("server_call", server_id=server_id, function=function)

    def test_connection(self, server_id: int) -> Turn:
        """Click Test Connection; the result has ``success`` and ``error``."""
        turn = self.server_call(server_id, "TestConnection")
        return Turn(result=turn.result["result"], captured=turn.captured)

    def client_change_password(self, service_id: int, password: str) -> Turn:
        """The client types a new password."""
        return self.request("client_change_password", service_id=service_id, password=password)

    def admin_change_password(self, service_id: int, password: str) -> Turn:
        """An admin types a new password."""
        return self.request("admin_change_password", service_id=service_id, password=password)

    def save_service(
        self,
        service_id: int,
        *,
        values: Fields | None = None,
        post: Fields | None = None,
        session: Fields | None = None,
    ) -> Turn:
        """Save the admin product page; ``values`` named as in UpdateClientProduct, ``post`` is the form."""
        return self.request(
            "save_service",
            service_id=service_id,
            values=dict(values or {}),
            post=dict(post or {}),
            session=dict(session or {}),
        )

    def delete_service(self, service_id: int) -> Turn:
        """Delete a service record."""
        return self.request("delete_service", service_id=service_id)

    def merge_clients(self, source: int, target: int) -> Turn:
        """Merge one client account into another."""
        return self.request("merge_clients", **{"from": source, "to": target})

    def run_cron(self, *, daily: bool = False) -> Turn:
        """Run the cron once; ``daily`` forces the daily tasks, else the shop's clock decides."""
        return self.request("cron", daily=daily)

    def retry_queue(self, queue_id: int) -> Turn:
        """Click Retry on a row of the Module Queue."""
        return self.request("retry_queue", id=queue_id)

    def api(self, action: str, values: Fields | None = None) -> Turn:
        """Call an API action; the result has ``result`` (success or error) and ``message``."""
        return self.request("api", action=action, values=dict(values or {}))

    # Looking

    def page(
        self,
        path: str,
        query: Fields | None = None,
        post: Fields | None = None,
        *,
        client_id: int | None = None,
        session: Fields | None = None,
    ) -> Turn:
        """Open a WHMCS page as a client, else as an admin; ``result`` has status, location and body.

        A ``post`` carries the session's token unless it holds another one under ``token``.
        """
        given: dict[str, Any] = {} if post is None else {"post": dict(post)}
        if client_id is not None:
            given["client_id"] = client_id
        return self.request("page", path=path, query=dict(query or {}), session=dict(session or {}), **given)

    def rows(self, table: str, where: Fields | None = None) -> list[Fields]:
        """Rows of any table, oldest first."""
        return list(self.request("rows", table=table, where=dict(where or {})).result)

    def service(self, service_id: int) -> Service:
        """One service; raises ``KeyError`` when it is gone."""
        rows = self.rows("tblhosting", {"id": service_id})
        if not rows:
            raise KeyError(service_id)
        return service_from(rows[0])

    def invoice(self, invoice_id: int) -> Invoice:
        """One invoice; raises ``KeyError`` when there is none."""
        rows = self.rows("tblinvoices", {"id": invoice_id})
        if not rows:
            raise KeyError(invoice_id)
        return invoice_from(rows[0])

    def params(self, service_id: int) -> Fields:
        """The ``$params`` a command of this service would get: with its secrets, as the module sees them."""
        return dict(self.request("params", service_id=service_id).result)

    def custom_fields(self, service_id: int) -> dict[str, str]:
        """The service's custom field values by name."""
        return dict(self.params(service_id)["customfields"] or {})

    def queue(self) -> list[QueueRow]:
        """Open rows of the Module Queue."""
        return [queue_row_from(row) for row in self.rows("tblmodulequeue", {"completed": 0})]

    def emails(self) -> list[Mail]:
        """All mails and notices so far, aborted ones too."""
        return [mail_from(row) for row in self.rows("standin_outbox")]

    def activity(self) -> list[str]:
        """The whole activity log."""
        return [str(row["description"]) for row in self.rows("tblactivitylog")]

    def module_log(self) -> list[Fields]:
        """The whole module log, masked as WHMCS masks."""
        return self.rows("tblmodulelog")


def _upgrade(turn: Turn) -> PlacedUpgrade:
    return PlacedUpgrade(
        refusals=turn.result["refusals"],
        upgrade_id=turn.result.get("upgrade_id", 0),
        invoice_id=turn.result.get("invoice_id", 0),
        amount=turn.result.get("amount", "0.00"),
        turn=turn,
    )
