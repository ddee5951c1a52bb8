"""One order through the real chain: billing stand-in, PHP module, bridge, practice panel, ledger.

Ends with 1 when the result is not one account and one charge. Otherwise everything stays up to play with
until Ctrl-C; with `--once` it ends after the result.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from examples.demo.bridge import DemoBridge
from examples.demo.shop import DemoShop
from examples.demo.timeline import Timeline
from panelbridge.testing.practice import PracticeProcess

_PHP_LINE = "The chain runs the real PHP module, so it needs PHP. As root: make bootstrap"


class Chain:
    """The four parts, and the books of two of them."""

    def __init__(
        self, timeline: Timeline, panel: PracticeProcess, bridge: DemoBridge, shop: DemoShop
    ) -> None:
        self.timeline = timeline
        self.panel = panel
        self.bridge = bridge
        self.shop = shop

    def account(self, service: int) -> dict[str, Any]:
        """The panel's own record of a service's account; empty when it has none."""
        name = self.shop.standin.service(service).username
        accounts: dict[str, Any] = self.panel.control.books()["accounts"]
        found: dict[str, Any] = accounts.get(name, {})
        return found

    def reported(self, service: int) -> str:
        account = self.account(service)
        if not account:
            return "panel: no account"
        return f"panel: {account['state']} until {account['expires_at'][:10]}, package {account['package']}"

    def life(self) -> None:
        """Every verb on one service."""
        line, shop, standin = self.timeline, self.shop, self.shop.standin
        with line.step("order and pay: create") as notes:
            service, invoice = shop.order(shop.gold)
            standin.pay_invoice(invoice)
            notes += [f"WHMCS: {shop.status(service)}", self.reported(service)]
        with line.step("pay the renewal invoice: renew") as notes:
            standin.pay_invoice(standin.generate_renewal(service))
            notes.append(self.reported(service))
        with line.step("overdue: suspend") as notes:
            standin.module(service, "SuspendAccount", suspendreason="Overdue on Payment")
            notes += [f"WHMCS: {shop.status(service)}", self.reported(service)]
        with line.step("paid: unsuspend") as notes:
            standin.module(service, "UnsuspendAccount")
            notes += [f"WHMCS: {shop.status(service)}", self.reported(service)]
        with line.step("upgrade: change package") as notes:
            standin.pay_invoice(standin.upgrade_product(service, shop.family).invoice_id)
            notes.append(self.reported(service))
        with line.step("new password: reset credentials") as notes:
            before = self.account(service).get("password")
            standin.client_change_password(service, "Demo2Password9")
            changed = self.account(service).get("password") == "Demo2Password9" != before
            notes.append("panel: the new password works" if changed else "panel: PASSWORD UNCHANGED")
        with line.step("cancel: terminate") as notes:
            standin.module(service, "TerminateAccount")
            notes += [f"WHMCS: {shop.status(service)}", self.reported(service)]

    def lost_reply(self) -> bool:
        """A create whose reply is lost after the panel made the account; then the books are counted."""
        line, shop = self.timeline, self.shop
        before = self.panel.control.books()
        with line.step("order and pay, the reply is lost") as notes:
            self.panel.control.set_fault("cut_after_commit", "create")
            service, invoice = shop.order(shop.gold)
            shop.standin.pay_invoice(invoice)
            notes += [f"WHMCS: {shop.status(service)}", self.reported(service)]
        with line.step("an admin presses Create again") as notes:
            turn = shop.standin.module(service, "CreateAccount")
            notes += [str(turn.answer), self.reported(service)]
        after = self.panel.control.books()
        accounts = after["counts"].get("create", 0) - before["counts"].get("create", 0)
        bought = after["charged"] - before["charged"]
        charges = self.bridge.charges(service)
        line.say(
            f"\n  panel's books: {accounts} created, {bought} credit taken; "
            f"ledger: {len(charges)} posting of {', '.join(charges)} credit"
        )
        line.say(f"\n{accounts} account{_s(accounts)}, {len(charges)} charge{_s(len(charges))}")
        return accounts == 1 and len(charges) == 1 and bought == 1 and shop.status(service) == "Active"


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def run(timeline: Timeline, folder: Path, *, once: bool) -> bool:
    """Start the parts, drive the chain, and end them again in reverse order."""
    with ExitStack() as parts:
        timeline.heading("Starting")
        with timeline.step("practice panel (XUI reseller)") as notes:
            panel = parts.enter_context(
                PracticeProcess("xui", books=folder / "panel.sqlite", options={"reseller_list": "works"})
            )
            notes.append(panel.url)
        with timeline.step("bridge: init and serve") as notes:
            bridge = DemoBridge(folder)
            parts.callback(bridge.stop)
            bridge.start()
            bridge.furnish(panel.settings)
            notes.append(bridge.url)
        with timeline.step("shop: module, server, products") as notes:
            shop = DemoShop(folder, bridge_port=bridge.port, key=bridge.shop_key)
            tested = shop.standin.test_connection(shop.server).result
            notes.append("Test Connection: " + ("ok" if tested["success"] else str(tested["error"])))
        chain = Chain(timeline, panel, bridge, shop)
        timeline.heading("One service, every verb")
        chain.life()
        timeline.heading("A create whose reply is lost")
        passed = chain.lost_reply()
        if passed and not once:
            _stay(timeline, chain, parts)
        return passed


def _stay(timeline: Timeline, chain: Chain, parts: ExitStack) -> None:
    address = parts.enter_context(chain.shop.standin.web())
    admin = chain.bridge.setup.admin_key
    timeline.heading("Up to play with; Ctrl-C ends everything")
    timeline.say(f"  shop pages       {address}")
    timeline.say(f"  practice panel   {chain.panel.url}_practice/books")
    timeline.say(f"  bridge           {chain.bridge.url}/openapi.json")
    timeline.say(f"  operator's key   {admin.get_secret_value() if admin else ''}")
    timeline.say(
        f"  try              curl -H 'Authorization: Bearer KEY' {chain.bridge.url}/v1/subscriptions"
    )
    with suppress(KeyboardInterrupt):
        signal.pause()


def main() -> None:
    """Parse the command line and run in a folder that is gone afterwards."""
    parser = argparse.ArgumentParser(prog="examples.demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="end after the result")
    once: bool = parser.parse_args().once
    if shutil.which("php") is None:
        sys.stderr.write(_PHP_LINE + "\n")
        raise SystemExit(1)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends like Ctrl-C: in order
    try:
        with tempfile.TemporaryDirectory(prefix="panelbridge-demo-") as folder:
            passed = run(Timeline(), Path(folder), once=once)
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    raise SystemExit(0 if passed else 1)


main()
