import { expect, test } from "vitest";
import { boundsOf, periodFrom, periodInWords, periodTo, timeCell } from "./period.ts";

const NOW = new Date("2026-11-24T16:42:00Z");

test("a period comes back from the address it was written into", () => {
  for (const period of [{ kind: "week" }, { kind: "all" }, { kind: "between", from: "2026-10-01", to: "" }] as const) {
    expect(periodFrom(new URLSearchParams(periodTo(period)))).toEqual(period);
  }
  expect(periodFrom(new URLSearchParams("period=fortnight"))).toEqual({ kind: "week" });
});

test("bounds are asked for only where there are any", () => {
  expect(boundsOf({ kind: "all" }, NOW)).toEqual({});
  expect(boundsOf({ kind: "day" }, NOW)).toEqual({ from: "2026-11-23T16:42:00.000Z" });
  expect(boundsOf({ kind: "between", from: "", to: "2026-10-31" }, NOW)).toEqual({ to: "2026-10-31" });
});

test("a period in words is in the tenant’s zone, and names a shared day once", () => {
  const narrowed = { kind: "between", from: "2026-11-24T12:42:00Z", to: "2026-11-24T16:41:59.999Z" } as const;
  expect(periodInWords(narrowed, "America/Chicago")).toBe("24 Nov 2026, 06:42 to 10:41");
  expect(periodInWords({ kind: "between", from: "2026-10-01", to: "2026-10-31" }, "America/Chicago")).toBe("1 Oct 2026 to 31 Oct 2026");
});

test("a cell’s time is shown as it is written, never moved", () => {
  expect(timeCell("2026-11-01T01:30:00.123456-05:00")).toEqual({ day: "1 Nov", time: "01:30:00", whole: "2026-11-01 01:30:00.123 UTC−05:00" });
  expect(timeCell("2026-11")).toBeNull();
});
