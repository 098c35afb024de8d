import { expect, test } from "vitest";
import { barsOf, finding, heights, justBefore, stepInWords } from "./bars.ts";

const HISTOGRAM = {
  bars: [
    { start: "2026-10-01T05:00:00.000000Z", counts: { success: 4, denied: 1 } },
    { start: "2026-10-02T05:00:00.000000Z", counts: { failure: 2, unknown: 1, success: null } },
  ],
  end: "2026-10-03T05:00:00.000000Z",
  step_s: 86_400,
};

test("denied and failed stand apart, and each bar ends where the next begins", () => {
  expect(barsOf(HISTOGRAM)).toEqual([
    { start: "2026-10-01T05:00:00.000000Z", end: "2026-10-02T05:00:00.000000Z", success: 4, refused: 1, few: false },
    { start: "2026-10-02T05:00:00.000000Z", end: "2026-10-03T05:00:00.000000Z", success: 1, refused: 2, few: true },
  ]);
});

test("the smallest is still seen, and nothing is not", () => {
  expect(heights([0, 1, 1000], 40)).toEqual([0, 1.5, 40]);
  expect(heights([0, 0], 40)).toEqual([0, 0]);
});

test("a bar's last moment is the one before the next bar", () => {
  expect(justBefore("2026-10-03T05:00:00.000000Z")).toBe("2026-10-03T04:59:59.999999Z");
});

test("the chart says what it shows", () => {
  const said = finding(barsOf(HISTOGRAM), 86_400, "America/Chicago");
  expect(said).toBe("Events per day from 1 Oct to 3 Oct: 8, of them 3 denied or failed. Most, 5, at 1 Oct.");
  expect(finding([], 0, "UTC")).toBe("No events in this period.");
  expect([1, 300, 3600, 43_200, 604_800].map(stepInWords)).toEqual(["second", "5 minutes", "hour", "12 hours", "7 days"]);
});
