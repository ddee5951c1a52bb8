"""The database that is there, before anything opens it."""

from __future__ import annotations

from panelbridge.actions.refused import Refused
from panelbridge.service.books import peek, refuse_in_place_of_lost
from panelbridge.service.config import ServiceConfig
from panelbridge.service.schema import newest_schema


def require_database(config: ServiceConfig) -> None:
    """Raises ``Refused`` when there is no database, or its schema is another release's."""
    looked = peek(config)
    if not looked.exists():
        refuse_in_place_of_lost(config)
        raise Refused(
            "configuration",
            f"There is no database at {looked.name}",
            advice="Run `panelbridge init`, or name the right folder with --data or --config.",
        )
    looked.refuse_damaged()
    found, wanted = looked.schema(), newest_schema()
    if found != wanted:
        raise Refused(
            "configuration",
            f"The database is at schema {found or 'none'}, this release needs {wanted}",
            advice="An older one: make a copy with `panelbridge backup`, then run `panelbridge init` or "
            "start `serve`; either brings it up to date. A newer one needs the newer release.",
        )
