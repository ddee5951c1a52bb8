"""The shop rig: the bridge is down while orders, renewals, upgrades and suspensions happen in a mixed order.

Afterwards every service ends as WHMCS says, without a click, with one mail each. `SOAK_SHOP_SIZE` sets how
many events (40 here, 200 in `make soak`), `SOAK_SEED` repeats a run.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from tests.chain.conftest import Shop
from tests.support.standin_records import Mail

SIZE = int(os.environ.get("SOAK_SHOP_SIZE", "40"))
SEED = int(os.environ.get("SOAK_SEED", "0")) or random.SystemRandom().randrange(1, 10**9)
KINDS = ("new order", "renewal", "upgrade", "suspension")
ENDS = {
    "new order": "Active",
    "renewal": "Active",
    "upgrade": "Active",
    "suspension": "Suspended",
    "fraud": "Fraud",
}
ORDERED_TOGETHER = 10
FRAUD_OF_TEN = 1
MOST_ROUNDS = 3 + SIZE // 10

Event = Callable[[], object]


@dataclass
class Rig:
    """What happens to which service while nobody answers."""

    shop: Shop
    chance: random.Random
    events: list[Event] = field(default_factory=list)
    kinds: dict[int, str] = field(default_factory=dict)  # by service; "fraud": ordered, then that
    receipts: list[int] = field(default_factory=list)  # invoices paid meanwhile

    def prepare(self) -> None:
        """Services that live, their invoices and upgrades ordered; new ones wait for payment."""
        wanted = Counter(KINDS[n % len(KINDS)] for n in range(SIZE))
        living = self._buy(SIZE - wanted["new order"])
        due = self.shop.standin.service(living[0]).next_due_date
        for kind in KINDS[1:]:
            for _ in range(wanted[kind]):
                self._expect(living.pop(), kind)
        # By then what was not paid is overdue for long enough to be suspended.
        self.shop.standin.set_clock(f"{due} 10:00 +6 days")
        for service in [one for one, kind in self.kinds.items() if kind == "upgrade"]:
            placed = self.shop.standin.upgrade_product(service, self.shop.family)
            self._pays(placed.invoice_id)
        for _ in range(wanted["new order"]):
            self._order()
        daily = self.chance.randrange(len(self.events))
        self.chance.shuffle(self.events)
        self.events.insert(daily, lambda: self.shop.standin.run_cron(daily=True))

    def _buy(self, count: int) -> list[int]:
        services: list[int] = []
        while len(services) < count:
            items = [{"pid": self.shop.gold, "billingcycle": "monthly"}] * min(
                ORDERED_TOGETHER, count - len(services)
            )
            placed = self.shop.standin.order(self.shop.client, items)
            self.shop.standin.pay_invoice(placed.invoice_id)
            services.extend(placed.service_ids)
        return services

    def _expect(self, service: int, kind: str) -> None:
        self.kinds[service] = kind
        invoice = self.shop.standin.generate_renewal(service)
        if kind == "renewal":
            self._pays(invoice)
        elif kind == "upgrade":
            self.shop.standin.pay_invoice(invoice)  # while the bridge answers: it is not overdue later

    def _pays(self, invoice: int) -> None:
        self.receipts.append(invoice)
        self.events.append(lambda: self.shop.standin.pay_invoice(invoice))

    def _order(self) -> None:
        placed = self.shop.standin.order(
            self.shop.client, [{"pid": self.shop.gold, "billingcycle": "monthly"}]
        )
        fraud = self.chance.randrange(10) < FRAUD_OF_TEN
        self.kinds[placed.service_id] = "fraud" if fraud else "new order"
        self.receipts.append(placed.invoice_id)

        def pay() -> None:
            self.shop.standin.pay_invoice(placed.invoice_id)
            if fraud:
                self.shop.standin.request("close_order", order_id=placed.order_id, status="Fraud")

        self.events.append(pay)

    def of(self, *kinds: str) -> list[int]:
        return [service for service, kind in self.kinds.items() if kind in kinds]

    def is_done(self) -> bool:
        """Whether WHMCS shows every service as it should be and the bridge has nothing under way."""
        shown = {service: ENDS[kind] for service, kind in self.kinds.items()} == self.statuses()
        return shown and self.shop.standin.rows("mod_panelbridge_notes", {"kind": "call"}) == []

    def statuses(self) -> dict[int, str]:
        rows = {int(row["id"]): str(row["domainstatus"]) for row in self.shop.standin.rows("tblhosting")}
        return {service: rows[service] for service in self.kinds}


def test_every_service_ends_as_whmcs_says_without_a_click(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():  # before it begins: whoever sees it fail or hang can repeat it
        print(f"\nshop rig: seed {SEED}, {SIZE} events", flush=True)
    rig = Rig(shop=shop, chance=random.Random(SEED))
    rig.prepare()
    mails_before, effects_before = len(shop.standin.emails()), shop.world.counts()
    shop.world.bridge.stop()
    try:
        for event in rig.events:
            event()
    finally:
        shop.world.bridge.start()

    rounds = 0
    while rounds < MOST_ROUNDS and not (rounds and rig.is_done()):
        shop.standin.run_cron()
        rounds += 1
    for service in rig.of("renewal", "upgrade"):
        shop.settled(service)

    effects = Counter(shop.world.counts())
    effects.subtract(effects_before)
    kinds = dict(Counter(rig.kinds.values()))
    with capsys.disabled():
        print(f"shop rig: seed {SEED}: {kinds}, {rounds} rounds of the cron, effects {dict(+effects)}")
    assert rig.statuses() == {service: ENDS[kind] for service, kind in rig.kinds.items()}
    assert ends(rig) == expected_ends(rig)
    assert {kind: effects[kind] for kind in ("create", "extend", "suspend", "terminate")} == {
        "create": len(rig.of("new order")),
        "extend": len(rig.of("renewal")),
        "suspend": len(rig.of("suspension")),
        "terminate": 0,
    }
    assert mails_of(rig, shop.standin.emails()[mails_before:]) == expected_mails(rig)
    assert shop.world.bridge.ask("GET", "/v1/attention")["items"] == []


def ends(rig: Rig) -> dict[int, tuple[str, str, str, int]]:
    """By service: WHMCS's status, the panel's state and package, how often credits were spent."""
    accounts, shop = rig.shop.world.accounts(), rig.shop
    found = {}
    for service, kind in rig.kinds.items():
        row = shop.standin.service(service)
        account = accounts.get(row.username) or {"state": "absent", "package": ""}
        spent = 0 if kind == "fraud" else len(shop.charges(service))
        found[service] = (row.status, str(account["state"]), str(account["package"]), spent)
    return found


def expected_ends(rig: Rig) -> dict[int, tuple[str, str, str, int]]:
    right = {
        "new order": ("Active", "active", "1", 1),
        "renewal": ("Active", "active", "1", 2),
        "upgrade": ("Active", "active", "21", 3),
        "suspension": ("Suspended", "suspended", "1", 1),
        "fraud": ("Fraud", "absent", "", 0),
    }
    return {service: right[kind] for service, kind in rig.kinds.items()}


TOLD = ("Hosting Account Welcome Email", "Service Suspension Notification", "Invoice Payment Confirmation")


def mails_of(rig: Rig, mails: list[Mail]) -> Counter[tuple[str, int]]:
    """What reached clients since the bridge went down, by name and what it is about."""
    sent = [mail for mail in mails if mail.audience == "client" and not mail.aborted]
    return Counter((mail.name, mail.related_id) for mail in sent if mail.name in TOLD)


def expected_mails(rig: Rig) -> Counter[tuple[str, int]]:
    wanted = [("Hosting Account Welcome Email", one) for one in rig.of("new order")]
    wanted += [("Service Suspension Notification", one) for one in rig.of("suspension")]
    wanted += [("Invoice Payment Confirmation", invoice) for invoice in rig.receipts]
    return Counter(wanted)
