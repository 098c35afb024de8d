import { expect, test } from "vitest";
import type { Run, Scope } from "../api/runs.ts";
import { conditionsOf } from "../export/conditions.ts";
import { proofOf, verdictCount } from "./proves.ts";
import { conditionsInWords, periodInWords, settingsOf } from "./scope.ts";

const ZONE = "America/Chicago";
const SCOPE: Scope = { start: null, end: null, query: "", format: "csv", profile: "auditor", evidence: "full", zone: ZONE, streams: ["main"], columns: ["timestamp"], recipient: null, reason: null };

function period(start: string | null, end: string | null): string {
  return periodInWords({ start, end, zone: ZONE });
}

test("a period of whole days is said in days of the zone, the end included", () => {
  expect(period(null, null)).toBe("All dates");
  expect(period("2026-10-01T05:00:00.000000Z", "2026-11-01T05:00:00.000000Z")).toBe("1 to 31 October 2026");
  expect(period("2026-10-31T05:00:00.000000Z", "2026-11-02T06:00:00.000000Z")).toBe("31 October to 1 November 2026");
  expect(period("2025-12-31T06:00:00.000000Z", "2026-01-02T06:00:00.000000Z")).toBe("31 December 2025 to 1 January 2026");
  expect(period("2026-10-01T05:00:00.000000Z", "2026-10-02T05:00:00.000000Z")).toBe("1 October 2026");
  expect(period("2026-10-01T05:00:00.000000Z", null)).toBe("From 1 October 2026");
  expect(period(null, "2026-11-01T05:00:00.000000Z")).toBe("Up to 31 October 2026");
});

test("a bound within a day is said with its clock", () => {
  expect(period("2026-10-01T12:30:00.000000Z", "2026-11-01T05:00:00.000000Z")).toBe("From 1 October 2026, 07:30 to 1 November 2026, 00:00");
  expect(period(null, "2026-10-01T12:30:00.000000Z")).toBe("Until 1 October 2026, 07:30");
  expect(period("2026-10-01T12:30:00.000000Z", null)).toBe("From 1 October 2026, 07:30 on");
});

test("a day that begins at one o’clock is whole all the same", () => {
  expect(periodInWords({ start: "2018-11-04T03:00:00.000000Z", end: "2018-11-05T02:00:00.000000Z", zone: "America/Sao_Paulo" })).toBe("4 November 2018");
});

function words(query: string | null): string {
  return conditionsInWords({ ...SCOPE, query });
}

test("conditions in words: what happened, by whom, and the rest", () => {
  expect(words("")).toBe("All events");
  expect(words("actor.id:u3")).toBe("All events by u3");
  expect(words('action:(login,"file-download") actor.id:(u1,u2)')).toBe("login, file-download events by u1, u2");
  expect(words("action:grade.* -outcome:success")).toBe("grade.* events where not outcome success");
  expect(words("actor.id:(a,b,c,d,e)")).toBe("All events by a, b, c and 2 more");
  expect(words(null)).toBe("Conditions not shown");
  expect(conditionsInWords(null)).toBe("What was asked can’t be read");
});

test("the settings of a run open the form with the same", () => {
  const scope = { ...SCOPE, start: "2026-10-01T05:00:00.000000Z", end: "2026-11-01T05:00:00.000000Z", query: "actor.id:u3", reason: "Audit" };
  const given = new URLSearchParams(settingsOf({ scope, bundle: true } as Run));
  expect(conditionsOf(given)).toMatchObject({ from: "2026-10-01", to: "2026-10-31", query: "actor.id:u3", profile: "auditor", evidence: "full", reason: "Audit" });
  const plain = new URLSearchParams(settingsOf({ scope: { ...scope, start: "2026-10-01T12:30:00.000000Z" }, bundle: false } as Run));
  expect(conditionsOf(plain)).toMatchObject({ from: null, to: null, evidence: "none", query: "actor.id:u3 at>=2026-10-01T12:30:00.000000Z at<2026-11-01T05:00:00.000000Z" });
});

test("what is not PASS is not said to be proven", () => {
  const verdicts = [
    { name: "AUTHENTIC", status: "PASS", reason: "" },
    { name: "COMPLETE", status: "NOT PROVEN", reason: "" },
  ] as const;
  const { proves, open } = proofOf({ verdicts: [...verdicts], masked: 3 });
  expect(proves).toHaveLength(1);
  expect(open).toContain("That nothing that fits the conditions was left out.");
  expect(open.at(-1)).toContain("masked cell");
  expect(proofOf({ verdicts: [], masked: null }).proves).toEqual([]);
  expect(verdictCount(verdicts)).toBe("1 PASS, 1 NOT PROVEN");
});
