"""A client with a closed list of refusals: what is on it is refused, everything else proves nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

from panelbridge import Conflict, ContractBroken, Outcome, PanelSettings, Secret
from panelbridge.transport import JsonApi


class Api(JsonApi):
    refusals: ClassVar = {(409, "taken"): Conflict}


@pytest.fixture
def api(serve: Any, wire_reply: Any) -> Iterator[Any]:
    opened = []

    def answering(body: bytes, status: str = "200 OK") -> Any:
        wire = serve(wire_reply(body, status=status))
        one = Api(PanelSettings(base_url=wire.url), headers={"X-Key": "k"}, secrets=[Secret("k")])
        opened.append(one)
        return one, wire

    yield answering
    for one in opened:
        one.close()


@pytest.mark.parametrize("status", ["200 OK", "201 Created"])
def test_a_success_is_its_json_and_none_leaves_a_query_out(api: Any, status: str) -> None:
    one, wire = api(b'{"a": 1}', status)
    assert one.call("POST", "things", {"b": 2}, page="3", name=None) == {"a": 1}
    request = wire.requests[0]
    assert request.startswith(b"POST /things?page=3 HTTP/1.1")
    assert b"X-Key: k" in request
    assert request.endswith(b'{"b": 2}')


def test_only_what_is_listed_is_refused(api: Any) -> None:
    one, _ = api(b'{"error": "taken"}', "409 Conflict")
    with pytest.raises(Conflict) as caught:
        one.call("POST", "things")
    assert caught.value.outcome is Outcome.REFUSED


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"error": "other"}', "409 Conflict"),
        (b'{"error": "taken"}', "400 Bad Request"),
        (b'{"error": ["taken"]}', "409 Conflict"),
        (b"[]", "404 Not Found"),
        (b"<html>", "404 Not Found"),
        (b"", "200 OK"),
    ],
)
def test_anything_else_proves_nothing(api: Any, body: bytes, status: str) -> None:
    one, wire = api(body, status)
    with pytest.raises(ContractBroken) as caught:
        one.call("POST", "things")
    assert caught.value.outcome is Outcome.UNKNOWN
    assert len(wire.requests) == 1
