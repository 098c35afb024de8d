import { CalendarDate } from "@internationalized/date";
import { expect, test } from "vitest";
import { periodFault, periodOf, presetOf } from "./period.ts";

const OPEN = { from: null, to: null };

test("seven days are today and the six before it", () => {
  expect(periodOf("week", new CalendarDate(2026, 3, 3), OPEN)).toEqual({ from: "2026-02-25", to: "2026-03-03" });
});

test("last month is whole, across a year and in a leap year", () => {
  expect(periodOf("month", new CalendarDate(2026, 1, 31), OPEN)).toEqual({ from: "2025-12-01", to: "2025-12-31" });
  expect(periodOf("month", new CalendarDate(2028, 3, 31), OPEN)).toEqual({ from: "2028-02-01", to: "2028-02-29" });
});

test("a preset is recognised by its dates, any other period is custom", () => {
  const today = new CalendarDate(2026, 11, 24);
  expect(presetOf(periodOf("year", today, OPEN), today)).toBe("year");
  expect(presetOf(OPEN, today)).toBe("all");
  expect(presetOf({ from: "2026-02-03", to: null }, today)).toBe("custom");
});

test("a last day before the first is refused with both days named; one day is a period", () => {
  expect(periodFault({ from: "2026-10-02", to: "2026-10-01" })).toContain("2026-10-01, is before the first, 2026-10-02");
  expect(periodFault({ from: "2026-10-01", to: "2026-10-01" })).toBeNull();
  expect(periodFault({ from: "2026-10-02", to: null })).toBeNull();
});
