"""What the service and the reports add: see each table's place in log/schema.py."""

from __future__ import annotations

from typing import Final

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, MetaData, String, Table, Text

metadata: Final = MetaData()

# What is there already and referred to; never made or dropped here.
_before: Final = MetaData()
tenants: Final = Table("tenants", _before, Column("id", String(32), primary_key=True))
accounts: Final = Table("accounts", _before, Column("id", String(36), primary_key=True))

identities: Final = Table(
    "identities",
    metadata,
    Column("tenant_id", String(32), ForeignKey(tenants.c.id), primary_key=True),
    Column("issuer", String(255), primary_key=True),
    Column("subject", String(255), primary_key=True),
    Column("account_id", String(36), ForeignKey(accounts.c.id), nullable=False),
)

sign_ins: Final = Table(
    "sign_ins",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("nonce", String(64), nullable=False),
    Column("verifier", String(64), nullable=False),
    Column("until_us", BigInteger, nullable=False),
)

configuration: Final = Table(
    "configuration",
    metadata,
    Column("tenant_id", String(32), ForeignKey(tenants.c.id), primary_key=True),
    Column("name", String(32), primary_key=True),
    Column("value", Text, nullable=False),
    Column("changed_us", BigInteger, nullable=False),
    Column("actor", Text, nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),
)

reference_loads: Final = Table(
    "reference_loads",
    metadata,
    Column("tenant_id", String(32), ForeignKey(tenants.c.id), primary_key=True),
    Column("name", String(32), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("loaded_us", BigInteger, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("source", Text, nullable=False),
    Column("actor", Text, nullable=False, server_default=""),
    Column("content", LargeBinary, nullable=False),
)

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the new columns, create the new tables."""
    op.add_column("export_runs", Column("outcome", Text, nullable=False, server_default="{}"))
    op.add_column("accounts", Column("old_secret", Text, nullable=False, server_default=""))
    op.add_column("accounts", Column("old_until_us", BigInteger, nullable=True))
    op.add_column("logs", Column("stopped_us", BigInteger, nullable=True))
    metadata.create_all(op.get_bind())


def downgrade() -> None:
    """Drop them."""
    metadata.drop_all(op.get_bind())
    op.drop_column("logs", "stopped_us")
    op.drop_column("accounts", "old_until_us")
    op.drop_column("accounts", "old_secret")
    op.drop_column("export_runs", "outcome")
