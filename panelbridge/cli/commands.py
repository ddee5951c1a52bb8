"""Every command of the command line: where it is, and the line under which it is listed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from panelbridge.cli.lazy import Entry, LazyGroup


class Commands(LazyGroup):
    """Every command, with the line under which it is listed."""

    entries: ClassVar[Mapping[str, Entry]] = {
        "init": Entry(
            place="initial:init_command",
            help="Make data folder, secret key, database, first reseller, shop and keys. Safe to run again.",
        ),
        "serve": Entry(place="serve:serve_command", help="Serve HTTP and run what is due, until SIGTERM."),
        "adapters": Entry(
            place="adapters:adapters_command",
            help="List the installed backends with their capabilities. One that fails to load is named.",
        ),
        "check": Entry(
            place="check:check_command",
            help="Prove an adapter and print its score card. Exits 1 when something failed.",
        ),
        "practice": Entry(
            place="practice:practice_command",
            help="Run a simulated panel until Ctrl-C: the real protocol, and its books in a file.",
        ),
        "backup": Entry(
            place="backup:backup_command",
            help="Copy the database while the service runs. The key file is not in the copy.",
        ),
        "restore": Entry(
            place="backup:restore_command",
            help="Put a backup in place. Panel writes stay off until somebody compared and switched them on.",
        ),
        "whmcs-module": Entry(
            place="module_zip:module_command",
            help="Write the WHMCS module as a zip, or put it into a WHMCS here. Never over a newer one.",
        ),
        "doctor": Entry(
            place="doctor:doctor_command",
            help="Check everything: what is wrong, why, what to do. Changes nothing without --go-live.",
        ),
        "panels": Entry(place="panels:app", help="The remote systems accounts are made on."),
        "writes": Entry(
            place="writes:app", help="Whether anything leaves the bridge, for all panels at once."
        ),
        "plans": Entry(place="plans:app", help="What is sold: a panel, terms, their packages and prices."),
        "resellers": Entry(place="resellers:app", help="Who owns credits, plans and shops."),
        "installations": Entry(
            place="installations:app", help="The shops: one WHMCS each, bound to its address."
        ),
        "keys": Entry(place="keys:app", help="API keys of shops and of the operator."),
        "key-file": Entry(place="key_file:app", help="The key file: what seals secrets and signs the books."),
        "credits": Entry(place="credit:app", help="Wallets, top-ups and the history of every credit."),
        "subscriptions": Entry(
            place="subscription_verbs:app",
            help="The sold accounts: look, extend, suspend, reset, change, end.",
        ),
        "customers": Entry(
            place="customers:app", help="The people who have subscriptions: find, note, tag, link, merge."
        ),
        "operations": Entry(
            place="operations:app", help="The journal: everything that was wanted, and what became of it."
        ),
        "attention": Entry(place="attention:app", help="Cases waiting for a decision."),
        "ledger": Entry(place="ledger:app", help="The books of credits."),
        "spec": Entry(
            place="spec:app", help="Descriptions of panels (backend declarative): check, try, record."
        ),
    }
