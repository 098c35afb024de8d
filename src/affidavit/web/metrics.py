"""Metrics: what this process did, and how its log stands, as Prometheus text (exposition format 0.0.4)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from typing import Any, Final

from affidavit.log.audit_log import AuditLog
from affidavit.log.status import status
from affidavit.version import VERSION
from affidavit.web.work import Work

MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
ROUTES_MAX: Final = 200
"""Label sets kept; routes are few, and made by us."""
_Line = tuple[str, Mapping[str, str], float]


class Metrics:
    """Counts of one application. Written on the loop only; a reader elsewhere sees them a moment old."""

    def __init__(self) -> None:
        self._requests: dict[tuple[str, str, int], int] = {}
        self._slots: dict[str, list[int]] = {}
        self._seconds: dict[str, float] = {}
        self._events = {"recorded": 0, "duplicate": 0, "refused": 0}

    def request(self, method: str, route: str, code: int, seconds: float) -> None:
        """One request answered, to its end."""
        key = (method, route, code)
        if key not in self._requests and len(self._requests) >= ROUTES_MAX:
            key = ("OTHER", "", code)
        self._requests[key] = self._requests.get(key, 0) + 1
        slots = self._slots.setdefault(key[1], [0] * (len(BUCKETS_S) + 1))
        slots[bisect_left(BUCKETS_S, seconds)] += 1
        self._seconds[key[1]] = self._seconds.get(key[1], 0.0) + seconds

    def events(self, recorded: int, duplicates: int, refused: int) -> None:
        """What became of the events of one request."""
        self._events["recorded"] += recorded
        self._events["duplicate"] += duplicates
        self._events["refused"] += refused

    def text(self, log: AuditLog, work: Work, *, process: bool) -> str:
        """The log's own figures, and with `process` those of all that was asked of this process. Reads the journal."""
        out: list[str] = []
        _add(out, "affidavit_build_info", "gauge", "This release", [("", {"version": VERSION}, 1)])
        if process:
            self._process(out, work)
        _recorder(out, log)
        _logs(out, log)
        return "\n".join(out) + "\n"

    def _process(self, out: list[str], work: Work) -> None:
        requests = [
            ("", {"method": method, "route": route, "code": str(code)}, count)
            for (method, route, code), count in sorted(self._requests.items())
        ]
        _add(out, "affidavit_http_requests_total", "counter", "Requests answered", requests)
        _add(out, "affidavit_http_request_seconds", "histogram", "From request to end of answer", self._histogram())
        ingested = [("", {"result": name}, count) for name, count in self._events.items()]
        _add(out, "affidavit_http_events_total", "counter", "Events handed in over HTTP", ingested)
        _add(out, "affidavit_listeners", "gauge", "Clients that are sent news", [("", {}, work.listeners)])
        refused: list[_Line] = [("", {}, work.listeners_refused)]
        _add(out, "affidavit_listeners_refused_total", "counter", "Those who were one too many", refused)

    def _histogram(self) -> Iterable[_Line]:
        for route, slots in sorted(self._slots.items()):
            total = 0
            for bound, count in zip((*map(str, BUCKETS_S), "+Inf"), slots, strict=True):
                total += count
                yield "_bucket", {"route": route, "le": bound}, total
            yield "_sum", {"route": route}, self._seconds[route]
            yield "_count", {"route": route}, total


def _recorder(out: list[str], log: AuditLog) -> None:
    found = log.recorder_figures()
    figures = (
        ("affidavit_recorder_waiting_events", "gauge", "Events waiting for a commit", found.waiting),
        ("affidavit_recorder_commits_total", "counter", "Transactions of the recorder", found.commits),
        ("affidavit_recorder_events_total", "counter", "Events in them", found.events),
    )
    for name, kind, words, value in figures:
        _add(out, name, kind, words, [("", {}, value)])


def _logs(out: list[str], log: AuditLog) -> None:
    found: dict[str, Any] = status(log)["logs"]
    for key, words in (("size", "Entries"), ("sealed", "Entries sealed"), ("segment_bytes", "Bytes of its segments")):
        lines = [("", {"stream": stream}, one[key]) for stream, one in found.items()]
        _add(out, f"affidavit_log_{key}", "gauge", f"{words} of each stream's log", lines)
    counted = [
        ("", {"stream": stream, "name": name}, value)
        for stream, one in found.items()
        for name, value in one["counters"].items()
    ]
    _add(out, "affidavit_log_counted_total", "counter", "What was counted rather than kept: dropped, stripped", counted)


def _add(out: list[str], name: str, kind: str, words: str, lines: Iterable[_Line]) -> None:
    out += [f"# HELP {name} {words}", f"# TYPE {name} {kind}"]
    for suffix, labels, value in lines:
        shown = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        out.append(f"{name}{suffix}{f'{{{shown}}}' if shown else ''} {value}")


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
