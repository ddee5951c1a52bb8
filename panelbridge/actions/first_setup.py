"""The first set-up: folder, secret key, database, reseller, installation, keys. Safe to run again."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from panelbridge.access import NewApiKey, Scope, mint_key
from panelbridge.actions.fields import Body, Code
from panelbridge.actions.validation import validate
from panelbridge.contract.secret import Secret
from panelbridge.ledger import Credits, Ledger
from panelbridge.service.books import (
    bring_up_to_date,
    open_database,
    peek,
    refuse_in_place_of_lost,
    require_own_key,
)
from panelbridge.service.compose import utc_now
from panelbridge.service.config import ServiceConfig
from panelbridge.storage.units import SqlUnit, SqlUnits
from panelbridge.storage.vault.key_file import create_key_file, open_vault
from panelbridge.subscriptions import Installation, InstallationId, Mode, Reseller

_FOLDER_MODE = 0o700
_SHOP_SCOPES = frozenset({Scope.READ, Scope.PROVISION})


class _Named(Body):
    code: Code


@dataclass(frozen=True, kw_only=True)
class FirstSetup:
    """What was made. The keys' texts are shown this once and not stored."""

    folder: Path
    key_file: Path
    created: bool  # false: everything was there, nothing changed
    reseller: str
    installation: str
    mode: Mode
    was_at: str | None = None  # the schema before; None: there was no database
    schema: str | None = None  # the schema now
    admin_key: Secret | None = field(default=None, repr=False)
    shop_key: Secret | None = field(default=None, repr=False)


def first_setup(
    config: ServiceConfig, *, reseller: str = "main", installation: str = "shop", mode: Mode = Mode.LIVE
) -> FirstSetup:
    """Make what is missing. Raises ``BooksLost`` and storage's errors, each naming what to do."""
    for code in (reseller, installation):
        validate(_Named, {"code": code})
    found = peek(config)
    was_at = found.schema() if found.exists() else None
    config.data_folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    refuse_in_place_of_lost(config)
    if found.exists():
        found.refuse_damaged()
    else:  # the key of books that exist is never made anew
        create_key_file(config.key_file)
    vault = open_vault(config.key_file)
    database = open_database(config)
    try:
        bring_up_to_date(config, database)
        require_own_key(database, vault, config.key_file)
        units = SqlUnits(database, vault, utc_now)
        with units.write() as unit:
            made = _furnish(unit, config, reseller, installation, mode)
    finally:
        database.close()
    return replace(made, was_at=was_at, schema=found.schema())


def _furnish(
    unit: SqlUnit, config: ServiceConfig, reseller: str, installation: str, mode: Mode
) -> FirstSetup:
    made_keys: dict[str, Secret] = {}
    unit.access.lock_setup()
    owners = unit.resellers.all()
    shops = unit.installations.all()
    created = not owners or not shops
    owner = owners[0] if owners else _add_reseller(unit, reseller)
    shop = shops[0] if shops else _add_installation(unit, owner, installation, mode)
    if not unit.access.keys():
        created = True
        made_keys["admin"] = _add_key(unit, frozenset({Scope.ADMIN}), None, mode, "first operator key")
        made_keys["shop"] = _add_key(unit, _SHOP_SCOPES, shop.id, shop.mode, "first key of the shop")
    return FirstSetup(
        folder=config.data_folder,
        key_file=config.key_file,
        created=created,
        reseller=owner.code,
        installation=shop.code,
        mode=shop.mode,
        admin_key=made_keys.get("admin"),
        shop_key=made_keys.get("shop"),
    )


def _add_reseller(unit: SqlUnit, code: str) -> Reseller:
    owner = unit.resellers.add(code, code.title())
    ledger: Ledger = unit.ledger
    ledger.open_wallet(owner.id, overdraft=Credits(0))
    return owner


def _add_installation(unit: SqlUnit, owner: Reseller, code: str, mode: Mode) -> Installation:
    return unit.installations.add(
        Installation(id=InstallationId(0), reseller_id=owner.id, code=code, mode=mode)
    )


def _add_key(
    unit: SqlUnit, scopes: frozenset[Scope], installation: InstallationId | None, mode: Mode, label: str
) -> Secret:
    made = mint_key(mode)
    unit.access.add_key(
        NewApiKey(
            prefix=made.prefix,
            digest=made.digest,
            mode=mode,
            scopes=scopes,
            label=label,
            installation_id=installation,
            created_at=utc_now(),
        )
    )
    return made.text
