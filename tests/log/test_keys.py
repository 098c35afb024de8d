"""Keys: made once, read by nobody else, never mistaken for another home's."""

import base64
import stat

import pytest

from affidavit.errors import InvalidRequest, NotFound, StorageError
from affidavit.log import keys
from affidavit.log.audit_log import AuditLog
from affidavit.log.keys import MASTER_KEY_FILE, MASTER_KEY_VARIABLE, Keys

KEY = base64.b64encode(bytes(range(32))).decode()


def test_a_key_is_made_once_with_mode_0600(tmp_path):
    made = keys.load(tmp_path, {}, create=True)
    file = tmp_path / MASTER_KEY_FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [path.name for path in file.parent.iterdir()] == ["master.key"]
    assert keys.load(tmp_path, {}, create=True) == made
    assert keys.load(tmp_path, {}, create=False) == made
    assert base64.b64decode(file.read_text()) == made.master


def test_none_is_made_where_none_may_be(tmp_path):
    with pytest.raises(NotFound, match=r"master\.key"):
        keys.load(tmp_path, {}, create=False)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o601])
def test_a_file_others_may_read_is_refused(tmp_path, mode):
    keys.load(tmp_path, {}, create=True)
    (tmp_path / MASTER_KEY_FILE).chmod(mode)
    with pytest.raises(InvalidRequest, match=f"{mode:04o}") as caught:
        keys.load(tmp_path, {}, create=True)
    assert "chmod 600" in caught.value.hint


@pytest.mark.parametrize("text", ["", "x", KEY[:-4], KEY + KEY, "é" * 44, "AAAA", KEY.replace("A", "*", 1)])
def test_malformed_keys_are_refused_and_not_shown(tmp_path, text):
    keys.load(tmp_path, {}, create=True)
    (tmp_path / MASTER_KEY_FILE).write_text(text, encoding="utf-8")
    for environ in ({}, {MASTER_KEY_VARIABLE: text}):
        with pytest.raises(InvalidRequest) as caught:
            keys.load(tmp_path, environ, create=True)
        assert not text or len(text) < 5 or text not in str(caught.value)


def test_the_environment_is_stronger_and_leaves_no_file(tmp_path):
    found = keys.load(tmp_path, {MASTER_KEY_VARIABLE: f" {KEY}\n"}, create=True)
    assert found.master == bytes(range(32))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_where_the_key_should_be(tmp_path):
    (tmp_path / MASTER_KEY_FILE).mkdir(parents=True, mode=0o700)
    with pytest.raises(StorageError, match=r"master\.key"):
        keys.load(tmp_path, {}, create=True)


def test_derived_keys_differ_by_every_part_and_say_nothing():
    made = Keys(bytes(range(32)))
    purposes = [("a",), ("b",), ("a", "b"), ("a", "b", "c"), ("ab",), ("a", ""), ("", "a")]
    assert len({made.derive(*purpose) for purpose in purposes}) == len(purposes)
    assert made.derive("a") == Keys(bytes(range(32))).derive("a") != Keys(bytes(32)).derive("a")
    assert len({made.mask_key(scope, cls) for scope in ("x", "y") for cls in ("staff", "ip")}) == 4
    assert len({str(made.checkpoint_key("affidavit/x", n).verifier()) for n in range(3)}) == 3
    assert repr(made) == f"{made}" == "Keys(…)"


def test_derivation_is_hkdf_sha256():
    """Against RFC 5869 written out with hmac: extract with a zero salt, expand one block."""
    import hashlib
    import hmac

    master = bytes(range(32))
    prk = hmac.digest(bytes(32), master, hashlib.sha256)
    info = b"affidavit/mask-key/v1\x00scope\x00staff"
    assert Keys(master).mask_key("scope", "staff") == hmac.digest(prk, info + b"\x01", hashlib.sha256)


def test_another_homes_key_is_refused(log, open_log, home):
    log.close()
    (home / MASTER_KEY_FILE).write_text(KEY)
    with pytest.raises(InvalidRequest, match="not the one that tenant default was made with"):
        open_log()


@pytest.mark.sqlite
def test_a_lost_key_is_not_replaced(log, home):
    log.close()
    (home / MASTER_KEY_FILE).unlink()
    with pytest.raises(NotFound, match=r"master\.key"):
        AuditLog.open(home)
    assert not (home / MASTER_KEY_FILE).exists()
