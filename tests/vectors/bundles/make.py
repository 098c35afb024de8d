"""Make the golden bundles: `python -m tests.vectors.bundles.make` writes *.zip, trust files and expected.json here.

With words behind it, only bundles whose names hold one of them are made anew. Each case says what a verifier must find;
nothing here asks one. `needs` names what a verifier may lack: without `rfc3161` it says NOT PROVEN for TIMED, without
`parquet` or `xlsx` for VIEW MATCHES.
"""

from __future__ import annotations

import base64
import json
import struct
import sys
from hashlib import sha256
from pathlib import Path

from affidavit.tlog.checkpoint import Checkpoint
from affidavit.tlog.note import Algorithm, Note, SigningKey
from tests.vectors.bundles.typed import PDF, parquet, typed, workbook
from tests.verify.builder import BASE, MINUTE, TOKEN, Builder, Log, Record, compact, grade_event, keep, pack, time_text
from tests.verify.purging import DAY, M, Purging, hold, policy, private_hold, release
from tests.verify.tsa import Authority

HERE = Path(__file__).parent
PASS, FAIL, OPEN = "PASS", "FAIL", "NOT PROVEN"
GOOD = {"AUTHENTIC": PASS, "COMPLETE": PASS, "TIMED": OPEN, "WITNESSED": OPEN, "VIEW MATCHES": PASS}
MALFORMED = dict.fromkeys(GOOD, OPEN) | {"AUTHENTIC": FAIL}
CASES: dict[str, tuple] = {}
AUTHORITY = Authority("golden")


def case(name, expected=GOOD, trust="trust", needs=()):
    """Register a function that gives a Builder or the bytes of a zip."""

    def register(make):
        assert name not in CASES, name
        CASES[name] = (make, expected, trust, list(needs))
        return make

    return register


def good(**changes):
    return GOOD | {name.replace("_", " "): value for name, value in changes.items()}


def unauthentic(**changes):
    """AUTHENTIC fails though all is in form: what would pass is not proven."""
    found = good(**changes) | {"AUTHENTIC": FAIL}
    return {name: OPEN if status == PASS else status for name, status in found.items()}


def editing(name, change):
    def edit(files):
        files[name] = change(files[name])

    return edit


def at(path, value):
    def edit(manifest):
        *way, last = path
        for step in way:
            manifest = manifest[step]
        manifest[last] = value

    return edit


def ge(path, us):
    return {"op": "ge", "path": path, "value": time_text(us)}


# --- good ---

for form in ("csv", "json", "ndjson"):
    case(f"good-full-{form}")(lambda form=form: Builder(form=form))
    case(f"good-empty-{form}")(lambda form=form: Builder(form=form, events=0, wanted=lambda _: False))
case("good-rows", good(COMPLETE=OPEN))(
    lambda: Builder(
        evidence="rows",
        wanted=lambda r: r.fields["actor.id"][1] == "u1",
        query={"op": "eq", "path": "actor.id", "token": TOKEN},
    )
)
case("good-none", good(COMPLETE=OPEN, VIEW_MATCHES=OPEN))(lambda: Builder(evidence="none"))
case("good-window-on-at")(
    lambda: Builder(query=ge("at", BASE + 15 * MINUTE), start=9, wanted=lambda r: r.at_us >= BASE + 15 * MINUTE)
)
case("good-small-pin")(lambda: Builder(end=12))  # the scope's end is stated
case("good-omitted-stream")(Builder)  # COMPLETE names the streams that were not asked
case("good-many-ranges", good(COMPLETE=OPEN))(
    lambda: Builder(events=600, evidence="rows", wanted=lambda r: r.number % 7 == 0)
)
case("good-tokens-are-a-statement")(
    lambda: Builder(token=lambda r: "tk_" + ("a" if r.fields["actor.id"][1] == "u1" else "b") * 26)
)


@case("good-window-on-t")
def window_on_t():
    first, last = BASE + 5 * MINUTE, BASE + 15 * MINUTE
    query = {"op": "all", "of": [ge("t", first), {"op": "lt", "path": "t", "value": time_text(last)}]}
    builder = Builder(query=query, wanted=lambda r: first <= r.t_us < last)
    builder.ranges = lambda _rows: [(4, 17)]
    return builder


def erasing(listed, erased=True):
    """The record 4 lost fields, by an erasure that covers those listed."""
    builder = Builder(has_control=True, erased={(4, "record_count"): True} if erased else {})
    origin, nonces = builder.main.origin, [bytes([n]) * 16 for n in range(3)]
    leaves = [
        sha256(b"\x00" + nonce + f"{origin}\n{index}\n".encode() + "\n".join(listed).encode()).digest()
        for nonce, index in zip(nonces, (2, 4, 6), strict=True)
    ]
    root = sha256(b"\x01" + sha256(b"\x01" + leaves[0] + leaves[1]).digest() + leaves[2]).digest()
    event = Record("record.erased", BASE, BASE, {"erasure.root": ("s", root.hex()), "id": ("s", "e1")})
    index = builder.control.add(event)
    proof = [origin, 4, listed, nonces[1].hex(), 1, 3, [leaves[0].hex(), leaves[2].hex()]]
    builder.support = [[1, index, event.entry.decode(), *event.opening("erasure.root"), [proof]]]
    return builder


case("good-erased")(lambda: erasing(["record_count", "resource.id"]))
case("good-gap")(lambda: Purging().builder())
case("good-gap-months")(lambda: Purging(months=1, days=None, purge_us=BASE + 31 * DAY + 255 * MINUTE + 1).builder())
case("good-gap-kept-under-hold")(
    lambda: Purging(kept=[(3, 5), (254, 256)], extra=[hold(BASE + DAY, [[3, 5], [254, 256]])]).builder()
)
case("good-gap-hold-released")(
    lambda: Purging(extra=[hold(BASE + DAY, [[0, None]]), release(BASE + 2 * DAY)]).builder()
)
case("good-gap-private-hold")(lambda: Purging(extra=[private_hold(BASE + DAY)]).builder())
case("good-gap-other-policy-first")(lambda: Purging(before=[policy(BASE - DAY, 365)]).builder())


# --- data files with types of their own ---


def changed(row, label, value):
    return lambda at, name, before: value if (at, name) == (row, label) else before


TABLES = {"parquet": parquet, "xlsx": workbook, "pdf": lambda _builder, _rows: PDF}


def of(form, make=None, **cell):
    return typed(Builder(), form, lambda builder, rows: (make or TABLES[form])(builder, rows, **cell))


def replaced(builder, form, data):
    builder.late = lambda files: files.update({f"data.{form}": data})
    return builder


for form in ("parquet", "xlsx"):
    case(f"good-full-{form}", needs=[form])(lambda form=form: of(form))
    case(f"bad-{form}-without-a-row", good(VIEW_MATCHES=FAIL), needs=[form])(
        lambda form=form: of(form, lambda builder, rows: TABLES[form](builder, rows[:-1]))
    )
    case(f"bad-{form}-replaced", unauthentic(VIEW_MATCHES=FAIL), needs=[form])(
        lambda form=form: replaced(of(form), form, TABLES[form](Builder(), Builder().rows()[:3]))
    )
case("bad-parquet-cell-changed", good(VIEW_MATCHES=FAIL), needs=["parquet"])(
    lambda: of("parquet", cell=changed(5, "count", -6))
)
case("bad-parquet-no-token", good(VIEW_MATCHES=FAIL), needs=["parquet"])(
    lambda: of("parquet", cell=changed(5, "user_id", "u2"))
)
case("bad-xlsx-cell-changed", good(VIEW_MATCHES=FAIL), needs=["xlsx"])(
    lambda: of("xlsx", cell=changed(5, "count", "><v>-6</v></c>"))
)
case("bad-xlsx-extra-part", good(VIEW_MATCHES=FAIL), needs=["xlsx"])(
    lambda: of("xlsx", lambda builder, rows: workbook(builder, rows, more=[("xl/vbaProject.bin", b"macro")]))
)
case("good-full-pdf", good(VIEW_MATCHES=OPEN))(lambda: of("pdf"))
case("bad-pdf-replaced", unauthentic(VIEW_MATCHES=OPEN))(lambda: replaced(of("pdf"), "pdf", PDF + b"\n"))


# --- timestamps and witnesses ---


def stamped(us, **how):
    return Builder(events=4, stamps={"timestamp.0.0.tsr": lambda text: AUTHORITY.stamp(text, us, **how)})


AFTER = BASE + 1000 * MINUTE
case("good-timed", good(TIMED=PASS), "trust-timestamps", ["rfc3161"])(lambda: stamped(AFTER))
case("good-timestamp-of-nobody", good(), "trust-timestamps")(lambda: stamped(AFTER, spoil=True))
case("bad-timestamp-of-something-else", good(TIMED=FAIL), "trust-timestamps", ["rfc3161"])(
    lambda: stamped(AFTER, imprint=bytes(32))
)
case("bad-entries-younger-than-their-timestamp", good(TIMED=FAIL), "trust-timestamps", ["rfc3161"])(
    lambda: stamped(BASE - 3 * MINUTE)
)


def anchored(late):
    first = (BASE + DAY // 2, "main", 270, BASE + DAY // 4)
    second = (BASE + 31 * DAY - 2, "control", 2, BASE + (30 * DAY + DAY // 4 if late else 29 * DAY))
    purging = Purging(authority=AUTHORITY, anchors=(first, second), cuts=(270,), control_cuts=(2,))
    builder = purging.builder()
    builder.stamps["timestamp.0.0.tsr"] = lambda text: AUTHORITY.stamp(text, BASE + 40 * DAY)
    return builder


case("good-gap-timed", good(TIMED=PASS), "trust-timestamps", ["rfc3161"])(lambda: anchored(late=True))
case("good-gap-anchored-too-early", good(), "trust-timestamps")(lambda: anchored(late=False))

WITNESSES = [SigningKey(f"w{n}.example", sha256(bytes([n])).digest(), Algorithm.COSIGNATURE_V1) for n in range(4)]


def cosigned(*by, spoil=False):
    def cosign(files):
        note = Note.parse(files["checkpoint.0"])
        added = [WITNESSES[n].sign(note.text, 1_790_000_000) for n in by]
        if spoil:
            raw = added[-1].signature
            added[-1] = type(added[-1])(added[-1].name, added[-1].key_id, raw[:-1] + bytes([raw[-1] ^ 1]))
        files["checkpoint.0"] = note.with_signatures(added).to_bytes()

    return Builder(events=4, late=cosign)


case("good-witnessed", good(WITNESSED=PASS), "trust-witnesses")(lambda: cosigned(0, 1, 3))
case("bad-quorum-not-met", good(WITNESSED=FAIL), "trust-witnesses")(lambda: cosigned(0, 1, 2))
case("bad-cosignature", good(WITNESSED=FAIL), "trust-witnesses")(lambda: cosigned(0, 1, 2, 3, spoil=True))


# --- attacks: every one of the list that the format was made against ---


def shape(change):
    def edit(files):
        first, *rest = files["openings.ndjson"].split(b"\n")
        value = json.loads(first)
        change(value)
        files["openings.ndjson"] = b"\n".join([compact(value), *rest])

    return Builder(edit_files=edit)


def twice(value):
    value["paths"].insert(0, value["paths"][0])
    value["state"] = value["state"][0] + value["state"]


def row_of(index, change):
    def edit(rows):
        n = next(n for n, (found, _) in enumerate(rows) if found == index)
        rows[n] = (index, change(rows[n][1]))

    return edit


def with_fields(record, fields):
    return Record(record.action, record.at_us, record.t_us, fields, record.outcome, record.number, record.entry)


case("bad-shape-with-space", MALFORMED)(
    lambda: Builder(edit_files=editing("openings.ndjson", lambda d: d.replace(b"}\n", b"} \n", 1)))
)
case("bad-double-path", MALFORMED)(lambda: shape(twice))
case("bad-hidden-shown-as-absent", unauthentic())(
    lambda: Builder(
        edit_rows=row_of(
            5, lambda r: with_fields(r, {path: value for path, value in r.fields.items() if path != "actor.id"})
        )
    )
)


@case("bad-empty-range", good(COMPLETE=FAIL))
def empty_range():
    builder = Builder(wanted=lambda _: False)
    builder.ranges = lambda _rows: []
    return builder


case("bad-late-report-omitted", good(COMPLETE=FAIL))(
    lambda: Builder(edit_rows=lambda rows: rows.remove(next(row for row in rows if row[0] == 9)))
)
case("bad-late-start-of-window", good(COMPLETE=FAIL))(
    lambda: Builder(query=ge("at", BASE + 15 * MINUTE), start=10, wanted=lambda r: r.at_us >= BASE + 15 * MINUTE)
)
case("bad-swapped-tokens", unauthentic())(
    lambda: Builder(late=editing("data.csv", lambda d: d.replace(b"tk_a2b3", b"tk_b2b3", 1)))
)


@case("bad-one-attestation-for-two-manifests", unauthentic())
def one_attestation():
    files = Builder().files()
    taken = {name: files[name] for name in ("attestation.json", "checkpoint.1", "proof.1")}
    return Builder(edit_manifest=at(("export", "reason"), "other"), late=lambda mine: mine.update(taken))


case("bad-lone-surrogate", MALFORMED)(
    lambda: Builder(edit_files=editing("openings.ndjson", lambda d: d.replace(b'"-5"', b'"-5\\ud800"', 1)))
)
case("bad-hidden-of-64-bytes", MALFORMED)(lambda: Builder(edit_files=editing("hidden.bin", lambda d: d[:32] + d)))


def entry_3(change):
    builder = Builder()
    builder.main.records[3].entry = change(builder.main.records[3].entry)
    return builder


def spare_bit(entry):
    n = entry.index(b'","outcome"') - 1
    return entry[:n] + bytes([entry[n] + 1]) + entry[n + 1 :]


case("bad-base64-with-spare-bits", MALFORMED)(lambda: entry_3(spare_bit))
case("bad-base64-with-junk", MALFORMED)(lambda: entry_3(lambda e: e[:80] + b"=" + e[81:]))
case("bad-future-clock", MALFORMED)(lambda: entry_3(lambda e: e.replace(b'"at":"2026', b'"at":"2027')))
case("bad-entry-with-space", MALFORMED)(lambda: entry_3(lambda e: e.replace(b'"v":1', b'"v":1 ')))


@case("bad-ghost-zip-entry", MALFORMED)
def ghost():
    """A member that the central directory does not list, between two that it does."""
    data = Builder().zip()
    end = struct.unpack("<4s4H2LH", data[-22:])
    start = end[6]
    ghost_data = pack({"data.csv": b"other"})
    local = ghost_data[: struct.unpack("<4s4H2LH", ghost_data[-22:])[6]]
    tail = struct.pack("<4s4H2LH", *end[:6], start + len(local), 0)
    return data[:start] + local + data[start:-22] + tail


@case("bad-member-twice", MALFORMED)
def member_twice():
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pack(iter([*Builder().files().items(), ("README.txt", b"other")]))


case("bad-case-twins", MALFORMED)(lambda: pack([*Builder().files().items(), ("DATA.csv", b"other")]))
case("bad-extra-member", MALFORMED)(lambda: Builder(late=lambda files: files.update({"extra.txt": b""})))
case("bad-path-traversal", MALFORMED)(lambda: Builder(late=lambda files: files.update({"../evil": b""})))
case("bad-prefix", MALFORMED)(lambda: b"\n" + Builder().zip())
case("bad-trailing-byte", MALFORMED)(lambda: Builder().zip() + b"\n")
case("bad-bomb", MALFORMED)(lambda: Builder(late=lambda files: files.update({"attestation.json": b" " * (9 << 20)})))
case("bad-no-zip", MALFORMED)(lambda: b"no zip")


case("bad-early-purge", good(COMPLETE=FAIL))(lambda: Purging(purge_us=BASE + 30 * DAY + 255 * MINUTE).builder())
case("bad-policy-without-notice", good(COMPLETE=FAIL))(lambda: Purging(policy_us=BASE + 30 * DAY + 1).builder())
case("bad-policy-not-in-force", good(COMPLETE=FAIL))(lambda: Purging(extra=[policy(BASE + DAY, 365)]).builder())
case("bad-policy-for-ever", good(COMPLETE=FAIL))(lambda: Purging(days=None).builder())
case("bad-hold-inside-purged-prefix", good(COMPLETE=FAIL))(
    lambda: Purging(extra=[hold(BASE + DAY, [[7, 8]])]).builder()
)
case("bad-endless-hold", good(COMPLETE=FAIL))(lambda: Purging(extra=[hold(BASE + DAY, [[9, None]])]).builder())
case("bad-hold-not-opened", good(COMPLETE=FAIL))(
    lambda: Purging(extra=[hold(BASE + DAY, [[7, 8]])], left_out=frozenset({"hold.placed"})).builder()
)
case("bad-hold-with-hidden-ranges", MALFORMED)(
    lambda: Purging(extra=[hold(BASE + DAY, [[7, 8]])], hidden=frozenset({"hold.ranges"})).builder()
)
case("bad-purged-count", good(COMPLETE=FAIL))(lambda: Purging(purged=255).builder())
case("bad-purge-of-255", MALFORMED)(
    lambda: Purging(edit_purge=lambda fields: fields.update({"purge.end": ("j", "255")})).builder()
)


@case("bad-control-not-whole", good(COMPLETE=FAIL))
def control_not_whole():
    builder = Purging().builder()
    builder.control_whole = False
    return builder


@case("bad-gap-without-purge", good(COMPLETE=FAIL))
def gap_without_purge():
    builder = Builder(wanted=lambda r: r.number % 1_000_000 >= 6)
    builder.ranges = lambda _rows: [(6, 24)]
    return builder


@case("bad-more-missing-than-purged", good(COMPLETE=FAIL))
def more_missing():
    builder = Purging(purged=260).builder()
    builder.ranges = lambda _rows: [(260, 280)]
    builder.wanted = lambda record: record.number % 1_000_000 >= 260
    return builder


@case("bad-held-entries-not-here", good(COMPLETE=FAIL))
def held_not_here():
    builder = Purging(kept=[(3, 5)], purged=255).builder()
    builder.ranges = lambda _rows: [(3, 4), (M, 280)]
    builder.wanted = lambda record: record.number % 1_000_000 in {3, *range(M, 280)}
    return builder


@case("bad-last-purged-entry", MALFORMED)
def other_last():
    other = grade_event(1).seal().entry.decode()
    return Purging(edit_purge=lambda fields: fields.update({"purge.last": ("s", other)})).builder()


@case("bad-anchored-with-another-root", unauthentic())
def other_root():
    builder = Purging(cuts=(270,)).builder()
    fields = {"anchor.origin": ("s", builder.main.origin), "anchor.size": ("j", "270"),
              "anchor.root": ("s", "00" * 32), "anchor.token": ("s", "AAAA")}  # fmt: skip
    record = Record("log.anchored", BASE + 99 * DAY, BASE + 99 * DAY, fields)
    index = builder.control.add(record)
    builder.support.append([1, index, record.entry.decode(), *record.opening(*record.paths)])
    return builder


case("bad-erased-called-masked", unauthentic())(lambda: erasing(["actor.id"], erased=False))
case("bad-erased-without-erasure", unauthentic())(lambda: Builder(erased={(4, "record_count"): True}))
case("bad-erasure-of-another-field", unauthentic())(lambda: erasing(["resource.id"]))


def resigned(origin=None, size=None, root=None):
    def edit(files):
        log = Log(origin or "a", "main")
        mine = log if origin else Builder().main
        found = Checkpoint(mine.origin, size or 24, root or Builder().main.root(0, 24))
        files["checkpoint.0"] = found.sign([log.key]).to_bytes()

    return Builder(late=edit)


case("bad-wrong-size", MALFORMED)(lambda: resigned(size=25))
case("bad-wrong-root", unauthentic())(lambda: resigned(root=bytes(32)))
case("bad-other-logs-checkpoint", unauthentic(), "trust-other")(lambda: resigned(origin="d"))
case("bad-key-outside-its-sizes", unauthentic(), "trust-sizes")(Builder)
case("bad-tenant", unauthentic(), "trust-tenant")(Builder)
case("bad-low-order-key", None, "trust-low-order")(Builder)
case("bad-draft", MALFORMED)(lambda: Builder(edit_manifest=at(("format",), "draft")))
case("bad-huge-number", MALFORMED)(
    lambda: Builder(
        edit_files=editing("openings.ndjson", lambda d: d.replace(b"[0,5,", b"[0,99999999999999999999,", 1))
    )
)
case("bad-utf-8", MALFORMED)(
    lambda: Builder(edit_files=editing("openings.ndjson", lambda d: d.replace(b'"-5"', b'"\xed\xa0\x80"', 1)))
)
case("bad-path-confusion", unauthentic())(
    lambda: Builder(
        edit_rows=row_of(
            5, lambda r: with_fields(r, {("resource.idx" if p == "resource.id" else p): v for p, v in r.fields.items()})
        ),
        columns=[keep("at", "at"), keep("count", "record_count")],
    )
)
case("bad-type-confusion", unauthentic())(
    lambda: Builder(edit_rows=row_of(5, lambda r: with_fields(r, r.fields | {"resource.id": ("j", "5")})))
)
case("bad-row-dropped", good(COMPLETE=FAIL))(lambda: Builder(edit_rows=lambda rows: rows.pop(4)))
case("bad-row-doubled", MALFORMED)(lambda: Builder(edit_rows=lambda rows: rows.append(rows[-1])))
case("bad-rows-swapped", MALFORMED)(lambda: Builder(edit_rows=lambda rows: rows.insert(2, rows.pop(3))))
case("bad-cell-changed", good(VIEW_MATCHES=FAIL))(
    lambda: Builder(edit_files=editing("data.csv", lambda d: d.replace(b"grade:5", b"grade:6", 1)))
)
case("bad-formula-unescaped", good(VIEW_MATCHES=FAIL))(
    lambda: Builder(
        columns=[keep("id", "resource.id")], edit_files=editing("data.csv", lambda d: d.replace(b"\"'=1", b'"=1', 1))
    )
)
case("bad-clear-text-under-mask", good(VIEW_MATCHES=FAIL))(lambda: Builder(token=lambda r: r.fields["actor.id"][1]))
case("bad-row-not-in-query", good(COMPLETE=FAIL))(
    lambda: Builder(query={"op": "eq", "path": "action", "value": "grade.read"})
)
case("bad-attestation-of-another-export", unauthentic())(
    lambda: Builder(edit_attestation=lambda r: r.fields.update({"export.id": ("s", "0" * 36)}))
)
case("bad-attestation-that-failed", unauthentic())(
    lambda: Builder(edit_attestation=lambda r: setattr(r, "outcome", "failure"))
)


@case("bad-time-runs-backwards", good(COMPLETE=FAIL))
def backwards():
    builder = Builder(events=0)
    for n in range(10):
        record = grade_event(n)
        record.t_us += 30 * MINUTE if n == 4 else 0
        builder.main.add(record)
    return builder


def trusts():
    """Trust files by name."""
    builder = Builder(events=0)
    plain = builder.trust()
    other = json.loads(json.dumps(plain))
    other["logs"][0]["keys"].append({"vkey": str(Log("d", "main").key.verifier()), "from_size": 0, "to_size": None})
    sizes = json.loads(json.dumps(plain))
    sizes["logs"][0]["keys"][0]["from_size"] = 25
    low = json.loads(json.dumps(plain))
    raw = b"\x01" + bytes(31)
    name = builder.main.origin
    digest = sha256(name.encode() + b"\n\x01" + raw).hexdigest()[:8]
    low["logs"][0]["keys"][0]["vkey"] = f"{name}+{digest}+{base64.b64encode(bytes([1]) + raw).decode()}"
    lines = [f"witness w{n} {key.verifier()}" for n, key in enumerate(WITNESSES)]
    lines += ["group near 2 w0 w1 w2", "group all all near w3"]
    return {
        "trust": plain,
        "trust-other": other,
        "trust-sizes": sizes,
        "trust-tenant": builder.trust(tenant="t-2"),
        "trust-low-order": low,
        "trust-timestamps": builder.trust(timestamp_roots=[base64.b64encode(AUTHORITY.root_der).decode()]),
        "trust-witnesses": builder.trust(witnesses=lines, quorum="all"),
    }


def main(words):
    """Write everything anew, or what has one of these words in its name."""
    for old in HERE.glob("*.zip"):
        if not words or old.stem not in CASES:
            old.unlink()
    expected = {}
    for name, (make, verdicts, trust, needs) in sorted(CASES.items()):
        if not words or any(word in name for word in words):
            made = make()
            (HERE / f"{name}.zip").write_bytes(made if isinstance(made, bytes) else made.zip())
        found = {"trust": f"{trust}.json"} | ({"refused": True} if verdicts is None else {"verdicts": verdicts})
        expected[f"{name}.zip"] = found | ({"needs": needs} if needs else {})
    for name, trust in () if words else trusts().items():
        (HERE / f"{name}.json").write_text(json.dumps(trust, indent=1) + "\n")
    (HERE / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
