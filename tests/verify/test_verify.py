"""Good bundles: what each level of evidence proves, and what it says it does not."""

from __future__ import annotations

import pytest

from tests.verify.builder import BASE, MINUTE, TOKEN, Builder, Log, Record, grade_event, keep, time_text


def statuses(result):
    return {name: str(verdict.status) for name, verdict in result.verdicts.items()}


GOOD = {
    "AUTHENTIC": "PASS",
    "COMPLETE": "PASS",
    "TIMED": "NOT PROVEN",
    "WITNESSED": "NOT PROVEN",
    "VIEW MATCHES": "PASS",
}


@pytest.mark.parametrize("form", ["csv", "json"])
def test_a_full_bundle_proves_what_it_can(check, form):
    result = check(Builder(form=form))
    assert statuses(result) == GOOD, result
    assert result.ok
    assert result.facts["rows"] == 24
    assert "not asked: access, control" in result.verdicts["COMPLETE"].reason
    assert "the scope of main ends at" in result.verdicts["COMPLETE"].reason
    assert "24 masked cells are the operator's statement" in result.verdicts["VIEW MATCHES"].reason
    assert [step.number for step in result.steps] == list(range(9))


@pytest.mark.parametrize("form", ["csv", "json"])
@pytest.mark.parametrize("events", [0, 1])
def test_empty_results_and_empty_logs_verify(check, form, events):
    builder = Builder(form=form, events=events, wanted=lambda _: False)
    if events:
        builder.query = {"op": "eq", "path": "action", "value": "nothing.like_it"}
    assert statuses(check(builder)) == GOOD


def test_row_evidence_does_not_prove_completeness(check):
    result = check(Builder(evidence="rows", wanted=lambda r: r.fields["actor.id"][1] == "u1",
                           query={"op": "eq", "path": "actor.id", "token": TOKEN}))  # fmt: skip
    assert statuses(result) == GOOD | {"COMPLETE": "NOT PROVEN"}


def test_row_evidence_of_nothing(check):
    builder = Builder(evidence="rows", wanted=lambda _: False)
    assert statuses(check(builder)) == GOOD | {"COMPLETE": "NOT PROVEN"}


def test_no_evidence_leaves_the_attestation(check):
    result = check(Builder(evidence="none"))
    assert statuses(result) == GOOD | {"COMPLETE": "NOT PROVEN", "VIEW MATCHES": "NOT PROVEN"}


def test_a_window_on_at_reaches_back_for_late_reports(check):
    start = BASE + 15 * MINUTE
    builder = Builder(query={"op": "all", "of": [{"op": "ge", "path": "at", "value": time_text(start)}]},
                      wanted=lambda r: r.at_us >= start, start=9)  # fmt: skip
    assert statuses(check(builder)) == GOOD


def test_a_window_on_t_may_end_before_the_log(check):
    first, last = BASE + 5 * MINUTE, BASE + 15 * MINUTE
    builder = Builder(
        query={
            "op": "all",
            "of": [
                {"op": "ge", "path": "t", "value": time_text(first)},
                {"op": "lt", "path": "t", "value": time_text(last)},
                {"op": "eq", "path": "action", "value": "grade.read"},
            ],
        },
        wanted=lambda r: first <= r.t_us < last and r.action == "grade.read",
    )
    builder.ranges = lambda _rows: [(4, 17)]
    assert statuses(check(builder)) == GOOD


def test_conditions_on_open_fields_leave_what_was_not_exported_unknown(check):
    builder = Builder(query={"op": "eq", "path": "record_count", "value": "-3"},
                      wanted=lambda r: r.fields["record_count"][1] == "-3")  # fmt: skip
    result = check(builder)
    assert statuses(result) == GOOD | {"COMPLETE": "NOT PROVEN"}
    assert "depends on fields not opened" in result.verdicts["COMPLETE"].reason


def test_cuts_follow_from_the_same_proof(check):
    assert statuses(check(Builder(cuts=(1, 7, 23)))) == GOOD


def test_removed_masks_and_nulls_are_empty(check):
    columns = [keep("at", "at"), {"label": "m", "path": "message", "mask": {"mask": "remove"}},
               keep("before", "change.before.grade"), keep("id", "resource.id")]  # fmt: skip
    for form in ("csv", "json"):
        assert statuses(check(Builder(columns=columns, form=form))) == GOOD


def test_every_public_key_can_be_a_column_and_a_condition(check):
    columns = [keep(name, name) for name in ("at", "t", "action", "outcome")]
    query = {"op": "all", "of": [{"op": "eq", "path": "outcome", "value": "denied"}]}
    for form in ("csv", "json"):
        builder = Builder(columns=columns, form=form, query=query, events=0, wanted=lambda r: r.outcome == "denied")
        for n, outcome in enumerate(("success", "failure", "denied", "unknown")):
            record = grade_event(n)
            record.outcome = outcome
            builder.main.add(record)
        assert statuses(check(builder)) == GOOD


def test_witnesses_that_are_asked_for_must_have_signed(check):
    from hashlib import sha256

    from affidavit.tlog.note import Algorithm, Note, SigningKey

    keys = [SigningKey(f"w{n}.example", sha256(bytes([n])).digest(), Algorithm.COSIGNATURE_V1) for n in range(3)]

    def cosign(files):
        note = Note.parse(files["checkpoint.0"])
        files["checkpoint.0"] = note.with_signatures(
            [key.sign(note.text, 1_790_000_000) for key in keys[:2]]
        ).to_bytes()

    builder = Builder(late=cosign)
    vkeys = [str(key.verifier()) for key in keys]
    assert statuses(check(builder, builder.trust(witnesses=vkeys, quorum=2))) == GOOD | {"WITNESSED": "PASS"}
    builder = Builder(late=cosign)
    lines = [f"witness w{n} {vkey}" for n, vkey in enumerate(vkeys)]
    assert statuses(check(builder, builder.trust(witnesses=lines, quorum=3))) == GOOD | {"WITNESSED": "FAIL"}


def test_timestamps_need_roots(check):
    def stamp(files):
        files["timestamp.0.0.tsr"] = b"token"

    result = check(Builder(late=stamp))
    assert statuses(result) == GOOD
    assert "no timestamp roots" in result.verdicts["TIMED"].reason


def erasing(paths, covered=None):
    """A builder whose row 4 lost fields, by an erasure event that covers them (or others)."""
    from hashlib import sha256

    builder = Builder(has_control=True, erased={(4, path): True for path in paths})
    origin = builder.main.origin
    leaves, nonces = [], [bytes([n]) * 16 for n in range(3)]
    listed = covered or paths
    for n, index in enumerate((2, 4, 6)):
        data = nonces[n] + f"{origin}\n{index}\n".encode() + "\n".join(listed).encode()
        leaves.append(sha256(b"\x00" + data).digest())
    pair = sha256(b"\x01" + leaves[0] + leaves[1]).digest()
    root = sha256(b"\x01" + pair + leaves[2]).digest()
    event = Record("record.erased", BASE, BASE, {"erasure.root": ("s", root.hex()), "id": ("s", "e1")})
    at = builder.control.add(event)
    erasure = [origin, 4, listed, nonces[1].hex(), 1, 3, [leaves[0].hex(), leaves[2].hex()]]
    builder.support = [[1, at, event.entry.decode(), *event.opening("erasure.root"), [erasure]]]
    return builder


def test_an_erasure_that_is_shown_is_lawful(check):
    assert statuses(check(erasing(["record_count", "resource.id"]))) == GOOD


def test_an_erasure_of_another_field_is_not(check):
    result = check(erasing(["record_count"], covered=["resource.id"]))
    assert statuses(result)["AUTHENTIC"] == "FAIL"


def test_an_erased_field_is_not_masked(check):
    builder = erasing(["actor.id"])
    builder.erased = {}
    result = check(builder)
    assert "called masked and was erased" in result.verdicts["AUTHENTIC"].reason


def test_results_speak_json_and_words(check):
    import json

    from affidavit.verify.words import words

    result = check(Builder())
    assert json.loads(json.dumps(result.to_json()))["verdicts"]["AUTHENTIC"]["status"] == "PASS"
    text = words(result)
    assert "AUTHENTIC     PASS" in text
    assert "WITNESSED     NOT PROVEN" in text
    assert "user_id = actor.id (token)" in text


def test_words_are_short_and_do_not_drive_the_terminal(check):
    from affidavit.verify.words import words

    values = [f"u{n}" for n in range(5000)]
    columns = [keep("\x1b[31mred", "actor.name")]
    builder = Builder(query={"op": "in", "path": "actor.name", "values": values}, columns=columns, evidence="none")
    text = words(check(builder))
    assert "\x1b" not in text
    assert len(text) < 6000


def test_the_command_line(tmp_path, capsys):
    import json

    from affidavit.verify.__main__ import main

    builder = Builder()
    (tmp_path / "b.zip").write_bytes(builder.zip())
    (tmp_path / "trust.json").write_text(json.dumps(builder.trust()))
    assert main([str(tmp_path / "b.zip"), "--trust", str(tmp_path / "trust.json"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["facts"]["rows"] == 24
    (tmp_path / "b.zip").write_bytes(b"no zip")
    assert main([str(tmp_path / "b.zip"), "--trust", str(tmp_path / "trust.json")]) == 8
    assert "AUTHENTIC     FAIL" in capsys.readouterr().out
    assert main([str(tmp_path / "none.zip"), "--trust", str(tmp_path / "trust.json")]) == 4
    assert main([str(tmp_path / "b.zip"), "--trust", str(tmp_path / "none.json")]) == 2


def test_many_rows_in_many_ranges(check):
    builder = Builder(events=600, evidence="rows", wanted=lambda r: r.at_us % 7 == 0)
    assert check(builder).verdicts["VIEW MATCHES"].status == "PASS"
    assert isinstance(builder.main, Log)
