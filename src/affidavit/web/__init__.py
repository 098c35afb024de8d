"""The service: one ASGI code, standalone (`affidavit serve`) or mounted in an existing application.

>>> from affidavit.web import mount  # doctest: +SKIP
>>> mount(app, AuditLog.open("affidavit-data"))  # doctest: +SKIP
"""

from affidavit.web.app import create_app, mount

__all__ = ["create_app", "mount"]
