"""Small bundles straight from docs/format.md, without the exporter: for forging as much as for passing.

`Builder().zip()` gives a good bundle. Attributes change what is claimed before it is attested (an operator who lies);
`late` changes the finished files (somebody on the way).
"""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256, shake_128
from typing import Any

from affidavit.tlog.checkpoint import Checkpoint
from affidavit.tlog.merkle import root_of
from affidavit.tlog.note import SigningKey
from affidavit.tlog.range_proof import range_proof, union_of_ranges

MINUTE = 60_000_000
BASE = 1_790_812_800_000_000  # 2026-10-01T00:00:00Z, microseconds
EXPORT_ID = "0199a2b0-0000-7000-8000-000000000001"
TENANT = "t-1"
TOKEN = "tk_" + "a2b3" * 6 + "cd"


def time_text(us: int) -> str:
    from datetime import UTC, datetime, timedelta

    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def compact(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass
class Record:
    action: str
    at_us: int
    t_us: int
    fields: dict[str, tuple[str, str]]
    outcome: str = "success"
    number: int = 0
    entry: bytes = b""

    @property
    def paths(self) -> list[str]:
        return sorted(self.fields)

    def salt(self, path: str) -> bytes:
        at = self.paths.index(path) * 16
        return shake_128(f"{self.number}".encode()).digest(at + 16)[at:]

    def commitment(self, path: str) -> bytes:
        tag, value = self.fields[path]
        head = b"\x02" + bytes([len(path)]) + path.encode() + tag.encode()
        return sha256(head + self.salt(path) + value.encode()).digest()

    def seal(self) -> Record:
        import base64

        shape = sha256(b"\x04" + "".join(f"{path}\n" for path in self.paths).encode()).digest()
        c = sha256(b"\x03" + shape + b"".join(map(self.commitment, self.paths))).digest()
        text = base64.urlsafe_b64encode(c).decode().rstrip("=")
        self.entry = (
            f'{{"action":"{self.action}","at":"{time_text(self.at_us)}","c":"{text}",'
            f'"outcome":"{self.outcome}","t":"{time_text(self.t_us)}","v":1}}'
        ).encode()
        return self

    def opening(self, *paths: str) -> tuple[dict[str, Any], dict[str, Any]]:
        opened = {p: [self.fields[p][0], self.salt(p).hex(), self.fields[p][1]] for p in paths}
        return opened, {p: self.commitment(p).hex() for p in self.paths if p not in paths}


class Log:
    def __init__(self, digit: str, stream: str) -> None:
        self.origin = "affidavit/" + digit * 32
        self.stream = stream
        self.key = SigningKey(self.origin, sha256(digit.encode()).digest())
        self.records: list[Record] = []

    def add(self, record: Record) -> int:
        record.number = int(self.origin[-1], 16) * 1_000_000 + len(self.records)
        self.records.append(record.seal())
        return len(self.records) - 1

    def leaves(self, start: int = 0, end: int | None = None) -> list[bytes]:
        return [sha256(b"\x00" + record.entry).digest() for record in self.records[start:end]]

    def root(self, start: int, end: int) -> bytes:
        return root_of(self.leaves(start, end))

    def checkpoint(self, size: int) -> bytes:
        return Checkpoint(self.origin, size, self.root(0, size)).sign([self.key]).to_bytes()

    def proof(self, size: int, included: list[tuple[int, int]], cuts: tuple[int, ...] = ()) -> bytes:
        nodes = range_proof(size, union_of_ranges(included), cuts, self.root)
        return b"".join(node.hex().encode() + b"\n" for node in nodes)


def grade_event(n: int) -> Record:
    """One event a minute. Number 7 is an odd one: formula, quotes and line ends; number 9 comes three hours late."""
    fields = {
        "actor.id": ("s", f"u{n % 3}"),
        "resource.type": ("s", "grade"),
        "resource.id": ("s", '=1+1,"x"\r\n' if n == 7 else str(n)),
        "record_count": ("j", str(-n)),
    }
    if n % 5 == 0:
        fields["message"] = ("s", "élan \U0001f600")
        fields["change.before.grade"] = ("n", "")
    late = 180 * MINUTE if n == 9 else 0
    return Record(("grade.updated", "grade.read")[n % 2], BASE + n * MINUTE - late, BASE + n * MINUTE + 1, fields)


def keep(label: str, path: str) -> dict[str, Any]:
    return {"label": label, "path": path, "mask": {"mask": "keep"}}


COLUMNS = [
    keep("timestamp", "at"),
    {"label": "user_id", "path": "actor.id", "mask": {"mask": "token", "class": "staff"}},
    keep("action", "action"),
    keep("resource", "resource"),
    keep("count", "record_count"),
]
EVERYTHING: dict[str, Any] = {"op": "all", "of": []}


def _nothing(_: Any) -> None:
    return None


@dataclass
class Builder:
    main: Log = field(default_factory=lambda: Log("a", "main"))
    access: Log = field(default_factory=lambda: Log("b", "access"))
    control: Log = field(default_factory=lambda: Log("c", "control"))
    events: int = 24
    form: str = "csv"
    evidence: str = "full"
    query: dict[str, Any] = field(default_factory=lambda: dict(EVERYTHING))
    wanted: Callable[[Record], bool] = lambda _: True
    columns: list[dict[str, Any]] = field(default_factory=lambda: [dict(column) for column in COLUMNS])
    zone: dict[str, Any] = field(
        default_factory=lambda: {
            "name": "Europe/Berlin",
            "transitions": [
                {"at": "1970-01-01T00:00:00.000000Z", "offset_s": 3600},
                {"at": "2026-10-01T00:10:00.000000Z", "offset_s": -5400},
            ],
        }
    )
    start: int = 0
    end: int | None = None
    cuts: tuple[int, ...] = ()
    erased: dict[tuple[int, str], bool] = field(default_factory=dict)
    token: Callable[[Record], str] = lambda _: TOKEN
    edit_rows: Callable[[list[tuple[int, Record]]], None] = _nothing
    edit_manifest: Callable[[dict[str, Any]], None] = _nothing
    edit_files: Callable[[dict[str, bytes]], None] = _nothing
    edit_attestation: Callable[[Record], None] = _nothing
    late: Callable[[dict[str, bytes]], None] = _nothing
    support: list[Any] = field(default_factory=list)
    has_control: bool = False
    control_whole: bool = False
    control_cuts: tuple[int, ...] = ()
    purged: int = 0
    included: list[tuple[int, int]] = field(default_factory=list)
    stamps: dict[str, Callable[[bytes], bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for n in range(self.events):
            self.main.add(grade_event(n))
        for n in range(3):
            self.access.add(Record("log.viewed", BASE + n, BASE + n, {"id": ("s", str(n))}))

    def trust(self, **changes: Any) -> dict[str, Any]:
        logs = [
            {
                "origin": log.origin,
                "stream": log.stream,
                "keys": [{"vkey": str(log.key.verifier()), "from_size": 0, "to_size": None}],
            }
            for log in (self.main, self.access, self.control)
        ]
        empty: list[Any] = []
        return {
            "tenant": TENANT,
            "name": "default",
            "logs": logs,
            "witnesses": empty,
            "quorum": 0,
            "timestamp_roots": empty,
            "verify_html": empty,
        } | changes

    # --- parts ---

    def rows(self) -> list[tuple[int, Record]]:
        size = self.end or len(self.main.records)
        found = [(i, r) for i, r in enumerate(self.main.records[:size]) if i >= self.start and self.wanted(r)]
        found.sort(key=lambda pair: (pair[1].at_us, pair[0]))
        self.edit_rows(found)
        return found

    def ranges(self, rows: list[tuple[int, Record]]) -> list[tuple[int, int]]:
        if self.evidence == "rows":
            return union_of_ranges([(index, index + 1) for index, _ in rows])
        size = self.end or len(self.main.records)
        return [(self.start, size)] if self.evidence == "full" and size else []

    def open_paths(self) -> set[str]:
        kept = {column["path"] for column in self.columns if column["mask"]["mask"] == "keep"}
        return kept | ({"resource.type", "resource.id"} if "resource" in kept else set())

    def letter(self, index: int, record: Record, path: str) -> str:
        if (index, path) in self.erased:
            return "e"
        return record.fields[path][0] if path in self.open_paths() else "m"

    def cell(self, index: int, record: Record, column: dict[str, Any]) -> tuple[str, str]:
        path = column["path"]
        if path in ("at", "t"):
            return "s", self.local_time(record.at_us if path == "at" else record.t_us)
        if path in ("action", "outcome"):
            return "s", getattr(record, path)
        shown = {p: v for p, v in record.fields.items() if (index, p) not in self.erased}
        if path == "resource":
            kind, name = (shown.get(part, ("", ""))[1] for part in ("resource.type", "resource.id"))
            text = f"{kind}:{name}" if "resource.type" in shown else name
            return ("s", text) if {"resource.type", "resource.id"} & set(shown) else ("n", "")
        if path not in shown:
            return "n", ""
        if column["mask"]["mask"] == "remove":
            return "n", ""
        return ("s", self.token(record)) if column["mask"]["mask"] != "keep" else shown[path]

    def local_time(self, us: int) -> str:
        offset = 0
        for item in self.zone["transitions"]:
            if item["at"] <= time_text(us):
                offset = item["offset_s"]
        sign = "-" if offset < 0 else "+"
        tail = f"{sign}{abs(offset) // 3600:02d}:{abs(offset) // 60 % 60:02d}" if offset else "Z"
        return time_text(us + offset * 1_000_000)[:-1] + tail

    def data(self, rows: list[tuple[int, Record]]) -> bytes:
        if self.form in ("json", "ndjson"):
            objects = []
            for index, record in rows:
                pairs = []
                for column in self.columns:
                    tag, text = self.cell(index, record, column)
                    shown = {"s": json.dumps(text, ensure_ascii=False), "j": text, "n": "null"}[tag]
                    pairs.append(json.dumps(column["label"]) + ":" + shown)
                objects.append("{" + ",".join(pairs) + "}")
            if self.form == "ndjson":
                return "".join(line + "\n" for line in objects).encode()
            return ("[\n" + ",\n".join(objects) + ("\n" if objects else "") + "]\n").encode()
        lines = [",".join(column["label"] for column in self.columns)]
        for index, record in rows:
            texts = []
            for column in self.columns:
                tag, text = self.cell(index, record, column)
                if tag == "s" and text[:1] in tuple("=+-@\t\r'"):
                    text = "'" + text
                quoted = '"' + text.replace('"', '""') + '"'
                texts.append(quoted if any(char in text for char in ',"\r\n') else text)
            lines.append(",".join(texts))
        return "".join(line + "\r\n" for line in lines).encode()

    def openings(self, rows: list[tuple[int, Record]]) -> dict[str, bytes]:
        lines, salts, hidden = [], b"", b""
        shapes: dict[tuple[str, str], int] = {}
        for index, record in rows:
            state = "".join(self.letter(index, record, path) for path in record.paths)
            key = (" ".join(record.paths), state)
            if key not in shapes:
                shapes[key] = len(shapes)
                lines.append(compact({"paths": record.paths, "state": state}))
            values = []
            for path, letter in zip(record.paths, state, strict=True):
                if letter in "me":
                    hidden += record.commitment(path)
                    continue
                salts += record.salt(path)
                if letter != "n":
                    values.append(record.fields[path][1])
            lines.append(compact([0, index, shapes[key], values]))
        text = b"".join(line + b"\n" for line in lines)
        return {"openings.ndjson": text, "salts.bin": salts, "hidden.bin": hidden}

    def counts(self, rows: list[tuple[int, Record]]) -> dict[str, Any]:
        masked = erased = 0
        for index, record in rows:
            for column in self.columns:
                paths = ["resource.type", "resource.id"] if column["path"] == "resource" else [column["path"]]
                states = {self.letter(index, record, path) for path in paths if path in record.fields}
                erased += "e" in states
                masked += column["mask"]["mask"] != "keep" and bool(states - {"e"})
        return {"rows": len(rows), "masked": masked, "erased": erased, "purged": self.purged, "truncated": False}

    # --- the whole ---

    def files(self) -> dict[str, bytes]:
        rows = self.rows()
        files = {f"data.{self.form}": self.data(rows), "README.txt": b"What this is.\n"}
        ranges, size = self.ranges(rows), self.end or len(self.main.records)
        logs = []
        if self.evidence != "none":
            files |= self.openings(rows)
            files["support.ndjson"] = b"".join(compact(line) + b"\n" for line in self.support)
            if ranges:
                files["entries.0.bin"] = packed(
                    self.main.records[i] for first, end in ranges for i in range(first, end)
                )
            logs.append(self._log(self.main, "queried", size, ranges, self.cuts))
        if self.has_control:
            n = len(self.control.records)
            whole = [(0, n)] if self.control_whole and n else []
            if whole:
                files["entries.1.bin"] = packed(self.control.records)
            logs.append(self._log(self.control, "supporting", n, whole, self.control_cuts))
        logs.append(self._log(self.access, "supporting", None, [], ()))
        self.edit_files(files)
        manifest = self._manifest(rows, logs, files)
        self.edit_manifest(manifest)
        body = compact(manifest)
        outside = self._outside(manifest, body, ranges, size)
        files = {"manifest.json": body} | files | outside
        self.late(files)
        return files

    def _log(self, log: Log, role: str, size: int | None, ranges: list[tuple[int, int]], cuts: Any) -> dict[str, Any]:
        return {
            "origin": log.origin, "stream": log.stream, "role": role, "size": size,
            "ranges": [list(pair) for pair in ranges], "cuts": list(cuts),
        }  # fmt: skip

    def _manifest(self, rows: Any, logs: list[Any], files: dict[str, bytes]) -> dict[str, Any]:
        return {
            "format": "affidavit/1",
            "export": {"id": EXPORT_ID, "created": time_text(BASE), "recipient": None, "reason": "test"},
            "tenant": TENANT,
            "query": self.query,
            "profile": "export",
            "zone": self.zone,
            "columns": self.columns,
            "tokens": [{"class": "staff", "key_commitment": "00" * 32}],
            "counts": self.counts(rows),
            "evidence": self.evidence,
            "data": {
                "name": f"data.{self.form}",
                "format": self.form,
                **({"bare": True} if self.form == "json" else {}),
            },
            "logs": logs,
            "files": {name: sha256(data).hexdigest() for name, data in files.items()},
        }

    def _outside(self, manifest: Any, body: bytes, ranges: Any, size: int) -> dict[str, bytes]:
        attestation = Record(
            "export.created", BASE + 999 * MINUTE, BASE + 999 * MINUTE,
            {
                "export.id": ("s", EXPORT_ID),
                "export.manifest": ("s", sha256(body).hexdigest()),
                "export.rows": ("s", "1"),
            },
        )  # fmt: skip
        self.edit_attestation(attestation)
        at = self.access.add(attestation)
        last = len(manifest["logs"]) - 1
        line = [last, at, attestation.entry.decode(), *attestation.opening("export.id", "export.manifest")]
        files: dict[str, bytes] = {"attestation.json": compact(line)}
        if self.evidence != "none":
            files["checkpoint.0"] = self.main.checkpoint(size)
            files["proof.0"] = self.main.proof(size, [*ranges, *self.included], self.cuts)
        if self.has_control:
            n = len(self.control.records)
            files["checkpoint.1"] = self.control.checkpoint(n)
            files["proof.1"] = self.control.proof(n, [(0, n)], self.control_cuts)
        n = len(self.access.records)
        files[f"checkpoint.{last}"] = self.access.checkpoint(n)
        files[f"proof.{last}"] = self.access.proof(n, [(at, at + 1)])
        for name, stamp in self.stamps.items():
            checkpoint = files[f"checkpoint.{name.split('.')[1]}"]
            files[name] = stamp(checkpoint[: checkpoint.index(b"\n\n") + 1])
        return files

    def zip(self) -> bytes:
        return pack(self.files())


def packed(records: Iterable[Record]) -> bytes:
    return b"".join(struct.pack(">H", len(record.entry)) + record.entry for record in records)


STORED = {"salts.bin", "hidden.bin"}


def pack(files: dict[str, bytes] | Iterator[tuple[str, bytes]]) -> bytes:
    """Python's own zip writer, told to leave out what varies."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items() if isinstance(files, dict) else files:
            info = zipfile.ZipInfo(name)
            info.create_system, info.compress_type = 0, 0 if name in STORED else zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
            info.external_attr = 0
    return out.getvalue()
