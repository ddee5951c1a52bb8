"""After a restart the search for a lost line begins at the ids the books hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from panelbridge import Found
from panelbridge.contract.models import Term
from panelbridge.provisioning import CreateCommand
from panelbridge.service.compose import compose
from panelbridge.service.config import ServiceConfig
from panelbridge.testing.practice import Fault
from tests.support.rig import rig_in


def _search_from_books(folder: Path, panel_id: Any, username: str) -> Any:
    """What a fresh process on that folder finds."""
    (folder / "key").chmod(0o600)
    (folder / "bridge.db").rename(folder / "panelbridge.db")
    url = f"sqlite:///{folder / 'panelbridge.db'}"
    config = ServiceConfig(data_folder=folder, database_url=url, secret_key_file=folder / "key")
    services = compose(config)
    try:
        return services.panels.adapter(panel_id).find(username=username)
    finally:
        services.panels.close()


def test_the_probe_starts_at_the_ids_of_the_books(tmp_path: Path, panel: Any) -> None:
    settings = {name: value for name, value in panel.reseller().settings.model_dump().items() if value}
    settings.pop("probe_from", None)
    settings = {
        name: value.get_secret_value() if hasattr(value, "get_secret_value") else value
        for name, value in settings.items()
    }
    folder = tmp_path / "bridge"
    with rig_in(folder, attempt=3.0, lookup=2.0, budget=3.0) as rig:
        record = rig.add_panel("main", "xui", settings)
        rig.add_plan("gold", record, {"1m": ("1", "1")})
        rig.top_up("100")
        rig.provisioner.submit(rig.create(501))
        panel.control.set_fault(Fault.CUT_AFTER_COMMIT, "create")
        lost = CreateCommand(
            installation=rig.installation, service_id=502, actor="test", plan="gold", term=Term.parse("1m")
        )
        rig.provisioner.submit(lost)
        known = {name for name in panel.accounts if name != rig.subscription(501).username}
    (username,) = known
    found = _search_from_books(folder, record.id, username)
    assert isinstance(found, Found), found
