"""Forged bundles by the thousand: each a `Forgery` of a name, a zip and a trust file, none of which may be accepted.

`operator_*` forge before the attestation, as who runs the log could; `courier_*` forge a finished bundle, as anybody
on the way could. What a forger controls is everything but the keys in the trust file.
"""

from __future__ import annotations

import json
import random
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from typing import Any

from affidavit.tlog.checkpoint import Checkpoint
from affidavit.tlog.note import SigningKey
from tests.verify.builder import BASE, MINUTE, STORED, Builder, Log, Record, compact, grade_event, keep, pack, time_text

EVENTS = 10
FORMS = ("csv", "json", "ndjson")
PLAIN_MASKS = ("email", "phone", "card", "month", "age", "region")


@dataclass(frozen=True)
class Forgery:
    name: str
    data: bytes
    trust: dict[str, Any]


def small(**changes: Any) -> Builder:
    return Builder(events=EVENTS, **changes)


SKIPPED = "skipped"


def made(name: str, builder: Builder, trust: dict[str, Any] | None = None) -> Forgery:
    if not Skipping.wants():
        return Forgery(SKIPPED, b"", {})
    return Forgery(name, builder.zip(), builder.trust() if trust is None else trust)


def edited(name: str, change: Callable[[bytes], bytes]) -> Callable[[dict[str, bytes]], None]:
    def edit(files: dict[str, bytes]) -> None:
        changed = change(files[name])
        assert changed != files[name], name
        files[name] = changed

    return edit


def replaced(old: bytes, new: bytes, count: int = 1) -> Callable[[bytes], bytes]:
    return lambda data: data.replace(old, new, count)


def flipped(at: int, by: int) -> Callable[[bytes], bytes]:
    def flip(data: bytes) -> bytes:
        spot = at % len(data)
        return data[:spot] + bytes([data[spot] ^ by]) + data[spot + 1 :]

    return flip


# --- rows ---


def operator_rows() -> Iterator[Forgery]:
    """Dropped, doubled, swapped, added rows and cut tails, in every format."""
    for form in FORMS:
        for n in range(EVENTS):
            yield made(f"dropped row {n}, {form}", small(form=form, edit_rows=lambda rows, n=n: rows.pop(n)))
            yield made(
                f"doubled row {n}, {form}", small(form=form, edit_rows=lambda rows, n=n: rows.insert(n, rows[n]))
            )
            yield made(
                f"doubled row {n} at the end, {form}",
                small(form=form, edit_rows=lambda rows, n=n: rows.append(rows[n])),
            )
        for n in range(EVENTS - 1):
            yield made(f"swapped rows from {n}, {form}", small(form=form, edit_rows=partial(_swap, n, n + 1)))
            yield made(f"cut tail of {n + 1}, {form}", small(form=form, edit_rows=partial(_cut, EVENTS - n - 1)))
    for n in range(2, EVENTS):
        yield made(f"swapped rows 0 and {n}", small(edit_rows=partial(_swap, 0, n)))
    for n in range(EVENTS):
        yield made(
            f"order by hash at {n}",
            small(edit_rows=lambda rows, n=n: rows.sort(key=lambda r: sha256(r[1].entry + bytes([n])).digest())),
        )
        extra = Record("grade.read", BASE + n * MINUTE, BASE + n * MINUTE, {"actor.id": ("s", "u9")}).seal()
        yield made(f"invented row before {n}", small(edit_rows=lambda rows, n=n, r=extra: rows.insert(n, (EVENTS, r))))
        yield made(
            f"another entry for row {n}",
            small(edit_rows=lambda rows, n=n: rows.__setitem__(n, ((rows[n][0] + 1) % EVENTS, rows[n][1]))),
        )


def _swap(i: int, j: int, rows: list[Any]) -> None:
    rows[i], rows[j] = rows[j], rows[i]


def _cut(keep_n: int, rows: list[Any]) -> None:
    del rows[keep_n:]


def operator_values() -> Iterator[Forgery]:
    """Values, tags and paths that were not committed: two openings for one commitment."""
    lies: list[tuple[str, str, tuple[str, str] | None]] = [
        ("resource.id", "another value", ("s", "999")),
        ("resource.id", "as JSON", ("j", "5")),
        ("resource.id", "as null", ("n", "")),
        ("resource.id", "absent", None),
        ("resource.type", "another value", ("s", "grades")),
        ("resource.type", "empty", ("s", "")),
        ("record_count", "another number", ("j", "-99")),
        ("record_count", "another spelling", ("j", "-1e0")),
        ("record_count", "as text", ("s", "-5")),
        ("record_count", "huge", ("j", "9" * 400)),
        ("record_count", "absent", None),
        ("actor.id", "absent", None),
        ("actor.id", "another hidden value", ("s", "u77")),
    ]
    for n in range(EVENTS):
        for path, what, lie in lies:
            yield made(f"row {n}: {path} {what}", small(edit_rows=partial(_lie, n, path, lie)))
        yield made(f"row {n}: a path more", small(edit_rows=partial(_lie, n, "actor.name", ("s", "x"))))
        yield made(f"row {n}: a path renamed", small(edit_rows=partial(_rename, n, "actor.id", "actor.name")))


def _lie(n: int, path: str, lie: tuple[str, str] | None, rows: list[Any]) -> None:
    index, record = rows[n]
    fields = dict(record.fields)
    if lie is None:
        del fields[path]
    else:
        fields[path] = lie
    rows[n] = (index, replace(record, fields=fields))


def _rename(n: int, old: str, new: str, rows: list[Any]) -> None:
    index, record = rows[n]
    rows[n] = (index, replace(record, fields={new if p == old else p: v for p, v in record.fields.items()}))


def operator_cells() -> Iterator[Forgery]:
    """A changed cell, in each row and column; cells of masked columns that show what they may not."""
    for form in FORMS:
        plain = small(form=form).files()[f"data.{form}"]
        lines = plain.split(b"\n")
        tokens = [range(found.start(), found.end()) for found in re.finditer(rb"tk_[a-z2-7]{26}", plain)]
        for at in range(0, len(plain), max(1, len(plain) // 60)):
            inside = any(at in token for token in tokens)  # another token is the operator's statement
            for by in (0x80,) if inside else (1, 0x80):
                yield made(
                    f"byte {at} of data.{form} by {by}",
                    small(form=form, edit_files=edited(f"data.{form}", flipped(at, by))),
                )
        for n in range(len(lines)):
            yield made(
                f"data.{form} without line {n}",
                small(
                    form=form,
                    edit_files=edited(f"data.{form}", lambda _, n=n, ls=lines: b"\n".join(ls[:n] + ls[n + 1 :])),
                ),
            )
            yield made(
                f"data.{form} with line {n} twice",
                small(
                    form=form,
                    edit_files=edited(f"data.{form}", lambda _, n=n, ls=lines: b"\n".join(ls[: n + 1] + ls[n:])),
                ),
            )
        for what in (
            b"",
            b"\xef\xbb\xbf" + plain,
            plain + b"\n",
            plain[:-1],
            plain.replace(b"\n", b"\r\n"),
            plain + plain,
        ):
            yield made(
                f"data.{form}: {sha256(what).hexdigest()[:8]}",
                small(form=form, edit_files=edited(f"data.{form}", lambda _, w=what: w)),
            )
    for mask in PLAIN_MASKS:
        columns = [keep("timestamp", "at"), {"label": "who", "path": "actor.id", "mask": {"mask": mask}}]
        yield made(f"clear text under {mask}", small(columns=columns, token=lambda r: r.fields["actor.id"][1]))
    for bad in (
        "tk_" + "a" * 25,
        "tk_" + "a" * 27,
        "TK_" + "a" * 26,
        "tk_" + "1" * 26,
        "vt_" + "a" * 26,
        " tk_" + "a" * 26,
        "u1",
        "=1",
        "tk_" + "a" * 25 + "é",
    ):
        yield made(f"token {bad}", small(token=lambda _, bad=bad: bad))
    for name in ("rows", "masked", "erased", "purged"):
        for by in (1, 2, 1000, 2**53 - 1 - EVENTS):
            yield made(
                f"{by} more {name}",
                small(edit_manifest=lambda m, name=name, by=by: m["counts"].update({name: m["counts"][name] + by})),
            )


# --- openings, entries, window ---


def operator_openings() -> Iterator[Forgery]:
    files = small().files()
    for name in ("salts.bin", "hidden.bin"):
        size = len(files[name])
        for at in range(0, size, size // 30):
            yield made(f"{name} at {at}", small(edit_files=edited(name, flipped(at, 1 + at % 255))))
        unit = 16 if name == "salts.bin" else 32
        for what, change in {
            "one less": lambda d, u=unit: d[:-u],
            "one more": lambda d, u=unit: d + d[:u],
            "a byte less": lambda d: d[:-1],
            "empty": lambda _: b"",
            "turned": lambda d, u=unit: d[u:] + d[:u],
        }.items():
            yield made(f"{name}: {what}", small(edit_files=edited(name, change)))
    for n in range(EVENTS):
        text = f"[0,{n},".encode()
        for new in (
            b"[0,%d.0," % n,
            b"[0,0%d," % n,
            b"[0,-%d," % n,
            b"[0,%d" % n + b"0" * 20 + b",",
            b"[1,%d," % n,
            b"[9,%d," % n,
            b"[true,%d," % n,
            b"[ 0,%d," % n,
            b"[0, %d," % n,
            b'[0,"%d",' % n,
            b"[0,%d,7" % n,
            b"[0,%d,null," % n,
            b"\xef\xbb\xbf[0,%d," % n,
            b"[[0,%d," % n,
            b"[0,%de0," % n,
        ):
            yield made(f"openings {n}: {new!r}", small(edit_files=edited("openings.ndjson", replaced(text, new))))
    for new in (
        b'"\xff"',
        b'"\xed\xa0\x80"',
        b'"\\ud800"',
        b'"\\udc00\\ud800"',
        b'"\xc0\xaf"',
        b'"\t"',
        b'"\\x41"',
        b'"\\u00"',
        b"grade",
        b'"grade',
        b"null",
        b'"grade","grade"',
    ):
        yield made(f"openings value {new!r}", small(edit_files=edited("openings.ndjson", replaced(b'"grade"', new))))
    for old, new in (
        (b'"state":"', b'"state":"x'),
        (b'"paths":["actor.id"', b'"paths":["Actor.id"'),
        (b'"paths":["actor.id"', b'"paths":["actor.id","actor.id"'),
        (b'"paths"', b'"path"'),
        (b'{"paths"', b'{"paths":[],"paths"'),
        (b'"actor.id"', b'"action"'),
        (b'"resource.type"', b'"resource"'),
        (b"\n", b"\n\n"),
        (b"\n", b""),
    ):
        yield made(f"shape {new!r}", small(edit_files=edited("openings.ndjson", replaced(old, new))))
    for n, path in ((n, path) for n in range(EVENTS) for path in ("record_count", "resource.id")):
        yield made(f"row {n}: {path} called erased", small(erased={(n, path): True}))
    for value in (
        '{"a":1,"a":2}',
        '{"a":1,"\\u0061":2}',
        "1e999",
        "-1e999",
        "NaN",
        "Infinity",
        "[" * 65 + "]" * 65,
        '"\\ud800"',
        "",
        "1 2",
        "9" * 400,
        "01",
        "+1",
        "1.",
        ".5",
        "'a'",
        "[1,]",
        '{"a"}',
        "tru",
        '"\t"',
        "[1",
        "/**/1",
        "\ufeff1",
    ):
        builder = Builder(events=0, columns=[keep("details", "details")], form="json")
        builder.main.add(Record("a.b", BASE, BASE, {"details": ("j", value)}))
        yield made(f"JSON value {value[:20]!r}", builder)


ENTRY_LIES: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("a space", lambda e: e.replace(b'"v":1', b'"v":1 ')),
    ("another version", lambda e: e.replace(b'"v":1', b'"v":2')),
    ("an outcome", lambda e: e.replace(b"success", b"Success")),
    ("hour 24", lambda e: e.replace(b"T00:", b"T24:")),
    ("month 13", lambda e: e.replace(b"2026-10", b"2026-13")),
    ("a future clock", lambda e: e.replace(b'"at":"2026', b'"at":"2027')),
    ("upper case", lambda e: e.replace(b"grade", b"Grade")),
    ("padding", lambda e: e[:-60] + b"=" + e[-60:]),
    ("keys turned", lambda e: b'{"v":1,' + e[1:-7] + b"}"),
    ("a line end", lambda e: e + b"\n"),
    ("a mark", lambda e: b"\xef\xbb\xbf" + e),
    ("second 60", lambda e: e.replace(b":00.000", b":60.000")),
    ("year 1969", lambda e: e.replace(b'"at":"2026', b'"at":"1969')),
    ("a dot in front", lambda e: e.replace(b'"action":"', b'"action":".')),
    ("two dots", lambda e: e.replace(b"grade.", b"grade..")),
    ("an escape", lambda e: e.replace(b"grade", b"gr\\u0061de")),
    ("an offset", lambda e: e.replace(b'Z","c"', b'+00:00","c"')),
    ("long", lambda e: e.replace(b"grade.", b"grade." + b"a" * 130)),
    ("a key more", lambda e: e.replace(b'"v":1', b'"v":1,"x":1')),
]


def operator_entries() -> Iterator[Forgery]:
    """Entries out of form that the log itself signed; clocks that run backwards; late windows, and short ones."""
    for n in range(0, EVENTS, 2):
        for what, change in ENTRY_LIES:
            builder = small()
            record = builder.main.records[n]
            changed = change(record.entry)
            if changed != record.entry:
                record.entry = changed
                yield made(f"entry {n}: {what}", builder)
        for new in (b"", b"\x00\x00", b"\xff\xff", b"\x00\x01x"):
            yield made(
                f"entries.0.bin: {new!r} at {n}",
                small(edit_files=edited("entries.0.bin", lambda d, n=n, new=new: d[: n * 7] + new + d[n * 7 + 2 :])),
            )
        at = BASE + n * MINUTE
        builder = Builder(events=0)
        for m in range(EVENTS):
            event = grade_event(m)
            event.t_us += 3 * MINUTE if m == n else 0
            builder.main.add(event)
        if n < EVENTS - 1:
            yield made(f"time runs backwards after {n}", builder)
        query = {"op": "ge", "path": "at", "value": time_text(at)}
        for start in range(max(1, n - 4), EVENTS):
            yield made(
                f"window from {n} begins at {start}",
                small(query=query, start=start, wanted=lambda r, at=at: r.at_us >= at),
            )
    for last in range(1, EVENTS):
        builder = small(wanted=lambda _: True)
        builder.ranges = lambda _rows, last=last: [(0, last)]  # type: ignore[method-assign]
        yield made(f"window ends at {last}", builder)
        builder = small(wanted=lambda _: False, query={"op": "eq", "path": "action", "value": "x"})
        builder.ranges = lambda _rows, last=last: [(0, last), (last + 1, EVENTS)] if last + 1 < EVENTS else []  # type: ignore[method-assign]
        yield made(f"a hole at {last}", builder)
        yield made(f"an unlawful gap before {last}", small(start=last, purged=last))
    for query in (
        {"op": "eq", "path": "action", "value": "grade.read"},
        {"op": "eq", "path": "record_count", "value": "-3"},
        {"op": "any", "of": []},
        {"op": "lt", "path": "t", "value": time_text(BASE)},
        {"op": "prefix", "path": "action", "value": "x"},
    ):
        for evidence in ("full", "rows"):
            yield made(f"rows that are not in {json.dumps(query)}, {evidence}", small(query=query, evidence=evidence))


# --- manifest, checkpoints, attestation ---

MANIFEST_LIES: list[tuple[tuple[Any, ...], list[Any]]] = [
    (("format",), ["v1", "draft", "affidavit/2", None, 1]),
    (("extra",), [1, None]),
    (("tenant",), ["", "t-2", None, 1]),
    (("export", "id"), ["x", "", EVENTS, "0199A2B0-0000-7000-8000-000000000001"]),
    (("export", "created"), ["2026-10-01", "2026-02-30T00:00:00.000000Z", "2026-10-01T00:00:60.000000Z", None]),
    (("export", "recipient"), [1, "x" * 5000, []]),
    (
        ("query",),
        [
            {},
            [],
            None,
            {"op": "eq", "path": "nothing", "value": "x"},
            {"op": "xx", "of": []},
            {"op": "eq", "path": "at", "value": "x"},
            {"op": "all", "of": [], "x": 1},
            {"op": "cidr", "path": "source.ip", "value": "x"},
            {"op": "glob", "path": "message", "value": "*" * 17},
            {"op": "in", "path": "actor.id", "tokens": []},
            {"op": "eq", "path": "record_count", "value": 1.5},
            {"op": "eq", "path": "record_count", "value": -1},
            {"op": "eq", "path": "actor.id", "token": "x"},
        ],
    ),
    (("profile",), ["", None]),
    (("zone", "name"), ["", None]),
    (("zone", "transitions"), [[], None]),
    (("zone", "transitions", 0, "at"), ["1971-01-01T00:00:00.000000Z"]),
    (("zone", "transitions", 0, "offset_s"), [1, 86400, -86400, "0", 3601]),
    (("columns",), [[], None]),
    (("columns", 0, "label"), ["action", "", None]),
    (("columns", 0, "path"), ["At", "", "action"]),
    (
        ("columns", 1, "mask"),
        [
            {"mask": "token", "class": "email"},
            {"mask": "hash"},
            {"mask": "keep"},
            {"mask": "last", "n": 7},
            {"mask": "token"},
            {},
            {"mask": "ip", "v4": 7, "v6": 48},
        ],
    ),
    (("tokens",), [[], None]),
    (("tokens", 0, "key_commitment"), ["00", "A" * 64]),
    (("counts", "rows"), [True, -1, 2**53, 1.0]),
    (("counts", "truncated"), [0, None, "false"]),
    (("evidence",), ["some", "none", None]),
    (("data", "name"), ["data.txt", "data.json", "../data.csv"]),
    (("data", "format"), ["txt", "json"]),
    (
        ("logs", 0, "ranges"),
        [
            [[0, 0]],
            [[5, 9], [0, 5]],
            [[0, 99]],
            [],
            [[0, EVENTS - 1]],
            [[1, EVENTS]],
            [[0, 3], [3, EVENTS]],
            [[0, EVENTS, 1]],
        ],
    ),
    (("logs", 0, "cuts"), [[EVENTS], [3, 3], [0], [5, 3], [2**53]]),
    (("logs", 0, "origin"), ["other/" + "a" * 32, "affidavit/" + "b" * 32, "affidavit/" + "A" * 32]),
    (("logs", 0, "size"), [None, EVENTS - 1, EVENTS + 1, 0]),
    (("logs", 0, "role"), ["asked", "supporting"]),
    (("logs", 0, "stream"), ["other", "access", ""]),
    (("logs", 1, "origin"), ["affidavit/" + "a" * 32, "affidavit/" + "c" * 32]),
    (("logs", 1, "role"), ["queried"]),
    (("logs", 1, "size"), [1, 3]),
    (("files", "data.csv"), ["A" * 64, "0" * 64, None]),
    (("files", "x"), ["0" * 64]),
    (("files",), [{}, []]),
]


def operator_manifest() -> Iterator[Forgery]:
    for path, values in MANIFEST_LIES:
        for value in values:
            yield made(f"manifest {path}: {json.dumps(value)[:60]}", small(edit_manifest=partial(_put, path, value)))
    for key in (
        "format",
        "export",
        "tenant",
        "query",
        "profile",
        "zone",
        "columns",
        "tokens",
        "counts",
        "evidence",
        "data",
        "files",
    ):
        yield made(f"manifest without {key}", small(edit_manifest=lambda m, key=key: m.pop(key)))
    deep: Any = {"op": "all", "of": []}
    for _ in range(40):
        deep = {"op": "all", "of": [deep]}
    yield made("a deep query", small(query=deep))
    yield made("a wide query", small(query={"op": "all", "of": [{"op": "all", "of": []}] * 20_001}))


def _put(path: tuple[Any, ...], value: Any, manifest: dict[str, Any]) -> None:
    *way, last = path
    where: Any = manifest
    for step in way:
        where = where[step]
    where[last] = value


def checkpoints() -> Iterator[Forgery]:
    """Other keys, sizes, roots, logs; keys outside of their sizes; logs that are not trusted."""
    for evidence in ("full", "rows"):
        builder = small(evidence=evidence)
        root = builder.main.root(0, EVENTS)
        right = Checkpoint(builder.main.origin, EVENTS, root)
        other, access = Log("d", "main"), builder.access
        for name, changed, key in [
            ("another key", right, SigningKey(builder.main.origin, bytes(32))),
            ("another log", replace(right, origin=other.origin), other.key),
            ("the access log's key", right, access.key),
            ("a size more", replace(right, size=EVENTS + 1), builder.main.key),
            ("a size less", replace(right, size=EVENTS - 1), builder.main.key),
            ("no size", replace(right, size=0, root=sha256(b"").digest()), builder.main.key),
            ("another root", replace(right, root=bytes(32)), builder.main.key),
            ("a huge size", replace(right, size=2**53 - 1), builder.main.key),
        ]:
            note = changed.sign([key]).to_bytes()
            yield made(
                f"checkpoint: {name}, {evidence}",
                small(evidence=evidence, late=lambda files, note=note: files.update({"checkpoint.0": note})),
            )
        for size in range(EVENTS):
            part = Checkpoint(builder.main.origin, size, builder.main.root(0, size)).sign([builder.main.key]).to_bytes()
            yield made(
                f"checkpoint of size {size}, {evidence}",
                small(evidence=evidence, late=lambda files, part=part: files.update({"checkpoint.0": part})),
            )
        trust = builder.trust()
        key = trust["logs"][0]["keys"][0]
        for start, end in ((EVENTS + 1, None), (0, EVENTS - 1), (0, 0), (100, 200)):
            keys = [key | {"from_size": start, "to_size": end}]
            yield made(
                f"a key for {start} to {end}, {evidence}",
                small(evidence=evidence),
                trust | {"logs": [trust["logs"][0] | {"keys": keys}, *trust["logs"][1:]]},
            )
        yield made(
            f"no keys, {evidence}",
            small(evidence=evidence),
            trust | {"logs": [trust["logs"][0] | {"keys": []}, *trust["logs"][1:]]},
        )
        for n in (0, 1):
            yield made(
                f"log {n} not trusted, {evidence}",
                small(evidence=evidence),
                trust | {"logs": [log for m, log in enumerate(trust["logs"]) if m != n]},
            )
            moved = [log | {"stream": "other"} if m == n else log for m, log in enumerate(trust["logs"])]
            yield made(f"log {n} of another stream, {evidence}", small(evidence=evidence), trust | {"logs": moved})
        yield made(f"another tenant, {evidence}", small(evidence=evidence), trust | {"tenant": "t-2"})
        yield made(f"no witness, {evidence}", small(evidence=evidence), trust | {"quorum": 1})


def attestations() -> Iterator[Forgery]:
    """Replayed for another manifest; of another export, action, outcome; not logged; opened otherwise."""
    outside = ("attestation.json", "checkpoint.1", "proof.1")
    first = small().files()
    for n in range(20):
        second = small(edit_manifest=partial(_put, ("export", "reason"), f"reason {n}"))
        second.late = lambda mine: mine.update({name: first[name] for name in outside})
        yield made(f"an attestation replayed, {n}", second)
        third = Builder(events=EVENTS + 1 + n)
        third.late = lambda mine: mine.update({name: first[name] for name in outside})
        yield made(f"an attestation replayed for {n + 1} rows more", third)
    for name, change in [
        ("another export", lambda r: r.fields.update({"export.id": ("s", "0" * 36)})),
        ("a failed export", lambda r: setattr(r, "outcome", "failure")),
        ("another action", lambda r: setattr(r, "action", "export.failed")),
        ("another manifest", lambda r: r.fields.update({"export.manifest": ("s", "0" * 64)})),
        ("a manifest as JSON", lambda r: r.fields.update({"export.manifest": ("j", '"x"')})),
        ("an id as JSON", lambda r: r.fields.update({"export.id": ("j", '"x"')})),
    ]:
        yield made(f"an attestation of {name}", small(edit_attestation=change))
    for by in (-1, -2, 1, 2**40):
        yield made(f"an attestation at another index, {by}", small(late=partial(_attested, 1, by)))
    text = first["attestation.json"]
    for at in range(0, len(text), max(1, len(text) // 40)):
        yield made(f"attestation.json at {at}", small(late=edited("attestation.json", flipped(at, 1))))
    for new in (
        b" " + text,
        text + b"\n",
        text.replace(b",", b", ", 1),
        b"[]",
        b"",
        text.replace(b"export.id", b"export\\u002eid", 1),
    ):
        yield made(
            f"attestation.json {new[:8]!r} {len(new)}", small(late=edited("attestation.json", lambda _, new=new: new))
        )


def _attested(item: int, by: int, files: dict[str, bytes]) -> None:
    value = json.loads(files["attestation.json"])
    value[item] += by
    files["attestation.json"] = compact(value)


# --- on the way ---


def courier_files() -> Iterator[Forgery]:
    """A finished bundle with a file changed, missing, more, or twice."""
    dice = random.Random(7)
    builder = small(cuts=(3, 7))
    files, trust = builder.files(), builder.trust()
    for name, data in files.items():
        if not data:
            continue
        for _ in range(12):
            changed = flipped(dice.randrange(len(data)), dice.randrange(1, 256))(data)
            yield Forgery(f"{name} flipped, {sha256(changed).hexdigest()[:8]}", pack(files | {name: changed}), trust)
        for what, changed in (("cut", data[:-1]), ("longer", data + b"\n"), ("empty", b""), ("doubled", data + data)):
            yield Forgery(f"{name} {what}", pack(files | {name: changed}), trust)
    for name in files:
        yield Forgery(f"without {name}", pack({n: d for n, d in files.items() if n != name}), trust)
        others = [(n.upper() if n == name else n, d) for n, d in files.items()]
        yield Forgery(f"{name} in capitals", pack(iter(others)), trust)
        yield Forgery(f"{name} and its case twin", pack(iter([*files.items(), (name.swapcase(), files[name])])), trust)
        yield Forgery(
            f"{name} in a folder", pack(iter([("x/" + n if n == name else n, d) for n, d in files.items()])), trust
        )
    for name in (
        "extra.txt",
        "checkpoint.2",
        "entries.1.bin",
        "data.json",
        "entries.00.bin",
        "timestamp.9.0.tsr",
        "timestamp.0.16.tsr",
        "..",
        "/etc/passwd",
        "C:\\x",
        "proof.01",
        "manifest.json ",
    ):
        yield Forgery(f"with {name}", pack(files | {name: b""}), trust)


def courier_zips() -> Iterator[Forgery]:
    """One header field of one member changed, in the central directory, in the local header, or in both."""
    builder = small()
    files, trust = builder.files(), builder.trust()
    fields: dict[str, list[Any]] = {
        "needed": [45, 10],
        "flags": [1, 8, 0x800],
        "method": [12, 99],
        "time": [1],
        "date": [0x22, 0],
        "extra": [b"\x01\x00\x00\x00"],
        "made_by": [0x0314],
        "comment": [b"x"],
        "disk": [1],
        "internal": [1],
        "external": [0o777 << 16],
        "crc": [1],
        "size": [1 << 31, 0xFFFFFFFF],
        "packed": [0xFFFFFFFF],
        "offset": [1, 1 << 31],
    }
    for target in files:
        for key, values in fields.items():
            for value in values:
                yield Forgery(f"zip: {target} {key} {value!r}", handmade(files, {target: {key: value}}), trust)
        for key, value in (
            ("crc", 1),
            ("size", 3),
            ("packed", 3),
            ("name", b"x"),
            ("extra", b"\x01\x00\x00\x00"),
            ("flags", 8),
            ("date", 0),
        ):
            yield Forgery(f"zip: {target} local {key}", handmade(files, {target: {"local": {key: value}}}), trust)
        yield Forgery(f"zip: {target} has bytes after its stream", handmade(files, {target: {"after": b"\0"}}), trust)
    for name, whole in {
        "prefix": {"prefix": b"#!/bin/sh\n"},
        "gap": {"gap": b"\0"},
        "before": {"before": b"\0"},
        "comment": {"comment": b"hello"},
        "tail": {"tail": b"\0"},
        "fewer": {"count": len(files) - 1},
        "more": {"count": len(files) + 1},
        "disk": {"disk": 1},
        "start": {"start": 0},
        "zip64": {"count": 0xFFFF},
    }.items():
        yield Forgery(f"zip: {name}", handmade(files, {}, **whole), trust)  # type: ignore[arg-type]
    good = handmade(files, {})
    for cut in range(1, len(good), max(1, len(good) // 40)):
        yield Forgery(f"zip: cut at {cut}", good[:cut], trust)
    yield Forgery("zip: empty", b"", trust)
    yield Forgery("zip: nested", pack({"manifest.json": good}), trust)
    bomb = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = b"".join(bomb.compress(bytes(1 << 20)) for _ in range(32)) + bomb.flush()
    for size in (10, 32 << 20, 0xFFFFFFFE):
        yield Forgery(
            f"zip: a bomb that says {size}",
            handmade(files, {"README.txt": {"stream": packed, "size": size, "method": 8}}),
            trust,
        )


def handmade(
    files: dict[str, bytes],
    changes: dict[str, dict[str, Any]],
    *,
    prefix: bytes = b"",
    gap: bytes = b"",
    before: bytes = b"",
    comment: bytes = b"",
    tail: bytes = b"",
    **end: int,
) -> bytes:
    """A zip with the stated fields wrong, and otherwise right."""
    out, central = prefix, b""
    for name, data in files.items():
        change = changes.get(name, {})
        stream = data if name in STORED else _deflated(data)
        packed = change.get("stream", stream) + change.get("after", b"")
        field = {
            "needed": 20,
            "flags": 0,
            "method": 0 if name in STORED else 8,
            "time": 0,
            "date": 0x21,
            "crc": zlib.crc32(data),
            "packed": len(packed),
            "size": len(data),
            "extra": b"",
            "made_by": 20,
            "comment": b"",
            "disk": 0,
            "internal": 0,
            "external": 0,
            "offset": len(out),
        } | change
        local = field | change.get("local", {})
        common = ("needed", "flags", "method", "time", "date", "crc", "packed", "size")
        raw = name.encode()
        out += struct.pack("<4s5H3I2H", b"PK\x03\x04", *(local[key] for key in common), len(raw), len(local["extra"]))
        out += local.get("name", raw) + local["extra"] + packed + gap
        central += (
            struct.pack(
                "<4s6H3I5H2I",
                b"PK\x01\x02",
                field["made_by"],
                *(field[key] for key in common),
                len(raw),
                len(field["extra"]),
                len(field["comment"]),
                field["disk"],
                field["internal"],
                field["external"],
                field["offset"],
            )
            + raw
            + field["extra"]
            + field["comment"]
        )
    out += before
    count = end.get("count", len(files))
    return (
        out
        + central
        + struct.pack(
            "<4s4H2IH",
            b"PK\x05\x06",
            end.get("disk", 0),
            0,
            count,
            count,
            len(central),
            end.get("start", len(out)),
            len(comment),
        )
        + comment
        + tail
    )


def _deflated(data: bytes) -> bytes:
    squeeze = zlib.compressobj(6, zlib.DEFLATED, -15)
    return squeeze.compress(data) + squeeze.flush()


FAMILIES: tuple[Callable[[], Iterator[Forgery]], ...] = (
    operator_rows,
    operator_values,
    operator_cells,
    operator_openings,
    operator_entries,
    operator_manifest,
    checkpoints,
    attestations,
    courier_files,
    courier_zips,
)


class Skipping:
    """Decides, before a forgery is built, whether it is wanted."""

    only: Callable[[int], bool] | None = None
    count = 0

    @classmethod
    def wants(cls) -> bool:
        cls.count += 1
        return cls.only is None or cls.only(cls.count - 1)


def forgeries(only: Callable[[int], bool] | None = None) -> Iterator[Forgery]:
    """Every forgery, or those whose number `only` chooses; no two alike."""
    Skipping.only, Skipping.count = only, 0
    seen = set()
    for family in FAMILIES:
        for forgery in family():
            if not forgery.data and forgery.name == SKIPPED:
                continue
            digest = sha256(forgery.data + compact(forgery.trust)).digest()
            if digest not in seen:
                seen.add(digest)
                yield forgery
