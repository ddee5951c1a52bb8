"""The WHMCS module as a zip and put in place: the same bytes every time, never over a newer one."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

from tests.cli.conftest import Shell
from tests.support.house import ROOT

SHIPPED = ROOT / "whmcs_module_shim/php/modules/servers/panelbridge"


def test_the_zip_holds_exactly_the_module(bare: Shell, tmp_path: Path) -> None:
    bare.done("whmcs-module", "--zip", str(tmp_path / "m.zip"))

    with zipfile.ZipFile(tmp_path / "m.zip") as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    wanted = {
        f"modules/servers/panelbridge/{path.relative_to(SHIPPED).as_posix()}": path.read_bytes()
        for path in SHIPPED.rglob("*")
        if path.is_file()
    }
    assert found == wanted
    assert {"modules/servers/panelbridge/panelbridge.php", "modules/servers/panelbridge/hooks.php"} <= set(
        found
    )


def test_the_zip_has_the_same_bytes_every_time(bare: Shell, tmp_path: Path) -> None:
    made = []
    for name in ("one.zip", "two.zip"):
        os.utime(SHIPPED / "whmcs.json")
        bare.done("whmcs-module", "--zip", str(tmp_path / name))
        made.append((tmp_path / name).read_bytes())

    assert made[0] == made[1]


def test_put_into_a_whmcs_it_replaces_the_old_one_whole(bare: Shell, tmp_path: Path) -> None:
    servers = tmp_path / "modules" / "servers"
    servers.mkdir(parents=True)
    bare.done("whmcs-module", "--to", str(tmp_path))
    (servers / "panelbridge" / "left-over.php").write_text("<?php")

    ran = bare.done("whmcs-module", "--to", str(tmp_path))

    assert str(servers / "panelbridge") in ran.out
    assert "Test Connection" in ran.err
    assert [path.name for path in servers.iterdir()] == ["panelbridge"]
    assert not (servers / "panelbridge" / "left-over.php").exists()
    assert (servers / "panelbridge" / "panelbridge.php").read_bytes() == (
        SHIPPED / "panelbridge.php"
    ).read_bytes()


def test_a_newer_one_is_not_overwritten(bare: Shell, tmp_path: Path) -> None:
    servers = tmp_path / "modules" / "servers"
    servers.mkdir(parents=True)
    bare.done("whmcs-module", "--to", str(tmp_path))
    version = servers / "panelbridge" / "lib" / "Version.php"
    version.write_text(version.read_text().replace("NUMBER = '", "NUMBER = '9"))
    with zipfile.ZipFile(tmp_path / "m.zip", "w") as archive:
        archive.write(version, "modules/servers/panelbridge/lib/Version.php")

    for words in (("--to", str(tmp_path)), ("--zip", str(tmp_path / "m.zip"))):
        before = version.read_bytes(), (tmp_path / "m.zip").read_bytes()
        ran = bare("whmcs-module", *words)
        assert ran.code == 1
        assert "newer than this release's" in ran.err
        assert (version.read_bytes(), (tmp_path / "m.zip").read_bytes()) == before


def test_what_is_no_module_is_not_overwritten(bare: Shell, tmp_path: Path) -> None:
    (tmp_path / "letters.zip").write_text("dear diary")

    ran = bare("whmcs-module", "--zip", str(tmp_path / "letters.zip"))

    assert ran.code == 1
    assert (tmp_path / "letters.zip").read_text() == "dear diary"


def test_a_folder_that_is_no_whmcs_is_refused(bare: Shell, tmp_path: Path) -> None:
    ran = bare("whmcs-module", "--to", str(tmp_path))

    assert ran.code == 1
    assert "no modules/servers" in ran.err
    assert list(tmp_path.iterdir()) == []


def test_one_of_both_ways_must_be_chosen(bare: Shell) -> None:
    assert bare("whmcs-module").code == 2
