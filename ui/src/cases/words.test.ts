import { expect, test } from "vitest";
import type { Right, Step } from "./cases.ts";
import { hintOf, label, laws, needsOf, nextStep, underLaw, wayOf } from "./words.ts";

const ACCESS: Right = { law: "gdpr", right: "access", title: "Access", citation: "GDPR Art. 15", verify: true, denial: ["denial_basis", "remedy"] };
const CLOSED: Step = { name: "closed", states: ["open", "verified", "paused"], needs: ["outcome"], may: ["denial_basis", "remedy", "response"] };
const VERIFIED: Step = { name: "verified", states: ["open", "paused"], needs: [], may: ["verified_how"] };

test("facts and laws have names people use", () => {
  expect(label("denial_basis")).toBe("What the refusal rests on");
  expect(label("affected_systems")).toBe("Affected systems");
  expect(label("decision.early_warning")).toBe("Decision (early warning)");
  expect(laws("gdpr hipaa-associate,california")).toBe("GDPR, HIPAA associate, California");
});

test("who it is stands on the way only where the right asks for it", () => {
  const moments = { received: "2026-11-03T09:00:00Z" };
  expect(wayOf({ kind: "request", moments }, ACCESS).map(({ step }) => step)).toContain("verified");
  expect(wayOf({ kind: "request", moments }, { ...ACCESS, verify: false }).map(({ step }) => step)).not.toContain("verified");
});

test("the next decision is the first thing that is not done and is allowed", () => {
  const way = [
    { step: "received", done: "2026-11-03T09:00:00Z" },
    { step: "verified", done: null },
    { step: "closed", done: null },
  ];
  expect(nextStep(way, [VERIFIED, CLOSED], "open")).toBe("verified");
  expect(nextStep(way, [CLOSED], "verified")).toBe("closed");
  expect(nextStep(way, [CLOSED], "paused")).toBe("resumed");
  expect(nextStep(way, [CLOSED], "closed")).toBe("");
});

test("notices count as one thing, by the newest of them", () => {
  const moments = { opened: "2026-11-01T00:00:00Z", "notified.authority": "2026-11-02T00:00:00Z", "notified.individuals": "2026-11-04T00:00:00Z" };
  expect(wayOf({ kind: "incident", moments }, null).find(({ step }) => step === "notified")?.done).toBe("2026-11-04T00:00:00Z");
});

test("a refusal needs what its law asks for, a grant does not", () => {
  expect(needsOf(CLOSED, { outcome: "denied" }, ACCESS)).toEqual(["outcome", "denial_basis", "remedy"]);
  expect(needsOf(CLOSED, { outcome: "complied" }, ACCESS)).toEqual(["outcome"]);
});

test("nothing is said twice: laws in citations, labels in hints", () => {
  expect(underLaw("gdpr", "GDPR Art. 15")).toBe("GDPR Art. 15");
  expect(underLaw("ccpa", "Cal. Civ. Code 1798.105")).toBe("CCPA, Cal. Civ. Code 1798.105");
  expect(hintOf("manner", "how it came: mail, web form, in person")).toBe("Mail, web form, in person.");
  expect(hintOf("subject_type", "customer, patient …")).toBe("Customer, patient …");
  expect(hintOf("note", "anything worth keeping")).toBeNull();
});
