import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affidavit.errors import MalformedProof
from affidavit.tlog import EMPTY_ROOT, Algorithm, Checkpoint, SigningKey, VerifierKey, open_checkpoint
from tests.tlog.naive import leaves_of, mth

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "tlog" / "notes.json").read_text())
LOG = SigningKey("log.example", bytes(32))
WITNESS = SigningKey("witness.example", b"\1" * 32, Algorithm.COSIGNATURE_V1)
HEAD = Checkpoint("log.example", 7, mth(leaves_of(7)))


def test_golden_checkpoint():
    log, witness = VerifierKey.parse(VECTORS["log_key"]), VerifierKey.parse(VECTORS["witness_key"])
    opened = open_checkpoint(VECTORS["good"][2]["note"].encode(), log.name, [log], [witness])
    assert opened.checkpoint == Checkpoint(log.name, 300, mth(leaves_of(300)))
    assert [found.timestamp_s for found in opened.signatures] == [None, 1700000000]
    assert [found.key for found in opened.cosignatures] == [witness]


@pytest.mark.parametrize("text", VECTORS["bad_checkpoints"])
def test_texts_that_are_no_checkpoint(text):
    with pytest.raises(MalformedProof):
        Checkpoint.parse(text)


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff"), min_size=1),
    st.integers(1, 2**63 - 1),
    st.binary(min_size=32, max_size=32),
    st.lists(st.text("ab —+", min_size=1), max_size=2),
)
def test_a_checkpoint_reads_back(origin, size, root, extensions):
    checkpoint = Checkpoint(origin, size, root, tuple(extensions))
    assert Checkpoint.parse(checkpoint.text()) == checkpoint


@given(st.text(max_size=80) | st.from_regex(r"[ab]\n[0-9]{1,3}\n[A-Za-z0-9+/]{43}=\n(e\n)?", fullmatch=True))
def test_noise_is_refused_or_reads_back(text):
    try:
        checkpoint = Checkpoint.parse(text)
    except MalformedProof:
        return
    assert checkpoint.text() == text


def test_the_empty_log():
    empty = Checkpoint("log.example", 0, EMPTY_ROOT)
    assert Checkpoint.parse(empty.text()) == empty
    with pytest.raises(MalformedProof, match="size 0"):
        replace(empty, root=bytes(32))


@pytest.mark.parametrize(
    "change",
    [
        {"size": -1},
        {"size": 2**63},
        {"root": bytes(31)},
        {"origin": ""},
        {"origin": "a\nb"},
        {"origin": "a\tb"},
        {"extensions": ("",)},
    ],
)
def test_checkpoints_that_can_not_be_made(change):
    with pytest.raises(MalformedProof):
        replace(HEAD, **change)


def test_opening_needs_the_log_itself():
    note = HEAD.sign([LOG])
    cosigned = note.with_signatures([WITNESS.sign(note.text, 9)])
    assert open_checkpoint(note.to_bytes(), "log.example", [LOG.verifier()]).checkpoint == HEAD
    with pytest.raises(MalformedProof, match=r"not of 'other\.example'"):
        open_checkpoint(note.to_bytes(), "other.example", [LOG.verifier()])
    with pytest.raises(MalformedProof, match="No signature by a known key"):
        open_checkpoint(cosigned.to_bytes(), "log.example", [], [WITNESS.verifier()])


def test_a_false_cosignature_of_a_known_witness_spoils_it():
    note = HEAD.sign([LOG])
    false = note.with_signatures([WITNESS.sign("another\n", 9)])
    with pytest.raises(MalformedProof, match=r"cosignature of 'witness\.example' does not verify"):
        open_checkpoint(false.to_bytes(), "log.example", [LOG.verifier()], [WITNESS.verifier()])
    assert open_checkpoint(false.to_bytes(), "log.example", [LOG.verifier()]).cosignatures == ()
