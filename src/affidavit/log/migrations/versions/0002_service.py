"""What the service and the reports add: see each table's place in log/schema.py."""

from __future__ import annotations

from typing import Final

from alembic import op
from sqlalchemy import MetaData

metadata: Final = MetaData()

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the new tables."""
    metadata.create_all(op.get_bind())


def downgrade() -> None:
    """Drop them."""
    metadata.drop_all(op.get_bind())
