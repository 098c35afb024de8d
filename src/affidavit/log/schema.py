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
    Column("sealed", BigInteger, nullable=False, server_default="0"),
    Column("folder", String(64), nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("ended_us", BigInteger, nullable=True),
    Column("stopped_us", BigInteger, nullable=True),
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

# The catalogue: which segment file holds which stretch of a log. Together they cover [0, sealed) without overlap.
segments: Final = Table(
    "segments",
    metadata,
    Column("log_id", Integer, ForeignKey("logs.id"), primary_key=True),
    Column("first", BigInteger, primary_key=True),
    Column("end", BigInteger, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("name", String(200), nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("at_min", BigInteger, nullable=False),
    Column("at_max", BigInteger, nullable=False),
    Column("t_min", BigInteger, nullable=False),
    Column("t_max", BigInteger, nullable=False),
    Column("actions", Text, nullable=False),
    Column("paths", Text, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
)

# Archive files that a merge replaced: removed once no reader can still be at them.
replaced_files: Final = Table(
    "replaced_files",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("after_us", BigInteger, nullable=False),
)

# Who is doing what: one holder a name until the time given; a dead holder's lease ends by itself.
leases: Final = Table(
    "leases",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("holder", String(80), nullable=False),
    Column("until_us", BigInteger, nullable=False),
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

# Exports as jobs: what was asked (a spec in JSON), by whom, how far it is, and where its file lies until it expires.
export_runs: Final = Table(
    "export_runs",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("tenant_id", String(32), ForeignKey("tenants.id"), nullable=False),
    Column("idempotency_key", String(128), nullable=False),
    Column("spec", Text, nullable=False),
    Column("bundle", Integer, nullable=False),
    Column("foreground", Integer, nullable=False),
    Column("actor", Text, nullable=False, server_default=""),
    Column("actor_type", Text, nullable=False, server_default=""),
    Column("state", String(16), nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("stage", String(16), nullable=False, server_default=""),
    Column("done", BigInteger, nullable=False, server_default="0"),
    Column("total", BigInteger, nullable=True),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("cancelling", Integer, nullable=False, server_default="0"),
    Column("holder", String(80), nullable=False, server_default=""),
    Column("until_us", BigInteger, nullable=False, server_default="0"),
    Column("created_us", BigInteger, nullable=False),
    Column("ended_us", BigInteger, nullable=True),
    Column("expires_us", BigInteger, nullable=True),
    Column("removed_us", BigInteger, nullable=True),
    Column("export_id", String(36), nullable=False, server_default=""),
    Column("file", Text, nullable=False, server_default=""),
    Column("rows", BigInteger, nullable=True),
    Column("bytes", BigInteger, nullable=True),
    Column("sha256", String(64), nullable=False, server_default=""),
    Column("verdicts", Text, nullable=False, server_default="{}"),
    Column("outcome", Text, nullable=False, server_default="{}"),
    UniqueConstraint("tenant_id", "idempotency_key"),
    Index("export_runs_state", "state", "created_us"),
)

# Queries people keep under a name, as text of the query language.
saved_queries: Final = Table(
    "saved_queries",
    metadata,
    Column("tenant_id", String(32), ForeignKey("tenants.id"), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("text", Text, nullable=False),
    Column("saved_us", BigInteger, nullable=False),
)

# Who may sign in: API keys and people. A secret is kept by its hash alone. Never deleted, only ended.
accounts: Final = Table(
    "accounts",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("tenant_id", String(32), ForeignKey("tenants.id"), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("name", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("secret", Text, nullable=False, server_default=""),
    Column("profile", String(64), nullable=False, server_default=""),
    Column("streams", Text, nullable=False, server_default=""),
    Column("period_start", String(40), nullable=False, server_default=""),
    Column("period_end", String(40), nullable=False, server_default=""),
    Column("expires_us", BigInteger, nullable=True),
    Column("created_us", BigInteger, nullable=False),
    Column("ended_us", BigInteger, nullable=True),
    Column("old_secret", Text, nullable=False, server_default=""),
    Column("old_until_us", BigInteger, nullable=True),
    UniqueConstraint("tenant_id", "kind", "name"),
)

# What a browser holds: a session, or the one-time link by which a person chooses a password. By hash alone, too.
sessions: Final = Table(
    "sessions",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("account_id", String(36), ForeignKey("accounts.id"), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("until_us", BigInteger, nullable=False),
)

# By whom else people are known: an OpenID Connect provider's subject is one person of a tenant.
identities: Final = Table(
    "identities",
    metadata,
    Column("tenant_id", String(32), ForeignKey("tenants.id"), primary_key=True),
    Column("issuer", String(255), primary_key=True),
    Column("subject", String(255), primary_key=True),
    Column("account_id", String(36), ForeignKey("accounts.id"), nullable=False),
)

# Sign-ins sent to a provider and not yet back: each is taken once. By hash of what browser and provider bring together.
sign_ins: Final = Table(
    "sign_ins",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("nonce", String(64), nullable=False),
    Column("verifier", String(64), nullable=False),
    Column("until_us", BigInteger, nullable=False),
)

# Random tokens of the mask `vault`: the value is found by an HMAC and kept encrypted (log/vault.py).
vault_tokens: Final = Table(
    "vault_tokens",
    metadata,
    Column("tenant_id", String(32), ForeignKey("tenants.id"), primary_key=True),
    Column("cls", String(32), primary_key=True),
    Column("digest", LargeBinary, primary_key=True),
    Column("token", String(29), nullable=False, unique=True),
    Column("sealed", LargeBinary, nullable=False),
)

# What a tenant's configuration says in the place of its defaults: one JSON value a key, and who said so.
configuration: Final = Table(
    "configuration",
    metadata,
    Column("tenant_id", String(32), ForeignKey("tenants.id"), primary_key=True),
    Column("name", String(32), primary_key=True),
    Column("value", Text, nullable=False),
    Column("changed_us", BigInteger, nullable=False),
    Column("actor", Text, nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),
)

# Versions of reference tables: a whole table each, as one Parquet file (cases/reference_data.py).
reference_loads: Final = Table(
    "reference_loads",
    metadata,
    Column("tenant_id", String(32), ForeignKey("tenants.id"), primary_key=True),
    Column("name", String(32), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("loaded_us", BigInteger, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("source", Text, nullable=False),
    Column("actor", Text, nullable=False, server_default=""),
    Column("content", LargeBinary, nullable=False),
)
