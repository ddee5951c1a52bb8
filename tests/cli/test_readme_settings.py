"""Every backend's README has a settings file, and `panels add` takes it as it stands."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Shell

ADAPTERS = Path(__file__).parents[2] / "adapters"
BACKENDS = sorted(folder.name.removeprefix("panelbridge_") for folder in ADAPTERS.glob("panelbridge_*"))
PACKAGES = {
    "pterodactyl": {
        "small": {
            "egg": 5,
            "docker_image": "registry.example.com/java:21",
            "startup": "java -jar server.jar",
            "environment": {"SERVER_JARFILE": "server.jar"},
            "limits": {"memory": 2048, "disk": 10240, "cpu": 100, "threads": None},
            "feature_limits": {"databases": 1, "allocations": 1, "backups": 1},
            "locations": [1],
        }
    },
    "jellyfin": {"movies": {"folders": ["f137a2dd21bbc1b99aa5c0f6bf02a805"], "live_tv": False}},
}


def example_of(backend: str) -> dict[str, Any] | None:
    """The settings file under the README's `panels add`."""
    text = (ADAPTERS / f"panelbridge_{backend}" / "README.md").read_text()
    found = re.search(
        rf"panels add main --backend {backend} --settings panel\.json.*?```json\n(.*?)```", text, re.DOTALL
    )
    return json.loads(found[1]) if found else None


def file_in(folder: Path, values: dict[str, Any]) -> str:
    file = folder / "panel.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps(values))
    return str(file)


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_readmes_settings_file_adds_a_panel(shell: Shell, tmp_path: Path, backend: str) -> None:
    example = example_of(backend)
    assert example is not None, "the README has no settings file"
    ran = shell("panels", "add", "main", "--backend", backend, "--settings", file_in(tmp_path, example))
    assert (ran.code, ran.err) == (0, ran.err)
    shown = shell.done("panels", "show", "main", "--json").json["settings"]
    assert {name: shown[name] for name, value in example.items() if isinstance(value, bool)} == {
        name: value for name, value in example.items() if isinstance(value, bool)
    }
    assert all(word not in ran.out + ran.err for word in ("9f3c", "9F3CTOKEN"))


@pytest.mark.parametrize("backend", sorted(PACKAGES))
@pytest.mark.parametrize("as_text", [False, True])
def test_a_map_is_entered_as_it_is_and_as_text(
    shell: Shell, tmp_path: Path, backend: str, as_text: bool
) -> None:
    packages = PACKAGES[backend]
    values: dict[str, Any] = {"base_url": "https://panel.example/", "api_key": "k" * 32}
    sets = ["--set", f"packages={json.dumps(packages)}"] if as_text else []
    file = file_in(tmp_path, values if as_text else {**values, "packages": packages})
    ran = shell("panels", "add", "main", "--backend", backend, "--settings", file, *sets)
    assert ran.code == 0, ran.err
    shown = shell.done("panels", "show", "main", "--json").json["settings"]["packages"]
    assert shown.keys() == packages.keys()


@pytest.mark.parametrize("token", ["9f3\u200bc9f", "9f\u20acc9f", "9f3c9f3c\n", "9f3c9f3c\u00a0"])
def test_a_token_that_cannot_be_sent_is_refused_when_it_is_entered(
    shell: Shell, tmp_path: Path, token: str
) -> None:
    values = {"base_url": "https://panel.example/", "token": token}
    ran = shell("panels", "add", "main", "--backend", "reference", "--settings", file_in(tmp_path, values))
    assert (ran.code, "token:" in ran.err) == (1, True)
    assert token.strip() not in ran.err


@pytest.mark.parametrize("address", ["http://[", "https://h:99999/", "https://h/?x=1", "https://a b/"])
def test_an_address_that_cannot_be_called_is_refused_when_it_is_entered(
    shell: Shell, tmp_path: Path, address: str
) -> None:
    values = {"base_url": address, "token": "k" * 32}
    ran = shell("panels", "add", "main", "--backend", "reference", "--settings", file_in(tmp_path, values))
    assert (ran.code, "base_url" in ran.err) == (1, True)


@pytest.mark.parametrize("backend", [one for one in BACKENDS if one != "freeradius"])
def test_every_backend_takes_the_permission_for_http(shell: Shell, tmp_path: Path, backend: str) -> None:
    example = example_of(backend)
    assert example is not None, "the README has no settings file"
    file = file_in(tmp_path, {**example, "allow_http": True})
    ran = shell("panels", "add", "main", "--backend", backend, "--settings", file)
    assert ran.code == 0, ran.err
