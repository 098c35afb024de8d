"""The generated reference page of reports: provisions, parameters and rules of every built-in one."""

from __future__ import annotations

from collections.abc import Iterator

from affidavit.reports.library import Library, load
from affidavit.reports.report import Report


def reports_page(made: str) -> str:
    """Every built-in report."""
    library = load()
    return (
        "\n".join([*_head(library, made), *(line for one in library.reports.values() for line in _one(library, one))])
        + "\n"
    )


def _head(library: Library, made: str) -> Iterator[str]:
    yield from ("# Reports", "", made, "")
    yield "What they say, how to run them, and your own: [compliance reports](../how-to/reports.md). Titles of"
    yield "provisions are our own words; *source* says how their content was verified: the text was read, a secondary"
    yield "source, or general knowledge."
    yield from ("", "| id | report | framework | profile | keep |", "|---|---|---|---|---|")
    for key, one in library.reports.items():
        framework = library.frameworks[one.framework].title
        yield f"| [{key}](#{key.lower()}) | {one.title} | {framework} | `{one.profile}` | {one.retention} |"


def _one(library: Library, one: Report) -> Iterator[str]:
    framework = library.frameworks[one.framework]
    yield from ("", f"## {one.id}", "", f"**{one.title}.** {one.summary}", "")
    yield f"Edition: {framework.edition}. Readers: {', '.join(one.readers)}."
    yield f"Keep: {one.retention} ({one.retention_basis})."
    streams = ", ".join(f"`{stream}`" for stream in one.streams)
    yield f"Query `{one.query}` on {streams}; by default the last {one.days} days."
    yield f"Reference data: {', '.join(f'`{name}`' for name in one.references) or 'none'}."
    notes = [*one.notes, *([framework.note] if framework.note else [])]
    yield from ("", *(f"- {note}" for note in notes), *([""] if notes else []))
    yield from ("| provision | what it asks | source |", "|---|---|---|")
    for name in one.controls:
        control = library.controls[name]
        yield f"| {control.citation} | {control.title} | {control.source} |"
    yield from ("", "| rule | severity | basis | what it finds |", "|---|---|---|---|")
    for rule in one.findings:
        yield f"| `{rule.id}` | {rule.severity} | {rule.basis} | {rule.title} |"
    if one.parameters:
        yield from ("", "| parameter | type | default | what |", "|---|---|---|---|")
    for name, parameter in one.parameters.items():
        default = "required" if parameter.required else "" if parameter.default is None else f"{parameter.default}"
        what = f"{parameter.title}. {parameter.help}" if parameter.help else parameter.title
        yield f"| `{name}` | {parameter.type} | {default} | {what} |"
    yield from ("", f"Sections: {', '.join(section.title for section in one.sections)}, Trend.")
