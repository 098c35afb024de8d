"""The table of field paths: what a record can carry, with tag, class and whether it is a number.

Part of the format (docs/format.md): v1 paths are never renamed. A path is never personal data; its value may be,
and its *class* says of which kind, so that masking profiles and reports need not know single fields.
Customers add paths under `details.` by declaring them (`DeclaredFields`); `change.before.<column>` and
`change.after.<column>` are paths of their own; the groups of `OWN_GROUPS` belong to Affidavit's own events.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from typing import Any, Final

from affidavit.errors import InvalidRequest

PATH_BYTES_MAX: Final = 128
PATH_RE: Final = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*\Z")
DECLARED_FIELDS_MAX: Final = 256

# Classes of values, from docs/explanation/masking.md. "none" is not personal by itself; "free" may hold anything.
CLASSES: Final = (
    "none",
    "staff",
    "person_name",
    "email",
    "phone",
    "subject",
    "government_id",
    "account",
    "card",
    "ip",
    "subject_date",
    "location",
    "device",
    "organisation",
    "resource",
    "change",
    "free",
)

STRING: Final = "s"
JSON: Final = "j"
NULL: Final = "n"


@dataclass(frozen=True, slots=True)
class Path:
    """One path: its tag (`s` string, `j` JSON text), class, and whether its cells are numbers."""

    name: str
    tag: str
    cls: str
    number: bool = False


def _table(*rows: tuple[str, str, str] | tuple[str, str, str, bool]) -> dict[str, Path]:
    return {row[0]: Path(*row) for row in sorted(rows)}


PATHS: Final = _table(
    ("id", "s", "none"),
    ("message", "s", "free"),
    ("severity", "s", "none"),
    ("status_detail", "s", "free"),
    ("target", "s", "none"),
    ("actor.id", "s", "staff"),
    ("actor.is_privileged", "j", "none"),
    ("actor.is_service", "j", "none"),
    ("actor.mfa", "j", "none"),
    ("actor.name", "s", "person_name"),
    ("actor.on_behalf_of", "s", "staff"),
    ("actor.roles", "j", "none"),
    ("actor.session", "s", "device"),
    ("actor.type", "s", "none"),
    ("source.app", "s", "none"),
    ("source.device", "s", "device"),
    ("source.geo", "s", "location"),
    ("source.ip", "s", "ip"),
    ("source.request_id", "s", "none"),
    ("source.user_agent", "s", "device"),
    ("resource.id", "s", "resource"),
    ("resource.name", "s", "free"),
    ("resource.owner", "s", "subject"),
    ("resource.type", "s", "none"),
    ("record_count", "j", "none", True),
    ("data_categories", "j", "none"),
    ("classification", "s", "none"),
    ("subject.id", "s", "subject"),
    ("subject.name", "s", "person_name"),
    ("subject.relationship", "s", "none"),
    ("subject.type", "s", "none"),
    ("basis.consent_ref", "s", "none"),
    ("basis.exemption_code", "s", "none"),
    ("basis.justification", "s", "free"),
    ("basis.lawful_basis", "s", "none"),
    ("basis.legitimate_interest", "s", "none"),
    ("basis.purpose", "s", "none"),
    ("basis.ticket", "s", "none"),
    ("disclosure.additional_parties", "j", "organisation"),
    ("disclosure.description", "s", "free"),
    ("disclosure.method", "s", "none"),
    ("disclosure.recipient.address", "s", "location"),
    ("disclosure.recipient.country", "s", "none"),
    ("disclosure.recipient.name", "s", "organisation"),
    ("disclosure.recipient.type", "s", "none"),
    ("disclosure.redisclosure_notice", "j", "none"),
    ("disclosure.threat", "s", "free"),
    ("change.approved_by", "s", "staff"),
    ("change.back_out", "s", "free"),
    ("change.requested_by", "s", "staff"),
    ("change.tested_by", "s", "staff"),
    ("case.aware_at", "s", "none"),
    ("case.closed_at", "s", "none"),
    ("case.denial_basis", "s", "none"),
    ("case.discovered_at", "s", "none"),
    ("case.due_at", "s", "none"),
    ("case.incident_id", "s", "none"),
    ("case.outcome", "s", "none"),
    ("case.received_at", "s", "none"),
    ("case.request_id", "s", "none"),
    ("case.right", "s", "none"),
    ("controls", "j", "none"),
    ("legal_hold", "j", "none"),
    ("retention_class", "s", "none"),
    ("details", "j", "free"),
    ("secrets_stripped", "j", "none", True),
)

# The public keys of an entry: not committed fields, but columns and query keys all the same.
PUBLIC_KEYS: Final = {name: Path(name, "s", "none") for name in ("action", "at", "outcome", "t")}

# Groups only Affidavit's own events carry (streams `access` and `control`). Strings, unless listed in OWN_NUMBERS
# or OWN_LISTS.
OWN_GROUPS: Final = frozenset(
    {"anchor", "erasure", "export", "hold", "key", "log", "purge", "query", "retention", "run", "settings"}
)
OWN_NUMBERS: Final = frozenset(
    {
        "export.rows",
        "export.masked",
        "anchor.size",
        "key.from_size",
        "purge.end",
        "purge.policy",
        "retention.days",
        "retention.months",
        "log.size",
    }
)
OWN_LISTS: Final = frozenset({"hold.ranges", "purge.kept"})


@dataclass(frozen=True, slots=True)
class DeclaredField:
    """A customer's own field `details.<name>`: type string | number | boolean | date | list; class; column or not."""

    name: str
    type: str = "string"
    cls: str = "free"
    column: bool = False
    label: str = ""

    @property
    def path(self) -> Path:
        """Its path: `details.<name>`, tag `s` for text and dates, `j` for the rest."""
        return Path(
            f"details.{self.name}",
            STRING if self.type in ("string", "date") else JSON,
            self.cls,
            self.type == "number",
        )


DECLARED_TYPES: Final = ("string", "number", "boolean", "date", "list")
_NAME_RE: Final = re.compile(r"[a-z][a-z0-9_]*\Z")


@dataclass(frozen=True, slots=True)
class DeclaredFields:
    """A tenant's declared fields, by name. Empty by default."""

    fields: dict[str, DeclaredField] = field(default_factory=dict)

    @classmethod
    def from_toml(cls, text: str) -> DeclaredFields:
        """Read `[fields.<name>]` tables with keys type, class, column, label.

        Raises InvalidRequest naming table, key, value and what is allowed.
        """
        try:
            tables = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise InvalidRequest(f"declared fields: not TOML: {error}", "Check the file's syntax") from None
        unknown = set(tables) - {"fields"}
        if unknown:
            raise InvalidRequest(f"declared fields: unknown table {min(unknown)!r}", "Allowed: [fields.<name>]")
        return cls.from_tables(tables.get("fields", {}))

    @classmethod
    def from_tables(cls, tables: Any) -> DeclaredFields:
        """The same from decoded tables {name: {type, class, column, label}}."""
        if not isinstance(tables, dict):
            raise InvalidRequest("declared fields: [fields] is no table", "Write [fields.<name>]")
        if len(tables) > DECLARED_FIELDS_MAX:
            raise InvalidRequest(f"declared fields: {len(tables)} fields, at most {DECLARED_FIELDS_MAX}")
        return cls({name: _declared(name, table) for name, table in sorted(tables.items())})

    def to_tables(self) -> dict[str, dict[str, Any]]:
        """The inverse of `from_tables`."""
        return {
            f.name: {"type": f.type, "class": f.cls, "column": f.column, "label": f.label} for f in self.fields.values()
        }


def _declared(name: str, table: Any) -> DeclaredField:
    where = f"declared field {name!r}"
    if not _NAME_RE.match(name) or len(name) > PATH_BYTES_MAX - len("details."):
        raise InvalidRequest(f"{where}: bad name", "Use a lower-case letter, then lower-case letters, digits, _")
    if not isinstance(table, dict):
        raise InvalidRequest(f"{where}: not a table", f"Write [fields.{name}]")
    unknown = set(table) - {"type", "class", "column", "label"}
    if unknown:
        raise InvalidRequest(f"{where}: unknown key {min(unknown)!r}", "Allowed: type, class, column, label")
    kind, cls = table.get("type", "string"), table.get("class", "free")
    if kind not in DECLARED_TYPES:
        raise InvalidRequest(f"{where}: type {kind!r}", f"Allowed: {', '.join(DECLARED_TYPES)}")
    if cls not in CLASSES:
        raise InvalidRequest(f"{where}: class {cls!r}", f"Allowed: {', '.join(CLASSES)}")
    column, label = table.get("column", False), table.get("label", "")
    if not isinstance(column, bool):
        raise InvalidRequest(f"{where}: column {column!r}", "Allowed: true, false")
    if not isinstance(label, str):
        raise InvalidRequest(f"{where}: label {label!r}", "A label is text")
    return DeclaredField(name, kind, cls, column, label)


def own_tag(name: str) -> str:
    """The tag of a path of one of OWN_GROUPS: `j` for numbers and lists, else `s`."""
    return JSON if name in OWN_NUMBERS or name in OWN_LISTS else STRING


def lookup(name: str, declared: DeclaredFields | None = None) -> Path | None:
    """The path called `name`, or None where no such path exists. Tags of free columns default to `s`."""
    found = PATHS.get(name) or PUBLIC_KEYS.get(name)
    if found is not None:
        return found
    if len(name) > PATH_BYTES_MAX or not PATH_RE.match(name):
        return None
    if name.startswith(("change.before.", "change.after.")):
        return Path(name, STRING, "change")
    group, _, rest = name.partition(".")
    if group in OWN_GROUPS and rest:
        return Path(name, own_tag(name), "none", name in OWN_NUMBERS)
    if group == "details" and declared is not None and rest in declared.fields:
        return declared.fields[rest].path
    return None
