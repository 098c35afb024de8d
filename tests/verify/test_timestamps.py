"""Timestamps: what dates a checkpoint, what does not, and that nothing else than a verdict comes of any bytes."""

from __future__ import annotations

import base64
import random

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from affidavit.verify import timestamps
from tests.verify.builder import BASE, MINUTE, Builder
from tests.verify.tsa import SHA1, Authority

pytest.importorskip("rfc3161_client")
AFTER = BASE + 1000 * MINUTE


@pytest.fixture(scope="module")
def authority():
    return Authority()


def trusting(builder, *authorities):
    return builder.trust(timestamp_roots=[base64.b64encode(a.root_der).decode() for a in authorities])


def stamped(authority, us=AFTER, name="timestamp.0.0.tsr", **how):
    return Builder(events=4, stamps={name: lambda text: authority.stamp(text, us, **how)})


def timed(check, builder, trust):
    return check(builder, trust).verdicts["TIMED"]


def test_a_timestamp_dates_the_log(check, authority):
    builder = stamped(authority)
    result = check(builder, trusting(builder, authority))
    assert result.verdicts["TIMED"].status == "PASS", result.verdicts
    assert "was there at 2026-10-01T16:40:00.000000Z" in result.verdicts["TIMED"].reason
    assert result.ok


def test_the_earliest_of_several_counts_and_others_are_passed_over(check, authority):
    other = Authority("other")
    builder = stamped(authority)
    builder.stamps["timestamp.0.1.tsr"] = lambda text: authority.stamp(text, AFTER - MINUTE)
    builder.stamps["timestamp.0.7.tsr"] = lambda text: other.stamp(text, AFTER - 9 * MINUTE)
    verdict = timed(check, builder, trusting(builder, authority))
    assert verdict.status == "PASS"
    assert "T16:39:00" in verdict.reason


@pytest.mark.parametrize("name", ["timestamp.1.0.tsr"])
def test_every_queried_log_needs_one(check, authority, name):
    builder = stamped(authority, name=name)
    assert timed(check, builder, trusting(builder, authority)).status == "NOT PROVEN"


def test_without_evidence_the_attesting_log_is_dated(check, authority):
    builder = stamped(authority)
    builder.evidence = "none"
    assert timed(check, builder, trusting(builder, authority)).status == "PASS"
    builder = stamped(authority, us=BASE + 990 * MINUTE)
    builder.evidence = "none"
    assert timed(check, builder, trusting(builder, authority)).status == "FAIL"


def test_without_roots_tokens_are_not_looked_at(check):
    builder = Builder(events=4, stamps={"timestamp.0.0.tsr": lambda _: b"junk"})
    verdict = timed(check, builder, builder.trust())
    assert verdict.status == "NOT PROVEN"
    assert "no timestamp roots" in verdict.reason


def test_without_the_library_nothing_is_said(check, authority, monkeypatch):
    monkeypatch.setattr(timestamps, "_library", lambda: None)
    builder = stamped(authority)
    verdict = timed(check, builder, trusting(builder, authority))
    assert verdict.status == "NOT PROVEN"
    assert "affidavit[timestamp]" in verdict.reason


@pytest.mark.parametrize(
    "how", [{"status": 2}, {"imprint": bytes(32)}, {"imprint": bytes(31)}, {"algorithm": SHA1, "imprint": bytes(20)}]
)
def test_tokens_of_something_else_fail(check, authority, how):
    builder = stamped(authority, **how)
    assert timed(check, builder, trusting(builder, authority)).status == "FAIL"


def test_a_token_of_another_log_fails(check, authority):
    builder = stamped(authority)
    token = authority.stamp(b"affidavit/" + b"a" * 32 + b"\n4\nAAAA\n", AFTER)
    builder.stamps["timestamp.0.1.tsr"] = lambda _: token
    assert timed(check, builder, trusting(builder, authority)).status == "FAIL"


@pytest.mark.parametrize(
    "other",
    [
        lambda: Authority("other"),
        lambda: Authority("root", (ExtendedKeyUsageOID.CODE_SIGNING,)),
        lambda: Authority("root", (ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.CODE_SIGNING)),
        lambda: Authority("root", critical=False),
    ],
)
def test_tokens_of_others_are_passed_over(check, authority, other):
    builder = stamped(other())
    verdict = timed(check, builder, trusting(builder, authority))
    assert verdict.status == "NOT PROVEN"
    assert "no timestamp holds" in verdict.reason


def test_a_broken_signature_dates_nothing(check, authority):
    builder = stamped(authority, spoil=True)
    assert timed(check, builder, trusting(builder, authority)).status == "NOT PROVEN"


def test_entries_younger_than_their_timestamp_fail(check, authority):
    """The operator's clock ran ahead, or the entries were made up."""
    builder = stamped(authority, us=BASE - 3 * MINUTE)
    verdict = timed(check, builder, trusting(builder, authority))
    assert verdict.status == "FAIL"
    assert "after 2026-09-30T23:57:00" in verdict.reason


def test_any_bytes_give_a_verdict(check, authority):
    dice = random.Random(1)
    good = authority.stamp(b"x", AFTER)
    builder = Builder(events=1)
    trust = trusting(builder, authority)
    for _ in range(60):
        data = bytearray(good)
        for _ in range(dice.randint(1, 4)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        cut = bytes(data[: dice.choice([len(data), dice.randrange(len(data))])])
        builder = Builder(events=1, stamps={"timestamp.0.0.tsr": lambda _, cut=cut: cut})
        assert timed(check, builder, trust).status in ("FAIL", "NOT PROVEN")


@pytest.mark.parametrize("root", ["", "AAAA", "not base64", base64.b64encode(b"x" * 60_000).decode()])
def test_roots_out_of_form_are_refused(check, root):
    from affidavit.errors import InvalidRequest

    builder = Builder(events=1)
    with pytest.raises(InvalidRequest):
        check(builder, builder.trust(timestamp_roots=[root]))
