"""What lets others listen or decide is refused, unless the operator accepts it by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from panelbridge.access import Scope
from tests.service.conftest import Service

BASE = {"token": "t" * 20}


def add(service: Service, **settings: Any) -> Any:
    body = {"code": "main", "backend": "reference", "settings": {**BASE, **settings}}
    return service.write("POST", "/v1/panels", body)


@pytest.mark.parametrize(
    ("settings", "field", "accepted_by"),
    [
        ({"base_url": "http://panel.example.com/"}, "base_url", "allow_http"),
        ({"base_url": "http://8.8.8.8:8080/"}, "base_url", "allow_http"),
        ({"base_url": "http://[2001:4860:4860::8888]/"}, "base_url", "allow_http"),
        ({"base_url": "https://10.0.0.7/", "verify_tls": False}, "verify_tls", "allow_unverified_tls"),
    ],
)
def test_a_panel_that_others_can_listen_to_is_refused_unless_accepted_by_name(
    service: Service, settings: dict[str, Any], field: str, accepted_by: str
) -> None:
    refused = add(service, **settings)

    assert refused.status_code == 422, refused.json
    assert refused.json["field"] == f"settings.{field}"
    assert accepted_by in refused.json["advice"]
    assert add(service, **settings, **{accepted_by: True}).status_code == 201
    changed = service.write("PATCH", "/v1/panels/main", {"settings": {accepted_by: False}})
    assert changed.status_code == 422, changed.json


@pytest.mark.parametrize(
    "settings",
    [
        {"base_url": "http://127.0.0.1:8000/"},
        {"base_url": "http://10.1.2.3/"},
        {"base_url": "http://panel/"},
        {"base_url": "http://panel.internal/"},
        {"base_url": "https://panel.example.com/"},
        {"base_url": "https://panel.example.com/", "verify_tls": False, "fingerprint": "0" * 64},
    ],
)
def test_the_own_network_tls_and_a_pinned_certificate_need_no_word(
    service: Service, settings: dict[str, Any]
) -> None:
    assert add(service, **settings).status_code == 201


def test_a_database_beyond_the_own_network_is_held_to_the_same(service: Service) -> None:
    settings = {"kind": "postgresql", "database": "radius", "username": "radius", "host": "8.8.8.8"}
    body = {"code": "radius", "backend": "freeradius", "settings": settings}

    assert service.write("POST", "/v1/panels", body).status_code == 422
    body["settings"] = {**settings, "tls": True}
    assert service.write("POST", "/v1/panels", body).status_code == 201


def test_a_key_that_only_reads_does_not_bind_the_installation(service: Service) -> None:
    reads = service.key(installation=service.rig.installation.id, scopes=frozenset({Scope.READ}))
    elsewhere = {"Panelbridge-System-Url": "https://copy.example", "Panelbridge-Installation": "f" * 32}

    assert service.call("Account", key=reads, headers=elsewhere).status_code == 200
    bound = service.get("/v1/installations/shop").json
    assert bound is not None
    assert bound["system_url"] is None

    assert service.call("SampleChange").status_code == 200  # the shop's own key, from the shop
    assert service.get("/v1/installations/shop").json["system_url"] == "https://shop.example"  # type: ignore[index]


def test_the_accepted_are_logged_at_start_and_shown_by_doctor(tmp_path: Path) -> None:
    from panelbridge.service import serve
    from panelbridge.service.logs import make_logger

    log_exposures = getattr(serve, "log_exposures", None)
    assert log_exposures is not None, "serve says nothing of it when it starts"
    import io

    from tests.service.conftest import service_in

    stream = io.StringIO()
    with service_in(tmp_path) as service:
        added = add(service, base_url="http://panel.example.com/", allow_http=True)
        assert added.status_code == 201, added.json
        log_exposures(service.services, make_logger(stream=stream))
    (line,) = [json.loads(text) for text in stream.getvalue().splitlines()]
    assert (line["level"], line["panel"], line["accepted_by"]) == ("warning", "main", "allow_http")
