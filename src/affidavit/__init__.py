"""Affidavit: an audit log any application can embed, and compliance exports that prove themselves.

Names are imported when they are first used: the verifier must run where no database is installed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from affidavit.version import VERSION

if TYPE_CHECKING:
    from affidavit.context import acting
    from affidavit.errors import AffidavitError, InvalidEvent
    from affidavit.event import Actor, Event, Resource, Source, Subject
    from affidavit.log.audit_log import AuditLog
    from affidavit.log.journal import Receipt

__version__ = VERSION

__all__ = [
    "Actor",
    "AffidavitError",
    "AuditLog",
    "Event",
    "InvalidEvent",
    "Receipt",
    "Resource",
    "Source",
    "Subject",
    "__version__",
    "acting",
]

_HOMES: Final = {
    "acting": "affidavit.context",
    "AffidavitError": "affidavit.errors",
    "InvalidEvent": "affidavit.errors",
    "Actor": "affidavit.event",
    "Event": "affidavit.event",
    "Resource": "affidavit.event",
    "Source": "affidavit.event",
    "Subject": "affidavit.event",
    "AuditLog": "affidavit.log.audit_log",
    "Receipt": "affidavit.log.journal",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'affidavit' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(home), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
