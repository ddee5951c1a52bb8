"""Configuration: file, variables, and every error at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from panelbridge.service.config import ConfigInvalid, read_config


def test_defaults_bind_this_machine_only(tmp_path: Path) -> None:
    config = read_config(None, data_folder=tmp_path)

    assert (config.host, config.port) == ("127.0.0.1", 8080)
    assert config.key_file == tmp_path / "secret.key"


def test_a_variable_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "bridge.toml"
    file.write_text(f'data_folder = "{tmp_path}"\nport = 9000\nthreads = 4\n')
    monkeypatch.setenv("PANELBRIDGE_PORT", "9100")

    config = read_config(file)

    assert (config.port, config.threads) == (9100, 4)


def test_the_file_may_be_named_by_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "bridge.toml"
    file.write_text(f'data_folder = "{tmp_path}"\nport = 9000\n')
    monkeypatch.setenv("PANELBRIDGE_CONFIG", str(file))

    assert read_config().port == 9000


def test_every_error_is_named_at_once_without_its_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "bridge.toml"
    file.write_text('port = 0\nlog_level = "loud-s3cret"\ncolour = "blue"\n')
    monkeypatch.setenv("PANELBRIDGE_PROT", "9100")

    with pytest.raises(ConfigInvalid) as caught:
        read_config(file)

    message = str(caught.value)
    for name in ("data_folder", "port (PANELBRIDGE_PORT)", "log_level", "colour", "PANELBRIDGE_PROT"):
        assert name in message
    assert "s3cret" not in message


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://bridge:s3cret@host/books", "the database is a SQLite file"),
        ("postgresql://bridge:s3cret@host", "names a role and a database"),
        ("postgresql://host/s3cret", "names a role and a database"),
        ("postgresql://bridge:s3cret@a,b/books", "on one server"),
        ("postgresql://bridge:s3cret@a/books?host=b&host=c", "on one server"),
        ("postgresql://bridge:s3cret@a/books?options=-csynchronous_commit=off", "not for the URL: options"),
        ("postgresql://bridge:s3cret@a:port/books", "no URL of a database"),
        ("s3cret", "no URL of a database"),
    ],
)
def test_a_database_that_cannot_be_ours_is_refused_and_its_url_is_not_shown(
    tmp_path: Path, url: str, said: str
) -> None:
    with pytest.raises(ConfigInvalid, match=said) as caught:
        read_config(None, data_folder=tmp_path, database_url=url)
    assert "s3cret" not in str(caught.value)


def test_an_owner_is_for_a_server(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="database_owner_url is for a PostgreSQL database_url"):
        read_config(None, data_folder=tmp_path, database_owner_url="postgresql://owner:s3cret@host/books")


def test_a_configuration_shows_no_url(tmp_path: Path) -> None:
    url = "postgresql://bridge:s3cret@host/books?sslmode=verify-full&passfile=/etc/panelbridge/pgpass"
    config = read_config(None, data_folder=tmp_path, database_url=url, database_owner_url=url)

    assert config.database_url == url
    assert "s3cret" not in repr(config)
    assert "s3cret" not in str(config)


def test_an_answer_may_not_outlast_an_attempt(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="attempt_deadline must not be shorter than answer_budget"):
        read_config(None, data_folder=tmp_path, answer_budget=20, attempt_deadline=10)


@pytest.mark.parametrize("text", ["port = ", "port = 9000\nport = 9001\n", "\ufeff{}"])
def test_a_broken_file_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "bridge.toml"
    file.write_text(text)

    with pytest.raises(ConfigInvalid, match=r"bridge\.toml is not TOML"):
        read_config(file)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match=r"nowhere\.toml cannot be read: No such file"):
        read_config(tmp_path / "nowhere.toml")
