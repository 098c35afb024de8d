import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from affidavit.errors import MalformedProof
from affidavit.tlog.ed25519 import SMALL_ORDER_YS, check_public_key, verifies

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = PRIVATE.public_key().public_bytes_raw()
NEUTRAL = (0, 1)


def add(a, b):
    """The curve's addition law, affine (RFC 8032, 5.1.4)."""
    (x1, y1), (x2, y2) = a, b
    t = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + t, -1, P) % P
    y = (y1 * y2 + x1 * x2) * pow(1 - t, -1, P) % P
    return x, y


def points_with(y):
    squared = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    root = pow(squared, (P + 3) // 8, P)
    if root * root % P != squared:
        root = root * pow(2, (P - 1) // 4, P) % P
    assert root * root % P == squared
    return {(root, y), (-root % P, y)}


def test_the_small_order_points_are_exactly_the_eight():
    points = set().union(*(points_with(y) for y in SMALL_ORDER_YS))
    assert len(points) == 8
    for point in points:
        doubled = point
        for _ in range(3):
            doubled = add(doubled, doubled)
        assert doubled == NEUTRAL


@pytest.mark.parametrize(
    "key",
    [
        # The list every Ed25519 library knows: the eight points, and their other encodings.
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    ],
)
def test_low_order_keys_are_refused(key):
    with pytest.raises(MalformedProof, match=r"small order|canonically"):
        check_public_key(bytes.fromhex(key))


@pytest.mark.parametrize(
    ("key", "why"),
    [
        (bytes(31), "32 bytes, not 31"),
        (PUBLIC + b"\0", "32 bytes, not 33"),
        ((P + 3).to_bytes(32, "little"), "canonically"),
        ((2).to_bytes(32, "little"), "not a point"),
    ],
)
def test_other_keys_that_are_refused(key, why):
    with pytest.raises(MalformedProof, match=why):
        check_public_key(key)


def test_an_honest_key_passes_and_verifies():
    check_public_key(PUBLIC)
    signature = PRIVATE.sign(b"message")
    assert verifies(PUBLIC, signature, b"message")
    assert not verifies(PUBLIC, signature, b"another")
    assert not verifies(PUBLIC, signature[:-1], b"message")
    assert not verifies(PUBLIC, b"", b"message")


def test_a_signature_with_s_not_below_the_order_is_refused():
    signature = PRIVATE.sign(b"message")
    s = int.from_bytes(signature[32:], "little")
    assert s < ORDER
    raised = signature[:32] + (s + ORDER).to_bytes(32, "little")
    assert not verifies(PUBLIC, raised, b"message")
