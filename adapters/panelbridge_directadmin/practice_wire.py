"""How DirectAdmin answers: one url-encoded line, texts with entities of which some lack their semicolon."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote_plus

from panelbridge.testing.practice import PracticeReply

_TEXT = "text/plain; charset=utf-8"
# As public clients have met them: numbers without a semicolon.
_ENTITIES = {"'": "&#39", "<": "&#60", ">": "&#62", '"': "&#34"}


class Refused(Exception):
    """``error=1`` with a text and its details."""

    def __init__(self, text: str, details: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.details = details


class NoRight(Exception):
    """The login key does not allow the command: a page of text."""


class NotLoggedIn(Exception):
    """Name or key are wrong: the login page."""


def record(pairs: Iterable[tuple[str, str]]) -> PracticeReply:
    """A record or a list; without rows it is an empty body."""
    line = "&".join(f"{name}={_escaped(value)}" for name, value in pairs)
    return PracticeReply(body=line.encode(), content_type=_TEXT)


def marked(error: int, text: str, details: str = "") -> PracticeReply:
    """HTTP 200 whatever happened. The texts are for people: spaces as they are, quotes as entities."""
    line = f"error={error}&text={_reported(text)}&details={_reported(details)}"
    return PracticeReply(body=line.encode(), content_type=_TEXT)


def login_page() -> PracticeReply:
    page = (
        "<!DOCTYPE html><html><head><title>DirectAdmin Login</title></head><body>"
        '<form action="/CMD_LOGIN" method="post"><input name="username"><input name="password"></form>'
        "</body></html>"
    )
    return PracticeReply(body=page.encode(), content_type="text/html; charset=UTF-8")


def with_wrong_types(reply: PracticeReply) -> PracticeReply:
    """Single fields as lists, lists as single fields."""
    pairs = [piece.partition("=") for piece in reply.body.decode().split("&")]
    turned = [
        f"{name[:-2] if name.endswith('[]') else f'{name}[]'}={value}" for name, _, value in pairs if name
    ]
    return reply.with_body("&".join(turned).encode())


def _escaped(value: str) -> str:
    return quote_plus(value)


def _reported(text: str) -> str:
    plain = "".join(_ENTITIES.get(char, char) for char in text.replace("&", "&#38"))
    return plain.replace("%", "%25").replace("+", "%2B").replace("\n", "%0A").replace(" ", "+")
