"""A real log, and what tests ask of it."""

import zipfile
from datetime import UTC, datetime

import msgspec
import pytest

from affidavit.log.audit_log import AuditLog


@pytest.fixture
def log(tmp_path):
    with AuditLog.open(tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def out(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def _at(text):
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@pytest.fixture
def record(log):
    """Record (action, actor, resource, at) tuples, or whole events as dicts."""

    def do(*events):
        whole = [
            event
            if isinstance(event, dict)
            else {"action": event[0], "actor": event[1], "resource": event[2], "at": _at(event[3])}
            for event in events
        ]
        return log.record_many(whole)

    return do


@pytest.fixture
def own_events(log):
    """What the log says of exports: (action, fields) in order."""

    def do():
        events = []
        for index in range(log.pin("access").size):
            opened = log.opened("access", index)
            action = msgspec.json.decode(opened.entry)["action"]
            events.append((action, dict(zip(opened.paths, opened.values, strict=True))))
        return events

    return do


@pytest.fixture
def unpack():
    """Name → bytes of every part of a bundle."""

    def do(path):
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
            return {name: archive.read(name) for name in archive.namelist()}

    return do
