"""Proof of one entry: the entry, its inclusion proof, and the checkpoint it holds for."""

from __future__ import annotations

import base64
from typing import Any

from affidavit.errors import IntegrityError, MalformedProof, NotFound
from affidavit.log.audit_log import AuditLog
from affidavit.tlog.merkle import leaf_hash
from affidavit.tlog.proof import inclusion_proof, verify_inclusion


def prove(log: AuditLog, stream: str, index: int) -> dict[str, Any]:
    """{origin, stream, index, size, entry, leaf, proof, root, checkpoint}: hashes in base64, the note as text.

    Checked before it is returned. Raises NotFound for an index past the end, IntegrityError where the log lies.
    """
    pin = log.pin(stream)
    if not 0 <= index < pin.size:
        raise NotFound(f"stream {stream} has {pin.size} entries; there is no index {index}", "Indexes count from 0")
    entry = next(log.entries(stream).read(index, index + 1))
    proof = inclusion_proof(pin.size, index, log.tree(stream).node)
    leaf = leaf_hash(entry)
    try:
        verify_inclusion(pin.size, index, leaf, proof, pin.root)
    except MalformedProof as error:
        raise IntegrityError(f"the proof of entry {index} does not hold: {error}", "Run affidavit log fsck") from error
    return {
        "origin": pin.origin,
        "stream": stream,
        "index": index,
        "size": pin.size,
        "entry": entry.decode(),
        "leaf": base64.b64encode(leaf).decode(),
        "proof": [base64.b64encode(node).decode() for node in proof],
        "root": base64.b64encode(pin.root).decode(),
        "checkpoint": pin.note.decode(),
    }
