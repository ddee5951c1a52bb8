"""The bridge as commands use it: on the data folder directly, also while ``serve`` runs from it.

Commands run the same actions as HTTP, in this process. Reads are snapshots and writes queue
with those of ``serve``, on the database's own lock. A mutating verb goes through a provisioner of this
process: intent, attempt and outcome are in the journal, a panel's slots are counted there for all processes,
and what a command leaves pending, or a killed command leaves open, the running ``serve`` goes on with.
"""

from __future__ import annotations

import getpass
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from panelbridge.actions.refused import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

    from panelbridge.actions.caller import Caller
    from panelbridge.actions.context import Context
    from panelbridge.service.config import ServiceConfig
    from panelbridge.service.services import Services, ServiceUnit

ResultT = TypeVar("ResultT")
ModelT = TypeVar("ModelT", bound="BaseModel")
_PAGE = 500


@dataclass(frozen=True, kw_only=True)
class Acted:
    """What an action at a panel answered."""

    answer: Any
    pending: bool


class Bridge:
    """Opened services, and the actions as the operator does them."""

    def __init__(self, config: ServiceConfig, services: Services) -> None:
        self.config = config
        self.services = services
        self.caller = _operator(services)

    def read(self, action: Callable[..., ResultT], **parts: Any) -> ResultT:
        """An action in one read transaction."""
        with self.services.units.read() as unit:
            return action(self._context(unit=unit), **parts)

    def change(self, action: Callable[..., ResultT], *, once: str | None = None, **parts: Any) -> ResultT:
        """An action in one write transaction. ``once``: the operator's own key, for a repeat."""
        with self.services.units.write() as unit:
            context = self._context(unit=unit, once=once)
            result = action(context, **parts)
        for effect in context.committed:
            effect()
        return result

    def ask(self, action: Callable[..., ResultT], **parts: Any) -> ResultT:
        """An action that asks a panel and keeps nothing."""
        with asking_only():
            return action(self._context(), **parts)

    def act(self, action: Callable[..., Any], *, once: str | None = None, **parts: Any) -> Acted:
        """An action that opens its own transactions; its operation may still be pending."""
        result = action(self._context(once=once), **parts)
        return Acted(answer=result, pending=result.is_pending())

    def every(self, action: Callable[..., Any], query: type[BaseModel], **filters: Any) -> list[Any]:
        """The items of all pages."""
        found: list[Any] = []
        after: int | None = 0
        while after is not None:
            page = self.read(action, query=read_options(query, after=after, limit=_PAGE, **filters))
            found.extend(page.items)
            after = page.next
        return found

    def _context(self, *, unit: ServiceUnit | None = None, once: str | None = None) -> Context:
        from panelbridge.actions.context import Context

        return Context(
            services=self.services,
            caller=self.caller,
            now=self.services.clock(),
            forget_keys=_nothing_to_forget,
            idempotency_key=once or f"cli-{secrets.token_hex(12)}",
            open_unit=unit,
        )


def _nothing_to_forget() -> None:
    """A command verifies no key."""


@contextmanager
def asking_only() -> Iterator[None]:
    """The panel is only read here: whatever it answers, nothing was changed and repeating is safe."""
    from panelbridge.contract.exceptions import PanelError
    from panelbridge.contract.models import Outcome

    try:
        yield
    except PanelError as error:
        unclear = error.outcome is Outcome.UNKNOWN
        raise Refused(
            "panel_unreachable" if unclear or error.outcome is Outcome.RETRY_LATER else "refused",
            error.message,
            advice="It was only asked, nothing was changed. Look at the panel itself, then repeat."
            if unclear
            else error.advice,
        ) from None


@contextmanager
def open_bridge(context: typer.Context) -> Iterator[Bridge]:
    """The bridge of the configured data folder. Raises ``Refused`` and storage's errors, each with advice."""
    config: ServiceConfig = context.obj()
    require_database(config)
    from panelbridge.service.compose import compose

    services = compose(config, migrate=False)
    try:
        yield Bridge(config, services)
    finally:
        services.close()


def require_database(config: ServiceConfig) -> None:
    """Raises ``Refused`` when there is no database, or its schema is another release's."""
    from panelbridge.service.books import database_file, has_books, refuse_damaged, refuse_in_place_of_lost

    path = database_file(config)
    if not has_books(config):
        refuse_in_place_of_lost(config)
        raise Refused(
            "configuration",
            f"There is no database at {path.absolute()}",
            advice="Run `panelbridge init`, or name the right folder with --data or --config.",
        )
    refuse_damaged(path)
    found, wanted = schema_of(path), newest_schema()
    if found != wanted:
        raise Refused(
            "configuration",
            f"The database is at schema {found or 'none'}, this release needs {wanted}",
            advice="An older one: make a copy with `panelbridge backup`, then run `panelbridge init` or "
            "start `serve`; either brings it up to date. A newer one needs the newer release.",
        )


def schema_of(path: Path) -> str | None:
    """The schema's revision in the database at ``path``; ``None`` when it has none.

    Raises ``StorageDamaged``.
    """
    import sqlite3

    from panelbridge.storage.exceptions import StorageDamaged

    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=10)
    try:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
            raise StorageDamaged(f"{path.absolute()} is damaged: {error}") from None
        return None
    finally:
        connection.close()
    return str(row[0]) if row else None


def newest_schema() -> str:
    """The newest revision this release brings. Its files are named by revision, so nothing is imported."""
    from importlib.resources import files

    folder = files("panelbridge.storage.engine.migrations") / "versions"
    return max(item.name.removesuffix(".py") for item in folder.iterdir() if item.name[:4].isdigit())


def serves_now(config: ServiceConfig) -> bool:
    """Whether a ``serve`` runs from the data folder, as its lock file tells.

    The lock itself is not tried: a ``serve`` that starts in that moment would be refused.
    """
    from panelbridge.service.data_folder import LOCK_NAME

    try:
        holder = int((config.data_folder / LOCK_NAME).read_text("ascii"))
        os.kill(holder, 0)
    except PermissionError:
        return True  # it runs, as another user
    except (OSError, ValueError):
        return False
    return True


def read_options(model: type[ModelT], **values: Any) -> ModelT:
    """Options as the action's own model, which holds the rules. Raises ``invalid_request``."""
    from panelbridge.actions.fields import starred
    from panelbridge.actions.validation import validate

    given: Mapping[str, Any] = {name: value for name, value in values.items() if value is not None}
    options = validate(model, dict(given))
    for name in starred(options):
        typer.echo(
            f"Note: {name} held an address with a password or a key; it is kept with stars in its place.",
            err=True,
        )
    return options


def actor_name() -> str:
    """Who is written into histories: the user of this shell."""
    try:
        user = os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return f"cli:{user}"


def _operator(services: Services) -> Caller:
    from panelbridge.access import ApiKey, Scope
    from panelbridge.actions.caller import Caller
    from panelbridge.subscriptions import Mode

    class Operator(Caller):
        """Whoever may read the data folder is the operator; there is no key to show."""

        @property
        def actor(self) -> str:
            return actor_name()

        @property
        def owner(self) -> str:
            return "cli"

    key = ApiKey(
        id=0,
        prefix="cli",
        digest=b"",
        mode=Mode.LIVE,
        scopes=frozenset({Scope.ADMIN}),
        label="command line",
        installation_id=None,
        created_at=services.clock(),
    )
    return Operator(
        key=key,
        installation=None,
        request_id="cli",
        budget=services.answer_budget,
        remote_address="",
    )
