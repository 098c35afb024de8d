"""The tables, one schema for SQLite and PostgreSQL. Every table is keyed by tenant or log.

Times are microseconds since 1970 in BIGINT columns; hashes, seeds and ids are raw bytes. Changes go through a
migration in `migrations/` (a test compares the two).
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata: Final = MetaData()

tenants: Final = Table(
    "tenants",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("zone", String(64), nullable=False),
    Column("declared_fields", Text, nullable=False, server_default="{}"),
    Column("created_us", BigInteger, nullable=False),
)

logs: Final = Table(
    "logs",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("tenant_id", String(32), ForeignKey("tenants.id"), nullable=False),
    Column("stream", String(32), nullable=False),
    Column("origin", String(64), nullable=False, unique=True),
    Column("size", BigInteger, nullable=False, server_default="0"),
    Column("t_us", BigInteger, nullable=False, server_default="0"),
    Column("frontier", LargeBinary, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("ended_us", BigInteger, nullable=True),
    Index("logs_open", "tenant_id", "stream"),
)

# The tail: sequenced, durable, not yet sealed. Append-only, in index order.
journal: Final = Table(
    "journal",
    metadata,
    Column("log_id", Integer, ForeignKey("logs.id"), primary_key=True),
    Column("idx", BigInteger, primary_key=True),
    Column("at_us", BigInteger, nullable=False),
    Column("t_us", BigInteger, nullable=False),
    Column("action", String(128), nullable=False),
    Column("outcome", String(8), nullable=False),
    Column("c", LargeBinary, nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    Column("seed", LargeBinary, nullable=False),
    Column("tags", Text, nullable=False),
    Column("fields", Text, nullable=False),
    sqlite_with_rowid=False,
)

# Ids of the last hours, with a keyed digest of the content: a repeat is told from a clash.
event_ids: Final = Table(
    "event_ids",
    metadata,
    Column("log_id", Integer, ForeignKey("logs.id"), primary_key=True),
    Column("event_id", LargeBinary, primary_key=True),
    Column("idx", BigInteger, nullable=False),
    Column("t_us", BigInteger, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

# Batches an import has taken whole (accepted or rejected), by digest of their raw content and position.
import_batches: Final = Table(
    "import_batches",
    metadata,
    Column("log_id", Integer, ForeignKey("logs.id"), primary_key=True),
    Column("digest", LargeBinary, primary_key=True),
    Column("t_us", BigInteger, nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("rejected", Integer, nullable=False),
    sqlite_with_rowid=False,
)

checkpoints: Final = Table(
    "checkpoints",
    metadata,
    Column("log_id", Integer, ForeignKey("logs.id"), primary_key=True),
    Column("size", BigInteger, primary_key=True),
    Column("note", LargeBinary, nullable=False),
    Column("t_us", BigInteger, nullable=False),
)

log_keys: Final = Table(
    "log_keys",
    metadata,
    Column("log_id", Integer, ForeignKey("logs.id"), primary_key=True),
    Column("generation", Integer, primary_key=True),
    Column("vkey", String(160), nullable=False),
    Column("from_size", BigInteger, nullable=False),
    Column("to_size", BigInteger, nullable=True),
    UniqueConstraint("vkey"),
)

# What was counted rather than kept: secrets stripped, events dropped or refused.
counters: Final = Table(
    "counters",
    metadata,
    Column("log_id", Integer, ForeignKey("logs.id"), primary_key=True),
    Column("name", String(32), primary_key=True),
    Column("value", BigInteger, nullable=False),
)
