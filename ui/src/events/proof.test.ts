import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Body } from "../api/api.ts";
import { check, rootOf, type Trust } from "./proof.ts";

type Proof = Body<"ProofAnswer">;

const { proofs, trust } = JSON.parse(readFileSync(new URL("proof.fixture.json", import.meta.url), "utf8")) as { proofs: Proof[]; trust: Trust };
const values = (proof: Proof) => new Map(Object.entries(JSON.parse(proof.entry) as Record<string, string>));
const failed = async (proof: Proof, shown = values(proof)) => {
  const { verdict, steps } = await check({ proof, values: shown }, trust);
  return [verdict, ...steps.filter((step) => step.state === "fail").map((step) => step.name)];
};

test.each(proofs)("an event at index $index is on the log", async (proof) => {
  const { verdict, steps } = await check({ proof, values: values(proof) }, trust);
  expect(verdict).toBe("ok");
  expect(steps.at(-1)).toEqual({ name: "witnesses", state: "open", said: "none named in the trust file" });
});

test("another entry, outcome, hash, root or signature fails where it differs", async () => {
  const [proof] = proofs as [Proof];
  const entry = proof.entry.replace('"outcome":"success"', '"outcome":"failure"');
  expect(await failed({ ...proof, entry }, values({ ...proof, entry }))).toEqual(["fail", "leaf", "root"]);
  expect(await failed(proof, new Map([["outcome", "denied"]]))).toEqual(["fail", "entry"]);
  expect(await failed({ ...proof, proof: [...proof.proof.slice(1), proof.leaf] })).toEqual(["fail", "root"]);
  expect(await failed({ ...proof, proof: proof.proof.slice(1) })).toEqual(["fail", "tree", "root"]);
  const other = proof.checkpoint.replace("\n7\n", "\n8\n");
  expect(await failed({ ...proof, checkpoint: other })).toEqual(["fail", "checkpoint"]);
  expect(await failed({ ...proof, size: 8, checkpoint: other })).toContain("checkpoint");
  const root = proof.checkpoint.replace(proof.root, proof.leaf);
  expect(await failed({ ...proof, checkpoint: root })).toEqual(["fail", "root", "checkpoint"]);
  expect(await failed({ ...proof, checkpoint: "rubbish" })).toEqual(["fail", "root", "checkpoint"]);
});

test("without the log’s key it is not proven, and not failed", async () => {
  const [proof] = proofs as [Proof];
  expect((await check({ proof, values: values(proof) }, null)).verdict).toBe("open");
});

test("a proof of a leaf outside the tree leads nowhere", async () => {
  await expect(rootOf(new Uint8Array(32), 7, 7, [])).rejects.toThrow("not below");
});
