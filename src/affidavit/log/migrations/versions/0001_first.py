"""The first schema."""

from __future__ import annotations

from alembic import op

from affidavit.log.schema import metadata

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create every table."""
    metadata.create_all(op.get_bind())


def downgrade() -> None:
    """Drop every table: loses the log."""
    metadata.drop_all(op.get_bind())
