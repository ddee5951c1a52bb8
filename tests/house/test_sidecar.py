"""What an operator copies works: the unit is sound, the configuration complete, the variables known."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from panelbridge.service.config import ENV_PREFIX, ServiceConfig, read_config
from tests.support.house import ROOT

SIDECAR = ROOT / "examples" / "sidecar"


def test_the_unit_passes_systemds_own_check(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not on this machine")
    text = (SIDECAR / "panelbridge.service").read_text()
    program = "/opt/panelbridge/bin/panelbridge"
    assert f"ExecStart={program} serve" in text
    unit = tmp_path / "panelbridge.service"
    unit.write_text(text.replace(program, sys.executable))  # the check wants a program that exists

    checked = subprocess.run(
        [analyze, "verify", str(unit)], check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )

    about_ours = [line for line in checked.stderr.splitlines() if "panelbridge" in line]
    assert about_ours == []
    assert checked.returncode == 0, checked.stderr


def test_systemd_waits_longer_than_the_bridge_drains() -> None:
    unit = (SIDECAR / "panelbridge.service").read_text()
    waits = re.search(r"^TimeoutStopSec=(\d+)$", unit, re.MULTILINE)

    assert waits is not None
    assert int(waits[1]) > ServiceConfig.model_fields["drain_timeout"].default


def test_the_configuration_is_accepted_and_names_every_setting_with_its_default() -> None:
    path = SIDECAR / "panelbridge.toml"
    config = read_config(path)
    text = path.read_text()
    shown = tomllib.loads(re.sub(r"^# (?=[a-z_]+ = )", "", text, flags=re.MULTILINE))

    assert config.key_file.parent != config.data_folder, "books and key are apart"
    assert set(shown) == set(ServiceConfig.model_fields)
    for name in re.findall(r"^# ([a-z_]+) = ", text, re.MULTILINE):
        default = ServiceConfig.model_fields[name].default
        assert shown[name] == default or name in ("database_url", "database_owner_url", "witness_file"), name


def test_the_container_is_told_settings_that_exist() -> None:
    text = (SIDECAR / "Containerfile").read_text()
    told = set(re.findall(rf"\b{ENV_PREFIX}([A-Z_]+)=", text))

    assert told >= {"DATA_FOLDER", "SECRET_KEY_FILE", "HOST"}
    assert {name.lower() for name in told} <= set(ServiceConfig.model_fields)
    for copied in re.search(r"^COPY (.+) /build/$", text, re.MULTILINE)[1].split():  # type: ignore[index]
        assert copied.startswith("dist/") or (ROOT / copied).is_file()


def test_the_proxy_passes_the_api_only() -> None:
    text = (SIDECAR / "nginx.conf").read_text()

    assert re.findall(r"^\s*location (\S+)", text, re.MULTILINE) == ["/v1/", "/"]
    assert "return 404;" in text
    assert "proxy_next_upstream    off;" in text


def test_the_container_page_says_how_the_books_are_made_first() -> None:
    page = (SIDECAR / "Containerfile").read_text()

    assert re.search(r"^#\s+podman run .*panelbridge init$", page, re.MULTILINE)
    assert (
        "panelbridge init" in (ROOT / "docs" / "operator.md").read_text().partition("In a container")[2][:600]
    )
