"""Alembic environment: migrations run on the connection that `Database.prepare` hands over."""

from __future__ import annotations

from alembic import context

from affidavit.log.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
