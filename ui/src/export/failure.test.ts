import { expect, test } from "vitest";
import { CutOff, NoAnswer, readProblem, ServerProblem } from "../api/problem.ts";
import { besideFields, explain, fieldOf } from "./failure.ts";

test("problem JSON keeps its faults, which find their fields", async () => {
  const body = { type: "about:blank", title: "Unprocessable", status: 422, detail: "", errors: [{ field: "user_ids.0", message: "too long" }] };
  const problem = await readProblem(new Response(JSON.stringify(body), { status: 422 }));
  const { faults } = explain(problem);
  expect(faults).toEqual([{ field: "user_ids.0", message: "too long." }]);
  expect(besideFields(faults)).toEqual({ user_ids: "too long." });
});

test("an answer that is no JSON still says its status", async () => {
  const problem = await readProblem(new Response("<h1>Bad gateway</h1>", { status: 502, statusText: "Bad Gateway" }));
  expect(explain(problem).title).toBe("The export failed: Bad Gateway");
  expect(explain(problem).advice).toContain("status 502");
});

test("503 says that nothing is lost and when to try again", () => {
  expect(explain(new ServerProblem(503, "Busy", "The archive does not answer", [], 30)).advice).toBe(
    "The archive does not answer. Nothing is lost: your conditions are still here. Try again in 30 s.",
  );
});

test("silence and a broken download are told apart", () => {
  expect(explain(new NoAnswer("x")).title).toBe("The server does not answer");
  expect(explain(new CutOff(1500)).advice).toContain("1.5 KB had arrived and were thrown away");
});

test("a fault's path finds the field it is in, or none", () => {
  expect(fieldOf("body.start_date")).toBe("start_date");
  expect(fieldOf("actions[3]")).toBe("actions");
  expect(fieldOf("tenant")).toBeNull();
});
