"""Witness policies: the lines of tlog-policy, and who is enough."""

from __future__ import annotations

from hashlib import sha256

import pytest

from affidavit.errors import MalformedProof
from affidavit.tlog.note import Algorithm, SigningKey
from affidavit.verify.policy import Policy, parse_policy

KEYS = {
    name: SigningKey(f"{name}.example", sha256(name.encode()).digest(), Algorithm.COSIGNATURE_V1).verifier()
    for name in ("x1", "x2", "x3", "y1", "y2")
}
LINES = [f"witness {name} {key}" for name, key in KEYS.items()]
GROUPS = [*LINES, "group X 2 x1 x2 x3", "group Y any y1 y2", "group both all X Y"]


def fulfilled(quorum, *names, lines=GROUPS):
    return parse_policy(lines, quorum).fulfilled({KEYS[name].public_key for name in names})


def test_two_levels_of_groups():
    assert fulfilled("both", "x1", "x3", "y2")
    assert not fulfilled("both", "x1", "x2", "x3")
    assert not fulfilled("both", "x1", "y1", "y2")
    assert fulfilled("X", "x2", "x3")
    assert fulfilled("y1", "y1")
    assert not fulfilled("y1", "y2")


def test_numbers_and_none():
    assert fulfilled(2, "x1", "y1")
    assert not fulfilled(3, "x1", "y1")
    assert fulfilled("none")
    assert fulfilled(0)
    assert not parse_policy(GROUPS, "none").asks
    assert not Policy().asks
    assert parse_policy([str(KEYS["x1"])], "x1.example").asks


@pytest.mark.parametrize(
    "line",
    [
        "group X 1 x1", "group Z 1 x1", "group Z 0 y9", "group Z 3 X Y", "group Z 1", "group none any both",
        "group Z any both both", "group Z some both", "group Z 01 both", f"witness x1 {KEYS['x1']}", "quorum X", "",
        "log x", "  ", f"witness z {KEYS['x1']}", f"witness  z {KEYS['x1']}", "group Z any later",
        f"witness none {SigningKey('z', bytes(32), Algorithm.COSIGNATURE_V1).verifier()}",
        f"witness z {SigningKey('z', bytes(32)).verifier()}",
    ],
)  # fmt: skip
def test_lines_out_of_form(line):
    with pytest.raises(MalformedProof):
        parse_policy([*GROUPS, line], 0)


@pytest.mark.parametrize("quorum", ["z", "", 6, -1, True, None, 1.5])
def test_quorums_out_of_form(quorum):
    with pytest.raises(MalformedProof):
        parse_policy(GROUPS, quorum)
