import base64
import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affidavit.errors import InvalidRequest, MalformedProof
from affidavit.tlog import Algorithm, Note, Signature, SigningKey, VerifierKey, sign_note
from affidavit.tlog.note import NOTE_BYTES_MAX, SIGNATURES_MAX, TIMESTAMP_MAX, key_id

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "tlog" / "notes.json").read_text())
KEYS = [VerifierKey.parse(VECTORS["log_key"]), VerifierKey.parse(VECTORS["witness_key"])]
GOOD = VECTORS["good"][2]["note"].encode()
LOG = SigningKey("log.example", bytes(32))
WITNESS = SigningKey("witness.example", b"\1" * 32, Algorithm.COSIGNATURE_V1)


@pytest.mark.parametrize("case", VECTORS["good"], ids=lambda case: case["name"])
def test_good_notes(case):
    note = Note.parse(case["note"].encode())
    verified = note.verify([VerifierKey.parse(key) for key in case["keys"]])
    assert [str(found.key) for found in verified] == case["keys"]
    assert [found.timestamp_s for found in verified] == case["times"]
    assert note.to_bytes() == case["note"].encode()


@pytest.mark.parametrize("case", VECTORS["bad"], ids=lambda case: case["name"])
def test_bad_notes(case):
    with pytest.raises(MalformedProof):
        Note.parse(case["note"].encode()).verify(KEYS)


def test_the_notes_printed_in_the_specifications_are_in_form():
    poem = (
        "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n"
        "— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXx"
        "j99ihAQwaqP3ZekRwNtIc=\n"
    )
    note = Note.parse(poem.encode())
    assert note.text.endswith("sole:\n\ned è subito sera.\n")
    assert note.signatures[0].name == "quasimodo.example/salvatore"
    with pytest.raises(MalformedProof, match="No signature by a known key"):
        note.verify(KEYS)
    with pytest.raises(MalformedProof, match="none given"):
        note.verify([])


@pytest.mark.parametrize(
    "line",
    [
        "",
        "—",
        "— ",
        "— name",
        "— name ",
        "— name AAAAAA==",
        "— name AAAAAAA= ",
        "— name  AAAAAAA=",
        "- name AAAAAAA=",
        "— na+me AAAAAAA=",
        "— na\tme AAAAAAA=",
        "— name AAAA\x00AAA=",
    ],
)
def test_lines_that_are_no_signature_whoever_signed(line):
    assert Note.parse("a\n\n— name AAAAAAA=\n".encode()).signatures[0].signature == b"\0"
    with pytest.raises(MalformedProof):
        Note.parse(f"a\n\n{line}\n".encode())


def test_a_text_may_hold_what_looks_like_signatures():
    inner = sign_note("a\n", [LOG]).to_bytes().decode()
    note = Note.parse(sign_note(inner, [LOG]).to_bytes())
    assert note.text == inner
    assert note.verify([LOG.verifier()])[0].key == LOG.verifier()


def test_one_wrong_signature_of_a_known_key_spoils_the_note():
    note = sign_note("a\n", [LOG])
    forged = Signature(LOG.name, note.signatures[0].key_id, bytes(64))
    with pytest.raises(MalformedProof, match="does not verify"):
        note.with_signatures([forged]).verify([LOG.verifier()])
    unknown = Signature(LOG.name, b"\0\0\0\0", bytes(64))
    assert len(note.with_signatures([unknown]).verify([LOG.verifier()])) == 1


def test_a_key_that_signed_twice_counts_once():
    note = Note("a\n", (WITNESS.sign("a\n", 5), WITNESS.sign("a\n", 6)))
    assert [found.timestamp_s for found in note.verify([WITNESS.verifier()])] == [5]


def test_one_key_with_two_algorithms_is_two_keys():
    twin = SigningKey(LOG.name, LOG.seed, Algorithm.COSIGNATURE_V1)
    assert twin.verifier().id != LOG.verifier().id
    assert twin.verifier().id == key_id(LOG.name, 4, LOG.verifier().public_key)


def test_cosignature_times():
    for time in (0, 1, TIMESTAMP_MAX):
        note = Note("a\n", (WITNESS.sign("a\n", time),))
        assert note.verify([WITNESS.verifier()])[0].timestamp_s == time
    for time in (-1, TIMESTAMP_MAX + 1):
        with pytest.raises(InvalidRequest):
            WITNESS.sign("a\n", time)
    late = Signature(WITNESS.name, WITNESS.verifier().id, b"\xff" * 72)
    with pytest.raises(MalformedProof, match="impossible time"):
        Note("a\n", (late,)).verify([WITNESS.verifier()])
    with pytest.raises(MalformedProof, match="71 bytes, not 72"):
        Note("a\n", (Signature(late.name, late.key_id, bytes(71)),)).verify([WITNESS.verifier()])


def test_only_cosignatures_carry_a_time():
    with pytest.raises(InvalidRequest, match="needs a time"):
        WITNESS.sign("a\n")
    with pytest.raises(InvalidRequest, match="carries no time"):
        LOG.sign("a\n", 1)


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "name",
        "name+00000000+",
        "name+zzzzzzzz+AQ==",
        VECTORS["log_key"].replace("+", " + "),
        VECTORS["log_key"].replace("affidavit/", ""),
        VECTORS["log_key"] + "\n",
        VECTORS["log_key"][:-1],
        VECTORS["log_key"].upper(),
        "x+" + key_id("x", 2, KEYS[0].public_key).hex() + "+"
        + base64.b64encode(b"\2" + KEYS[0].public_key).decode(),
        "x+" + key_id("x", 1, bytes(32)).hex() + "+" + base64.b64encode(b"\1" + bytes(32)).decode(),
    ],
)  # fmt: skip
def test_verifier_keys_that_are_refused(vkey):
    with pytest.raises(MalformedProof):
        VerifierKey.parse(vkey)


@pytest.mark.parametrize(
    "name", ["", "a b", "a+b", "a\nb", "a\u00a0b", "a\u2003b", "a\u3000b", "a\x85b", "a\x00b", "a\ud800b"]
)
def test_names_that_no_key_can_have(name):
    with pytest.raises(MalformedProof):
        SigningKey(name, bytes(32))


@pytest.mark.parametrize("text", ["", "a", "a\tb\n", "a\r\n", "\x00\n", "\ufeffa\n", "\ud800\n"])
def test_texts_that_are_not_signed(text):
    with pytest.raises(MalformedProof):
        sign_note(text, [LOG])


def test_the_seed_is_not_shown():
    assert "seed" not in repr(LOG)
    with pytest.raises(InvalidRequest, match="32 bytes, not 31"):
        SigningKey("name", bytes(31))


def test_limits_at_their_edges():
    line = str(LOG.sign("a\n"))
    most = ("a\n\n" + line * SIGNATURES_MAX).encode()
    assert len(Note.parse(most).verify([LOG.verifier()])) == 1
    with pytest.raises(MalformedProof, match="limit is 100"):
        Note.parse(most + line.encode())
    room = NOTE_BYTES_MAX - len(sign_note("\n", [LOG]).to_bytes())
    largest = sign_note("a" * room + "\n", [LOG])
    assert Note.parse(largest.to_bytes()) == largest
    with pytest.raises(MalformedProof, match="above the limit of 1000000"):
        Note.parse(b"a" + largest.to_bytes())
    for text, keys in (("a" * (room + 1) + "\n", [LOG]), ("a\n", [LOG] * 101), ("a\n", [])):
        with pytest.raises(InvalidRequest):
            sign_note(text, keys)


def refused_or_same(data: bytes) -> None:
    """Whatever parses, prints as the same bytes; whatever does not raises MalformedProof and nothing else."""
    try:
        note = Note.parse(data)
    except MalformedProof:
        return
    assert note.to_bytes() == data
    try:
        verified = note.verify(KEYS)
    except MalformedProof:
        return
    assert verified
    assert note.text == Note.parse(GOOD).text


@given(st.binary(max_size=200))
def test_noise(data):
    refused_or_same(data)


@given(st.integers(0, len(GOOD)), st.integers(0, 9), st.binary(max_size=4))
def test_a_good_note_with_bytes_changed(at, drop, put):
    refused_or_same(GOOD[:at] + put + GOOD[at + drop :])


@given(st.text(max_size=60))
def test_noise_as_a_verifier_key(text):
    with contextlib.suppress(MalformedProof):
        assert str(VerifierKey.parse(text)) == text
