"""Bundles with a lawful gap: a log whose first 256 entries were purged after 30 days, told by `control`.

`Purging().builder()` is lawful. Attributes bend it.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field

from tests.verify.builder import BASE, MINUTE, Builder, Log, Record, grade_event
from tests.verify.tsa import Authority

DAY = 24 * 60 * MINUTE
M = 256


@dataclass
class Purging:
    events: int = 280
    kept: list = field(default_factory=list)  # ranges of the prefix that are under hold
    months: int | None = None
    days: int | None = 30
    policy_us: int = BASE
    purge_us: int = BASE + 31 * DAY
    extra: list = field(default_factory=list)  # (t, action, fields) of further events on control
    before: list = field(default_factory=list)  # the same, before the policy
    policy: int | None = None
    edit_purge: object = None
    hidden: frozenset = frozenset()  # paths that events do not open
    left_out: frozenset = frozenset()  # actions that are not opened at all
    purged: int | None = None
    evidence: str = "full"
    authority: Authority | None = None
    anchors: tuple = ()  # (t, log, size, genTime) on control before the purge
    control_cuts: tuple = ()
    cuts: tuple = ()

    def builder(self):
        builder = Builder(
            events=0, has_control=True, control_whole=True, evidence=self.evidence,
            wanted=lambda record: self._here(record.number % 1_000_000),
            control_cuts=self.control_cuts, cuts=self.cuts,
        )  # fmt: skip
        for n in range(self.events):
            builder.main.add(grade_event(n))
        kept = self.kept
        builder.ranges = lambda _rows: [*kept, (M, self.events)]
        builder.included = [(M - 1, M)]
        gone = M - sum(end - first for first, end in kept)
        builder.purged = gone if self.purged is None else self.purged
        self._control(builder)
        return builder

    def _here(self, index):
        return index >= M or any(first <= index < end for first, end in self.kept)

    def _control(self, builder):
        control = builder.control
        for t_us, action, fields in self.before:
            control.add(Record(action, t_us, t_us, fields))
        policy = {"retention.stream": ("s", "main"), "id": ("s", "p")}
        if self.months is not None:
            policy["retention.months"] = ("j", str(self.months))
        if self.days is not None:
            policy["retention.days"] = ("j", str(self.days))
        at = control.add(Record("retention.changed", self.policy_us, self.policy_us, policy))
        events = [event for event in self.extra if event[0] <= self.purge_us]
        events += [(t_us, "log.anchored", anchor) for t_us, *anchor in self.anchors]
        for t_us, action, fields in sorted(events, key=lambda event: event[0]):
            shown = self._anchor(builder, *fields) if isinstance(fields, list) else fields
            control.add(Record(action, t_us, t_us, shown))
        control.add(Record("log.purged", self.purge_us, self.purge_us, self.purge(builder, at)))
        for t_us, action, fields in (event for event in self.extra if event[0] > self.purge_us):
            control.add(Record(action, t_us, t_us, fields))
        builder.support = [
            self._line(index, record)
            for index, record in enumerate(control.records)
            if record.action not in self.left_out and record.action != "note.taken"
        ]

    def purge(self, builder, at):
        fields = {
            "purge.origin": ("s", builder.main.origin),
            "purge.end": ("j", str(M)),
            "purge.kept": ("j", json.dumps([list(pair) for pair in self.kept], separators=(",", ":"))),
            "purge.policy": ("j", str(at if self.policy is None else self.policy)),
            "purge.last": ("s", builder.main.records[M - 1].entry.decode()),
            "id": ("s", "x"),
        }
        if self.edit_purge:
            self.edit_purge(fields)
        return fields

    def _anchor(self, builder, which, size, gen_us):
        log: Log = getattr(builder, which)
        note = log.checkpoint(size)
        text = note[: note.index(b"\n\n") + 1]
        token = self.authority.stamp(text, gen_us)
        return {
            "anchor.origin": ("s", log.origin),
            "anchor.size": ("j", str(size)),
            "anchor.root": ("s", log.root(0, size).hex()),
            "anchor.token": ("s", base64.b64encode(token).decode()),
        }

    def _line(self, index, record):
        shown = [path for path in record.paths if path not in self.hidden and path != "id"]
        return [1, index, record.entry.decode(), *record.opening(*shown)]


def hold(t_us, ranges, name="h", origin="affidavit/" + "a" * 32):
    """A hold of public scope."""
    text = json.dumps(ranges, separators=(",", ":"))
    fields = {"hold.id": name, "hold.scope": "public", "hold.origin": origin}
    return (t_us, "hold.placed", {path: ("s", value) for path, value in fields.items()} | {"hold.ranges": ("j", text)})


def private_hold(t_us, name="h"):
    return (t_us, "hold.placed", {"hold.id": ("s", name), "hold.scope": ("s", "private")})


def release(t_us, name="h"):
    return (t_us, "hold.released", {"hold.id": ("s", name)})


def policy(t_us, days, stream="main"):
    fields = {"retention.stream": ("s", stream)}
    return (t_us, "retention.changed", fields | ({} if days is None else {"retention.days": ("j", str(days))}))
