import { expect, test } from "vitest";
import { quotedValue, shownTerm, termsOf, toggled, valuesAsked } from "./terms.ts";

test("conditions end at white space outside of quotes and parentheses", () => {
  expect(termsOf('action:(a, b)  -outcome:success "two words" AND ip:10.0.0.0/8')).toEqual(["action:(a, b)", "-outcome:success", '"two words"', "ip:10.0.0.0/8"]);
  expect(termsOf('message:"a \\" b" x')).toEqual(['message:"a \\" b"', "x"]);
  expect(termsOf("NOT a NOT NOT b")).toEqual(["NOT a", "NOT NOT b"]);
  expect(termsOf("  * ")).toEqual([]);
});

test("what OR joins stays together", () => {
  expect(termsOf("a OR b c")).toEqual(["(a OR b c)"]);
});

test("a value is ticked, a second joins it, and both go again", () => {
  const one = toggled(["actor:u1"], "outcome", "denied");
  expect(one).toEqual(["actor:u1", "outcome:denied"]);
  const two = toggled(one, "outcome", "failure");
  expect(two).toEqual(["actor:u1", "outcome:(denied,failure)"]);
  expect(valuesAsked(two, "outcome")).toEqual(["denied", "failure"]);
  expect(toggled(toggled(two, "outcome", "denied"), "outcome", "failure")).toEqual(["actor:u1"]);
});

test("values come back as they were, whatever signs are in them", () => {
  for (const value of ['a "b" c', "a,b", "x*", "10..20", "back\\slash", "(a)", "a:b", "-a", "é ü"]) {
    expect(valuesAsked(toggled([], "actor", value), "actor")).toEqual([value]);
    expect(valuesAsked(toggled(toggled([], "actor", "u1"), "actor", value), "actor")).toEqual(["u1", value]);
  }
});

test("what is excluded is not ticked", () => {
  expect(valuesAsked(["-outcome:success", "outcome:de*", "NOT outcome:failure"], "outcome")).toEqual([]);
});

test("a condition is shown by field and value", () => {
  expect(shownTerm("-outcome:success")).toEqual({ not: true, field: "outcome", rest: "success" });
  expect(shownTerm("at>=2026-10-01")).toEqual({ not: false, field: "at", rest: ">= 2026-10-01" });
  expect(shownTerm('"free text"')).toEqual({ not: false, field: "", rest: '"free text"' });
  expect(quotedValue("u1042")).toBe("u1042");
});
