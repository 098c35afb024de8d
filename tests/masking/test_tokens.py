"""Tokens: the formula of the format, keys that separate, and the column as the scalar."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affidavit.errors import InvalidRequest
from affidavit.masking import base32, tokens
from affidavit.masking.tokens import (
    Tokenizer,
    TokenKeys,
    derive_key,
    key_commitment,
    proves,
    token,
    vault_token,
)

MASTER = bytes(range(32))
KEY = derive_key(MASTER, "export-1", "subject")
TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def by_the_book(key: bytes, value: str, tag: str) -> str:
    mac = hmac.new(key, tag.encode() + value.encode(), hashlib.sha256).digest()
    return "tk_" + base64.b32encode(mac).decode().rstrip("=").lower()[:26]


@given(st.binary(min_size=32, max_size=32), TEXT, st.sampled_from("sj"))
def test_a_token_is_base32_of_hmac(key: bytes, value: str, tag: str) -> None:
    expected = by_the_book(key, value, tag)
    assert token(key, value, tag) == Tokenizer(key).token(value, tag) == expected
    assert tokens.TOKEN_RE.match(expected)


def test_golden_values() -> None:
    hkdf = hmac.digest(b"\0" * 32, MASTER, "sha256")
    info = b"affidavit/mask-key/v1\x00export-1\x00subject"
    assert hmac.digest(hkdf, info + b"\x01", "sha256") == KEY
    assert key_commitment(KEY) == hashlib.sha256(b"affidavit/mask-key/v1\x00" + KEY).hexdigest()
    assert token(KEY, "user123") == GOLDEN


GOLDEN = "tk_mnmexxyffc3upyhbc66vv7hjsx"


def test_keys_differ_by_class_scope_and_master() -> None:
    keys = {
        derive_key(master, scope, cls)
        for master in (MASTER, b"x" * 32)
        for scope in ("export-1", "export-2")
        for cls in ("subject", "staff")
    }
    assert len(keys) == 8


@pytest.mark.parametrize(
    ("master", "scope", "cls", "says"),
    [
        (b"short", "e", "subject", "5 bytes"),
        (MASTER, "", "subject", "scope"),
        (MASTER, "a\0b", "subject", "scope"),
        (MASTER, "e", "nonsense", "'nonsense'"),
    ],
)
def test_bad_key_arguments_are_refused(master: bytes, scope: str, cls: str, says: str) -> None:
    with pytest.raises(InvalidRequest, match=says):
        derive_key(master, scope, cls)


def test_tag_keeps_a_string_and_its_json_apart() -> None:
    assert token(KEY, "1", "s") != token(KEY, "1", "j")


def test_a_shown_key_proves_and_refutes() -> None:
    shown, commitment = token(KEY, "u1"), key_commitment(KEY)
    assert proves(KEY, commitment, shown, "u1")
    assert not proves(KEY, commitment, shown, "u2")
    assert not proves(derive_key(MASTER, "export-2", "subject"), commitment, shown, "u1")


@given(st.lists(st.none() | TEXT, max_size=40))
def test_the_column_equals_the_scalar(values: list[str | None]) -> None:
    tokenizer = Tokenizer(KEY)
    expected = [None if value is None else token(KEY, value) for value in values]
    assert tokenizer.tokens(values) == expected
    assert tokenizer.column(pa.array(values, pa.string())).to_pylist() == expected
    chunked = pa.chunked_array([pa.array(values, pa.string()), pa.array(["x", None])])
    assert tokenizer.column(chunked).to_pylist() == [*expected, token(KEY, "x"), None]
    assert tokenizer.column(pa.array(values, pa.string()).dictionary_encode()).to_pylist() == expected


@given(st.lists(st.lists(st.none() | st.sampled_from(["a", "b", "ü"]) | TEXT, max_size=12), max_size=5))
def test_columns_one_after_another_remember_rightly(batches: list[list[str | None]]) -> None:
    tokenizer = Tokenizer(KEY, distinct_max=4)
    for values in batches:
        expected = [None if value is None else token(KEY, value) for value in values]
        assert tokenizer.column(pa.array(values, pa.string())).to_pylist() == expected
        assert len(tokenizer._known) <= 4


@pytest.mark.parametrize("tag", ["s", "j"])
def test_mostly_distinct_and_mostly_equal_columns_are_the_scalars(tag: str) -> None:
    tokenizer = Tokenizer(KEY)
    for values in (
        [None, *(f"v{n}" for n in range(300)), None],
        [None, *(f"v{n % 7}" for n in range(300))],
        [f"v{n % 9}" for n in range(300)],
        [None, None],
        [],
    ):
        expected = [None if value is None else token(KEY, value, tag) for value in values]
        assert tokenizer.column(pa.array(values, pa.string()), tag).to_pylist() == expected


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=20))
def test_base32_of_many_is_base32_of_each(digests: list[bytes]) -> None:
    expected = [base64.b32encode(digest).decode().lower()[:26] for digest in digests]
    assert base32.encode_column(digests).to_pylist() == expected
    assert [base32.encode(digest) for digest in digests] == expected


def test_the_map_of_distinct_values_is_bounded() -> None:
    tokenizer = Tokenizer(KEY, distinct_max=10)
    shown = tokenizer.tokens([f"u{i}" for i in range(95)])
    assert len(tokenizer._known) <= 10
    assert shown == [token(KEY, f"u{i}") for i in range(95)]


def test_token_keys_share_tokenizers_and_hide_the_master() -> None:
    keys = TokenKeys(MASTER, "export-1")
    assert keys.tokenizer("subject") is keys.tokenizer("subject")
    assert keys.commitments(["subject", "staff", "subject"]) == {
        "staff": key_commitment(derive_key(MASTER, "export-1", "staff")),
        "subject": key_commitment(KEY),
    }
    assert "\\x01\\x02" not in repr(keys)


def test_vault_tokens_have_their_own_form() -> None:
    assert tokens.VAULT_TOKEN_RE.match(vault_token(b"\xff" * 17))
    assert vault_token(b"\0" * 17) == "vt_" + "a" * 26
    with pytest.raises(InvalidRequest, match="16 bytes"):
        vault_token(b"\0" * 16)


def test_wrong_key_length_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="31 bytes"):
        Tokenizer(b"k" * 31)
