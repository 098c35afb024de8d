"""A C2SP transparency log and nothing of audit: tree, proofs, signed notes, checkpoints, tiles.

Pure: opens no file, reads no clock. RFC 6962, RFC 9162; C2SP signed-note, tlog-checkpoint, tlog-cosignature,
tlog-tiles.
"""

from affidavit.tlog.checkpoint import Checkpoint, SignedCheckpoint, open_checkpoint
from affidavit.tlog.merkle import EMPTY_ROOT, Frontier, NodeRun, leaf_hash, node_hash, root_of
from affidavit.tlog.note import Algorithm, Note, Signature, SigningKey, Verified, VerifierKey, sign_note
from affidavit.tlog.proof import (
    consistency_proof,
    inclusion_proof,
    range_proof,
    subtree_hash,
    verify_consistency,
    verify_inclusion,
    verify_range_proof,
)
from affidavit.tlog.tiles import Tile, TileReader, tiles_for_range

__all__ = [
    "EMPTY_ROOT",
    "Algorithm",
    "Checkpoint",
    "Frontier",
    "NodeRun",
    "Note",
    "Signature",
    "SignedCheckpoint",
    "SigningKey",
    "Tile",
    "TileReader",
    "Verified",
    "VerifierKey",
    "consistency_proof",
    "inclusion_proof",
    "leaf_hash",
    "node_hash",
    "open_checkpoint",
    "range_proof",
    "root_of",
    "sign_note",
    "subtree_hash",
    "tiles_for_range",
    "verify_consistency",
    "verify_inclusion",
    "verify_range_proof",
]
