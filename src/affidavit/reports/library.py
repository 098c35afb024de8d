"""Library: the reports there are. The built-in catalogue, and over it a folder of the customer's own TOML files.

A file holds `[frameworks.<id>]`, `[controls."<id>"]` and `[reports.<id>]`. What a customer's file says of a framework
or control adds to what is known of it; a report replaces the one of its id, or with `base` changes single keys of one.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import msgspec

from affidavit.errors import InvalidRequest, NotFound
from affidavit.paths import DeclaredFields
from affidavit.reports.report import ALLOWED, TYPES, Control, Framework, Report, wrong

FILE_BYTES_MAX: Final = 1 << 20
FILES_MAX: Final = 256
ID_RE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}\Z")
_TABLES: Final = ("frameworks", "controls", "reports")
_WHERE_RE: Final = re.compile(r" - at `\$(.*)`\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Library:
    """All that is known: frameworks, controls and reports by id, and each report's definition as JSON text."""

    frameworks: Mapping[str, Framework]
    controls: Mapping[str, Control]
    reports: Mapping[str, Report]
    definitions: Mapping[str, str]

    def report(self, name: str) -> Report:
        """The report of an id, in any case. Raises NotFound naming what there is."""
        for found, report in self.reports.items():
            if found.lower() == name.lower():
                return report
        raise NotFound(f"no report {name[:80]!r}", f"There are: {', '.join(self.reports)}")

    def digest(self, name: str) -> str:
        """SHA-256 of a report's definition with its framework and controls: which text of it was run."""
        return sha256(self.definitions[name].encode()).hexdigest()


def library_of(log: Any) -> Library:
    """The library of a log's home: the setting `reports` names the folder."""
    return load(log.home / log.settings.reports, log.declared)


def load(folder: Path | None = None, declared: DeclaredFields | None = None) -> Library:
    """The built-in library with a folder's files over it, by name. Raises InvalidRequest naming file, key and value."""
    raw = {table: dict(content) for table, content in _builtin().items()}
    for path in _own_files(folder):
        _add(raw, _read(path), path.name)
    return _library(raw, declared)


def _own_files(folder: Path | None) -> list[Path]:
    if folder is None or not folder.is_dir():
        return []
    found = sorted(folder.glob("*.toml"))
    if len(found) > FILES_MAX:
        raise InvalidRequest(f"{folder}: {len(found)} files, at most {FILES_MAX}", "Put several reports into one")
    return found


@cache
def _builtin() -> dict[str, dict[str, Any]]:
    raw: dict[str, dict[str, Any]] = {table: {} for table in _TABLES}
    folder = files("affidavit.reports") / "catalogue"
    for one in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if one.name.endswith(".toml"):
            _add(raw, tomllib.loads(one.read_text("utf-8")), one.name)
    return raw


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise InvalidRequest(f"{path.name}: over {FILE_BYTES_MAX} bytes", "Split it")
        return tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise InvalidRequest(f"{path.name}: not TOML: {error}", "Check the file's syntax") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"{path.name}: {error}", "Make it a readable file of UTF-8") from None


def _add(raw: dict[str, dict[str, Any]], tables: dict[str, Any], source: str) -> None:
    """Put what a file says over what is known. Each entry remembers its file for messages."""
    for name, content in tables.items():
        if name not in _TABLES:
            raise InvalidRequest(f"{source}: unknown table {name!r}", f"Allowed: {', '.join(_TABLES)}")
        if not isinstance(content, dict) or not all(isinstance(one, dict) for one in content.values()):
            raise InvalidRequest(f"{source}: {name} is no table of tables", f"Write [{name}.<id>]")
        for key, entry in content.items():
            known = raw[name].get(key, {}) if name != "reports" else {}
            raw[name][key] = {**known, **entry, "_source": source}


def _library(raw: dict[str, dict[str, Any]], declared: DeclaredFields | None) -> Library:
    frameworks = {key: _convert(entry, Framework, "framework", key) for key, entry in raw["frameworks"].items()}
    controls = {key: _convert(entry, Control, "control", key) for key, entry in raw["controls"].items()}
    for key, control in controls.items():
        if control.framework not in frameworks:
            where = _where(raw["controls"][key], "control", key)
            raise wrong(where, "framework", control.framework, f"Frameworks: {', '.join(frameworks)}")
    reports: dict[str, Report] = {}
    definitions: dict[str, str] = {}
    for key in raw["reports"]:
        entry = _based(raw["reports"], key)
        where = _where(entry, "report", key)
        if not ID_RE.match(key):
            raise wrong(where, "id", key, "A letter, then up to 31 letters, digits, _ and -")
        report = msgspec.structs.replace(_convert(entry, Report, "report", key), id=key)
        if report.framework not in frameworks:
            raise wrong(where, "framework", report.framework, f"Frameworks: {', '.join(frameworks)}")
        report.check(where, controls, declared)
        reports[key] = report
        rules = {name: controls[name] for name in report.controls}
        whole = {"report": report, "framework": frameworks[report.framework], "controls": rules}
        definitions[key] = msgspec.json.encode(whole, order="sorted").decode()
    order = sorted(reports, key=lambda key: (reports[key].framework, key))
    return Library(frameworks, controls, {key: reports[key] for key in order}, definitions)


def _based(raw: Mapping[str, dict[str, Any]], key: str, seen: tuple[str, ...] = ()) -> dict[str, Any]:
    """A report's table with its base's below it; parameters are joined one by one."""
    entry = raw[key]
    base = entry.get("base")
    if base is None:
        return entry
    where = _where(entry, "report", key)
    if base not in raw or base == key or base in seen:
        raise wrong(where, "base", base, f"Another report: {', '.join(one for one in raw if one != key)}")
    below = _based(raw, base, (*seen, key))
    parameters = {**below.get("parameters", {})}
    for name, parameter in entry.get("parameters", {}).items():
        parameters[name] = {**parameters.get(name, {}), **parameter}
    return {**below, **{k: v for k, v in entry.items() if k != "base"}, "parameters": parameters}


def _where(entry: Mapping[str, Any], noun: str, key: str) -> str:
    return f"{entry.get('_source', '?')}: {noun} {key}"


def _convert(entry: dict[str, Any], kind: Any, noun: str, key: str) -> Any:
    where = _where(entry, noun, key)
    try:
        return msgspec.convert({name: value for name, value in entry.items() if name != "_source"}, kind)
    except msgspec.ValidationError as error:
        found = _WHERE_RE.search(str(error))
        message = str(error)[: found.start()] if found else str(error)
        place = found[1].lstrip(".") if found else ""
        raise InvalidRequest(f"{where}{', ' + place if place else ''}: {message}", _hint(place)) from None


def _hint(place: str) -> str:
    parts = re.sub(r"\[[^\]]*\]", "", place).split(".")
    allowed = ALLOWED.get(parts[-1], ())
    if parts[-1] == "type":
        allowed = TYPES["parameters" if "parameters" in parts else "columns"]
    return f"Allowed: {', '.join(allowed)}" if allowed else "See docs/how-to/reports.md"
