"""No form of a secret survives, wherever it stands."""

from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panelbridge import Secret
from panelbridge.transport import Redactor, redact

CANARY = 'S3c/r+et "Pässwörd"&<x>='
FORMS = {
    "plain": CANARY,
    "url path": quote(CANARY, safe=""),
    "url query": quote_plus(CANARY),
    "form": urlencode({"p": CANARY})[2:],
    "lower-case escapes": quote(CANARY, safe="").replace("%2F", "%2f"),
    "json": json.dumps(CANARY)[1:-1],
    "json, utf-8": json.dumps(CANARY, ensure_ascii=False)[1:-1],
    "json of php": json.dumps(CANARY)[1:-1].replace("/", "\\/"),
    "html": html.escape(CANARY),
    "repr": repr(CANARY)[1:-1],
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_starred(form: str) -> None:
    assert redact(f"before {FORMS[form]} after", [Secret(CANARY)]) == "before *** after"


@given(prefix=st.text(max_size=8), suffix=st.text(max_size=8))
def test_a_secret_inside_base64_is_starred(prefix: str, suffix: str) -> None:
    secret = "correct-horse-battery"
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        text = encode(f"{prefix}{secret}{suffix}".encode()).decode()
        told = redact(text, [secret])
        assert "***" in told
        # At most the edges, shared with the neighbours, are left.
        assert len(told.replace("***", "")) <= len(text) - len(secret) * 4 // 3 + 8


TEXT = st.characters(exclude_characters="\0", exclude_categories=("Cs",))  # the mark below is no secret


@given(st.text(TEXT, min_size=4), st.text())
def test_the_plain_secret_never_survives(secret: str, around: str) -> None:
    told = redact(f"{around}{secret}{around}", [secret])
    assert secret in "***" or secret not in told.replace("***", "\0")


@given(st.text(TEXT, min_size=1, max_size=3), st.text(alphabet=" /:=&?\"'(),.", min_size=1))
def test_a_short_secret_never_survives_as_a_word_of_its_own(secret: str, around: str) -> None:
    told = redact(f"{around}{secret}{around}", [secret])
    assert secret in f"***{around}" or secret not in told.replace("***", "\0")


def test_a_secret_of_one_letter_leaves_the_words_readable() -> None:
    """A path, an account or a password of a letter: else it masks that letter in every word of an error."""
    said = "the password stands at /s/access-keys, and s is its secret"
    assert redact(said, ["s"]) == "the password stands at /***/access-keys, and *** is its secret"
    assert redact("http://panel/?key=ab7&user=cab7", ["ab7"]) == "http://panel/?key=***&user=cab7"


def test_fields_are_starred_by_name_and_by_value_all_levels_down() -> None:
    fields = {
        "api_key": "k",
        "user": {"Password": "p", "name": "anna", "notes": ["uses hunter2!", {"X-Auth-Token": 1}]},
        "url": "http://panel/?t=hunter2%21",
        "count": 3,
    }
    assert Redactor(["hunter2!"]).fields(fields) == {
        "api_key": "***",
        "user": {"Password": "***", "name": "anna", "notes": ["uses ***", {"X-Auth-Token": "***"}]},
        "url": "http://panel/?t=***",
        "count": 3,
    }


def test_without_secrets_text_is_left_alone() -> None:
    assert redact("nothing to hide", []) == redact("nothing to hide", [""]) == "nothing to hide"


def test_a_redactor_does_not_show_what_it_knows() -> None:
    assert "hunter2" not in repr(Redactor(["hunter2"]))


@pytest.mark.parametrize(
    "name",
    [
        *("password_confirm", "password2", "passwordConfirmation", "PHPSESSID", "otp", "otp_code", "totp"),
        *("sessid", "passcode", "NewPw", "user_pass2", "sms-otp", "password_repeat"),
    ],
)
def test_a_field_of_a_secret_is_starred_under_all_its_names(name: str) -> None:
    assert Redactor().fields({name: "hunter2"}) == {name: "***"}


@pytest.mark.parametrize("name", ["passport", "compass_2d", "hotpot", "session", "package", "bypass_mode"])
def test_a_field_that_is_none_stays_readable(name: str) -> None:
    assert Redactor().fields({name: "hunter2"}) == {name: "hunter2"}
