"""A timestamp authority of our own (RFC 3161), made of a DER writer and `cryptography`: for tests alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
BEGIN, END = datetime(2020, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)


def der(tag, *parts):
    data = b"".join(parts)
    size = len(data)
    head = (
        bytes([size])
        if size < 128
        else bytes([0x80 + (size.bit_length() + 7) // 8]) + size.to_bytes((size.bit_length() + 7) // 8, "big")
    )
    return bytes([tag]) + head + data


def oid(text):
    first, second, *rest = map(int, text.split("."))
    out = [first * 40 + second]
    for number in rest:
        piece = [number & 127]
        while number := number >> 7:
            piece.append(128 | number & 127)
        out += reversed(piece)
    return der(6, bytes(out))


def integer(value):
    return der(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


SHA256 = der(0x30, oid("2.16.840.1.101.3.4.2.1"), der(5))
SHA1 = der(0x30, oid("1.3.14.3.2.26"), der(5))
TST = oid("1.2.840.113549.1.9.16.1.4")


class Authority:
    """A root and a leaf below it. `usages` of the leaf; `digit` makes others of the same kind."""

    def __init__(self, name="root", usages=(ExtendedKeyUsageOID.TIME_STAMPING,), *, critical=True):
        root_key, self.key = key(f"{name} root"), key(f"{name} leaf")
        issuer = subject(f"{name} root")
        self.root = (
            certificate(issuer, issuer, root_key.public_key(), 1)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(root_key, hashes.SHA256())
        )
        self.leaf = (
            certificate(subject(f"{name} leaf"), issuer, self.key.public_key(), 2)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=critical)
            .sign(root_key, hashes.SHA256())
        )
        self.root_der = self.root.public_bytes(Encoding.DER)

    def stamp(self, text, us, *, status=0, algorithm=SHA256, imprint=None, spoil=False):
        """A TimeStampResp over `text` at a time in microseconds."""
        imprint = sha256(text).digest() if imprint is None else imprint
        moment = EPOCH + timedelta(microseconds=us)
        time = der(0x18, moment.strftime("%Y%m%d%H%M%SZ").encode())
        info = der(0x30, integer(1), oid("1.2.3.4"), der(0x30, algorithm, der(4, imprint)), integer(7), time)
        leaf = self.leaf.public_bytes(Encoding.DER)
        ess = der(0x30, der(0x30, der(0x30, der(4, sha256(leaf).digest()))))
        attributes = b"".join(
            sorted(
                der(0x30, oid(name), der(0x31, value))
                for name, value in (
                    ("1.2.840.113549.1.9.3", TST),
                    ("1.2.840.113549.1.9.4", der(4, sha256(info).digest())),
                    ("1.2.840.113549.1.9.16.2.47", ess),
                )
            )
        )
        signature = self.key.sign(der(0x31, attributes), padding.PKCS1v15(), hashes.SHA256())
        if spoil:
            signature = signature[:-1] + bytes([signature[-1] ^ 1])
        signer = der(
            0x30, integer(1), der(0x30, self.leaf.issuer.public_bytes(), integer(self.leaf.serial_number)), SHA256,
            der(0xA0, attributes), der(0x30, oid("1.2.840.113549.1.1.1"), der(5)), der(4, signature),
        )  # fmt: skip
        signed = der(
            0x30, integer(3), der(0x31, SHA256), der(0x30, TST, der(0xA0, der(4, info))), der(0xA0, leaf),
            der(0x31, signer),
        )  # fmt: skip
        token = der(0x30, oid("1.2.840.113549.1.7.2"), der(0xA0, signed))
        return der(0x30, der(0x30, integer(status)), token)


@cache
def key(_name):
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def subject(name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def certificate(name, issuer, public, serial):
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(serial)
        .not_valid_before(BEGIN)
        .not_valid_after(END)
    )
