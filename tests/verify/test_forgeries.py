"""Forged bundles: each attack fails the verdict it attacks, whoever made it.

`edit_*` forge before the attestation, as the operator could; `late` forges after it, as anybody on the way could.
"""

from __future__ import annotations

import json
import struct
from dataclasses import replace

import pytest

from affidavit.tlog.checkpoint import Checkpoint
from affidavit.tlog.note import SigningKey, VerifierKey
from tests.verify.builder import BASE, EVERYTHING, MINUTE, Builder, Log, Record, compact, grade_event, keep, time_text


def lost(check, builder, verdict="AUTHENTIC", saying="", trust=None):
    """This verdict FAILs, for this reason, and nothing rests on a bundle that is not authentic."""
    result = check(builder, trust)
    found = result.verdicts[verdict]
    assert found.status == "FAIL", result.to_json()["verdicts"]
    assert saying in found.reason
    if verdict == "AUTHENTIC":
        assert not any(v.status == "PASS" for v in result.verdicts.values())
    assert not result.ok
    return result


def editing(name, change):
    def edit(files):
        files[name] = change(files[name])

    return edit


# --- on the way: anything in a finished bundle ---


@pytest.mark.parametrize("name", ["data.csv", "README.txt", "openings.ndjson", "salts.bin", "hidden.bin",
                                  "support.ndjson", "entries.0.bin", "manifest.json", "checkpoint.0", "checkpoint.1",
                                  "proof.0", "proof.1", "attestation.json"])  # fmt: skip
@pytest.mark.parametrize("change", [lambda d: d + b"\n", lambda d: d[:-1], lambda d: b"x" + d, lambda _: b""])
def test_no_file_can_be_changed(check, name, change):
    builder = Builder(start=9, query={"op": "ge", "path": "at", "value": time_text(BASE + 15 * MINUTE)},
                      wanted=lambda r: r.at_us >= BASE + 15 * MINUTE)  # fmt: skip
    original = {}

    def edit(files):
        original[name] = files[name]
        files[name] = change(files[name])

    builder.late = edit
    result = check(builder)
    if change(original[name]) != original[name]:
        assert result.verdicts["AUTHENTIC"].status == "FAIL"
    else:
        assert result.ok


def test_a_changed_cell_names_its_row(check):
    builder = Builder(late=editing("data.csv", lambda d: d.replace(b"grade:5", b"grade:6", 1)))
    result = lost(check, builder, "VIEW MATCHES", "row")
    assert result.verdicts["AUTHENTIC"].status == "FAIL"


@pytest.mark.parametrize(
    "name", ["support.ndjson", "salts.bin", "README.txt", "checkpoint.0", "proof.1", "attestation.json"]
)
def test_no_file_can_be_left_out(check, name):
    lost(check, Builder(late=lambda files: files.pop(name)), saying=name)


@pytest.mark.parametrize(
    "name", ["extra.txt", "checkpoint.2", "entries.1.bin", "data.json", "manifest.JSON", "entries.00.bin"]
)
def test_no_file_can_be_added(check, name):
    lost(check, Builder(late=lambda files: files.update({name: b""})))


# --- checkpoints and trust ---


def resigned(builder, key=None, **changes):
    def edit(files):
        log = builder.main
        checkpoint = Checkpoint(log.origin, len(log.records), log.root(0, len(log.records)))
        files["checkpoint.0"] = replace(checkpoint, **changes).sign([key or log.key]).to_bytes()

    builder.late = edit
    return builder


def test_a_checkpoint_by_another_key(check):
    builder = Builder()
    key = SigningKey(builder.main.origin, bytes(32))
    lost(check, resigned(builder, key), saying="no key of the trust file signed")


def test_the_checkpoint_of_another_log(check):
    builder = Builder()
    other = Log("d", "main")
    trust = builder.trust()
    trust["logs"][0]["keys"].append({"vkey": str(other.key.verifier()), "from_size": 0, "to_size": None})
    lost(check, resigned(builder, other.key, origin=other.origin), saying="is of the log", trust=trust)


def test_a_wrong_size(check):
    lost(check, resigned(Builder(), size=25), saying="size 25")


def test_a_wrong_root(check):
    lost(check, resigned(Builder(), root=bytes(32)), saying="do not give the signed root")


def test_a_key_outside_its_sizes(check):
    builder = Builder()
    trust = builder.trust()
    trust["logs"][0]["keys"][0] |= {"from_size": 25}
    lost(check, builder, saying="may not sign a checkpoint of size 24", trust=trust)


def test_a_key_listed_for_several_stretches_may_sign_in_each(check):
    builder = Builder()
    trust = builder.trust()
    key = trust["logs"][0]["keys"][0]
    trust["logs"][0]["keys"] = [key | {"to_size": 24}, key | {"from_size": 100}]
    assert check(builder, trust).ok
    trust["logs"][0]["keys"] = [key | {"to_size": 23}, key | {"from_size": 100}]
    lost(check, Builder(), saying="may not sign", trust=trust)


def test_a_low_order_key_in_the_trust_file_is_refused(check):
    from affidavit.errors import InvalidRequest

    builder = Builder()
    good = str(builder.main.key.verifier())
    trust = builder.trust()
    import base64
    from hashlib import sha256

    raw = b"\x01" + bytes(31)
    name = builder.main.origin
    digest = sha256(name.encode() + b"\n\x01" + raw).hexdigest()[:8]
    trust["logs"][0]["keys"][0]["vkey"] = f"{name}+{digest}+{base64.b64encode(bytes([1]) + raw).decode()}"
    with pytest.raises(InvalidRequest):
        check(builder, trust)
    assert VerifierKey.parse(good)


def test_a_log_that_is_not_trusted(check):
    builder = Builder()
    trust = builder.trust()
    del trust["logs"][0]
    lost(check, builder, saying="is not in the trust file", trust=trust)


def test_a_log_under_another_stream(check):
    builder = Builder()
    trust = builder.trust()
    trust["logs"][0]["stream"] = "other"
    lost(check, builder, saying="'other' in the trust file", trust=trust)


def test_another_tenant(check):
    builder = Builder()
    lost(check, builder, saying="tenant", trust=builder.trust(tenant="t-2"))


# --- entries and the window ---


def test_an_omitted_stream_is_named(check):
    result = check(Builder())
    assert "not asked: access, control" in result.verdicts["COMPLETE"].reason


@pytest.mark.parametrize(
    "break_it",
    [
        lambda e: e.replace(b'"v":1', b'"v":1 '),
        lambda e: e.replace(b'"v":1', b'"v":2'),
        lambda e: e.replace(b"success", b"Success"),
        lambda e: e.replace(b"T00:", b"T24:"),
        lambda e: e.replace(b"2026-10", b"2026-13"),
        lambda e: e.replace(b'"at":"2026', b'"at":"2027'),  # more than 300 s after t: a future clock
        lambda e: e.replace(b"grade", b"Grade"),
        lambda e: e[:45] + b"=" + e[45:],
    ],
)
def test_entries_out_of_form_even_where_the_log_signed_them(check, break_it):
    builder = Builder()
    record = builder.main.records[3]
    record.entry = break_it(record.entry)
    lost(check, builder)


def test_spare_bits_in_a_commitment(check):
    builder = Builder()
    record = builder.main.records[3]
    at = record.entry.index(b'","outcome"') - 1
    bad = bytes([record.entry[at] + 1])
    record.entry = record.entry[:at] + bad + record.entry[at + 1 :]
    lost(check, builder, saying="base64url")


def test_time_that_runs_backwards(check):
    builder = Builder(events=0)
    for n in range(10):
        record = grade_event(n)
        record.t_us += 30 * MINUTE if n == 4 else 0
        builder.main.add(record)
    lost(check, builder, "COMPLETE", "t of entry 5 lies before")


def test_an_empty_range(check):
    builder = Builder(wanted=lambda _: False)
    builder.ranges = lambda _rows: []
    lost(check, builder, "COMPLETE", "0 ranges")


def test_a_hole_in_the_window(check):
    builder = Builder(wanted=lambda _: False, query={"op": "eq", "path": "action", "value": "x"})
    builder.ranges = lambda _rows: [(0, 5), (6, 24)]
    lost(check, builder, "COMPLETE", "begins at index 6")


def test_a_late_start_of_the_window(check):
    start = BASE + 15 * MINUTE
    query = {"op": "ge", "path": "at", "value": time_text(start)}
    # 300 s before the start is minute 10, so that index 10, whose t is a microsecond later, is not early enough.
    builder = Builder(query=query, start=10, wanted=lambda r: r.at_us >= start)
    lost(check, builder, "COMPLETE", "begins at index 10")
    assert check(Builder(query=query, start=9, wanted=lambda r: r.at_us >= start)).ok


def test_an_early_end_of_the_window(check):
    builder = Builder(query={"op": "le", "path": "at", "value": time_text(BASE + 5 * MINUTE)},
                      wanted=lambda r: r.at_us <= BASE + 5 * MINUTE)  # fmt: skip
    builder.ranges = lambda _rows: [(0, 20)]  # late reports may come after any t
    lost(check, builder, "COMPLETE", "ends before index 20")


def test_the_end_of_a_window_on_t_must_be_shown(check):
    def windowed(last, op="lt"):
        end = BASE + 5 * MINUTE + 1
        builder = Builder(query={"op": op, "path": "t", "value": time_text(end)},
                          wanted=lambda r: r.t_us < end if op == "lt" else r.t_us <= end)  # fmt: skip
        builder.ranges = lambda _rows: [(0, last)]
        return builder

    assert check(windowed(6)).ok
    lost(check, windowed(5), "COMPLETE", "ends before index 5")
    assert check(windowed(7, "le")).ok
    lost(check, windowed(6, "le"), "COMPLETE", "ends before index 6")


def test_a_small_pin_shows_in_the_scope(check):
    result = check(Builder(end=12))
    assert f"the scope of main ends at {time_text(BASE + 11 * MINUTE + 1)}" in result.verdicts["COMPLETE"].reason


def test_a_late_report_that_was_left_out(check):
    def edit(rows):
        rows[:] = [row for row in rows if row[0] != 9]

    lost(check, Builder(edit_rows=edit), "COMPLETE", "the first at index 9")


def test_conditions_inside_any_bound_no_window(check):
    inner = {"op": "ge", "path": "at", "value": time_text(BASE + 15 * MINUTE)}
    builder = Builder(query={"op": "any", "of": [inner]}, start=9, wanted=lambda r: r.at_us >= BASE + 15 * MINUTE)
    lost(check, builder, "COMPLETE", "begins at index 9")


def test_a_proof_for_fewer_entries(check):
    def edit(files):
        data = files["entries.0.bin"]
        size = struct.unpack(">H", data[:2])[0]
        files["entries.0.bin"] = data[size + 2 :]

    lost(check, Builder(edit_files=edit), saying="ends before entry")


def test_purged_entries_need_a_purge(check):
    lost(check, Builder(edit_manifest=lambda m: m["counts"].update(purged=3)), "COMPLETE", "purged")


# --- rows ---


def swap(rows):
    rows[2], rows[3] = rows[3], rows[2]


@pytest.mark.parametrize("edit", [swap, lambda rows: rows.append(rows[-1]), lambda rows: rows.insert(0, rows[0])])
def test_swapped_and_doubled_rows(check, edit):
    lost(check, Builder(edit_rows=edit), saying="out of order")


def test_dropped_rows(check):
    lost(check, Builder(edit_rows=lambda rows: rows.pop(4)), "COMPLETE", "1 entries are in the query")


def test_a_cut_tail(check):
    def edit(rows):
        del rows[-5:]

    lost(check, Builder(edit_rows=edit), "COMPLETE", "5 entries are in the query")


def test_a_row_that_is_not_in_the_query(check):
    query = {"op": "eq", "path": "action", "value": "grade.read"}
    lost(check, Builder(query=query), "COMPLETE", "is not in the query")


def test_a_row_that_open_fields_rule_out(check):
    query = {"op": "eq", "path": "record_count", "value": "-3"}
    lost(check, Builder(query=query, evidence="rows"), "COMPLETE", "is not in the query")


def test_an_absent_field_makes_not_true(check):
    query = {"op": "not", "of": {"op": "exists", "path": "details.ward"}}
    result = check(Builder(query=query, evidence="rows"))
    assert result.verdicts["COMPLETE"].status == "NOT PROVEN"


def test_an_invented_row(check):
    def edit(rows):
        record = Record("grade.updated", BASE + 99 * MINUTE, BASE + 99 * MINUTE, {"actor.id": ("s", "u1")})
        record.seal()
        rows.append((24, record))

    lost(check, Builder(edit_rows=edit), saying="not in the ranges")


def test_a_value_that_was_not_committed(check):
    def edit(rows):
        at = next(n for n, (index, _) in enumerate(rows) if index == 5)
        record = rows[at][1]
        rows[at] = (5, replace(record, fields=record.fields | {"resource.id": ("s", "999")}))

    lost(check, Builder(edit_rows=edit), saying="do not give the commitment")


@pytest.mark.parametrize("other", [("j", "5"), ("n", ""), ("s", "5 ")])
def test_type_confusion(check, other):
    def edit(rows):
        at = next(n for n, (index, _) in enumerate(rows) if index == 5)
        rows[at] = (5, replace(rows[at][1], fields=rows[at][1].fields | {"resource.id": other}))

    lost(check, Builder(edit_rows=edit), saying="do not give the commitment")


def test_hidden_shown_as_absent(check):
    def edit(rows):
        at = next(n for n, (index, _) in enumerate(rows) if index == 5)
        record = rows[at][1]
        rows[at] = (5, replace(record, fields={p: v for p, v in record.fields.items() if p != "actor.id"}))

    lost(check, Builder(edit_rows=edit), saying="do not give the commitment")


def first_shape(change):
    def edit(files):
        lines = files["openings.ndjson"].split(b"\n")
        shape = json.loads(lines[0])
        change(shape)
        files["openings.ndjson"] = b"\n".join([compact(shape), *lines[1:]])

    return edit


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s["paths"].insert(0, s["paths"][0]) or s.update(state=s["state"][0] + s["state"]),
        lambda s: s["paths"].reverse(),
        lambda s: s.update(state=s["state"][:-1]),
        lambda s: s.update(state=s["state"].replace("m", "x")),
        lambda s: s.update(extra=1),
        lambda s: s["paths"].__setitem__(0, "Actor.id"),
        lambda s: s["paths"].__setitem__(0, "action"),
        lambda s: s["paths"].__setitem__(-1, "resource"),
    ],
)
def test_shapes_out_of_form(check, change):
    """A double path among them."""
    lost(check, Builder(edit_files=first_shape(change)))


def test_a_hidden_commitment_of_64_bytes(check):
    lost(
        check, Builder(edit_files=editing("hidden.bin", lambda d: d[:32] + d)), saying="hidden.bin has bytes left over"
    )


@pytest.mark.parametrize("name", ["salts.bin", "hidden.bin"])
def test_salts_and_commitments_that_are_short(check, name):
    lost(check, Builder(edit_files=editing(name, lambda d: d[:-1])), saying=f"{name} ends too early")


def test_erased_without_an_erasure(check):
    lost(check, Builder(erased={(4, "record_count"): True}), saying="no erasure is shown")


@pytest.mark.parametrize(
    ("old", "new", "saying"),
    [
        (b'"-5"', b'"-5\\ud800"', "lone surrogate"),
        (b'"-5"', b'"\xed\xa0\x80"', "UTF-8"),
        (b'"-5"', b"-5", "no text"),
        (b"[0,5,", b"[0,5.0,", "plain integers"),
        (b"[0,5,", b"[0,05,", "plain integers"),
        (b"[0,5,", b"[0,99999999999999999999,", "plain integers"),
        (b"[0,5,", b"[0,-5,", "plain integers"),
        (b"[0,5,", b"[true,5,", "plain integers"),
        (b"[0,5,", b"[7,5,", "no queried log"),
        (b"[0,5,", b"[1,5,", "no queried log"),
        (b'"-5"', b'"-5","more"', "list of"),
        (b"[0,5,", b"[0,5,99", "shape 99"),
    ],
)  # fmt: skip
def test_openings_out_of_form(check, old, new, saying):
    builder = Builder(edit_files=editing("openings.ndjson", lambda d: d.replace(old, new, 1)))
    lost(check, builder, saying=saying)


@pytest.mark.parametrize(
    "value", ['{"a":1,"a":2}', "1e999", "NaN", "[" * 65 + "]" * 65, '"\\ud800"', "", "1 2", "9" * 400]
)
def test_json_values_out_of_form(check, value):
    builder = Builder(events=0, columns=[keep("details", "details")], form="json")
    builder.main.add(Record("a.b", BASE, BASE, {"details": ("j", value)}))
    lost(check, builder)


# --- the data file ---


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.replace(b"\r\n", b"\n"),
        lambda d: b"\xef\xbb\xbf" + d,
        lambda d: d + b"\r\n",
        lambda d: d[:-2],
        lambda d: d.replace(b"grade.read", b'"grade.read"', 1),
        lambda d: d.replace(b"timestamp", b"Timestamp", 1),
        lambda d: d.replace(b",-5\r\n", b",'-5\r\n", 1),
        lambda d: d.replace(b"+01:00", b"Z", 1),
        lambda d: d.replace(b"tk_", b"tk-", 1),
        lambda d: d.replace(b"tk_", b"u1", 1),
        lambda d: d.replace(b",tk_", b",'tk_", 1),
        lambda _: b"",
    ],
)
@pytest.mark.parametrize("at", ["edit_files", "late"])
def test_the_data_file_byte_for_byte(check, change, at):
    builder = Builder(**{at: editing("data.csv", change)})
    lost(check, builder, "VIEW MATCHES")


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.replace(b",\n{", b", \n{", 1),
        lambda d: d[:-1],
        lambda d: d + b" ",
        lambda d: d.replace(b'"count":-5', b'"count":-5.0', 1),
        lambda d: d.replace(b"elan", b"x").replace(b'"resource":"grade:5"', b'"resource":"grade\\u003a5"', 1),
        lambda d: d.replace(b'"tk_', b'"\\u0074k_', 1),
        lambda d: d.replace(b'"user_id":"tk_a2b3a2b3a2b3a2b3a2b3a2b3cd"', b'"user_id":""', 1),
    ],
)
def test_the_json_file_byte_for_byte(check, change):
    lost(check, Builder(form="json", edit_files=editing("data.json", change)), "VIEW MATCHES")


def test_a_formula_that_lost_its_apostrophe(check):
    # resource.id alone begins the cell here
    builder = Builder(columns=[keep("id", "resource.id")])
    builder.edit_files = editing("data.csv", lambda d: d.replace(b"\"'=1", b'"=1', 1))
    lost(check, builder, "VIEW MATCHES")


def test_clear_text_in_a_masked_column(check):
    lost(check, Builder(token=lambda r: r.fields["actor.id"][1]), "VIEW MATCHES", "no cell of the mask token")


def test_swapped_tokens_are_the_operators_statement_and_nobody_elses(check):
    mine = Builder(token=lambda r: "tk_" + ("a" if r.fields["actor.id"][1] == "u1" else "b") * 26)
    assert "operator's statement" in check(mine).verdicts["VIEW MATCHES"].reason
    swapped = Builder(late=editing("data.csv", lambda d: d.replace(b"tk_a2b3", b"tk_b2b3", 1)))
    lost(check, swapped, saying="data.csv is not the file")


@pytest.mark.parametrize("name", ["rows", "masked", "erased"])
@pytest.mark.parametrize("by", [-1, 1])
def test_counts_must_be_those_of_the_file(check, name, by):
    def edit(manifest):
        manifest["counts"][name] = max(manifest["counts"][name] + by, 0) or 1

    lost(check, Builder(edit_manifest=edit), "VIEW MATCHES")


def test_a_kept_column_whose_field_is_hidden(check):
    builder = Builder()
    builder.open_paths = lambda: {"resource.type", "resource.id"}
    lost(check, builder, "VIEW MATCHES", "is kept and its field is hidden")


# --- manifest and attestation ---


def at(path, value):
    def edit(manifest):
        *way, last = path
        for step in way:
            manifest = manifest[step]
        manifest[last] = value

    return edit


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("format",), "v1"),
        (("extra",), 1),
        (("export", "id"), "x"),
        (("export", "created"), "2026-10-01"),
        (("query",), {"op": "eq", "path": "nothing", "value": "x"}),
        (("query",), {"op": "all", "of": [EVERYTHING] * 30_000}),
        (("zone", "transitions"), []),
        (("zone", "transitions", 0, "at"), "1971-01-01T00:00:00.000000Z"),
        (("columns",), []),
        (("columns", 0, "label"), "action"),
        (("columns", 1, "mask"), {"mask": "token", "class": "email"}),
        (("columns", 1, "mask"), {"mask": "hash"}),
        (("tokens", 0, "key_commitment"), "00"),
        (("counts", "rows"), True),
        (("counts", "truncated"), 0),
        (("evidence",), "some"),
        (("data", "name"), "data.txt"),
        (("logs", 0, "ranges"), [[0, 0]]),
        (("logs", 0, "ranges"), [[5, 9], [0, 5]]),
        (("logs", 0, "ranges"), [[0, 99]]),
        (("logs", 0, "cuts"), [24]),
        (("logs", 0, "cuts"), [3, 3]),
        (("logs", 0, "origin"), "other/" + "a" * 32),
        (("logs", 0, "size"), None),
        (("logs", 0, "role"), "asked"),
        (("logs", 1, "origin"), "affidavit/" + "a" * 32),
        (("files", "data.csv"), "A" * 64),
        (("files", "x"), "0" * 64),
    ],
)
def test_manifests_out_of_form(check, path, value):
    lost(check, Builder(edit_manifest=at(path, value)))


def test_one_attestation_for_two_manifests(check):
    first, second = Builder(), Builder(edit_manifest=at(("export", "reason"), "other"))
    files = first.files()
    second.late = lambda mine: mine.update(
        {name: files[name] for name in ("attestation.json", "checkpoint.1", "proof.1")}
    )
    lost(check, second, saying="another manifest")


@pytest.mark.parametrize(
    ("change", "saying"),
    [
        (lambda r: r.fields.update({"export.id": ("s", "0" * 36)}), "another export"),
        (lambda r: r.fields.update({"export.manifest": ("j", r.fields["export.manifest"][1])}), ""),
        (lambda r: setattr(r, "action", "export.failed"), "not export.created"),
        (lambda r: setattr(r, "outcome", "failure"), "not export.created"),
    ],
)
def test_attestations_of_something_else(check, change, saying):
    lost(check, Builder(edit_attestation=change), saying=saying)


def test_an_attestation_in_a_log_that_may_not_attest(check):
    builder = Builder()
    trust = builder.trust()
    trust["logs"][1]["stream"] = "other"
    builder.edit_manifest = at(("logs", 1, "stream"), "other")
    lost(check, builder, saying="'access'", trust=trust)


def test_an_attestation_that_was_not_logged(check):
    def edit(files):
        value = json.loads(files["attestation.json"])
        value[1] -= 1
        files["attestation.json"] = compact(value)

    lost(check, Builder(late=edit))


@pytest.mark.parametrize("old", ['"export.id"', "salt", '"export.rows"'])
def test_attestation_openings_are_bound(check, old):
    def edit(data):
        value = json.loads(data)
        if old == "salt":
            value[3]["export.id"][1] = "00" * 16
        elif old == '"export.rows"':
            value[4]["export.rows"] = "00" * 64
        else:
            value[4]["export.id"] = "00" * 32
        return compact(value)

    lost(check, Builder(late=editing("attestation.json", edit)))
