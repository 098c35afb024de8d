"""The manifest of a bundle, parsed strictly into types. docs/format.md, "manifest.json"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from affidavit.cells import KEEP, TRANSITIONS_MAX, VIRTUAL, ZONE_NAME_BYTES_MAX, Zone, check_mask_spec
from affidavit.commitment import parse_time
from affidavit.errors import InvalidQuery, MalformedProof
from affidavit.paths import CLASSES, PATH_BYTES_MAX, PATH_RE, PUBLIC_KEYS
from affidavit.query.tree import Query, from_json
from affidavit.verify import strict
from affidavit.verify.about import About, Counts, period_of
from affidavit.verify.trust import ORIGIN_RE, STREAM_RE

FORMAT: Final = "affidavit/1"
DRAFT: Final = "draft"
MANIFEST_BYTES_MAX: Final = 64 << 20
LOGS_MAX: Final = 64
RANGES_MAX: Final = 2_000_000
CONTAINERS_MAX: Final = 4_000_000
COLUMNS_MAX: Final = 1024
TEXT_BYTES_MAX: Final = 4096
EVIDENCE: Final = ("full", "rows", "none")
DATA_FORMATS: Final = ("csv", "json", "ndjson", "parquet", "xlsx", "pdf")
ROWS_FILES: Final = ("openings.ndjson", "salts.bin", "hidden.bin", "support.ndjson")
README: Final = "README.txt"
PAGE: Final = "verify.html"
_UUID_RE: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the data file: label, path (or virtual path), mask spec."""

    label: str
    path: str
    mask: Mapping[str, Any]

    @property
    def kept(self) -> bool:
        """Whether cells show their values."""
        return bool(self.mask["mask"] == KEEP)


@dataclass(frozen=True, slots=True)
class LogRef:
    """A log of the bundle. `size` None: the attesting log, whose checkpoint was made after the manifest."""

    k: int
    origin: str
    stream: str
    queried: bool
    size: int | None
    ranges: tuple[Range, ...]
    cuts: tuple[int, ...]

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"log {self.k} ({self.stream})"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the bundle says of itself; nothing of it may be believed before step 8."""

    export_id: str
    created: str
    recipient: str | None
    reason: str | None
    tenant: str
    query: Query
    query_json: Any
    profile: str
    zone: Zone
    columns: tuple[Column, ...]
    counts: Counts
    evidence: str
    data_name: str
    data_format: str
    bare: bool
    logs: tuple[LogRef, ...]
    files: Mapping[str, bytes]
    columns_json: Any

    def about(self) -> About:
        """What the data file must say of itself."""
        return About(
            self.export_id,
            self.created,
            self.tenant,
            self.profile,
            self.zone.name,
            self.evidence,
            self.query_json,
            period_of(self.query),
            self.columns_json,
            self.recipient,
            self.reason,
        )


def parse_manifest(data: bytes) -> Manifest:
    """Parse manifest.json. Raises MalformedProof naming the key."""
    if data.count(b"[") + data.count(b"{") > CONTAINERS_MAX:  # each costs memory long before it is looked at
        raise MalformedProof(f"manifest.json has more than {CONTAINERS_MAX} lists and objects")
    obj = strict.load_json(data, "manifest.json")
    strict.keys(
        obj,
        ("format", "export", "tenant", "query", "profile", "zone", "columns", "tokens", "counts", "evidence",
         "data", "logs", "files"),
        "manifest.json",
    )  # fmt: skip
    if obj["format"] == DRAFT:
        raise MalformedProof(
            "the bundle is a draft, made before the format was fixed, and no longer verified: export anew"
        )
    if obj["format"] != FORMAT:
        raise MalformedProof(f"manifest format {str(obj['format'])[:40]!r} is not {FORMAT!r}")
    export = strict.keys(obj["export"], ("id", "created", "recipient", "reason"), "export")
    export_id = strict.text(export["id"], "export.id", 36)
    if not _UUID_RE.match(export_id):
        raise MalformedProof(f"export.id {export_id!r} is no lower-case UUID")
    created = strict.text(export["created"], "export.created", 27)
    parse_time(created)
    _no_negative(obj["query"])
    try:
        query = from_json(obj["query"])
    except InvalidQuery as error:
        raise MalformedProof(f"manifest: {error}") from None
    if obj["evidence"] not in EVIDENCE:
        raise MalformedProof(f"evidence {str(obj['evidence'])[:40]!r} is not {', '.join(EVIDENCE)}")
    name, form, bare = _data(obj["data"])
    logs = _logs(obj["logs"], obj["evidence"])
    return Manifest(
        export_id,
        created,
        _optional(export["recipient"], "export.recipient"),
        _optional(export["reason"], "export.reason"),
        strict.text(obj["tenant"], "tenant", 128),
        query,
        obj["query"],
        strict.text(obj["profile"], "profile", 128),
        _zone(obj["zone"]),
        _columns(obj["columns"], obj["tokens"]),
        _counts(obj["counts"]),
        obj["evidence"],
        name,
        form,
        bare,
        logs,
        _files(obj["files"], obj["evidence"], name, logs),
        obj["columns"],
    )


def _no_negative(query: Any) -> None:
    """Numbers of a manifest are plain; queries from elsewhere may have others as operands."""
    level = [query]
    while level:
        node = level.pop()
        if type(node) is int and node < 0:
            raise MalformedProof(f"manifest: query: number {node} is not plain")
        if isinstance(node, dict):
            level.extend(node.values())
        elif isinstance(node, list):
            level.extend(item for item in node if type(item) is not str)


def _optional(value: Any, what: str) -> str | None:
    return None if value is None else strict.text(value, what, TEXT_BYTES_MAX, empty=True)


def _data(obj: Any) -> tuple[str, str, bool]:
    strict.keys(obj, ("name", "format"), "data", ("bare",))
    form = obj["format"]
    if form not in DATA_FORMATS or obj["name"] != f"data.{form}":
        raise MalformedProof(f"data {str(obj)[:80]} is not data.<format> of {', '.join(DATA_FORMATS)}")
    if "bare" in obj and (obj["bare"] is not True or form != "json"):
        raise MalformedProof("data.bare is true for json, or absent")
    return obj["name"], form, "bare" in obj


def _zone(obj: Any) -> Zone:
    strict.keys(obj, ("name", "transitions"), "zone")
    instants, offsets = [], []
    for item in strict.array(obj["transitions"], "zone.transitions", TRANSITIONS_MAX):
        strict.keys(item, ("at", "offset_s"), "zone.transitions")
        instants.append(parse_time(strict.text(item["at"], "zone.transitions.at", 27)))
        offsets.append(strict.integer(item["offset_s"], "zone.transitions.offset_s", signed=True))
    return Zone(strict.text(obj["name"], "zone.name", ZONE_NAME_BYTES_MAX), tuple(instants), tuple(offsets))


def _columns(obj: Any, tokens: Any) -> tuple[Column, ...]:
    classes = set()
    for item in strict.array(tokens, "tokens", len(CLASSES)):
        strict.keys(item, ("class", "key_commitment"), "tokens")
        strict.unhex(item["key_commitment"], "tokens.key_commitment", 32)
        if item["class"] not in CLASSES or item["class"] in classes:
            raise MalformedProof(f"tokens: class {str(item['class'])[:40]!r} is unknown or there twice")
        classes.add(item["class"])
    columns = []
    for n, item in enumerate(strict.array(obj, "columns", COLUMNS_MAX)):
        strict.keys(item, ("label", "path", "mask"), f"columns[{n}]")
        path = strict.text(item["path"], f"columns[{n}].path", PATH_BYTES_MAX)
        if not PATH_RE.match(path):
            raise MalformedProof(f"columns[{n}]: path {path!r} is malformed")
        check_mask_spec(item["mask"])
        if item["mask"]["mask"] == "token" and item["mask"]["class"] not in classes:
            raise MalformedProof(f"columns[{n}]: no key_commitment for its token class")
        columns.append(Column(strict.text(item["label"], f"columns[{n}].label", 256), path, item["mask"]))
    if not columns or len({column.label for column in columns}) != len(columns):
        raise MalformedProof("columns: none, or a label twice")
    return tuple(columns)


def _counts(obj: Any) -> Counts:
    strict.keys(obj, ("rows", "masked", "erased", "purged", "truncated"), "counts")
    if not isinstance(obj["truncated"], bool):
        raise MalformedProof("counts.truncated is neither true nor false")
    rows, masked, erased, purged = (
        strict.integer(obj[name], f"counts.{name}") for name in ("rows", "masked", "erased", "purged")
    )
    return Counts(rows, masked, erased, purged, obj["truncated"])


def _logs(obj: Any, evidence: str) -> tuple[LogRef, ...]:
    logs = tuple(_log(k, item) for k, item in enumerate(strict.array(obj, "logs", LOGS_MAX)))
    names = [(log.origin, log.size is None) for log in logs]  # a queried log may attest too, at its later size
    if not logs or len(set(names)) != len(names):
        raise MalformedProof("logs: none, or an origin twice")
    if sum(log.size is None for log in logs) > 1:
        raise MalformedProof("logs: more than one without size")
    if (evidence == "none") == any(log.queried for log in logs):
        raise MalformedProof(f"logs: evidence {evidence} and roles do not fit")
    if evidence == "none" and (len(logs) > 1 or logs[0].ranges):
        raise MalformedProof("logs: evidence none has the attesting log alone, without ranges")
    return logs


def _log(k: int, obj: Any) -> LogRef:
    what = f"logs[{k}]"
    strict.keys(obj, ("origin", "stream", "role", "size", "ranges", "cuts"), what)
    origin, stream = strict.text(obj["origin"], what, 64), strict.text(obj["stream"], what, 64)
    if not ORIGIN_RE.match(origin) or not STREAM_RE.match(stream):
        raise MalformedProof(f"{what}: origin {origin!r} or stream {stream!r} is malformed")
    if obj["role"] not in ("queried", "supporting"):
        raise MalformedProof(f"{what}: role {str(obj['role'])[:40]!r} is not queried or supporting")
    queried = obj["role"] == "queried"
    size = None if obj["size"] is None else strict.integer(obj["size"], f"{what}.size")
    if size is None and (queried or obj["ranges"] or obj["cuts"]):
        raise MalformedProof(f"{what}: only a supporting log without ranges and cuts may leave its size open")
    ranges = []
    at = 0
    for item in strict.array(obj["ranges"], f"{what}.ranges", RANGES_MAX):
        pair = strict.array(item, what, 2)
        if len(pair) != 2:
            raise MalformedProof(f"{what}: a range is no pair")
        first, end = (strict.integer(bound, f"{what}.ranges") for bound in pair)
        if not at <= first < end or end > (size or 0):
            raise MalformedProof(f"{what}: range [{first}, {end}) is empty, out of order or above the size")
        ranges.append((first, end))
        at = end
    cuts = tuple(strict.integer(cut, f"{what}.cuts") for cut in strict.array(obj["cuts"], f"{what}.cuts", 1024))
    return LogRef(k, origin, stream, queried, size, tuple(ranges), cuts)


def _files(obj: Any, evidence: str, data_name: str, logs: tuple[LogRef, ...]) -> dict[str, bytes]:
    wanted = {data_name, README}
    if evidence != "none":
        wanted.update(ROWS_FILES)
        wanted.update(f"entries.{log.k}.bin" for log in logs if log.ranges)
    optional = {PAGE, "support.ndjson"} if evidence == "none" else {PAGE}
    strict.keys(obj, wanted, "files", optional)
    return {name: strict.unhex(digest, f"files.{name}", 32) for name, digest in obj.items()}


def is_shadowing(path: str) -> bool:
    """Whether a record may not have this path, since a public key or a virtual column has its name."""
    return path in PUBLIC_KEYS or path in VIRTUAL
