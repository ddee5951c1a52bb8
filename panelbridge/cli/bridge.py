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
from typing import TYPE_CHECKING, Any, TypeVar

import typer

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


class Bridge:
    """Opened services, and the actions as the operator does them."""

    def __init__(self, config: ServiceConfig, services: Services) -> None:
        self.config = config
        self.services = services
        self.caller = _operator(services)

    def read(self, action: Callable[..., ResultT], **parts: Any) -> ResultT:
        """An action in one read transaction."""
        with self.services.units.read() as unit:
            return action(self.context(unit=unit), **parts)

    def change(self, action: Callable[..., ResultT], *, once: str | None = None, **parts: Any) -> ResultT:
        """An action in one write transaction. ``once``: the operator's own key, for a repeat."""
        from panelbridge.actions.outage import looked_up

        key = once or _own_key()

        def run() -> ResultT:
            with self.services.units.write() as unit:
                context = self.context(unit=unit, once=key)
                result = action(context, **parts)
            for effect in context.committed:
                effect()
            return result

        return looked_up(run, seconds=self.services.answer_budget, repeatable=once is not None)

    def ask(self, action: Callable[..., ResultT], **parts: Any) -> ResultT:
        """An action that asks a panel and keeps nothing."""
        from panelbridge.actions.asking import asking_only

        with asking_only():
            return action(self.context(), **parts)

    def act(self, action: Callable[..., ResultT], *, once: str | None = None, **parts: Any) -> ResultT:
        """An action that opens its own transactions; its operation may still be pending."""
        from panelbridge.actions.outage import looked_up

        key = once or _own_key()
        return looked_up(
            lambda: action(self.context(once=key), **parts),
            seconds=self.services.answer_budget,
            repeatable=once is not None,
        )

    def every(self, action: Callable[..., Any], query: type[BaseModel], **filters: Any) -> list[Any]:
        """The items of all pages."""
        found: list[Any] = []
        after: int | None = 0
        while after is not None:
            page = self.read(action, query=read_options(query, after=after, limit=_PAGE, **filters))
            found.extend(page.items)
            after = page.next
        return found

    def context(self, *, unit: ServiceUnit | None = None, once: str | None = None) -> Context:
        """What an action is given; without ``unit`` it opens its own transactions."""
        from panelbridge.actions.context import Context

        return Context(
            services=self.services,
            caller=self.caller,
            now=self.services.clock(),
            forget_keys=_nothing_to_forget,
            idempotency_key=once or _own_key(),
            open_unit=unit,
        )


def _own_key() -> str:
    return f"cli-{secrets.token_hex(12)}"


def _nothing_to_forget() -> None:
    """A command verifies no key."""


@contextmanager
def open_bridge(context: typer.Context) -> Iterator[Bridge]:
    """The bridge of the configured data folder. Raises ``Refused`` and storage's errors, each with advice."""
    from panelbridge.actions.database import require_database
    from panelbridge.service.compose import compose

    config: ServiceConfig = context.obj()
    require_database(config)

    services = compose(config, migrate=False)
    try:
        yield Bridge(config, services)
    finally:
        services.close()


def read_options(model: type[ModelT], **values: Any) -> ModelT:
    """Options as the action's own model, which holds the rules. Raises ``invalid_request``."""
    from panelbridge.actions.fields import starred
    from panelbridge.actions.validation import validate
    from panelbridge.actions.wording import starred_note

    given: Mapping[str, Any] = {name: value for name, value in values.items() if value is not None}
    options = validate(model, dict(given))
    if redacted := starred(options):
        typer.echo(starred_note(redacted), err=True)
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
