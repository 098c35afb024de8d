"""Other implementations of C2SP read our notes, tiles and proofs, and we read theirs: tlog-scales and proofbundle."""

from __future__ import annotations

import gzip
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from affidavit.errors import MalformedProof
from affidavit.log.published import read
from affidavit.log.worker import Worker
from affidavit.tlog.checkpoint import Checkpoint, open_checkpoint
from affidavit.tlog.merkle import leaf_hash, root_of
from affidavit.tlog.note import Algorithm, Note, SigningKey, VerifierKey
from affidavit.tlog.proof import (
    consistency_proof,
    inclusion_proof,
    verify_consistency,
    verify_inclusion,
)
from affidavit.tlog.tiles import Tile, TileReader, decode_bundle

ORIGIN = "affidavit/" + "ab" * 16
SEED = bytes(range(32))
LEAVES = [f"entry {n}".encode() for n in range(700)]
HASHES = [leaf_hash(leaf) for leaf in LEAVES]


def node(level, index):
    return root_of(HASHES[index << level : (index + 1) << level])


# --- tlog-scales: tiles, checkpoints, proofs ---


class Published:
    """Our published files, as an HTTP client would see them: entry bundles are stored gzip."""

    def __init__(self, log):
        self._log = log

    def get(self, *path):
        from affidavit.errors import NotFound

        try:
            found = read(self._log, "main", "/".join(path))
        except NotFound:
            return None
        return gzip.decompress(found.data) if found.encoding == "gzip" else found.data


def test_tlog_scales_reads_our_log(log):
    reader = pytest.importorskip("tlog_scales.reader")
    signing = pytest.importorskip("tlog_scales.signing")
    log.record_many([{"action": "a.b", "actor": f"u{n}"} for n in range(600)])
    Worker(log).round(everything=True)
    log.record_many([{"action": "c.d"}] * 5)
    log.pin()
    theirs = reader.TilesReader(Published(log))
    checkpoint = theirs.get_checkpoint()
    assert (checkpoint.origin, checkpoint.size) == (log.pin().origin, 605)
    checkpoint.verify(signing.Vkey.from_string(log.tenant.log("main").keys[0].vkey))
    assert theirs.calculate_root_hash() == checkpoint.root_hash
    for index in (0, 255, 256, 599, 604):
        entry = theirs.get_entry(index)
        assert entry.startswith(b'{"action":')
        theirs.get_inclusion_proof(index, 605).check(leaf_hash(entry), checkpoint.root_hash)


def test_tlog_scales_checks_our_proofs():
    tlog = pytest.importorskip("tlog_scales.tlog")
    for size in (1, 2, 255, 256, 257, 700):
        root = root_of(HASHES[:size])
        for index in (0, size // 2, size - 1):
            tlog.InclusionProof(index, size, inclusion_proof(size, index, node)).check(HASHES[index], root)
        for old in (1, size // 2, size):
            if old:
                proof = consistency_proof(old, size, node)
                tlog.ConsistencyProof(old, size, proof).check(root_of(HASHES[:old]), root)


def test_we_read_a_log_that_tlog_scales_wrote(tmp_path):
    writer = pytest.importorskip("tlog_scales.writer")
    signing = pytest.importorskip("tlog_scales.signing")
    folder = tmp_path / "log"
    made = writer.TilesWriter.create(folder, ORIGIN)
    signer = signing.PlainEd25519Signer(ORIGIN, SEED)
    for start in range(0, 700, 300):  # grows partial tiles on the way
        for leaf in LEAVES[start : start + 300]:
            made.add_leaf(leaf)
        made.commit([signer])
    key = VerifierKey.parse(signer.vkey.serialize())
    assert key == SigningKey(ORIGIN, SEED).verifier()
    checkpoint = open_checkpoint((folder / "checkpoint").read_bytes(), ORIGIN, [key]).checkpoint
    assert (checkpoint.size, checkpoint.root) == (700, root_of(HASHES))
    tiles = TileReader(700, lambda tile: (folder / tile.path).read_bytes())
    for index in (0, 255, 256, 511, 699):
        width = min(256, 700 - index // 256 * 256)
        bundle = decode_bundle((folder / Tile(-1, index // 256, width).path).read_bytes(), width)
        assert bundle[index % 256] == LEAVES[index]
        verify_inclusion(700, index, leaf_hash(bundle[index % 256]), inclusion_proof(700, index, tiles.get_node),
                         checkpoint.root)  # fmt: skip
    theirs = made.reader.get_consistency_proof(300, 700).node_hashes
    verify_consistency(300, 700, theirs, root_of(HASHES[:300]), checkpoint.root)


def test_tlog_scales_verifies_our_cosignatures():
    tlog = pytest.importorskip("tlog_scales.tlog")
    signing = pytest.importorskip("tlog_scales.signing")
    witness = SigningKey("witness.example/w1", sha256(b"w").digest(), Algorithm.COSIGNATURE_V1)
    note = Checkpoint(ORIGIN, 700, root_of(HASHES)).sign([SigningKey(ORIGIN, SEED)])
    note = note.with_signatures([witness.sign(note.text, 1_790_000_000)])
    theirs = tlog.Checkpoint.from_text(note.to_bytes().decode())
    theirs.verify(signing.Vkey.from_string(str(witness.verifier())))
    assert theirs.serialize().encode() == note.to_bytes()


# --- proofbundle: notes, cosignatures, proofs; strict where tlog-scales is easy ---


@pytest.fixture
def theirs():
    return pytest.importorskip("proofbundle.checkpoint")


def test_proofbundle_verifies_our_checkpoint_and_cosignature(theirs):
    key, witness = SigningKey(ORIGIN, SEED), SigningKey("w.example", sha256(b"w").digest(), Algorithm.COSIGNATURE_V1)
    note = Checkpoint(ORIGIN, 700, root_of(HASHES)).sign([key])
    text = note.with_signatures([witness.sign(note.text, 1_790_000_000)]).to_bytes().decode()
    found = theirs.verify_checkpoint(text, str(key.verifier()))
    assert (found["ok"], found["origin"], found["tree_size"]) == (True, ORIGIN, 700)
    cosigned = theirs.verify_cosignature(text, str(witness.verifier()))
    assert (cosigned["ok"], cosigned["timestamp"]) == (True, 1_790_000_000)
    assert not theirs.verify_checkpoint(text.replace("\n700\n", "\n701\n"), str(key.verifier()))["ok"]


def test_we_verify_their_checkpoint_and_cosignature(theirs):
    key, witness = Ed25519PrivateKey.from_private_bytes(SEED), Ed25519PrivateKey.from_private_bytes(SEED[::-1])
    text = theirs.sign_checkpoint(ORIGIN, 700, root_of(HASHES), key, ORIGIN)
    text = theirs.cosign_checkpoint(text, witness, "w.example", 1_790_000_000)
    mine = VerifierKey.parse(theirs.vkey(ORIGIN, key.public_key().public_bytes_raw()))
    seen = VerifierKey.parse(theirs.cosign_vkey("w.example", witness.public_key().public_bytes_raw()))
    signed = open_checkpoint(text.encode(), ORIGIN, [mine], [seen])
    assert signed.checkpoint.root == root_of(HASHES)
    assert [found.timestamp_s for found in signed.cosignatures] == [1_790_000_000]
    with pytest.raises(MalformedProof):
        Note.parse(text.replace("\n700\n", "\n701\n").encode()).verify([mine])


def test_proofs_are_the_same_on_both_sides():
    merkle = pytest.importorskip("proofbundle.merkle")
    for size in (1, 2, 3, 255, 257, 700):
        root = root_of(HASHES[:size])
        assert merkle.merkle_tree_hash(LEAVES[:size]) == root
        for index in (0, size // 3, size - 1):
            proof = inclusion_proof(size, index, node)
            assert merkle.inclusion_proof(LEAVES[:size], index) == proof
            assert merkle.verify_inclusion(LEAVES[index], index, size, proof, root)
        for old in (1, size // 2 or 1):
            proof = consistency_proof(old, size, node)
            assert merkle.verify_consistency(old, size, proof, root_of(HASHES[:old]), root)


def test_a_proof_in_one_file_is_read_by_proofbundle(theirs):
    """C2SP tlog-proof: index, hashes and the checkpoint in one text."""
    proofs = pytest.importorskip("proofbundle.tlogproof")
    key = SigningKey(ORIGIN, SEED)
    note = Checkpoint(ORIGIN, 700, root_of(HASHES)).sign([key]).to_bytes().decode()
    text = proofs.format_tlog_proof(255, inclusion_proof(700, 255, node), note)
    assert proofs.verify_tlog_proof(text, LEAVES[255], str(key.verifier()), expected_origin=ORIGIN)["ok"]
    assert not proofs.verify_tlog_proof(text, LEAVES[254], str(key.verifier()), expected_origin=ORIGIN)["ok"]
