"""What a panel told of how to connect is under the newest key after a rotation, like every other secret."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from panelbridge.contract.secret import Secret
from panelbridge.storage.units import SqlUnits
from panelbridge.storage.vault.resealing import reseal
from panelbridge.storage.vault.sealing import Vault
from tests.support.ready import PracticeHere
from tests.support.rig import rig_in

TOLD = '[{"kind": "access_key", "label": "Access key", "value": "ss://x", "secret": true}]'


def test_it_is_sealed_anew(tmp_path: Path) -> None:
    with (
        PracticeHere("reference", books=tmp_path / "panel.sqlite") as practice,
        rig_in(tmp_path / "bridge") as rig,
    ):
        panel = rig.add_panel("main", "reference", practice.settings)
        rig.add_plan("gold", panel, {"1m": ("basic-1m", "1")})
        rig.top_up("10")
        rig.provisioner.submit(rig.create())
        with rig.units.write() as unit:
            unit.subscriptions.save(replace(rig.subscription(), connect=Secret(TOLD)))
        old, new = (tmp_path / "bridge" / "key").read_bytes(), Fernet.generate_key()
        with rig.units.write() as unit:
            reseal(unit.connection, Vault([new, old]))
        fresh = SqlUnits(rig.database, Vault([new]), rig.clock)
        with fresh.read() as unit:
            found = unit.subscriptions.of_service(rig.installation.id, 501)
    assert found is not None
    assert found.connect is not None
    try:
        text = found.connect.get_secret_value()
    except Exception as error:  # noqa: BLE001 - whatever it is: the value is still under the old key
        pytest.fail(f"it does not open with the newest key alone: {error}")
    assert text == TOLD
