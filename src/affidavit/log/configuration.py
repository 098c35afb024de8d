"""Configuration: what a tenant's officers set, kept in the database. Every change is an event on `control`.

Five keys: `audit_logging`, `retention`, `export_formats`, `export_frequency`, `masking`. A key that was never set, or
was taken back, has its default; for three of them the settings say which.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, delete, func, insert, select, update

from affidavit.commitment import format_time
from affidavit.context import current
from affidavit.errors import Busy, InvalidRequest
from affidavit.event import Basis, Event
from affidavit.log.keep import FOR_EVER, Keep
from affidavit.log.reasons import check_reason
from affidavit.log.recorder import REFUSED
from affidavit.log.registry import CONTROL, OWN_STREAMS
from affidavit.log.schema import configuration, counters, logs
from affidavit.masking.overrides import Overrides, read_overrides
from affidavit.settings import Settings
from affidavit.verify.manifest import DATA_FORMATS

if TYPE_CHECKING:  # which itself checks the defaults of this module
    from affidavit.log.audit_log import AuditLog

UPDATED: Final = "config.updated"
STOPPED: Final = "log.stopped"
STARTED: Final = "log.started"
FREQUENCIES: Final = ("never", "daily", "weekly", "monthly", "quarterly")
MASKING_BYTES_MAX: Final = 16_384
_SWITCH: Final = {True: "on", False: "off"}


class InvalidConfiguration(InvalidRequest):
    """A value that a key of the configuration can't have. `field` is the key."""

    def __init__(self, message: str, hint: str = "", *, field: str = "") -> None:
        super().__init__(message, hint)
        self.field = field


@dataclass(frozen=True, slots=True)
class Change:
    """Who set a key, when and why. `at_us` in microseconds."""

    at_us: int
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class Configuration:
    """A tenant's configuration as it stands. `changed` tells of the keys that are not at their defaults.

    `retention` and `export_frequency` are kept and checked; nothing acts on them yet.
    """

    audit_logging: bool = True
    retention: str = FOR_EVER
    export_formats: tuple[str, ...] = DATA_FORMATS
    export_frequency: str = FREQUENCIES[0]
    masking: Mapping[str, Any] = field(default_factory=dict)
    changed: Mapping[str, Change] = field(default_factory=dict)

    @property
    def overrides(self) -> Overrides:
        """The masks of `masking`, ready to be laid over a profile."""
        return read_overrides(self.masking)

    def text(self, name: str) -> str:
        """A value as people write it and events carry it."""
        value = getattr(self, name)
        if isinstance(value, bool):
            return _SWITCH[value]
        if isinstance(value, tuple):
            return ",".join(value)
        return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


KEYS: Final = ("audit_logging", "retention", "export_formats", "export_frequency", "masking")


def read(log: AuditLog) -> Configuration:
    """The tenant's configuration, read afresh."""
    return _of(_rows(log), log.settings)


def change(log: AuditLog, values: Mapping[str, Any], reason: str = "") -> Configuration:
    """Set keys; None takes a key back to its default. Gives the configuration as it then stands.

    One transaction with `config.updated`, and `log.stopped` or `log.started` where `audit_logging` changes: that needs
    a reason. What changes nothing is no event. Raises InvalidConfiguration naming key, value and
    what is allowed, and Busy where somebody else changed it at the same moment.
    """
    checked = {name: None if value is None else check(name, value) for name, value in values.items()}
    check_reason(reason, needed=False)
    rows = _rows(log)
    before = _of(rows, log.settings)
    left = {name: row for name, row in rows.items() if name not in checked}
    now_us = time.time_ns() // 1000
    mark = Change(now_us, current().actor, reason)
    after = _of({**left, **{k: (v, mark) for k, v in checked.items() if v is not None}}, log.settings)
    changes = {name: checked[name] for name in checked if after.text(name) != before.text(name)}
    if not changes:
        return before
    switched = "audit_logging" in changes
    check_reason(reason, needed=switched)
    own = {f"settings.before.{name}": before.text(name) for name in changes}
    own |= {f"settings.after.{name}": after.text(name) for name in changes}
    why = Basis(justification=reason) if reason.strip() else None
    events: list[tuple[str, dict[str, str], Event | None]] = [(UPDATED, own, Event(action=UPDATED, basis=why))]
    streams = frozenset(info.id for info in log.tenant.logs.values() if info.stream not in OWN_STREAMS)
    if switched and after.audit_logging:
        events.append((STARTED, _meanwhile(log, streams), Event(action=STARTED, basis=why)))
    elif switched:
        events.append((STOPPED, {}, Event(action=STOPPED, basis=why)))
    put = _put(log, rows, changes, mark, stopped_us=None if after.audit_logging else now_us, switched=switched)
    log.record_own_all(events, stream=CONTROL, extra=put, locks=streams if switched else frozenset())
    return read(log)


def _meanwhile(log: AuditLog, log_ids: frozenset[int]) -> dict[str, str]:
    """Since when logging is off, and how many events were refused meanwhile."""
    counted = (counters.c.log_id.in_(log_ids), counters.c.name == REFUSED)
    with log.database.read() as connection:
        since = connection.execute(select(func.max(logs.c.stopped_us)).where(logs.c.id.in_(log_ids))).scalar()
        refused = connection.execute(select(func.coalesce(func.sum(counters.c.value), 0)).where(*counted)).scalar_one()
    return {"log.refused": str(refused), **({} if since is None else {"log.stopped": format_time(since)})}


def check(name: str, value: Any) -> Any:
    """The value of a key in its kept form: from JSON, or from text as `config set` takes it.

    Raises InvalidConfiguration naming key, value and what is allowed.
    """
    reader = _READERS.get(name)
    if reader is None:
        raise InvalidConfiguration(f"{name[:80]!r} is no key", f"Keys: {', '.join(KEYS)}", field=name[:80])
    try:
        return reader(value)
    except InvalidConfiguration:
        raise
    except InvalidRequest as error:
        message = error.message.removeprefix(f"{name}: ")
        raise InvalidConfiguration(f"{name}: {message}", error.hint, field=name) from None


def _audit_logging(value: Any) -> bool:
    found = {"on": True, "off": False, True: True, False: False}.get(value) if isinstance(value, (str, bool)) else None
    if found is None:
        raise InvalidRequest(f"{_short(value)} is no switch", "Write on or off")
    return found


def _retention(value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidRequest(f"{_short(value)} is no text", 'Write "7 years", or "none"')
    return str(Keep.parse(value))


def _formats(value: Any) -> list[str]:
    given = [one.strip() for one in value.split(",") if one.strip()] if isinstance(value, str) else value
    if not isinstance(given, list | tuple) or not given or not all(one in DATA_FORMATS for one in given):
        raise InvalidRequest(f"{_short(value)} can't be used", f"Allowed, at least one: {', '.join(DATA_FORMATS)}")
    return [one for one in DATA_FORMATS if one in given]


def _frequency(value: Any) -> str:
    if value not in FREQUENCIES:
        raise InvalidRequest(f"{_short(value)} can't be used", f"Allowed: {', '.join(FREQUENCIES)}")
    return str(value)


def _masking(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError) as error:
            raise InvalidRequest(f"{_short(value)} is no JSON: {error}", 'Write \'{"ip": "remove"}\'') from None
    read_overrides(value)
    kept: dict[str, Any] = dict(value)
    if len(json.dumps(kept)) > MASKING_BYTES_MAX:
        raise InvalidRequest(f"more than {MASKING_BYTES_MAX} bytes", "Name classes instead of paths")
    return kept


_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "audit_logging": _audit_logging,
    "retention": _retention,
    "export_formats": _formats,
    "export_frequency": _frequency,
    "masking": _masking,
}


def defaults(settings: Settings) -> dict[str, Any]:
    """The default of each key. Raises InvalidConfiguration for a setting that can't be one."""
    return {
        "audit_logging": True,
        "retention": check("retention", settings.retention),
        "export_formats": check("export_formats", settings.export_formats),
        "export_frequency": check("export_frequency", settings.export_frequency),
        "masking": {},
    }


_Rows = dict[str, tuple[Any, Change]]


def _rows(log: AuditLog) -> _Rows:
    with log.database.read() as connection:
        return _read(connection, log.tenant.id)


def _read(connection: Connection, tenant_id: str) -> _Rows:
    found = connection.execute(select(configuration).where(configuration.c.tenant_id == tenant_id)).all()
    return {row.name: (json.loads(row.value), Change(row.changed_us, row.actor, row.reason)) for row in found}


def _of(rows: _Rows, settings: Settings) -> Configuration:
    values = {**defaults(settings), **{name: value for name, (value, _) in rows.items() if name in KEYS}}
    changed = {name: change for name, (_, change) in rows.items() if name in KEYS}
    return Configuration(**{**values, "export_formats": tuple(values["export_formats"])}, changed=changed)


def _put(
    log: AuditLog, expected: _Rows, changes: Mapping[str, Any], mark: Change, *, stopped_us: int | None, switched: bool
) -> Callable[[Connection, Sequence[Any]], None]:
    tenant_id = log.tenant.id

    def put(connection: Connection, _placed: Sequence[Any]) -> None:
        # The control log's head is locked: whoever else changes the configuration waits here or has gone before.
        if _read(connection, tenant_id) != expected:
            raise Busy("the configuration was changed at the same moment", "Look at it, and try again")
        for name, value in changes.items():
            which = (configuration.c.tenant_id == tenant_id, configuration.c.name == name)
            connection.execute(delete(configuration).where(*which))
            if value is not None:
                row = {"changed_us": mark.at_us, "actor": mark.actor, "reason": mark.reason}
                connection.execute(
                    insert(configuration).values(tenant_id=tenant_id, name=name, value=json.dumps(value), **row)
                )
        if switched:
            which = (logs.c.tenant_id == tenant_id, logs.c.stream.not_in(OWN_STREAMS))
            connection.execute(update(logs).where(*which).values(stopped_us=stopped_us))
        if switched and stopped_us is not None:  # what is counted is of one stop
            mine = counters.c.log_id.in_(select(logs.c.id).where(logs.c.tenant_id == tenant_id))
            connection.execute(update(counters).where(mine, counters.c.name == REFUSED).values(value=0))

    return put


def _short(value: Any) -> str:
    return repr(str(value)[:80])
