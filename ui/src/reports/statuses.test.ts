import { expect, test } from "vitest";
import { byUrgency, countInWords, counted } from "./statuses.ts";

test("statuses are counted in the order a reader should meet them", () => {
  expect(counted(["evidence present", "exception", "exception", "not applicable"])).toEqual([
    { status: "exception", count: 2 },
    { status: "evidence present", count: 1 },
    { status: "not applicable", count: 1 },
  ]);
  expect(countInWords("exception", 1)).toBe("1 exception");
  expect(countInWords("exception", 2)).toBe("2 exceptions");
  expect(countInWords("not evidenced", 2)).toBe("2 not evidenced");
});

test("findings come by status, then by severity", () => {
  const given = [
    { status: "evidence present", severity: "critical" },
    { status: "not evidenced", severity: "low" },
    { status: "exception", severity: "low" },
    { status: "exception", severity: "critical" },
  ];
  expect(byUrgency(given).map(({ status, severity }) => `${status} ${severity}`)).toEqual(["exception critical", "exception low", "not evidenced low", "evidence present critical"]);
});
