"""Alembic's entry: always online, always on the connection it was given."""

from __future__ import annotations

from alembic import context

from panelbridge.storage.engine.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
context.run_migrations()
