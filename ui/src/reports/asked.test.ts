import { expect, test } from "vitest";
import { asSent, faultsHere, startValues } from "./asked.ts";
import type { Parameter } from "./reports.ts";

const parameter = (changes: Partial<Parameter>): Parameter => ({ name: "n", title: "N", type: "text", default: null, required: false, path: "", least: null, most: null, choices: [], help: "", ...changes });
const report = {
  parameters: [parameter({ name: "subject", title: "The student’s id", required: true }), parameter({ name: "failures", type: "integer", default: 10, least: 2, most: 100 }), parameter({ name: "speed", type: "number", default: 900 })],
};

test("the form begins with the report's own values", () => {
  expect(startValues(report)).toEqual({ subject: "", failures: "10", speed: "900" });
});

test("what is missing or out of bounds is said at its field", () => {
  const faults = faultsHere(report, { subject: " ", failures: "1", speed: "fast", start: "2026-10-02", end: "2026-10-01" });
  expect(Object.keys(faults).toSorted()).toEqual(["end", "failures", "speed", "subject"]);
  expect(faults["failures"]).toBe("1 is less than 2.");
  expect(faultsHere(report, { subject: "s1", failures: "2.5", speed: "" })).toEqual({ failures: "“2.5” is no whole number." });
  expect(faultsHere(report, { subject: "s1", failures: "3", speed: "1.5", start: "2026-10-01", end: "2026-10-01" })).toEqual({});
});

test("what was left empty is left out, and numbers are numbers", () => {
  expect(asSent(report, { subject: " s1 ", failures: "3", speed: "", start: "2026-10-01", end: null, query: " a:b " })).toEqual({
    start: "2026-10-01",
    end: "",
    query: "a:b",
    parameters: { subject: "s1", failures: 3 },
  });
});
