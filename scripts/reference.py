"""Write the generated reference pages from the code: settings, command line, fields, segments. `--check` only compares.

A test runs `--check`, so that a setting, command, field or column can't exist without its page.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click
import pyarrow as pa
from reports_page import reports_page

from affidavit import settings
from affidavit.cli import main as command_line
from affidavit.errors import AffidavitError
from affidavit.log.segment import BLOOM_PATHS, SCHEMA, column_name
from affidavit.paths import OWN_GROUPS, OWN_NUMBERS, PATHS

REFERENCE = Path(__file__).resolve().parents[1] / "docs" / "reference"
MADE = "<!-- Made by scripts/reference.py; change the code, not this page. -->"


def settings_page() -> str:
    """Every setting, once."""
    lines = [
        "# Settings",
        "",
        MADE,
        "",
        "Strongest first: arguments of `AuditLog.open`, `AFFIDAVIT_<NAME>` in the environment, `affidavit.toml` in the",
        "home folder, the default. The master key is no setting: it is in `keys/master.key` (mode 0600) or",
        "`AFFIDAVIT_MASTER_KEY`.",
        "",
        "| name | type | default | what |",
        "|---|---|---|---|",
    ]
    defaults = settings.Settings()
    for one in fields(defaults):
        value = getattr(defaults, one.name)
        shown = f"`{value}`" if value != "" else "empty"
        limits = []
        if one.name in settings.CHOICES:
            limits.append("one of " + ", ".join(settings.CHOICES[one.name]))
        if one.name in settings.MINIMUM:
            limits.append(f"at least {settings.MINIMUM[one.name]:g}")
        what = settings.HELP[one.name] + (f" ({'; '.join(limits)})" if limits else "")
        lines.append(f"| `{one.name}` | {type(value).__name__} | {shown} | {what} |")
    return "\n".join(lines) + "\n"


def commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    """A command and all below it."""
    yield name, command
    if isinstance(command, click.Group):
        for sub in command.commands:
            yield from commands(command.commands[sub], f"{name} {sub}")


def cli_page() -> str:
    """Every command's own help."""
    lines = ["# Command line", "", MADE, "", "## Exit codes", "", "| code | what |", "|---|---|", "| 0 | done |"]
    codes: dict[int, list[str]] = {}
    for kind in _errors(AffidavitError):
        codes.setdefault(kind.exit_code, []).append(kind.__name__)
    words = {code: ", ".join(sorted(kinds)) for code, kinds in codes.items()}
    words |= {10: "a verdict FAILed", 11: "some items of an import were rejected"}
    lines += [f"| {code} | {what} |" for code, what in sorted(words.items())]
    for name, command in commands(command_line, "affidavit"):
        context = click.Context(command, info_name=name, max_content_width=110, terminal_width=110)
        lines += ["", f"## {name}", "", "```", command.get_help(context).rstrip(), "```"]
    return "\n".join(lines) + "\n"


def _errors(kind: type[AffidavitError]) -> Iterator[type[AffidavitError]]:
    yield kind
    for sub in kind.__subclasses__():
        if sub.__module__ == "affidavit.errors":
            yield from _errors(sub)


def events_page() -> str:
    """Every field of an event."""
    lines = [
        "# Fields of an event",
        "",
        MADE,
        "",
        'Only `action` is required. `actor`, `resource` and `subject` may be an object, `"type:id"`, or a bare id.',
        "`at` needs an offset; left out, it is the log's own time. `outcome` is success, failure, denied or unknown.",
        "Undeclared keys of `details` are one field of class free; declared ones ([declared fields](#declared-fields))",
        "are fields of their own. A key that names a secret (password, token, cvv, private_key, …) is never kept.",
        "",
        "## Public keys",
        "",
        "`action`, `at`, `outcome` and the log's time `t` stand in the entry and can never be erased.",
        "",
        "## Fields",
        "",
        "Tag `s` is text, `j` JSON text. The class decides how masking profiles show a field.",
        "",
        "| path | tag | class | number |",
        "|---|---|---|---|",
    ]
    lines += [f"| `{p.name}` | {p.tag} | {p.cls} | {'yes' if p.number else ''} |" for p in PATHS.values()]
    lines += [
        "| `change.before.<column>`, `change.after.<column>` | s or j | change | |",
        "| `details.<declared>` | s or j | as declared | as declared |",
        "",
        "## Affidavit's own events",
        "",
        "On the streams `access` and `control`, in the groups "
        + ", ".join(f"`{group}`" for group in sorted(OWN_GROUPS)),
        "(numbers: " + ", ".join(f"`{path}`" for path in sorted(OWN_NUMBERS)) + ").",
        "",
        "## Declared fields",
        "",
        "`fields.toml` in the home folder:",
        "",
        "```toml",
        "[fields.student_email]",
        'type = "string"        # string, number, boolean, date, list',
        'class = "email"        # as in the table above',
        "column = true          # offer it as a column",
        'label = "E-mail"',
        "```",
    ]
    return "\n".join(lines) + "\n"


def parquet_page() -> str:
    """The public schema of segments."""
    paths = {column_name(path): path for path in PATHS}
    blooms = {column_name(path) for path in BLOOM_PATHS}
    lines = [
        "# Segments (Parquet)",
        "",
        MADE,
        "",
        "`<archive>/<tenant>/<stream>/records/<first>-<end>.<generation>.parquet` holds the records [first, end) of",
        "one log, in index order. A public interface: read it with DuckDB, Spark, ClickHouse. It holds personal data",
        "and the seeds of the salts: guard it like the database. zstd, row groups of at most 65,536 rows, page index,",
        "statistics, Bloom filters where marked. Files never change; a merge writes a new generation and lists it.",
        "",
        "| column | type | field | Bloom filter |",
        "|---|---|---|---|",
    ]
    about = {
        "idx": "index in the log",
        "occurred_at": "`at`",
        "recorded_at": "`t`",
        "action": "`action`",
        "outcome": "`outcome`",
        "source_ip_key": "`source.ip` as 16 sortable bytes, IPv4 mapped into IPv6",
        "other": "JSON object of the fields that have no column: changes, declared fields, own groups",
        "other_tags": "their tags, one letter each, in order",
        "seed": "secret seed of the record's salts; null once a field was erased",
        "salts": "salts that stay after an erasure",
        "hidden": "paths and commitments of erased fields, JSON",
    }
    for field in SCHEMA:
        what = about.get(field.name) or f"`{paths[field.name]}`"
        kind = (
            "uuid"
            if isinstance(field.type, pa.ExtensionType)
            else str(field.type).replace("fixed_size_binary", "bytes")
        )
        lines.append(f"| `{field.name}` | {kind} | {what} | {'yes' if field.name in blooms else ''} |")
    lines += [
        "",
        "A field is present exactly when its column is not null. `j` fields are JSON text as it was committed.",
        "",
        "```sql",
        "SELECT actor_id, count(*) FROM read_parquet('archive/*/main/records/*.parquet')",
        "WHERE action = 'record.viewed' AND occurred_at >= TIMESTAMPTZ '2026-10-01' GROUP BY ALL ORDER BY 2 DESC;",
        "```",
        "",
        "While a merge's old files wait for their removal (an hour), the same index stands in two files; the catalogue",
        "(`affidavit log status`) knows which one counts. `SELECT DISTINCT ON (idx)` does as well.",
    ]
    return "\n".join(lines) + "\n"


PAGES = {
    "settings.md": settings_page,
    "cli.md": cli_page,
    "events.md": events_page,
    "parquet.md": parquet_page,
    "reports.md": lambda: reports_page(MADE),
}


def stale() -> list[str]:
    """Pages that are not what the code says."""
    return [
        name
        for name, make in PAGES.items()
        if not (REFERENCE / name).is_file() or (REFERENCE / name).read_text(encoding="utf-8") != make()
    ]


def main() -> int:
    """Write the pages, or with --check name the stale ones and end with 1."""
    if "--check" in sys.argv:
        found = stale()
        for name in found:
            print(f"docs/reference/{name} is stale: run python scripts/reference.py")
        return 1 if found else 0
    for name, make in PAGES.items():
        (REFERENCE / name).write_text(make(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
