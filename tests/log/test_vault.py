"""The vault: random tokens kept beside their values, turned back on the record."""

import pytest
from sqlalchemy import text

from affidavit.errors import InvalidRequest, NotFound
from affidavit.log.vault import SqlVault, reveal
from affidavit.masking.tokens import VAULT_TOKEN_RE
from affidavit.testing import capture_events


def test_a_value_keeps_its_token_and_classes_do_not_meet(log):
    first = SqlVault(log.database, log.tenant.id, log.keys)
    made = first.get_or_create_many("subject", ["S-1", "S-2", "S-1"])
    assert made[0] == made[2] != made[1]
    assert all(VAULT_TOKEN_RE.match(token) for token in made)
    again = SqlVault(log.database, log.tenant.id, log.keys)  # as another process
    assert again.get_or_create("subject", "S-2") == made[1]
    assert again.get_or_create("staff", "S-2") != made[1]
    assert again.get_or_create_many("subject", []) == []


def test_another_tenant_has_other_tokens(log):
    mine = SqlVault(log.database, log.tenant.id, log.keys).get_or_create("subject", "S-1")
    with log.database.write() as connection:
        connection.execute(text("INSERT INTO tenants (id,name,zone,created_us) VALUES ('t2','other','UTC',0)"))
    other = SqlVault(log.database, "t2", log.keys)
    assert other.get_or_create("subject", "S-1") != mine
    with pytest.raises(NotFound):
        SqlVault(log.database, "t2", log.keys).values([mine])


def test_the_database_holds_no_value_in_clear(log):
    SqlVault(log.database, log.tenant.id, log.keys).get_or_create("subject", "planted-value")
    with log.database.read() as connection:
        rows = connection.execute(text("SELECT * FROM vault_tokens")).all()
    assert rows
    assert "planted-value" not in repr(rows)


def test_turning_back_is_recorded_with_its_reason_before_anything_is_told(log):
    token = SqlVault(log.database, log.tenant.id, log.keys).get_or_create("subject", "S-1")
    with capture_events(log, stream="access") as events:
        assert reveal(log, [token], "court order 7") == {token: ("subject", "S-1")}
        with pytest.raises(NotFound, match="1 of 1"):
            reveal(log, ["vt_" + "a" * 26], "guessing")
        for bad, why in (([token], "because"), ([], "a reason"), (["S-1"], "a reason"), ([token] * 1001, "a reason")):
            with pytest.raises(InvalidRequest):
                reveal(log, bad, why)
    assert events.actions == ["token.revealed"] * 6
    assert [event.outcome for event in events] == ["success", "failure", *["denied"] * 4]
    assert "basis.justification" not in events[2].fields
    assert events[0].fields["query.tokens"] == token
    assert events[0].fields["basis.justification"] == "court order 7"
    assert "S-1" not in repr(events[0].fields)
