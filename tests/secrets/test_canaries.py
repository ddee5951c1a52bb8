"""The scanner itself: what it is to find, it finds; otherwise its silence would prove nothing."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from tests.secrets.canaries import Canaries

SECRET = 'Kn0wn+Canary/&%"ü'


@pytest.mark.parametrize(
    "text",
    [
        f"password={SECRET};",
        f"https://panel.example/{quote(SECRET, safe='')}/api",
        urlencode({"password": SECRET}),
        json.dumps({"password": SECRET}),
        SECRET.encode().hex(),
        *(base64.b64encode(b"user:"[:ahead] + SECRET.encode() + b":end").decode() for ahead in range(6)),
        base64.urlsafe_b64encode(b"x:" + SECRET.encode()).decode(),
    ],
)
def test_a_secret_is_found_in_every_form(text: str, tmp_path: Path) -> None:
    canaries = Canaries()
    canaries.add("the password", SECRET)
    (tmp_path / "file").write_text(f"before {text} after")

    assert canaries.found_below(tmp_path, but=tmp_path / "secret.key")
    assert not canaries.found_below(tmp_path, but=tmp_path / "file")
    assert not canaries.found_in("elsewhere", "nothing of the kind")
