"""The practice panel's books as a test reads them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from panelbridge_xui.practice_tables import OTHER


def shown_lines(lines: list[dict[str, Any]], macs: dict[int, str], now: datetime) -> dict[str, Any]:
    """Lines by login name, hidden ones too: ours (``accounts``) and the other reseller's (``foreign``)."""
    shown: dict[str, dict[str, Any]] = {"accounts": {}, "foreign": {}}
    for line in lines:
        whose = "foreign" if line["member_id"] == OTHER else "accounts"
        shown[whose][str(line["username"])] = {**_account(line, now), "mac": macs.get(line["id"])}
    return shown


def shown_effects(effects: dict[str, Any]) -> dict[str, Any]:
    """The effects, and beside them what each line cost, purchase by purchase (``charges``)."""
    charges: dict[str, list[int]] = {}
    for effect in effects["effects"]:
        if effect["charged"]:
            charges.setdefault(effect["account"], []).append(effect["charged"])
    return {**effects, "charges": charges}


def _account(line: dict[str, Any], now: datetime) -> dict[str, Any]:
    expires = line["exp_date"]
    return {
        "id": line["id"],
        "password": line["password"],
        "state": _state(line, now),
        "expires_at": None if expires is None else datetime.fromtimestamp(expires, UTC).isoformat(),
        "package": None if line["package_id"] is None else str(line["package_id"]),
        "connections": line["max_connections"],
        "bouquets": json.loads(line["bouquet"]),
        "reference": line["reseller_notes"],
        "trial": bool(line["is_trial"]),
        "owner": line["member_id"],
    }


def _state(line: dict[str, Any], now: datetime) -> str:
    if not line["admin_enabled"]:
        return "banned"
    if not line["enabled"]:
        return "suspended"
    expired = line["exp_date"] is not None and line["exp_date"] <= now.timestamp()
    return "expired" if expired else "active"
