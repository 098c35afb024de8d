"""Events that a bundle opens for its verdicts: the attestation, and what `support.ndjson` holds.

A line is `[k,index,entry,{path:[tag,salt hex,value]},{path:commitment hex}]`: the entry's text, the fields opened, and
the commitments of all others. A `record.erased` event has a sixth item, the erasures it covers:
`[[origin,index,[path,…],nonce hex,leaf,size,[hash hex,…]],…]`. docs/format.md, "Supporting events".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from affidavit.commitment import Entry, field_commitment, parse_entry, record_commitment
from affidavit.errors import MalformedProof
from affidavit.paths import PATH_RE
from affidavit.tlog.merkle import leaf_hash
from affidavit.tlog.proof import verify_inclusion
from affidavit.verify import strict
from affidavit.verify.manifest import LogRef, is_shadowing
from affidavit.verify.own import ERASED, PURGED, SUCCESS, TABLE, read_own

ATTESTATION_BYTES_MAX: Final = 8 << 20
SUPPORT_BYTES_MAX: Final = 64 << 20
LINE_BYTES_MAX: Final = 8 << 20
LINES_MAX: Final = 100_000
ERASURES_MAX: Final = 1_000_000
FIELDS_MAX: Final = 4096
NONCE_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Opened:
    """An event whose openings gave the commitment in its entry. `fields` maps opened paths to (tag, value)."""

    k: int
    index: int
    data: bytes
    entry: Entry
    fields: Mapping[str, tuple[str, str]]
    erasures: tuple[Any, ...] = ()
    own: Mapping[str, Any] = field(default_factory=dict)
    """What it opens as an own event that counts, read; empty for any other."""

    @property
    def counts(self) -> bool:
        """Whether it is an own event that verification reads, other than an attestation."""
        return bool(self.own)

    @property
    def place(self) -> tuple[int, int, int]:
        """What events are before and after each other by."""
        return (self.entry.t_us, self.k, self.index)

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
    if len(parts) == 6 and (entry.action, entry.outcome) != (ERASED, SUCCESS):
        raise MalformedProof(f"{what}: only {ERASED} of outcome {SUCCESS} has a sixth item")
    own = {}
    if entry.action in TABLE and entry.outcome == SUCCESS:
        own = read_own(entry.action, fields, frozenset(paths), what)
    return Opened(k, index, data, entry, fields, erasures, own)


@dataclass(slots=True)
class Support:
    """All opened events of a bundle: by log and index their entries, and what was erased in which record."""

    attestation: Opened
    singles: dict[int, dict[int, bytes]] = field(default_factory=dict)
    erased: dict[tuple[str, int], set[str]] = field(default_factory=dict)
    own: list[Opened] = field(default_factory=list)
    """Own events that count, in the order of the file."""

    def add(self, event: Opened) -> None:
        """Keep an event's entry for the proofs, and what it proves to be erased."""
        log = self.singles.setdefault(event.k, {})
        if log.setdefault(event.index, event.data) != event.data:
            raise MalformedProof(f"two entries for [{event.k},{event.index}]")
        if event.counts:
            self.own.append(event)
        for item in event.erasures:
            self._erasure(event, item)

    @property
    def control(self) -> set[int]:
        """Logs that own events stand in: they must be `control` streams."""
        return {event.k for event in self.own}

    def bind(self, logs: Sequence[LogRef]) -> None:
        """Include the last entry of every purge in the proof of its log."""
        by_origin = {log.origin: log.k for log in sorted(logs, key=lambda log: log.size is not None)}
        for event in self.own:
            if event.entry.action == PURGED and (k := by_origin.get(event.own["purge.origin"])) is not None:
                index, last = event.own["purge.end"] - 1, event.own["purge.last"]
                if self.singles.setdefault(k, {}).setdefault(index, last) != last:
                    raise MalformedProof(f"two entries for [{k},{index}]")

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
        root = event.own["erasure.root"]
        data = nonce + f"{origin}\n{index}\n".encode() + "\n".join(paths).encode()
        verify_inclusion(size, leaf, leaf_hash(data), proof, root)
        self.erased.setdefault((origin, index), set()).update(paths)


def read_support(lines: Iterable[bytes], attestation: bytes, logs: Sequence[LogRef]) -> Support:
    """Read attestation.json and the lines of support.ndjson."""
    support = Support(open_event(strict.load_compact(attestation, "attestation.json"), "attestation.json"))
    support.add(support.attestation)
    for n, line in enumerate(lines):
        if n >= LINES_MAX:
            raise MalformedProof(f"support.ndjson has more than {LINES_MAX} lines")
        support.add(open_event(strict.load_json(line, f"support.ndjson:{n + 1}"), f"support.ndjson:{n + 1}"))
    if max(support.singles) >= len(logs):
        raise MalformedProof(f"an event is of log {max(support.singles)}, and the bundle has {len(logs)}")
    support.bind(logs)
    return support
