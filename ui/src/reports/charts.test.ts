import { expect, test } from "vitest";
import { finding, shortened, totals } from "./charts.ts";

const chart = { kind: "bars", title: "Attempts by system", x: ["sis", "erp"], series: [{ name: "ok", values: [3, 1200] }, { name: "failed", values: [null, 1] }] };

test("series are summed, and the sum names the picture", () => {
  expect(totals(chart)).toEqual([3, 1201]);
  expect(finding(chart)).toBe("Attempts by system: 1,204 in all, most at erp with 1,201");
  expect(finding({ ...chart, kind: "heat" })).toBe("Attempts by system: 1,204 in all, most at ok erp with 1,200");
  expect(finding({ ...chart, x: [], series: [] })).toBe("Attempts by system: nothing to show");
});

test("long names are cut where there is no room", () => {
  expect(shortened("short")).toBe("short");
  expect(shortened("a".repeat(40))).toHaveLength(22);
});
