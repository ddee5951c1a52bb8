"""Doctor's checks of this machine: folder, key file, database, books, and the running service."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator

import requests

from panelbridge.actions.findings import Finding, fine, note, wrong
from panelbridge.actions.ledger_proof import verify_books
from panelbridge.service.books import BooksLost, peek, refuse_in_place_of_lost
from panelbridge.service.config import ServiceConfig
from panelbridge.service.data_folder import serves_now
from panelbridge.service.schema import newest_schema
from panelbridge.storage.exceptions import KeyFileError, StorageBusy, StorageDamaged, StorageFailed
from panelbridge.storage.vault.key_file import open_vault

_LEAST_FREE = 500 * 1024 * 1024
_LOCAL = frozenset({"127.0.0.1", "::1", "localhost"})
_PATIENCE = 5.0


def check_machine(config: ServiceConfig) -> Iterator[Finding]:
    """Everything that needs no opened bridge. Stops at what makes the rest pointless."""
    yield from _check_folder(config)
    key = _check_key_file(config)
    yield key
    yield from _check_database(config)
    yield from _check_service(config)


def check_books(config: ServiceConfig) -> Finding:
    """The full verification of the ledger."""
    try:
        report = verify_books(config)
    except (StorageBusy, StorageFailed) as error:
        return wrong("books", str(error), error.advice)
    except KeyFileError as error:
        return wrong("books", str(error), "Put the key file back that belongs to this database.")
    if report.whole:
        return fine(
            "books", f"whole: {report.wallets} wallets, {report.transfers} transfers, every guard tried"
        )
    return wrong(
        "books",
        f"{len(report.problems)} contradictions, first: {report.problems[0].message}",
        "panelbridge ledger verify shows all. Sell nothing more before you know why.",
    )


def _check_folder(config: ServiceConfig) -> Iterator[Finding]:
    folder = config.data_folder
    try:
        mode = stat.S_IMODE(folder.stat().st_mode)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        yield wrong(
            "data folder", f"{folder}: {error.strerror}", "Run panelbridge init, or name the right folder."
        )
        return
    if mode & 0o077:
        yield wrong("data folder", f"{folder} is open to others (mode {mode:04o})", f"chmod 700 {folder}")
    elif not os.access(folder, os.W_OK):
        yield wrong(
            "data folder", f"{folder} cannot be written by this user", "Run it as the service's user."
        )
    else:
        yield fine("data folder", str(folder))
    gigabytes = free / 1024**3
    if free < _LEAST_FREE:
        yield wrong("disk", f"{gigabytes:.2f} GB free", "Make room: without it no order can be written down.")
    else:
        yield fine("disk", f"{gigabytes:.1f} GB free")


def _check_key_file(config: ServiceConfig) -> Finding:
    try:
        open_vault(config.key_file)
    except KeyFileError as error:
        return wrong("key file", str(error), "chmod 600 it, or put it back from its own backup.")
    if config.secret_key_file is None:
        return note(
            "key file",
            f"{config.key_file} is stored beside the database",
            "Set secret_key_file to another place, so that one copied folder does not hold both.",
        )
    return fine("key file", f"{config.key_file}, mode 0600")


def _check_database(config: ServiceConfig) -> Iterator[Finding]:
    try:
        yield _database(config)
        for message, advice in peek(config).warnings():
            yield note("database", message, advice)
    except (BooksLost, StorageDamaged) as error:
        yield wrong("database", str(error), "Stop serve and restore the last good backup.")
    except (StorageBusy, StorageFailed) as error:
        yield wrong("database", str(error), error.advice)


def _database(config: ServiceConfig) -> Finding:
    refuse_in_place_of_lost(config)
    looked = peek(config)
    if not looked.exists():
        return wrong("database", f"there is none at {looked.name}", "Run panelbridge init.")
    looked.refuse_damaged()
    found, wanted = looked.schema(), newest_schema()
    if found != wanted:
        return wrong(
            "database",
            f"schema {found or 'none'}, this release needs {wanted}",
            "panelbridge backup, then panelbridge init.",
        )
    return fine("database", f"{looked.condition()}, schema {found}")


def _check_service(config: ServiceConfig) -> Iterator[Finding]:
    if config.host not in _LOCAL and config.trusted_proxies == 0:
        yield note(
            "address",
            f"it binds {config.host}, and no reverse proxy is configured",
            "API keys must not cross a network without TLS: bind 127.0.0.1 behind a proxy.",
        )
    if not serves_now(config):
        yield wrong("service", "no serve runs from this folder", "systemctl start panelbridge")
        return
    yield _ask_ready(config)


def _ask_ready(config: ServiceConfig) -> Finding:
    host = config.host if config.host not in ("0.0.0.0", "::") else "127.0.0.1"
    url = f"http://{f'[{host}]' if ':' in host else host}:{config.port}/readyz"
    with requests.Session() as session:
        session.trust_env = False
        try:
            reply = session.get(url, timeout=_PATIENCE)
            failed = [
                f"{item['name']}: {item['message']}" for item in reply.json()["checks"] if not item["ok"]
            ]
        except (requests.RequestException, ValueError, KeyError, TypeError) as error:
            return wrong(
                "service",
                f"it runs, but {url} does not answer ({type(error).__name__})",
                "Is the port right? See its log: journalctl -u panelbridge",
            )
    if failed:
        return wrong("service", "; ".join(failed), "See its log: journalctl -u panelbridge")
    return fine("service", f"ready at {url}")
