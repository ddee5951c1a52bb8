"""Settings that a description brings along: fields like any others, its secrets sealed and starred."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from panelbridge import SettingsInvalid
from panelbridge.contract.settings import read_settings, secret_fields
from panelbridge_declarative import DeclarativeAdapter, DeclarativeSettings

MARZBAN = {"spec": "marzban", "base_url": "https://panel.example", "user": "root", "password": "s3cret"}


def read(values: dict[str, Any]) -> Any:
    return read_settings(DeclarativeAdapter.settings_model_for(values), values)


def test_config_is_fields_beside_the_common_ones() -> None:
    settings = read(MARZBAN)
    assert isinstance(settings, DeclarativeSettings)
    assert (settings.user, settings.password) == ("root", SecretStr("s3cret"))
    assert secret_fields(type(settings)) == {"password", "proxy"}
    assert "s3cret" not in repr(settings) + str(settings.model_dump(mode="json"))
    assert type(settings).__doc__ == "Marzban 0.8 (VPN)."


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"spec": "marzbn"}, "did you mean 'marzban'"),
        ({"spec": "/etc/passwd"}, "a .toml or .json file"),
        ({"user": ""}, "user"),
        ({"user": None}, "user"),
        ({"surprise": "s3cret"}, "surprise"),
        ({"secret_path": "x"}, "secret_path"),
        ({"base_url": "http://panel.example/"}, "base_url must be https, or allow_http be set"),
        ({"base_url": "https://169.254.169.254/"}, "link-local or metadata"),
        ({"base_url": "https://[fe80::1]:8000/"}, "link-local or metadata"),
        ({"base_url": "http://100.100.100.200:80/", "allow_http": True}, "link-local or metadata"),
        ({"packages": "{"}, "packages"),
        ({"packages": '{"a": {"b": [1]}}'}, "packages"),
        ({"fingerprint": "12"}, "fingerprint"),
    ],
)
def test_what_does_not_fit_is_named_without_a_secret(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        read({**MARZBAN, **changes})
    assert told in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_a_description_of_ones_own_is_a_path(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(
        'spec = 1\nname = "own"\ntitle = "Own"\noutcomes = [{ status = 200, is = "ok" }]\n'
        '[config]\nport = { type = "int", default = 8 }\nfast = "bool"\nmirror = "url"\n'
        '[op.test]\nrequest = { GET = "/" }\n[op.suspend]\nrequest = { POST = "/" }\n'
        '[op.unsuspend]\nrequest = { POST = "/" }\n'
    )
    values = {
        "spec": str(file),
        "base_url": "https://panel.example/",
        "fast": "yes",
        "mirror": "https://m.example",
    }
    settings = read(values)
    assert (settings.port, settings.fast, settings.mirror) == (8, True, "https://m.example/")
    with pytest.raises(SettingsInvalid, match="mirror"):
        read({**values, "mirror": "m.example"})
    file.write_text(file.read_text().replace('fast = "bool"\n', ""))
    with pytest.raises(SettingsInvalid, match="fast"):  # a changed file counts from now on
        read(values)


def test_without_a_description_the_common_fields_are_told() -> None:
    assert DeclarativeAdapter.settings_model_for({}) is DeclarativeSettings
    with pytest.raises(SettingsInvalid, match="spec"):
        read({"base_url": "https://panel.example/"})


class TestThroughTheService:
    """Sealed at rest, starred in answers, asked for at a prompt."""

    @pytest.fixture
    def shell(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
        from tests.cli.conftest import Shell

        shell = Shell(tmp_path / "data", monkeypatch)
        shell.done("init")
        return shell

    def test_a_panel_is_added_shown_and_changed(self, shell: Any, tmp_path: Path) -> None:
        file = tmp_path / "settings.json"
        file.write_text(json.dumps(MARZBAN))
        file.chmod(0o600)
        added = shell.done(
            "panels", "add", "vpn", "--backend", "declarative", "--settings", str(file), "--json"
        ).json
        assert (added["settings"]["user"], added["settings"]["password"]) == ("root", "***")
        assert b"s3cret" not in b"".join(
            one.read_bytes() for one in (tmp_path / "data").rglob("*") if one.is_file()
        )
        changed = shell.done("panels", "set", "vpn", "--set", "user=other", "--json").json
        assert (changed["settings"]["user"], changed["settings"]["password"]) == ("other", "***")
        refused = shell("panels", "set", "vpn", "--set", "password=oops")
        assert (refused.code, "is a secret" in refused.err) == (1, True)
        refused = shell("panels", "set", "vpn", "--set", "usr=oops")
        assert "there is no setting usr" in refused.err.lower()

    def test_what_the_description_needs_is_asked_for(
        self, shell: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("getpass.getpass", lambda *_, **__: "the-secret-path")
        words = ("panels", "add", "vpn", "--backend", "declarative", "--set", "base_url=https://p.example/")
        ran = shell(*words, "--json", typed="outline\n")
        assert ran.code == 0, ran.err
        assert (
            json.loads(ran.out)["settings"] | {"spec": "outline", "secret_path": "***"}
            == json.loads(ran.out)["settings"]
        )
        refused = shell("panels", "add", "vp2", "--backend", "declarative", "--set", "spec=marzban")
        assert "also needs base_url, user, password" in refused.err
        refused = shell("panels", "add", "vp2", "--backend", "declarative", "--set", "spec=marzbn")
        assert (refused.code, "did you mean 'marzban'" in refused.err) == (1, True)
