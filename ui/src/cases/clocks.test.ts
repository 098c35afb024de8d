import { expect, test } from "vitest";
import type { Clock } from "./cases.ts";
import { daysLeft, left, nextClock, placed, standing } from "./clocks.ts";

const NOW = new Date("2026-11-24T10:00:00Z");

function clock(due: string, status: Clock["status"] = "open"): Clock {
  return { deadline: "x", title: "Answer", citation: "Art. 12(3)", edition: "", start: "2026-11-03T09:00:00Z", first_due: due, due, done: null, status, extended: false };
}

test("days are counted in the zone of the tenant", () => {
  expect(daysLeft("2026-12-03T23:59:59.999999Z", NOW, "UTC")).toBe(9);
  expect(daysLeft("2026-11-25T05:59:59.999999Z", new Date("2026-11-25T05:00:00Z"), "America/Chicago")).toBe(0);
});

test("what is left is said in days, near an hour's limit in hours, and louder from three days on", () => {
  expect(left(clock("2026-12-03T23:59:59.999999Z"), NOW, "UTC")).toEqual({ words: "9 days left", tone: "calm" });
  expect(left(clock("2026-11-25T23:59:59.999999Z"), NOW, "UTC")).toEqual({ words: "1 day left", tone: "soon" });
  expect(left(clock("2026-11-24T23:59:59.999999Z"), NOW, "UTC")).toEqual({ words: "Due today", tone: "soon" });
  expect(left(clock("2026-11-25T15:30:00Z"), NOW, "UTC")).toEqual({ words: "29 h left", tone: "soon" });
  expect(left(clock("2026-11-24T10:30:00Z"), NOW, "UTC")).toEqual({ words: "Under 1 h left", tone: "soon" });
  expect(left(clock("2026-11-22T23:59:59.999999Z"), NOW, "UTC")).toEqual({ words: "2 days overdue", tone: "overdue" });
  expect(left(clock("2026-11-24T09:00:00Z"), NOW, "UTC")).toEqual({ words: "Overdue since today", tone: "overdue" });
});

test("what was done is not counted down", () => {
  expect(standing(clock("2026-11-22T23:59:59Z", "met"), NOW, "UTC")).toEqual({ words: "Done in time", tone: "none" });
  expect(standing(clock("2026-11-22T23:59:59Z", "late"), NOW, "UTC")).toEqual({ words: "Done late", tone: "overdue" });
});

test("the next limit is the first that runs", () => {
  const [done, later, sooner] = [clock("2026-11-01T00:00:00Z", "met"), clock("2026-12-09T00:00:00Z"), clock("2026-12-01T00:00:00Z", "due_soon")];
  expect(nextClock({ clocks: [done, later, sooner] })).toBe(sooner);
  expect(nextClock({ clocks: [done] })).toBeNull();
});

test("marks stand to scale; a label gives way to a weightier one", () => {
  const marks = placed([
    { at: 0, label: "Received", kind: "start" },
    { at: 5, label: "Confirmed", kind: "happened" },
    { at: 50, label: "Today", kind: "now" },
    { at: 100, label: "Due", kind: "due" },
  ]);
  expect(marks.map(({ place }) => place)).toEqual([0, 0.05, 0.5, 1]);
  expect(marks.map(({ labelled }) => labelled)).toEqual([true, false, true, true]);
});

test("a line whose marks all stand at one moment has no length", () => {
  expect(placed([{ at: 7, label: "Received", kind: "start" }])[0]).toMatchObject({ place: 0, labelled: true });
});
