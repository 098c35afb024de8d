"""Tenants: each with logs, keys and declared fields of its own."""

import pytest

from affidavit.errors import InvalidRequest, NotFound
from affidavit.log.registry import create_tenant, find_tenant, list_tenants
from affidavit.tlog.note import VerifierKey


def test_a_new_home_has_the_default_tenant_with_three_streams(log):
    assert list_tenants(log.database) == ["default"]
    assert list(log.tenant.logs) == ["main", "access", "control"]
    origins = {info.origin for info in log.tenant.logs.values()}
    assert len(origins) == 3
    for info in log.tenant.logs.values():
        assert info.origin.startswith("affidavit/")
        assert len(info.origin) == len("affidavit/") + 32
        (key,) = info.keys
        assert VerifierKey.parse(key.vkey).name == info.origin
        assert (key.from_size, key.to_size) == (0, None)


def test_tenants_are_apart(log, open_log):
    made = create_tenant(log.database, log.keys, "school", "Europe/Berlin")
    other = open_log(tenant="school")
    assert (other.tenant.id, other.tenant.zone) == (made.id, "Europe/Berlin")
    mine = {info.origin for info in log.tenant.logs.values()}
    assert mine.isdisjoint(info.origin for info in other.tenant.logs.values())
    event_id = log.record("a", actor="mine").id
    assert (other.record("a", actor="theirs").index, other.record("a", id=event_id).index) == (0, 1)
    assert not other.record("b").duplicate
    assert log.pin().size == 1
    assert "mine" not in str([other.opened("main", n) for n in range(3)])
    with pytest.raises(NotFound):
        log.opened("main", 1)
    assert log.trust()["tenant"] != other.trust()["tenant"]
    assert list_tenants(log.database) == ["default", "school"]


@pytest.mark.parametrize("name", ["", "School", "a b", "../x", "_x", "x" * 65, "é", "x\n"])
def test_bad_names(log, name):
    with pytest.raises(InvalidRequest, match="tenant name"):
        create_tenant(log.database, log.keys, name, "UTC")


def test_names_are_unique(log):
    create_tenant(log.database, log.keys, "x", "UTC")
    with pytest.raises(InvalidRequest, match="exists already"):
        create_tenant(log.database, log.keys, "x", "UTC")
    assert find_tenant(log.database, "x").name == "x"


def test_unknown_tenants_and_streams_are_named(log, open_log):
    with pytest.raises(NotFound, match="'nobody'"):
        find_tenant(log.database, "nobody")
    with pytest.raises(NotFound, match="'nobody'"):
        open_log(tenant="nobody")
    with pytest.raises(NotFound, match="main, access, control"):
        log.tenant.log("nothing")


def test_reopening_finds_the_same_tenant(log, open_log):
    assert open_log().tenant == log.tenant
    assert open_log(zone="Europe/Berlin").tenant.zone == "UTC"


def test_declared_fields_come_from_the_home(home, open_log):
    open_log().close()
    (home / "fields.toml").write_text('[fields.email]\nclass = "email"\n')
    log = open_log()
    log.record("a", details={"email": "a@b", "x": 1})
    assert log.opened("main", 0).paths == ("details", "details.email", "id")
    (home / "fields.toml").write_bytes(b"\xff")
    with pytest.raises(InvalidRequest, match=r"fields\.toml"):
        open_log()


def test_a_reader_refuses_the_pins_of_another_tenant(log):
    from affidavit.errors import Forbidden
    from affidavit.log import registry
    from affidavit.log.audit_log import AuditLog
    from affidavit.query.tree import EVERYTHING

    registry.create_tenant(log.database, log.keys, "south", "UTC")
    with AuditLog.open(log.home, tenant="south", database=log.settings.database) as south:
        south.record("a.b", actor="secret")
        pin = south.pin()
        with pytest.raises(Forbidden, match="is not of tenant default"):
            list(log.reader.rows(EVERYTHING, [pin]))
        with pytest.raises(Forbidden):
            log.reader.values("actor.id", "", [pin], 5)
