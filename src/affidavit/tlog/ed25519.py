"""Ed25519 public keys that may be trusted: encoded canonically, on the curve, not of small order (RFC 8032,
5.1).

With a small-order key one signature fits many messages, and an encoding that is not canonical gives one key
two names. Libraries differ on both, so verifiers would too; these are refused before any library sees them.
Signatures whose S is not below the group's order are refused by `cryptography` (OpenSSL) itself.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from affidavit.errors import MalformedProof

KEY_BYTES = 32
SIGNATURE_BYTES = 64

_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT_OF_MINUS_1 = pow(2, (_P - 1) // 4, _P)


def _square_roots(a: int) -> tuple[int, ...]:
    """The square roots of a modulo p: two, or none (p = 5 modulo 8). Zero is given twice."""
    root = pow(a, (_P + 3) // 8, _P)
    for candidate in (root, root * _ROOT_OF_MINUS_1 % _P):
        if candidate * candidate % _P == a % _P:
            return candidate, -candidate % _P
    return ()


def _small_order_ys() -> frozenset[int]:
    """The y of the eight points whose order divides 8.

    Order 1 has y = 1, order 2 y = -1, order 4 y = 0. A point of order 8 doubles to y = 0, so x² = -y², and
    with the curve's equation d·y⁴ + 2·y² - 1 = 0: y² = (-1 ± √(1 + d)) / d.
    """
    order_8 = {y for root in _square_roots(1 + _D) for y in _square_roots((root - 1) * pow(_D, -1, _P) % _P)}
    return frozenset({1, _P - 1, 0} | order_8)


SMALL_ORDER_YS = _small_order_ys()


def check_public_key(key: bytes) -> None:
    """Raise MalformedProof unless `key` is 32 bytes, canonical, on the curve and not of small order."""
    if len(key) != KEY_BYTES:
        raise MalformedProof(f"An Ed25519 public key has {KEY_BYTES} bytes, not {len(key)}")
    y = int.from_bytes(key, "little") & (2**255 - 1)
    if y >= _P:
        raise MalformedProof(f"The Ed25519 public key {key.hex()} is not encoded canonically")
    if y in SMALL_ORDER_YS:
        raise MalformedProof(f"The Ed25519 public key {key.hex()} has small order", "Never trust this key.")
    x_squared = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    if not _square_roots(x_squared):
        raise MalformedProof(f"The Ed25519 public key {key.hex()} is not a point of the curve")


def verifies(key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether `signature` of `message` is by `key`, a key that `check_public_key` let pass."""
    if len(signature) != SIGNATURE_BYTES:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        return False
    return True
