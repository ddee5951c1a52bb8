"""Bad input: a clear 4xx that names the place, and nothing reaches a function."""

from __future__ import annotations

import json
import time
from typing import Any

import phpserialize
import pytest

from tests.service.conftest import Service

PHP = "application/vnd.php.serialized"
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


def nested_php(depth: int) -> bytes:
    return (
        b'a:2:{s:9:"serviceid";i:501;s:13:"configoptions";'
        + b"a:1:{i:0;" * depth
        + b"N;"
        + b"}" * depth
        + b"}"
    )


UNREADABLE: list[tuple[str, str, bytes]] = [
    ("json cut off", JSON, b'{"serviceid": 501'),
    ("json trailing", JSON, b'{"serviceid": 501} x'),
    ("json empty", JSON, b""),
    ("json not utf-8", JSON, b'{"serviceid": 501, "domain": "\xff\xfe"}'),
    ("json deep", JSON, b'{"serviceid": 501, "configoptions": ' + b"[" * 5000 + b"]" * 5000 + b"}"),
    ("form bare word", FORM, b"serviceid"),
    ("form not utf-8", FORM, b"serviceid=501&domain=%ff"),
    ("form raw bytes", FORM, b"serviceid=501&domain=\xff"),
    ("form twice", FORM, b"serviceid=501&serviceid=502"),
    ("form unbalanced", FORM, b"serviceid=501&call[actor=cron"),
    ("form value and map", FORM, b"serviceid=501&call=1&call[actor]=cron"),
    ("form deep", FORM, b"serviceid=501&call" + b"[a]" * 40 + b"=1"),
    ("form many", FORM, b"&".join(b"a%d=1" % number for number in range(3000))),
    ("php empty", PHP, b""),
    ("php cut off", PHP, b'a:1:{s:9:"serviceid";i:5'),
    ("php trailing", PHP, b'a:1:{s:9:"serviceid";i:501;}garbage'),
    ("php object", PHP, b'O:8:"stdClass":1:{s:9:"serviceid";i:501;}'),
    ("php nested object", PHP, b'a:2:{s:9:"serviceid";i:501;s:6:"domain";O:1:"X":0:{}}'),
    ("php custom object", PHP, b'a:1:{s:1:"x";C:1:"X":0:{}}'),
    ("php enum", PHP, b'a:1:{s:1:"x";E:3:"A:B";}'),
    ("php reference", PHP, b'a:2:{s:9:"serviceid";i:501;s:6:"domain";R:2;}'),
    ("php backreference", PHP, b'a:2:{s:9:"serviceid";i:501;s:6:"domain";r:1;}'),
    ("php deep", PHP, nested_php(17)),
    ("php very deep", PHP, nested_php(20_000)),
    ("php negative count", PHP, b"a:-1:{}"),
    ("php count too large", PHP, b'a:9:{s:9:"serviceid";i:501;}'),
    ("php count too small", PHP, b'a:1:{s:9:"serviceid";i:501;s:3:"qty";i:1;}'),
    ("php array as key", PHP, b"a:1:{a:0:{}i:1;}"),
    ("php float as key", PHP, b"a:1:{d:1.5;i:1;}"),
    ("php string too long", PHP, b'a:1:{s:99:"serviceid";i:501;}'),
    ("php string too short", PHP, b'a:1:{s:2:"serviceid";i:501;}'),
    ("php not utf-8", PHP, b'a:2:{s:9:"serviceid";i:501;s:6:"domain";s:2:"\xff\xfe";}'),
    ("php underscore", PHP, b'a:1:{s:9:"serviceid";i:5_01;}'),
    ("php bool", PHP, b'a:1:{s:9:"serviceid";b:7;}'),
    ("php upper case", PHP, b'A:1:{s:9:"serviceid";i:501;}'),
    ("php many", PHP, b"a:20001:{" + b"".join(b"i:%d;N;" % number for number in range(20_001)) + b"}"),
]


@pytest.mark.parametrize(("name", "media", "body"), UNREADABLE, ids=[item[0] for item in UNREADABLE])
def test_a_body_that_cannot_be_read_is_400(service: Service, name: str, media: str, body: bytes) -> None:
    answer = service.call("SampleChange", data=body, content_type=media)

    assert answer.status_code == 400, answer.json
    assert answer.mimetype == "application/problem+json"
    assert answer.json is not None
    assert (answer.json["code"], answer.json["result"]) == ("invalid_body", "error")
    assert answer.json["retry_safe"] is True
    assert service.seen(501) == []


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("serviceid", {"serviceid": "501"}),
    ("serviceid", {"serviceid": 0}),
    ("serviceid", {"serviceid": -3}),
    ("serviceid", {"serviceid": 1.5}),
    ("serviceid", {"serviceid": True}),
    ("serviceid", {"serviceid": None}),
    ("serviceid", {"serviceid": 2**63}),
    ("serviceid", {}),
    ("domain", {"domain": 7}),
    ("domain", {"domain": "a\u0000b"}),
    ("domain", {"domain": "x" * 501}),
    ("billingcycle", {"billingcycle": "Fortnightly"}),
    ("nextduedate", {"nextduedate": "2026-02-30"}),
    ("nextduedate", {"nextduedate": "tomorrow"}),
    ("configoptions", {"configoptions": "Connections"}),
    ("configoptions", {"configoptions": [1]}),
    ("configoption1", {"configoption1": 5}),
    ("call.actor", {"call": {"actor": "root"}}),
    ("call.token", {"call": {"token": "short"}}),
    ("call.invoice_item.id", {"call": {"invoice_item": {"id": "991", "invoice_id": 77}}}),
    ("call.invoice_item.invoice_id", {"call": {"invoice_item": {"id": 991}}}),
    ("serverpassword", {"serverpassword": "hunter2"}),
    ("call.sudo", {"call": {"sudo": True}}),
]


@pytest.mark.parametrize(("field", "change"), WRONG, ids=[f"{item[0]}={item[1]}"[:50] for item in WRONG])
def test_a_wrong_member_is_422_and_named_and_not_repeated(
    service: Service, field: str, change: dict[str, Any]
) -> None:
    body = {"serviceid": 501, **change} if change else {}

    answer = service.call("SampleChange", body)

    assert answer.status_code == 422, answer.json
    assert answer.json is not None
    assert answer.json["field"] == field
    assert "hunter2" not in answer.get_data(as_text=True)
    assert service.seen(501) == []


@pytest.mark.parametrize("body", ["[]", '"text"', "null", "17"])
def test_a_body_that_is_no_object_is_422(service: Service, body: str) -> None:
    answer = service.call("SampleChange", data=body, content_type=JSON)

    assert answer.status_code == 422
    assert answer.json is not None
    assert answer.json["field"] == "body"


@pytest.mark.parametrize(
    "media", ["text/plain", "text/xml", "multipart/form-data", "", "application/json; charset=utf-16"]
)
def test_another_content_type_is_415(service: Service, media: str) -> None:
    answer = service.call("SampleChange", data=b"{}", content_type=media)

    assert answer.status_code == 415
    assert answer.json is not None
    assert answer.json["code"] == "unsupported_media_type"


@pytest.mark.parametrize("media", [JSON, FORM, PHP])
def test_a_huge_body_is_413(service: Service, media: str) -> None:
    answer = service.call("SampleChange", data=b"x" * (1024 * 1024 + 1), content_type=media)

    assert answer.status_code == 413
    assert answer.json is not None
    assert answer.json["code"] == "body_too_large"


def test_a_large_serialized_body_within_the_limit_is_refused_quickly(service: Service) -> None:
    body = b"a:1:{i:0;" * 110_000
    began = time.perf_counter()

    answer = service.call("SampleChange", data=body, content_type=PHP)

    assert answer.status_code == 400
    assert time.perf_counter() - began < 0.5


def test_php_text_passes_byte_for_byte(service: Service) -> None:
    text = "Zoë's \U0001f4fa <b>&amp;</b>"
    body = phpserialize.dumps({"serviceid": 778, "domain": text, "configoption24": "£"})

    answer = service.call("SampleChange", data=body, content_type=PHP)

    assert answer.status_code == 200, answer.json
    (seen,) = service.seen(778)
    assert (seen.domain, seen.configoption24) == (text, "£")


def test_whole_numbers_may_be_written_as_floats(service: Service) -> None:
    answer = service.call("SampleChange", data=b'{"serviceid": 779.0}', content_type=JSON)

    assert answer.status_code == 200
    assert [type(item.serviceid) for item in service.seen(779)] == [int]


def test_a_password_is_never_logged_or_repeated(service: Service) -> None:
    secret = "c4nary-s3cret"
    wrong = {"serviceid": 501, "password": [secret], "domain": secret, "userid": secret}

    answer = service.call("SampleChange", wrong)

    assert answer.status_code == 422
    assert secret not in answer.get_data(as_text=True)
    assert secret not in service.log.getvalue()
    assert secret not in json.dumps(service.log_lines())
