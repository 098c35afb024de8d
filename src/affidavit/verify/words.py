"""A verification in plain words, for a terminal."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from affidavit.verify.verdict import Result, Status

WIDTH = 100
SHOWN_CHARS_MAX = 2000
_NO_REASON = {
    "AUTHENTIC": "signed by keys of the trust file, hashed, and attested",
    "COMPLETE": "every entry of the window is here, and every one in the query was exported",
    "TIMED": "the timestamps hold",
    "WITNESSED": "the witnesses asked for have cosigned",
    "VIEW MATCHES": "the data file follows from the evidence",
}
LIMITS = (
    "Not proven by any bundle: that every real event reached the log, that a statement is true, that a masked value "
    "exists until it is opened, or that an erased one is gone."
)


def words(result: Result) -> str:
    """The verdicts with their reasons, the facts and the steps, as lines."""
    return "\n".join(_lines(result)) + "\n"


def _lines(result: Result) -> Iterator[str]:
    facts = result.facts
    if "export" in facts:
        yield f"Export {facts['export']} of {facts['created']}, evidence: {facts['evidence']}"
        yield from _wrapped("Query    ", _short(json.dumps(facts["query"], ensure_ascii=False)))
        yield from _wrapped("Columns  ", _short(", ".join(_column(column) for column in facts["columns"])))
        yield ""
    for verdict in result.verdicts.values():
        reason = verdict.reason
        if verdict.status is Status.PASS:
            reason = "; ".join(filter(None, (_NO_REASON[verdict.name], reason)))
        yield from _wrapped(f"{verdict.name:<13} {verdict.status:<11} ", _clean(reason))
    yield ""
    for step in result.steps:
        yield f"Step {step.number}  {step.status:<11} {step.title}"
        for detail in step.details:
            yield from _wrapped("        ", _clean(detail))
    yield ""
    yield from textwrap.wrap(LIMITS, WIDTH)


def _column(column: Mapping[str, Any]) -> str:
    mask = column["mask"]["mask"]
    return f"{column['label']} = {column['path']}{'' if mask == 'keep' else f' ({mask})'}"


def _short(text: str) -> str:
    """A query may have a million values: the JSON output and the manifest have it whole."""
    return _clean(text if len(text) <= SHOWN_CHARS_MAX else f"{text[:SHOWN_CHARS_MAX]} … ({len(text)} characters)")


def _wrapped(head: str, text: str) -> list[str]:
    return textwrap.wrap(
        text or "-", WIDTH, initial_indent=head, subsequent_indent=" " * len(head), break_on_hyphens=False
    )


def _clean(text: str) -> str:
    """Text from a bundle must not drive the terminal."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
