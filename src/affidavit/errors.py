"""Every error of Affidavit: one root, few children.

Each says what failed, with which value, and what to do next (`hint`). `exit_code` is what the command line
ends with and `http_status` what the service answers; this file is the only table of both.
"""

from __future__ import annotations

from typing import ClassVar


class AffidavitError(Exception):
    """Root of all errors raised on purpose. `str(error)` is the message, with the hint after it."""

    exit_code: ClassVar[int] = 1
    http_status: ClassVar[int] = 500

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}. {self.hint}" if self.hint else self.message


class InvalidEvent(AffidavitError):
    """An event that can't be recorded. `field` is the dotted path of what is wrong, or empty."""

    exit_code = 3
    http_status = 422

    def __init__(self, message: str, hint: str = "", *, field: str = "") -> None:
        super().__init__(message, hint)
        self.field = field


class DuplicateId(InvalidEvent):
    """The id was already used for an event with other content."""

    http_status = 409


class InvalidRequest(AffidavitError):
    """Arguments, options, settings or a query that can't be carried out as given."""

    exit_code = 2
    http_status = 422


class InvalidQuery(InvalidRequest):
    """A query that does not parse. `column` is where, counted from 1; 0 where there is no column."""

    def __init__(self, message: str, hint: str = "", *, column: int = 0) -> None:
        super().__init__(message, hint)
        self.column = column


class InvalidField(InvalidRequest):
    """One part of a request is wrong. `field` is its dotted path: facts.outcome."""

    def __init__(self, message: str, hint: str = "", *, field: str) -> None:
        super().__init__(message, hint)
        self.field = field


class NotFound(AffidavitError):
    """A named thing (log, tenant, index, export) that does not exist, or not for this reader."""

    exit_code = 4
    http_status = 404


class Forbidden(AffidavitError):
    """The caller may not do this."""

    exit_code = 5
    http_status = 403


class StorageError(AffidavitError):
    """Disk, database or bucket refused. What was acknowledged before stays; try again."""

    exit_code = 6
    http_status = 503


class Busy(StorageError):
    """Too much is waiting. Nothing was recorded; `retry_after_s` says when to try again."""

    http_status = 503

    def __init__(self, message: str, hint: str = "", *, retry_after_s: float = 1.0) -> None:
        super().__init__(message, hint)
        self.retry_after_s = retry_after_s


class LoggingOff(AffidavitError):
    """Audit logging is switched off for this tenant: the event was not recorded, only counted. `log_id` is the log."""

    exit_code = 12
    http_status = 503

    def __init__(self, message: str, hint: str = "", *, log_id: int = 0) -> None:
        super().__init__(message, hint)
        self.log_id = log_id


class IntegrityError(AffidavitError):
    """Stored bytes are not what was committed. Names the first mismatch."""

    exit_code = 7
    http_status = 500


class MalformedProof(AffidavitError):
    """Bytes of a note, tile, proof, entry or bundle that are not exactly in form, or do not hold."""

    exit_code = 8
    http_status = 422


class MissingExtra(AffidavitError):
    """A part that needs an optional dependency which is not installed."""

    exit_code = 9
    http_status = 501

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs the extra [{extra}]", f'Install it: pip install "affidavit[{extra}]"')
