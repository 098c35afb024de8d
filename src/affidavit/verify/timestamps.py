"""RFC 3161 timestamps over checkpoints, checked with rfc3161-client (extra `timestamp`). docs/format.md, "Timestamps".

Without that library nothing can be said of a token: `Stamps.usable` is false, and TIMED is NOT PROVEN.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from affidavit.errors import MalformedProof, MissingExtra

TOKEN_BYTES_MAX: Final = 65_536
SHA256_OID: Final = "2.16.840.1.101.3.4.2.1"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Stamps:
    """Checks tokens against the timestamp roots of a trust file (DER certificates)."""

    def __init__(self, roots: Sequence[bytes]) -> None:
        self._roots = tuple(roots)
        self._library = _library()

    @property
    def usable(self) -> bool:
        """Whether the library is installed."""
        return self._library is not None

    def dated_us(self, token: bytes, text: bytes, what: str) -> int | None:
        """The time of a token over `text`, microseconds; None where it does not hold under the roots.

        MalformedProof where the token is not in form, or is over something else. `usable` MUST be true.
        """
        if len(token) > TOKEN_BYTES_MAX:
            raise MalformedProof(f"{what} has {len(token)} bytes, at most {TOKEN_BYTES_MAX}")
        try:
            response, gen_time, imprint = self._read(token)
        except (ValueError, TypeError, AttributeError, OverflowError) as error:
            raise MalformedProof(f"{what} is no RFC 3161 timestamp: {error}") from None
        if imprint != (SHA256_OID, sha256(text).digest()):
            raise MalformedProof(f"{what} is not over the SHA-256 of the checkpoint's text")
        return (gen_time - _EPOCH) // timedelta(microseconds=1) if self._holds(response) else None

    def _client(self) -> tuple[Any, tuple[type[BaseException], ...]]:
        if self._library is None:
            raise MissingExtra("Reading timestamps", "timestamp")
        return self._library

    def _read(self, token: bytes) -> tuple[Any, datetime, tuple[str, bytes]]:
        client, panics = self._client()
        try:
            response = client.decode_timestamp_response(token)
            if response.status != 0 or len(response.signed_data.signer_infos) != 1:
                raise ValueError(f"status {response.status}, or not one signer")
            info = response.tst_info
            imprint = (info.message_imprint.hash_algorithm.dotted_string, bytes(info.message_imprint.message))
            gen_time = info.gen_time
        except panics as error:
            raise ValueError(f"{error}") from None
        return response, gen_time if gen_time.tzinfo else gen_time.replace(tzinfo=UTC), imprint

    def _holds(self, response: Any) -> bool:
        from cryptography import x509

        client, panics = self._client()
        verifier = client.VerifierBuilder(roots=[x509.load_der_x509_certificate(root) for root in self._roots]).build()
        try:
            verifier.verify(response, bytes(response.tst_info.message_imprint.message))
            return _only_for_timestamps(response)
        except (client.VerificationError, x509.ExtensionNotFound, ValueError, TypeError, *panics):
            return False


def _only_for_timestamps(response: Any) -> bool:
    """Whether the signer's certificate has the one extended key usage that RFC 3161, 2.3 demands."""
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    signer = next(iter(response.signed_data.signer_infos))
    for raw in response.signed_data.certificates:
        certificate = x509.load_der_x509_certificate(raw)
        if (certificate.issuer, certificate.serial_number) == (signer.issuer, signer.serial_number):
            usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
            return usage.critical and list(usage.value) == [ExtendedKeyUsageOID.TIME_STAMPING]
    return False


def _library() -> tuple[Any, tuple[type[BaseException], ...]] | None:
    """The client, and what its Rust raises where it gives up: exceptions of classes that can't be imported."""
    try:
        import rfc3161_client
    except ImportError:
        return None
    return rfc3161_client, tuple(kind for kind in BaseException.__subclasses__() if kind.__name__ == "PanicException")


def check_root(der: bytes, what: str) -> bytes:
    """A timestamp root: a DER certificate, or MalformedProof."""
    from cryptography import x509

    try:
        x509.load_der_x509_certificate(der)
    except ValueError as error:
        raise MalformedProof(f"{what} is no DER certificate: {error}") from None
    return der
