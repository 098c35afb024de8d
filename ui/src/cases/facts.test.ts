import { expect, test } from "vitest";
import { ServerProblem } from "../api/problem.ts";
import { asSent, faultsHere, faultsOf, filled, NOW, todayIn } from "./facts.ts";

test("a moment is now, a day's beginning, or a day with its time", () => {
  expect(asSent(NOW, "2026-11-24")).toBeNull();
  expect(asSent({ day: "2026-11-24", clock: "" }, "2026-11-24")).toBeNull();
  expect(asSent({ day: "2026-11-03", clock: "" }, "2026-11-24")).toBe("2026-11-03T00:00:00");
  expect(asSent({ day: "2026-11-24", clock: "9:05" }, "2026-11-24")).toBe("2026-11-24T09:05:00");
  expect(todayIn("America/Chicago", new Date("2026-11-24T03:00:00Z"))).toBe("2026-11-23");
});

test("what is missing is said field by field", () => {
  expect(faultsHere(["outcome"], { outcome: "denied" }, NOW)).toBeNull();
  expect(faultsHere(["outcome", "remedy"], { outcome: " " }, NOW)?.beside).toEqual({ outcome: "Needed: outcome.", remedy: "Needed: remedy told." });
  expect(faultsHere([], {}, { day: "2026-11-03", clock: "25:00" })?.beside["clock"]).toContain("25:00");
  expect(faultsHere([], {}, { day: null, clock: "12:00" })?.beside["at"]).toContain("day");
});

function problem(field: string): ServerProblem {
  return new ServerProblem(422, "Invalid", "detail", [{ field, message: "no" }], null);
}

test("what the server refuses stands at the field it names, the rest at the top", () => {
  expect(faultsOf(problem("facts.remedy"), ["remedy"]).beside).toEqual({ remedy: "no" });
  expect(faultsOf(problem("at"), []).beside).toEqual({ at: "no" });
  expect(faultsOf(problem("facts.law"), ["remedy"])).toEqual({ title: "no", beside: {} });
  expect(faultsOf(new ServerProblem(400, "Invalid", "closed already", [], null), []).title).toBe("closed already");
});

test("empty facts are not sent", () => {
  expect(filled({ manner: " mail ", description: "  " })).toEqual({ manner: "mail" });
});
