"""The rights that docs/how-to/postgresql.md names are enough, and fewer are told in words."""

import psycopg
import pytest

from affidavit import AuditLog
from affidavit.errors import StorageError
from affidavit.log.fsck import fsck
from affidavit.log.sealer import SealPolicy, seal

pytestmark = pytest.mark.postgres


def test_a_role_that_may_only_use_the_tables(tmp_path, postgres_server):
    with (
        postgres_server.database() as url,
        psycopg.connect(postgres_server.address("postgres"), autocommit=True) as owner,
    ):
        schema = url.rpartition("%3D")[2]
        with AuditLog.open(tmp_path / "home", database=url):
            pass
        owner.execute(f"CREATE ROLE small LOGIN PASSWORD '{postgres_server.password}'")
        try:
            small = url.replace("//affidavit:", "//small:")
            with pytest.raises(StorageError):
                AuditLog.open(tmp_path / "home", database=small)
            owner.execute(f"GRANT USAGE ON SCHEMA {schema} TO small")
            owner.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO small")
            owner.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO small")
            with AuditLog.open(tmp_path / "home", database=small) as log:
                log.record("a.b")
                log.record_many([{"action": "a.b", "actor": f"u{n}"} for n in range(600)])
                assert (
                    seal(log.database, log.archive, log.tenant.log("main"), SealPolicy(1e9, 72), everything=True) == 512
                )
                assert fsck(log, "main").size == log.pin().size == 601
        finally:
            owner.execute("DROP OWNED BY small")
            owner.execute("DROP ROLE small")
