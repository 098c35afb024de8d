"""Describe: a report as people and programs choose it, without its SQL. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from affidavit.reports.library import Library
from affidavit.reports.report import Report


def brief(library: Library, report: Report) -> dict[str, Any]:
    """A report in a list."""
    return {
        "id": report.id,
        "title": report.title,
        "framework": library.frameworks[report.framework].title,
        "summary": report.summary,
        "readers": list(report.readers),
        "profile": report.profile,
        "subject": report.subject,
    }


def whole(library: Library, report: Report) -> dict[str, Any]:
    """A report with its provisions, parameters, sections and rules."""
    return {
        **brief(library, report),
        "edition": library.frameworks[report.framework].edition,
        "retention": report.retention,
        "retention_basis": report.retention_basis,
        "query": report.query,
        "streams": list(report.streams),
        "days": report.days,
        "references": list(report.references),
        "notes": list(report.notes),
        "definition": library.digest(report.id),
        "controls": [
            {
                "id": name,
                "citation": library.controls[name].citation,
                "title": library.controls[name].title,
                "source": library.controls[name].source,
                "applies": library.controls[name].applies,
            }
            for name in report.controls
        ],
        "parameters": [{"name": name, **msgspec.to_builtins(one)} for name, one in report.parameters.items()],
        "sections": [{"id": one.id, "title": one.title, "note": one.note} for one in report.sections],
        "findings": [
            {"id": one.id, "title": one.title, "severity": one.severity, "basis": one.basis, "control": one.control}
            for one in report.findings
        ],
    }


def lines(library: Library, report: Report) -> list[str]:
    """The same for people, line by line."""
    framework = library.frameworks[report.framework]
    found = [
        f"{report.id}  {report.title} ({framework.title})",
        report.summary,
        f"Edition: {framework.edition}",
        f"Readers: {', '.join(report.readers)}; profile {report.profile}; keep {report.retention}",
        "",
        "Provisions",
        *(f"  {library.controls[name].citation}: {library.controls[name].title}" for name in report.controls),
        "",
        "Rules",
        *(f"  {one.id:26} {one.severity:9} {one.title}" for one in report.findings),
        "",
        "Sections",
        *(f"  {one.id:26} {one.title}" for one in report.sections),
    ]
    if report.parameters:
        found += ["", "Parameters (--set NAME=VALUE)"]
        for name, one in report.parameters.items():
            default = "optional" if one.default is None else f"default {one.default}"
            found.append(f"  {name:26} {one.title} ({'required' if one.required else default})")
    if report.references:
        names = ", ".join(name.replace("_", " ") for name in report.references)
        found += ["", f"Reference data: {names}. What needs it is not evidenced without it."]
    return found
