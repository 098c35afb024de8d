import { expect, test } from "vitest";
import { bundleCommand, conditionsOf, droppable, EVERYTHING, queryOf, toRequest, toRunRequest, withValues } from "./conditions.ts";

const DATA_ONLY = { ...EVERYTHING, evidence: "none" } as const;

test("an untouched form asks for everything as a CSV with full evidence", () => {
  expect(toRunRequest(EVERYTHING)).toMatchObject({ query: "", start_date: null, end_date: null, user_ids: [], actions: [], format: "csv", bundle: true, evidence: "full", profile: "export", recipient: null });
});

test("data only, as the plain endpoint gives it, is asked of it: open dates are null, lists are empty", () => {
  expect(toRequest(DATA_ONLY)).toEqual({ start_date: null, end_date: null, user_ids: [], actions: [], format: "csv" });
  const filled = { ...DATA_ONLY, from: "2026-10-01", to: "2026-10-31", users: ["u1", "O'Hara, Ruth"], actions: ["login"], format: "json" } as const;
  expect(toRequest(filled)).toEqual({ start_date: "2026-10-01", end_date: "2026-10-31", user_ids: ["u1", "O'Hara, Ruth"], actions: ["login"], format: "json" });
});

test("what the plain endpoint can't do, or would leave out of the record, is a run", () => {
  const others = [EVERYTHING, { ...DATA_ONLY, format: "xlsx" }, { ...DATA_ONLY, profile: "auditor" }, { ...DATA_ONLY, query: "a" }, { ...DATA_ONLY, outcomes: ["denied"] }, { ...DATA_ONLY, reason: "audit" }, { ...DATA_ONLY, recipient: "Board" }] as const;
  expect(others.map((each) => toRequest(each))).toEqual(others.map(() => null));
  expect(toRunRequest({ ...DATA_ONLY, format: "xlsx" })).toMatchObject({ bundle: false, evidence: "auto", format: "xlsx" });
});

test("outcomes join what else is asked, whatever it is joined by", () => {
  expect(queryOf({ outcomes: ["denied"], query: "" })).toBe("outcome:denied");
  expect(queryOf({ outcomes: ["failure", "denied"], query: " a OR b " })).toBe("(a OR b) outcome:(failure,denied)");
});

test("whose data it is goes along with the profile for it, and no other", () => {
  const asked = { ...EVERYTHING, subject: ["s1"] };
  expect(toRunRequest(asked).subject_ids).toEqual([]);
  expect(toRunRequest({ ...asked, profile: "subject" }).subject_ids).toEqual(["s1"]);
});

test("an address carries conditions; what makes no sense is left out", () => {
  const found = conditionsOf(new URLSearchParams("q=action:login&from=2026-10-01&to=soon&format=pdf&profile=nobody&evidence=rows&reason=Audit"));
  expect(found).toEqual({ ...EVERYTHING, query: "action:login", from: "2026-10-01", format: "pdf", evidence: "rows", reason: "Audit" });
});

test("typed values are trimmed, blanks dropped, doubles kept once, order kept", () => {
  expect(withValues(["b"], [" a ", "", "b", "c", "a"])).toEqual(["b", "a", "c"]);
});

test("each set condition can be dropped alone", () => {
  const all = { ...EVERYTHING, from: "2026-10-01", users: ["u1"], actions: ["login"], outcomes: ["denied"], query: "x" } as const;
  expect(droppable(all).map(({ name, without }) => [name, without])).toEqual([
    ["dates", { ...all, from: null }],
    ["users", { ...all, users: [] }],
    ["actions", { ...all, actions: [] }],
    ["outcomes", { ...all, outcomes: [] }],
    ["other conditions", { ...all, query: "" }],
  ]);
  expect(droppable(EVERYTHING)).toEqual([]);
});

test("the command for a bundle quotes what a shell would break", () => {
  const asked = { ...EVERYTHING, from: "2026-10-01", users: ["O'Hara"], actions: ["a b"] };
  expect(bundleCommand(asked, "America/Chicago")).toBe(`affidavit export --bundle --from 2026-10-01 --user 'O'\\''Hara' --action 'a b' --timezone America/Chicago --format csv -o export.zip`);
});
