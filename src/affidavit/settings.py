"""Every setting, declared once: name, type, default, help.

Sources, strongest first: arguments in code, `AFFIDAVIT_<NAME>` in the environment, `affidavit.toml` in the home
folder, the default. docs/reference/settings.md is generated from this table.
"""

from __future__ import annotations

import ipaddress
import math
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, get_type_hints
from zoneinfo import ZoneInfo, available_timezones

from affidavit.errors import InvalidRequest

SETTINGS_FILE: Final = "affidavit.toml"


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings in force for one home folder."""

    database: str = ""
    archive: str = ""
    zone: str = "UTC"
    secrets: str = "strip"
    declared_fields: str = "fields.toml"
    oidc: str = "oidc.toml"
    group_events_max: int = 4096
    queue_events_max: int = 100_000
    busy_timeout_s: float = 30.0
    dedupe_window_h: int = 72
    checkpoint_interval_s: float = 5.0
    seal_age_s: float = 86_400.0
    query_memory_mib: int = 512
    query_threads: int = 2
    export_keep_days: int = 30
    client_events_per_s: int = 0
    retention: str = "none"
    export_formats: str = "csv,json,ndjson,parquet,xlsx,pdf"
    export_frequency: str = "never"
    trusted_proxies: str = ""
    deadlines: str = "deadlines.toml"
    reports: str = "reports"
    pending_laws: str = ""


HELP: Final = {
    "database": "SQLAlchemy URL of the journal; empty: sqlite file journal.db in the home folder",
    "archive": "folder or s3:// URL of the archive; empty: folder archive in the home folder",
    "zone": "IANA time zone of a new tenant: naive dates in requests mean this zone",
    "secrets": "what to do with secret-named keys in free objects: strip or refuse",
    "declared_fields": "TOML file of declared fields, relative to the home folder",
    "oidc": "TOML file of the OpenID Connect provider people may sign in by, relative to the home folder",
    "group_events_max": "events one transaction of the recorder takes at most",
    "queue_events_max": "events waiting for the recorder at most; more are refused (or counted as dropped if buffered)",
    "busy_timeout_s": "seconds to wait for the database's write lock",
    "dedupe_window_h": "hours a given event id is remembered",
    "checkpoint_interval_s": "seconds between checkpoints while something changes, at least",
    "seal_age_s": "seconds after which entries are sealed even where they fill no whole segment",
    "query_memory_mib": "MiB of memory one query may use before it spills to disk",
    "query_threads": "threads one query may use",
    "export_keep_days": "days the file of an export run is kept in the home folder",
    "client_events_per_s": "events a second that one client may send over HTTP; more are told to wait. 0: no limit",
    "retention": "default of the configuration's retention: how long records are kept",
    "export_formats": "default of the configuration's allowed export formats, separated by commas",
    "export_frequency": "default of the configuration's export frequency",
    "trusted_proxies": "addresses and networks, by commas, of proxies whose X-Forwarded-For and -Proto are believed",
    "reports": "folder of TOML files with reports, controls and frameworks of your own, relative to the home folder",
    "deadlines": "TOML file of deadlines and rights that are added to the built-in ones, relative to the home folder",
    "pending_laws": "proposals to be taken for law in deadlines, with commas: eu-digital-omnibus",
}
CHOICES: Final = {"secrets": ("strip", "refuse")}
MINIMUM: Final[dict[str, float]] = {
    "group_events_max": 1,
    "queue_events_max": 1,
    "busy_timeout_s": 0.1,
    "dedupe_window_h": 1,
    "checkpoint_interval_s": 0.1,
    "seal_age_s": 1,
    "query_memory_mib": 64,
    "query_threads": 1,
    "export_keep_days": 1,
    "client_events_per_s": 0,
}


def load(home: Path, environ: Mapping[str, str] | None = None, **given: Any) -> Settings:
    """Settings of `home`. Raises InvalidRequest naming the source, the setting, its value and what is allowed."""
    values: dict[str, Any] = {}
    file = home / SETTINGS_FILE
    if file.is_file():
        try:
            table = tomllib.loads(file.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InvalidRequest(f"{file}: not TOML: {error}", "Check the file's syntax") from None
        except OSError as error:
            raise InvalidRequest(f"{file}: {error.strerror}", "Make it readable for this process") from None
        values.update({name: _convert(name, value, str(file)) for name, value in table.items()})
    for name, value in (os.environ if environ is None else environ).items():
        key = name.removeprefix("AFFIDAVIT_").lower()
        if name.startswith("AFFIDAVIT_") and key in HELP:
            values[key] = _convert(key, value, name)
    values.update({name: _convert(name, value, "argument") for name, value in given.items()})
    return Settings(**values)


_TYPES: Final = get_type_hints(Settings)


def _convert(name: str, value: Any, where: str) -> Any:
    kind = _TYPES.get(name)
    if kind is None:
        raise InvalidRequest(
            f"{where}: unknown setting {name!r}", f"Settings: {', '.join(f.name for f in fields(Settings))}"
        )
    try:
        converted = kind(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else None
    except (ValueError, OverflowError):
        converted = None
    if (isinstance(value, float) and converted != value) or (kind is float and not math.isfinite(converted or 0.0)):
        converted = None
    if converted is None:
        raise InvalidRequest(f"{where}: {name} = {value!r} is no {kind.__name__}", HELP[name])
    if name in CHOICES and converted not in CHOICES[name]:
        raise InvalidRequest(f"{where}: {name} = {value!r}", f"Allowed: {', '.join(CHOICES[name])}")
    if name in MINIMUM and converted < MINIMUM[name]:
        raise InvalidRequest(f"{where}: {name} = {value!r} is too small", f"At least {MINIMUM[name]}")
    if name == "zone":
        zone(converted)
    if name == "trusted_proxies":
        proxies(converted)
    return converted


def proxies(text: str) -> list[str]:
    """Addresses and networks of the setting trusted_proxies. Raises InvalidRequest for what is neither.

    >>> proxies("127.0.0.1, 10.0.0.0/8")
    ['127.0.0.1', '10.0.0.0/8']
    """
    found = [one.strip() for one in text.split(",") if one.strip()]
    for one in found:
        try:
            ipaddress.ip_network(one)
        except ValueError as error:
            hint = "Write addresses and networks, with commas: 127.0.0.1, 10.0.0.0/8"
            raise InvalidRequest(f"trusted_proxies: {error}", hint) from None
    return found


def zone(name: str) -> ZoneInfo:
    """The IANA zone called `name`; InvalidRequest where there is none."""
    try:
        if name in ("UTC", "Etc/UTC") or name in available_timezones():
            return ZoneInfo(name)
    except (ValueError, OSError):
        pass
    raise InvalidRequest(f"unknown time zone {name[:80]!r}", "Use an IANA name: UTC, Europe/Berlin, America/Chicago")
