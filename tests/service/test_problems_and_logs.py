"""Errors, logs, health and metrics."""

from __future__ import annotations

import dataclasses

import pytest

from panelbridge.actions.refusals import find_problem
from panelbridge.cli.exits import Exit
from panelbridge.cli.problems import exit_of
from panelbridge.http.app import create_app
from panelbridge.ledger import LedgerError
from panelbridge.service.services import Check, Figure
from panelbridge.storage import StorageBusy
from panelbridge.storage.exceptions import StorageFailed
from tests.service.conftest import Service, config_for


def test_what_nobody_foresaw_is_a_500_that_tells_only_the_request_id(service: Service) -> None:
    answer = service.call("SampleBroken")

    assert answer.status_code == 500
    assert answer.json is not None
    assert answer.json["code"] == "internal"
    assert answer.json["result"] == "error"
    text = answer.get_data(as_text=True)
    assert "boom" not in text
    assert "Traceback" not in text
    error = next(line for line in service.log_lines() if line["event"] == "unexpected")
    assert error["request_id"] == answer.json["request_id"]
    assert "sample_functions.py" in error["error"]
    assert "RuntimeError: boom with pb_live_abcdefghij***" in error["error"]


def test_a_traceback_in_the_log_holds_no_secret(service: Service) -> None:
    service.call("SampleBroken")

    log = service.log.getvalue()
    for secret in ("s3cr3t", "hunter2", "u1", "p1"):
        assert secret not in log.replace("panelbridge", "")


def test_each_request_is_one_log_line_without_headers_or_body(service: Service) -> None:
    answer = service.call("SampleChange", {"serviceid": 501, "domain": "canary.example"})

    (line,) = [item for item in service.log_lines() if item["event"] == "request"]
    assert line["request_id"] == answer.headers["X-Request-Id"]
    assert line["route"] == "/v1/whmcs/SampleChange"
    assert line["status"] == 200
    assert line["operation"] == 17
    assert line["key"] == service.shop[:18]
    assert line["ms"] > 0
    assert "canary" not in service.log.getvalue()
    assert service.shop not in service.log.getvalue()


def test_a_refusal_is_logged_with_its_code(service: Service) -> None:
    service.call("SampleChange", headers={"Authorization": "Bearer pb_live_x"})

    (line,) = [item for item in service.log_lines() if item["event"] == "request"]
    assert (line["status"], line["code"]) == (401, "unauthorized")


def test_healthz_needs_no_key(service: Service) -> None:
    answer = service.client.get("/healthz")

    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_readyz_is_503_and_names_the_check_that_fails(service: Service) -> None:
    assert service.client.get("/readyz").status_code == 200

    failing = dataclasses.replace(
        service.services, checks=lambda: (Check(name="jobs", ok=False, message="the worker is not running"),)
    )
    app = create_app(config_for(service.folder), failing)
    answer = app.test_client().get("/readyz")

    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["checks"] == [{"name": "jobs", "ok": False, "message": "the worker is not running"}]


def test_metrics_count_requests_and_read_the_books(service: Service) -> None:
    figures = (
        Figure(name="panelbridge_attention_open", help="open", value=3),
        Figure(
            name="panelbridge_operations", help="settled", value=7, labels={"outcome": "done"}, counter=True
        ),
    )
    app = create_app(
        config_for(service.folder),
        dataclasses.replace(service.services, figures=lambda: figures),
    )
    client = app.test_client()
    client.get("/healthz")

    text = client.get("/metrics").get_data(as_text=True)

    assert 'panelbridge_requests_total{route="/healthz",status="200"} 1.0' in text
    assert "panelbridge_attention_open 3.0" in text
    assert 'panelbridge_operations_total{outcome="done"} 7.0' in text
    assert 'panelbridge_request_seconds_count{route="/healthz"} 1.0' in text


def test_metrics_are_not_for_visitors(service: Service) -> None:
    behind_proxy = service.client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"})
    from_outside = service.client.get("/metrics", environ_overrides={"REMOTE_ADDR": "203.0.113.9"})

    assert (behind_proxy.status_code, from_outside.status_code) == (404, 404)


def test_paths_that_do_not_exist_do_not_multiply_metrics(service: Service) -> None:
    for number in range(5):
        service.client.get(f"/no/such/{number}")

    assert 'panelbridge_requests_total{route="none",status="404"} 5.0' in service.client.get(
        "/metrics"
    ).get_data(as_text=True)


def test_a_database_held_by_others_is_503_and_safe_to_repeat(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy() -> None:
        raise StorageBusy("held")

    monkeypatch.setattr(service.rig.units, "read", busy)

    answer = service.get("/v1/resellers")

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "2"
    assert answer.json is not None
    assert (answer.json["code"], answer.json["retry_safe"]) == ("overloaded", True)


OWN_WORDS = [kind for root in (LedgerError, StorageFailed) for kind in (root, *root.__subclasses__())]


@pytest.mark.parametrize("kind", OWN_WORDS[1:], ids=lambda kind: kind.code)
def test_whatever_ledger_and_storage_raise_has_its_line_in_the_table_of_errors(kind: type[Exception]) -> None:
    error = kind.__new__(kind)  # whatever each is made of
    error.__dict__["message"] = "it failed"

    problem = find_problem(error)

    assert problem is not None
    assert problem.code == error.code  # type: ignore[attr-defined]
    assert isinstance(exit_of(problem), Exit)
