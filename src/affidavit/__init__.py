"""Affidavit: an audit log any application can embed, and compliance exports that prove themselves."""

from affidavit.context import acting
from affidavit.errors import AffidavitError, InvalidEvent
from affidavit.event import Actor, Event, Resource, Source, Subject
from affidavit.log.audit_log import AuditLog
from affidavit.log.journal import Receipt
from affidavit.version import VERSION

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
