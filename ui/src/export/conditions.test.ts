import { expect, test } from "vitest";
import { bundleCommand, droppable, EVERYTHING, toRequest, withValues } from "./conditions.ts";

test("an untouched form asks for everything as CSV: open dates are null, lists are empty", () => {
  expect(toRequest(EVERYTHING)).toEqual({ start_date: null, end_date: null, user_ids: [], actions: [], format: "csv" });
});

test("a filled form becomes the endpoint's body, and nothing more", () => {
  const filled = { from: "2026-10-01", to: "2026-10-31", users: ["u1", "O'Hara, Ruth"], actions: ["login"], format: "json" } as const;
  expect(toRequest(filled)).toEqual({ start_date: "2026-10-01", end_date: "2026-10-31", user_ids: ["u1", "O'Hara, Ruth"], actions: ["login"], format: "json" });
});

test("typed values are trimmed, blanks dropped, doubles kept once, order kept", () => {
  expect(withValues(["b"], [" a ", "", "b", "c", "a"])).toEqual(["b", "a", "c"]);
});

test("each set condition can be dropped alone", () => {
  const all = { from: "2026-10-01", to: null, users: ["u1"], actions: ["login"], format: "csv" } as const;
  expect(droppable(all).map(({ name, without }) => [name, without])).toEqual([
    ["dates", { ...all, from: null, to: null }],
    ["users", { ...all, users: [] }],
    ["actions", { ...all, actions: [] }],
  ]);
  expect(droppable(EVERYTHING)).toEqual([]);
});

test("the bundle command repeats the conditions, quoted for a shell", () => {
  const conditions = { from: "2026-10-01", to: "2026-10-31", users: ["O'Hara; rm -rf /"], actions: ["login", "file-download"], format: "csv" } as const;
  expect(bundleCommand(conditions, "America/Chicago")).toBe(
    String.raw`affidavit export --bundle --from 2026-10-01 --to 2026-10-31 --user 'O'\''Hara; rm -rf /' --action login --action file-download --timezone America/Chicago --format csv -o export.zip`,
  );
});
