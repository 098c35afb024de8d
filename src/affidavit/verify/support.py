"""Events that a bundle opens for its verdicts: the attestation, and what `support.ndjson` holds.

A line is `[k,index,entry,{path:[tag,salt hex,value]},{path:commitment hex}]`: the entry's text, the fields opened, and
the commitments of all others. A `record.erased` event has a sixth item, the erasures it covers:
`[[origin,index,[path,…],nonce hex,leaf,size,[hash hex,…]],…]`. docs/format.md, "Supporting events".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from affidavit.commitment import Entry, field_commitment, parse_entry, record_commitment
from affidavit.errors import MalformedProof
from affidavit.paths import PATH_RE
from affidavit.tlog.merkle import leaf_hash
from affidavit.tlog.proof import verify_inclusion
from affidavit.verify import strict
from affidavit.verify.manifest import is_shadowing

ATTESTATION_BYTES_MAX: Final = 8 << 20
SUPPORT_BYTES_MAX: Final = 64 << 20
LINE_BYTES_MAX: Final = 8 << 20
LINES_MAX: Final = 100_000
ERASURES_MAX: Final = 1_000_000
FIELDS_MAX: Final = 4096
NONCE_BYTES: Final = 16
ERASED: Final = "record.erased"
EXPORTED: Final = "export.created"


@dataclass(frozen=True, slots=True)
class Opened:
    """An event whose openings gave the commitment in its entry. `fields` maps opened paths to (tag, value)."""

    k: int
    index: int
    data: bytes
    entry: Entry
    fields: Mapping[str, tuple[str, str]]
    erasures: tuple[Any, ...] = ()

    def text(self, path: str) -> str | None:
        """The value of an opened string field."""
        tag, value = self.fields.get(path, ("", ""))
        return value if tag == "s" else None


def open_event(value: Any, what: str) -> Opened:
    """Open one line; MalformedProof where it is not in form or does not give its entry's commitment."""
    parts = strict.array(value, what, 6)
    if len(parts) < 5:
        raise MalformedProof(f"{what} has {len(parts)} items, not 5")
    k, index = strict.integer(parts[0], f"{what}: k"), strict.integer(parts[1], f"{what}: index")
    data = strict.text(parts[2], f"{what}: entry", 1024).encode()
    opened, hidden = parts[3], parts[4]
    if not isinstance(opened, dict) or not isinstance(hidden, dict) or len(opened) + len(hidden) > FIELDS_MAX:
        raise MalformedProof(f"{what}: openings and commitments are not two objects of {FIELDS_MAX} fields")
    commitments: dict[str, bytes] = {}
    fields: dict[str, tuple[str, str]] = {}
    for path, item in opened.items():
        if len(strict.array(item, f"{what}: {path[:140]}", 3)) != 3:
            raise MalformedProof(f"{what}: {path[:140]} is not opened by tag, salt and value")
        tag, text = item[0], strict.text(item[2], f"{what}: {path[:140]}", LINE_BYTES_MAX, empty=True)
        if tag == "j":
            strict.check_json_value(text)
        commitments[path] = field_commitment(path, tag, strict.unhex(item[1], what, 16), text.encode())
        fields[path] = (tag, text)
    for path, digest in hidden.items():
        if path in commitments:
            raise MalformedProof(f"{what}: {path[:140]} is open and hidden at once")
        commitments[path] = strict.unhex(digest, f"{what}: {path[:140]}", 32)
    paths = sorted(commitments)
    if any(is_shadowing(path) for path in paths):
        raise MalformedProof(f"{what}: a field has the name of a public key or virtual column")
    entry = parse_entry(data)
    if record_commitment(paths, [commitments[path] for path in paths]) != entry.c:
        raise MalformedProof(f"{what}: the openings do not give the commitment of entry {index}")
    erasures = tuple(strict.array(parts[5], f"{what}: erasures", ERASURES_MAX)) if len(parts) == 6 else ()
    if len(parts) == 6 and entry.action != ERASED:
        raise MalformedProof(f"{what}: only {ERASED} has a sixth item")
    return Opened(k, index, data, entry, fields, erasures)


@dataclass(slots=True)
class Support:
    """All opened events of a bundle: by log and index their entries, and what was erased in which record."""

    attestation: Opened
    singles: dict[int, dict[int, bytes]] = field(default_factory=dict)
    erased: dict[tuple[str, int], set[str]] = field(default_factory=dict)
    control: set[int] = field(default_factory=set)
    """Logs that erasure events stand in: they must be `control` streams."""

    def add(self, event: Opened) -> None:
        """Keep an event's entry for the proofs, and what it proves to be erased."""
        log = self.singles.setdefault(event.k, {})
        if log.setdefault(event.index, event.data) != event.data:
            raise MalformedProof(f"two entries for [{event.k},{event.index}]")
        for item in event.erasures:
            self._erasure(event, item)

    def _erasure(self, event: Opened, item: Any) -> None:
        what = f"erasure by [{event.k},{event.index}]"
        if len(strict.array(item, what, 7)) != 7:
            raise MalformedProof(f"{what} does not have 7 items")
        origin = strict.text(item[0], what, 64)
        index, leaf, size = (strict.integer(item[n], what) for n in (1, 4, 5))
        paths = [strict.text(path, what, 128) for path in strict.array(item[2], what, FIELDS_MAX)]
        if not paths or any(not PATH_RE.match(path) for path in paths):
            raise MalformedProof(f"{what}: no paths, or a malformed one")
        nonce = strict.unhex(item[3], what, NONCE_BYTES)
        proof = [strict.unhex(node, what, 32) for node in strict.array(item[6], what, 64)]
        root = strict.unhex(event.text("erasure.root"), f"{what}: erasure.root", 32)
        data = nonce + f"{origin}\n{index}\n".encode() + "\n".join(paths).encode()
        verify_inclusion(size, leaf, leaf_hash(data), proof, root)
        self.erased.setdefault((origin, index), set()).update(paths)
        self.control.add(event.k)


def read_support(lines: Iterable[bytes], attestation: bytes, logs: int) -> Support:
    """Read attestation.json and the lines of support.ndjson."""
    support = Support(open_event(strict.load_compact(attestation, "attestation.json"), "attestation.json"))
    support.add(support.attestation)
    for n, line in enumerate(lines):
        if n >= LINES_MAX:
            raise MalformedProof(f"support.ndjson has more than {LINES_MAX} lines")
        support.add(open_event(strict.load_json(line, f"support.ndjson:{n + 1}"), f"support.ndjson:{n + 1}"))
    if max(support.singles) >= logs:
        raise MalformedProof(f"an event is of log {max(support.singles)}, and the bundle has {logs}")
    return support
