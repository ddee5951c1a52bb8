"""The served document is valid, and random requests made from it find no answer it does not promise.

The same requests come in every run; `SOAK_REQUESTS` makes them more for each operation.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import phpserialize
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.service.conftest import MODULE_ID, SHOP, Service, service_in


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with service_in(tmp_path_factory.mktemp("fuzz")) as made:
        yield made


@schemathesis.serializer("application/vnd.php.serialized")
def php(ctx: Any, value: Any) -> bytes:
    return bytes(phpserialize.dumps(value))


EXAMPLES = settings(
    max_examples=int(os.environ.get("SOAK_REQUESTS", "4")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    database=None,
    phases=[Phase.generate],
)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_no_request_finds_an_answer_the_document_does_not_promise(
    fuzzed: Service, mode: GenerationMode
) -> None:
    schema = schemathesis.openapi.from_wsgi("/openapi.json", fuzzed.app)
    probed = 0
    for result in schema.get_all_operations():
        assert isinstance(result, Ok), result
        operation = result.ok()
        if operation.path == "/v1/whmcs/SampleBroken":
            continue  # fails on purpose

        @EXAMPLES
        @given(case=operation.as_strategy(generation_mode=mode))
        def probe(case: Any) -> None:
            _identify(case, fuzzed)
            response = case.call()
            case.validate_response(response, checks=CHECKS)

        try:
            probe()
        except Unsatisfiable:
            assert mode is GenerationMode.NEGATIVE  # nothing about it can be wrong
        except Exception as error:
            causes = [line["error"] for line in fuzzed.log_lines() if line["event"] == "unexpected"]
            raise AssertionError(f"{operation.label}: {causes[-1:]}") from error
        probed += 1
    assert probed > 25
    assert [line["error"] for line in fuzzed.log_lines() if line["event"] == "unexpected"] == []


def _identify(case: Any, service: Service) -> None:
    """The right key, whatever was generated, or every answer would be 401."""
    module = case.path.startswith("/v1/whmcs/")
    case.headers = dict(case.headers or {})
    case.headers["Authorization"] = f"Bearer {service.shop if module else service.operator}"
    if module:
        case.headers |= {"Panelbridge-System-Url": SHOP, "Panelbridge-Installation": MODULE_ID}


def test_the_document_is_served_and_names_every_function(service: Service) -> None:
    document = service.client.get("/openapi.json").json

    assert document is not None
    assert document["openapi"] == "3.1.0"
    assert "/v1/whmcs/SampleChange" in document["paths"]
    operation = document["paths"]["/v1/whmcs/SampleChange"]["post"]
    assert set(operation["requestBody"]["content"]) == {
        "application/json",
        "application/x-www-form-urlencoded",
        "application/vnd.php.serialized",
    }
    assert operation["security"] == [{"key": []}]


def test_every_write_asks_for_the_callers_own_key(service: Service) -> None:
    document = service.client.get("/openapi.json").json
    assert document is not None

    silent = [
        f"{method} {path}"
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method != "get"
        and not path.startswith("/v1/whmcs/")
        and "Idempotency-Key" not in [parameter["name"] for parameter in operation["parameters"]]
    ]

    assert silent == []
