"""The database that is there, before anything opens it."""

from __future__ import annotations

from panelbridge.actions.refused import Refused
from panelbridge.service.books import database_file, has_books, refuse_damaged, refuse_in_place_of_lost
from panelbridge.service.config import ServiceConfig
from panelbridge.service.schema import newest_schema, schema_of


def require_database(config: ServiceConfig) -> None:
    """Raises ``Refused`` when there is no database, or its schema is another release's."""
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
