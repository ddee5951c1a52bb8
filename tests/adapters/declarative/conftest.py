"""A small description to bend, and a session that plays replies to what it describes."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from panelbridge import CreateOrder, Credentials, Secret
from panelbridge.contract.models import AccountId, AccountRef
from panelbridge.contract.settings import read_settings
from panelbridge.testing.practice import PracticeControl, PracticeServer
from panelbridge.transport import PanelReply
from panelbridge_declarative import DeclarativeAdapter
from panelbridge_declarative.practice import PRACTICE

UNTIL = datetime(2031, 1, 1, tzinfo=UTC)
REF = AccountRef(id=AccountId("7"), username="svc00001", reference="bridge:1:1")
ORDER = CreateOrder(
    credentials=Credentials(username="svc00001", password=Secret("Passw0rd1")),
    package="gold",
    until=UNTIL,
    reference="bridge:1:1",
    key="key1",
)
ACCOUNT = {
    "id": 7,
    "login": "svc00001",
    "password": "Passw0rd1",
    "until": 1924992000,
    "note": "bridge:1:1",
    "on": True,
}
HERE = Path(__file__).parent
ACME = (HERE / "acme.toml").read_text()


def answer(
    content: Any = None, status: int = 200, kind: str = "application/json", **headers: str
) -> PanelReply:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return PanelReply(status=status, headers={"Content-Type": kind, **headers}, body=body)


def rows(*accounts: Mapping[str, Any]) -> PanelReply:
    return answer({"rows": list(accounts)})


GONE = answer({"error": "no_user"}, 404)


@dataclass
class Scripted:
    """Plays replies in order; an exception among them is raised; a callable is asked."""

    replies: list[Any]
    sent: list[dict[str, Any]] = field(default_factory=list)

    def request(self, method: str, path: str, **more: Any) -> PanelReply:
        body = more.get("body")
        self.sent.append(
            {
                "method": method,
                "path": path,
                "query": more.get("query"),
                "form": more.get("form"),
                "headers": more.get("headers"),
                "json": json.loads(body) if body and body[:1] in b"{[" else body,
                "repeatable": more["repeatable"],
            }
        )
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if isinstance(reply, Exception):
            raise reply
        made: PanelReply = reply() if callable(reply) else reply
        return made

    def close(self) -> None:
        """Nothing is open."""

    @property
    def writes(self) -> list[dict[str, Any]]:
        return [one for one in self.sent if one["method"] != "GET"]

    @property
    def lines(self) -> list[str]:
        return [f"{one['method']} {one['path']}" for one in self.sent]


Panel = Callable[..., tuple[DeclarativeAdapter, Scripted]]


@pytest.fixture
def panel(tmp_path: Path) -> Panel:
    """``panel(text, *replies, **settings)``: an adapter of that description, and its session."""

    def build(text: str, *replies: Any, **settings: Any) -> tuple[DeclarativeAdapter, Scripted]:
        file = tmp_path / "acme.toml"
        file.write_text(text)
        values = {"spec": str(file), "base_url": "https://panel.test/", **settings}
        if "key" in tomllib.loads(text).get("config", {}):
            values.setdefault("key", "s3cret-k3y")
        session = Scripted(list(replies))
        chosen: Any = read_settings(DeclarativeAdapter.settings_model_for(values), values)
        return DeclarativeAdapter(chosen, session), session

    return build


@dataclass
class Running:
    """A practice panel that listens, in threads of this process."""

    server: PracticeServer
    settings: dict[str, Any]

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def control(self) -> PracticeControl:
        return PracticeControl(self.server.url)


@dataclass
class Practised:
    """A practice panel and an adapter for it."""

    practice: Running
    adapter: DeclarativeAdapter

    def with_settings(self, **changes: Any) -> DeclarativeAdapter:
        values = {**self.practice.settings, **changes}
        chosen: Any = read_settings(DeclarativeAdapter.settings_model_for(values), values)
        return DeclarativeAdapter(chosen)


@pytest.fixture
def practised(tmp_path: Path) -> Iterator[Callable[..., Practised]]:
    """``practised("marzban", role="reseller")`` runs that practice panel."""
    with ExitStack() as running:

        def start(spec: str, **options: str) -> Practised:
            panel: Any = PRACTICE(tmp_path / "books.sqlite", {"spec": spec, **options})
            server = running.enter_context(PracticeServer(panel))
            settings = panel.settings(server.url)
            chosen: Any = read_settings(DeclarativeAdapter.settings_model_for(settings), settings)
            adapter = running.enter_context(DeclarativeAdapter(chosen))
            return Practised(practice=Running(server, settings), adapter=adapter)

        yield start


Start = Callable[..., Practised]
SOON = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)


def order_of(number: int = 1, **values: Any) -> CreateOrder:
    """Service ``number``'s; ``values`` say at least what is sold and until when."""
    name, reference = f"svc{number:05d}", f"bridge:{number}:1"
    credentials = Credentials(username=name, password=Secret(f"Passw0rd{number:08d}"))
    return CreateOrder(**{"credentials": credentials, "reference": reference, **values})


def ref(number: int = 1) -> AccountRef:
    """Service ``number``'s at a panel whose ids are the login names."""
    name = f"svc{number:05d}"
    return AccountRef(id=AccountId(name), username=name, reference=f"bridge:{number}:1")


def books(panel: Practised, name: str = "svc00001") -> Any:
    """What the panel's books have of ``name``; ``None`` for nothing."""
    return panel.practice.control.books()["accounts"].get(name)
