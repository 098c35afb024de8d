/** The golden values that every implementation shares: tests/vectors. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { decodeText, equalBytes, fromHex, joined, Malformed, toHex, utf8 } from "../src/bytes.ts";
import { fieldHead, shapeHash } from "../src/event.ts";
import { hash, leafHash } from "../src/hash.ts";
import { holds, isBy, parseCheckpointText, parseKey, parseNote } from "../src/note.ts";
import { FIELD_PATHS, OWN_GROUPS } from "../src/paths.ts";
import { type Facts, parseQuery } from "../src/query.ts";
import { parseJson, type Json } from "../src/json.ts";
import { LogWalk, PageCache } from "../src/logs.ts";
import { Reader } from "../src/source.ts";
import { type LoggedEvent } from "../src/event.ts";
import { RECORD_BYTES } from "../src/entry.ts";

const ROOT = new URL("../../", import.meta.url);

function vectors(path: string): any {
  return JSON.parse(readFileSync(new URL(`tests/vectors/${path}`, ROOT), "utf8"));
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

test("notes that hold, and notes that do not", () => {
  const { good, bad, bad_checkpoints, log_key, witness_key } = vectors("tlog/notes.json");
  const signers = (text: string, vkeys: string[]): number => {
    const note = parseNote(utf8(text), "note");
    const keys = vkeys.map(parseKey);
    return keys.filter((key) => note.lines.some((line) => isBy(line, key) && holds(note, line, key))).length;
  };
  for (const { name, note, keys } of good) assert.equal(signers(note, keys), keys.length, name);
  for (const { name, note } of bad) {
    const lines = [log_key, witness_key];
    let held = 0;
    try {
      held = signers(note, lines);
      const all = parseNote(utf8(note), "note").lines.filter((line) => lines.some((key) => isBy(line, parseKey(key))));
      if (held < all.length) held = 0;
    } catch (error) {
      assert(error instanceof Malformed, name);
    }
    assert.equal(held, 0, name);
  }
  for (const text of bad_checkpoints) assert.throws(() => parseCheckpointText(text, "checkpoint"), Malformed, JSON.stringify(text));
});

test("range proofs, with roots at cuts", async () => {
  for (const { name, size, ranges, cuts, proof, root, cut_roots, error } of vectors("tlog/range_proofs.json")) {
    const events: LoggedEvent[] = ranges.flatMap(([i, j]: [number, number]) =>
      Array.from({ length: j - i }, (_, n) => ({
        k: 0, index: i + n, leaf: leafHash(utf8(String(i + n))), record: new Uint8Array(RECORD_BYTES), action: "", outcome: "", own: false, open: new Map(), erased: [],
      })),
    );
    const log = { k: 0, origin: "", stream: "", queried: false, size, ranges: [], cuts };
    const scratch = { append: () => undefined, page: async () => new Uint8Array(0), close: () => undefined };
    const walk = new LogWalk(log, size, null, false, scratch, new PageCache());
    const lines = utf8(proof.map((line: string) => `${line}\n`).join(""));
    const run = (): Promise<{ root: Uint8Array; cutRoots: Map<number, Uint8Array> }> => walk.run(null, new Reader(once(lines)), events, new Set(cuts));
    if (error) {
      // Empty ranges, and cuts at the ends, are for the manifest to refuse.
      if (ranges.some(([i, j]: [number, number]) => i === j) || cuts.some((cut: number) => cut === 0 || cut === size)) continue;
      await assert.rejects(run, Malformed, name);
      continue;
    }
    const found = await run();
    assert.equal(toHex(found.root), root, name);
    for (const [cut, wanted] of Object.entries(cut_roots)) assert.equal(toHex(found.cutRoots.get(Number(cut)) as Uint8Array), wanted, `${name}, cut ${cut}`);
  }
});

test("commitments", () => {
  for (const { name, fields, salts, commitments, shape, c, leaf, entry } of vectors("commitment/records.json")) {
    const paths = fields.map(([path]: [string]) => path);
    assert.equal(toHex(shapeHash(paths)), shape, name);
    const all = fields.map(([path, tag, value]: [string, string, string | null], n: number) =>
      hash(joined(fieldHead(path, tag), fromHex(salts.slice(32 * n, 32 * n + 32), 16, "salt"), utf8(value ?? ""))),
    );
    assert.deepEqual(all.map(toHex), commitments, name);
    assert.equal(toHex(hash(joined(Uint8Array.of(3), shapeHash(paths), ...all))), c, name);
    assert.equal(toHex(leafHash(utf8(entry))), leaf, name);
  }
});

test("truth of queries", () => {
  const whole = readFileSync(new URL("tests/vectors/query/truth.json", ROOT), "utf8");
  const { public: keys, vectors: cases } = JSON.parse(whole);
  assert(cases.length > 50);
  for (const { name, query, fields, truth } of cases) {
    const facts: Facts = {
      key: (path) => keys[path],
      field: (path) => {
        if (fields === null || fields[path] === "hidden") return "hidden";
        if (fields[path] === undefined || fields[path][0] === "n") return "none";
        return { tag: fields[path][0], text: fields[path][1] };
      },
    };
    // The one value that the format does not let a field have.
    if (name === "number, infinite") continue;
    const parsed = parseQuery(parseJson(JSON.stringify(query), "query") as Json);
    assert.equal(parsed.evaluate(facts), truth === null ? 2 : truth ? 1 : 0, name);
  }
});

test("the paths are those of the format", () => {
  const text = readFileSync(new URL("docs/format.md", ROOT), "utf8");
  const table = text.slice(text.indexOf("<!-- paths:begin"), text.indexOf("<!-- paths:end"));
  const rows = [...table.matchAll(/^\| `([^`]+)` \|/gm)].map((found) => found[1]);
  assert.deepEqual([...FIELD_PATHS].sort(), rows.sort());
  const groups = /Own groups: (.*)\n/.exec(table)?.[1] ?? "";
  assert.deepEqual([...OWN_GROUPS].sort(), [...groups.matchAll(/`(\w+)\.\*`/g)].map((found) => found[1]).sort());
});

test("text is strict UTF-8", () => {
  for (const bad of [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82], [0xef, 0xbb, 0xbf, 0x61]]) {
    assert.throws(() => decodeText(Uint8Array.from(bad), "text"), Malformed);
  }
  assert(equalBytes(utf8("é\u{1f600}"), Uint8Array.of(0xc3, 0xa9, 0xf0, 0x9f, 0x98, 0x80)));
});
