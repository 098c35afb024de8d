/** The parts, at their edges. */
import assert from "node:assert/strict";
import test from "node:test";
import { ascii, compareText, fromBase64, Malformed, toHex, utf8 } from "../src/bytes.ts";
import { parseEntry, RECORD_BYTES } from "../src/entry.ts";
import { count, keptUntil, merged, type Gap, unlawful, without } from "../src/gaps.ts";
import { crc32, hash, isGoodKey, verifySignature } from "../src/hash.ts";
import { isCanonicalNetwork } from "../src/ip.ts";
import { compactJson, DEPTH_MAX, jsonString, parseJson } from "../src/json.ts";
import { parseMask } from "../src/masks.ts";
import { ranges } from "../src/own.ts";
import { isUtf8 } from "../src/shapes.ts";
import { Reader } from "../src/source.ts";
import { isTime, ZoneWriter } from "../src/time.ts";
import { inclusionRoot, pruned, Tree } from "../src/tree.ts";

test("JSON is strict", () => {
  const bad = ["", " ", "{", '{"a":1,"a":1}', '{"a":1,"\\u0061":1}', '"\\ud800"', '"\\udc00\\ud800"', "1.0", "1e1", "-1", "01", "+1", "9007199254740992", "NaN", "[1,]", "{,}", '"\t"', '"\\x"', "1 2", "tru", "'a'", "\ufeff1", "-0"];
  for (const text of bad) assert.throws(() => parseJson(text, "it"), Malformed, text);
  assert.equal(compactJson(parseJson(' { "b" : [ 1 , "\\u00e9\\n" ] , "a" : null } ', "it")), '{"b":[1,"é\\n"],"a":null}');
  const nested = (n: number): string => "[".repeat(n) + "]".repeat(n);
  parseJson(nested(DEPTH_MAX), "it");
  assert.throws(() => parseJson(nested(DEPTH_MAX + 1), "it"), Malformed);
  assert.equal(parseJson('{"__proto__":1}', "it") instanceof Map, true);
  for (const text of ["1.0", "-0", "1e308", "-1E-5"]) parseJson(text, "it", { free: true });
  assert.throws(() => parseJson("1e309", "it", { free: true }), Malformed);
  parseJson('{"offset_s":-60}', "it", { negative: "offset_s" });
  assert.throws(() => parseJson('{"a":[-60]}', "it", { negative: "offset_s" }), Malformed);
  assert.equal(jsonString('\u0000\b\t\n\f\r"\\/\u007f\u2028'), '"\\u0000\\b\\t\\n\\f\\r\\"\\\\/\u007f\u2028"');
});

test("base64 has padding, no junk, no spare bits", () => {
  assert.equal(toHex(fromBase64("AQI=") as Uint8Array), "0102");
  for (const bad of ["AQI", "AQJ=", "AQ!=", "A===", "AQI=\n", "AQ=I"]) assert.equal(fromBase64(bad), null, bad);
});

test("text compares by its UTF-8 bytes", () => {
  const texts = ["", "a", "aa", "b", "é", "\uffff", "\u{10000}", "\u{10ffff}"];
  for (const [i, a] of texts.entries()) for (const [j, b] of texts.entries()) assert.equal(Math.sign(compareText(a, b)), Math.sign(i - j), `${a} ${b}`);
});

test("UTF-8 is validated as TextDecoder does", () => {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let state = 1;
  for (let n = 0; n < 20_000; n++) {
    const bytes = Uint8Array.from({ length: 1 + (n % 5) }, () => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return [0x41, 0x80, 0xbf, 0xc2, 0xe0, 0xed, 0xa0, 0x9f, 0xf0, 0xf4, 0x90, 0x8f, state >>> 24][(state >>> 16) % 13];
    });
    let valid = true;
    try {
      decoder.decode(bytes);
    } catch {
      valid = false;
    }
    assert.equal(isUtf8(bytes, 0, bytes.length), valid, toHex(bytes));
  }
});

test("times are real dates", () => {
  for (const good of ["1970-01-01T00:00:00.000000Z", "2024-02-29T23:59:59.999999Z", "2000-02-29T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z"]) assert(isTime(good), good);
  for (const bad of ["1969-12-31T00:00:00.000000Z", "2023-02-29T00:00:00.000000Z", "2100-02-29T00:00:00.000000Z", "2024-13-01T00:00:00.000000Z", "2024-00-01T00:00:00.000000Z", "2024-04-31T00:00:00.000000Z", "2024-01-01T24:00:00.000000Z", "2024-01-01T00:60:00.000000Z", "2024-01-01T00:00:60.000000Z", "2024-01-01 00:00:00.000000Z", "2024-01-01T00:00:00.000000z"]) assert(!isTime(bad), bad);
});

test("times in a zone", () => {
  const cell = (time: string, offset: number): string => {
    const out = new Uint8Array(40);
    const zone = new ZoneWriter([{ at: ascii("1970-01-01T00:00:00.000000Z"), offset: 0 }, { at: ascii("2000-01-01T00:00:00.000000Z"), offset }]);
    return new TextDecoder().decode(out.subarray(0, zone.write(ascii(time), 0, out, 0)));
  };
  assert.equal(cell("1999-12-31T23:59:59.999999Z", 3600), "1999-12-31T23:59:59.999999Z");
  assert.equal(cell("2000-01-01T00:00:00.000000Z", -5400), "1999-12-31T22:30:00.000000-01:30");
  assert.equal(cell("2024-02-29T23:30:00.000001Z", 20_700), "2024-03-01T05:15:00.000001+05:45");
  assert.equal(cell("9999-12-31T23:59:00.000000Z", 60), "9999-12-31T23:59:00.000000Z");
  for (let n = 0; n < 3000; n++) {
    const moment = new Date(Date.UTC(2000, 0, 1) + n * 86_399_000 * 7);
    const offset = ((n % 113) - 56) * 900;
    const local = new Date(moment.getTime() + offset * 1000).toISOString().slice(0, 19);
    assert.equal(cell(`${moment.toISOString().slice(0, 19)}.000000Z`, offset).slice(0, 19), local);
  }
});

test("keep moves by calendar months, then by days", () => {
  const until = (time: string, months: number, days: number): string => {
    const found = keptUntil(time, months, days);
    return found === null ? "ever" : `${new Date(found.days * 86_400_000).toISOString().slice(0, 11)}${found.clock}`;
  };
  assert.equal(until("2027-08-31T10:00:00.000000Z", 6, 0), "2028-02-29T10:00:00.000000Z");
  assert.equal(until("2028-02-29T10:00:00.000000Z", 12, 0), "2029-02-28T10:00:00.000000Z");
  assert.equal(until("2028-01-30T10:00:00.000000Z", 1, 1), "2028-03-01T10:00:00.000000Z");
  assert.equal(until("9999-12-31T10:00:00.000000Z", 0, 1), "ever");
  assert.equal(until("9000-01-31T10:00:00.000000Z", 12_000, 0), "ever");
});

test("ranges of indexes", () => {
  assert.deepEqual(ranges("[]", "it"), []);
  assert.deepEqual(ranges("[[0,2],[2,5],[7,null]]", "it", true), [[0, 2], [2, 5], [7, Number.POSITIVE_INFINITY]]);
  for (const bad of ["[[0,0]]", "[[2,1]]", "[[0,2],[1,3]]", "[[0, 2]]", "[[0,2]", "[[0]]", "[[0,1,2]]", "[[0,null]]", "[[00,1]]", "[[-1,1]]", "[[0,1],]", ""]) assert.throws(() => ranges(bad, "it"), Malformed, bad);
  assert.throws(() => ranges("[[0,null],[5,6]]", "it", true), Malformed);
  assert.deepEqual(without([[0, 10], [20, 30]], [[2, 3], [5, 22], [29, 40]]), [[0, 2], [3, 5], [22, 29]]);
  assert.deepEqual(merged([[0, 2], [2, 5], [6, 7]]), [[0, 5], [6, 7]]);
  assert.equal(count([[0, 5], [6, 7]]), 6);
  const gap: Gap = { origin: "x", stream: "main", end: 256, kept: [] };
  assert.equal(unlawful(gap, []), "no purge of this log is shown");
});

test("networks of masks are canonical", () => {
  for (const good of ["10.0.0.0/8", "2001:db8::/32", "::/32"]) assert(isCanonicalNetwork(good, 8, 32), good);
  for (const bad of ["10.1.0.0/8", "10.0.0.0/9", "010.0.0.0/8", "2001:DB8::/32", "2001:db8:0::/32", "2001:db8:0:0:0:0:0:0/32", "2001:db8:1::/32", "10.0.0.0", "10.0.0.0/8/", "/8", ""]) assert(!isCanonicalNetwork(bad, 8, 32), bad);
});

test("masks and their cells", () => {
  const allows = (mask: string, cell: string): boolean => parseMask(parseJson(mask, "mask"), "mask").allows(cell);
  for (const [mask, good, bad] of [
    ['{"mask":"email"}', ["j***@example.org", "***@a.b"], ["j***@example", "jo***@a.b", "j***@A.b", "j***@-a.b", "j***@a..b", "***@a.b\n"]],
    ['{"mask":"last","n":4}', ["****", "****12aB"], ["****123", "***1234", "****é123", "****12345"]],
    ['{"mask":"year","as_of":2026}', ["90+", "1937", "2026"], ["1936", "90", "19370"]],
    ['{"mask":"age"}', ["0", "89", "90+"], ["90", "00", "-1", ""]],
    ['{"mask":"region"}', ["DE", "US-CA", "FR-75C"], ["D", "DE-", "de", "US-ABCD"]],
    ['{"mask":"type","class":"card"}', ["[card]"], ["[staff]", "card"]],
    ['{"mask":"own","owners":["actor.id"],"inner":{"mask":"phone"}}', ["***45"], ["***4", "**45", "***456"]],
    ['{"mask":"remove"}', [], ["x"]],
  ] as [string, string[], string[]][]) {
    for (const cell of good) assert(allows(mask, cell), `${mask} ${cell}`);
    for (const cell of bad) assert(!allows(mask, cell), `${mask} ${cell}`);
  }
  for (const bad of ['{"mask":"constructor"}', '{"mask":"last","n":0}', '{"mask":"own","owners":[],"inner":{"mask":"own","owners":[],"inner":{"mask":"keep"}}}', '{"mask":"keep","x":1}', '{"mask":"token","class":"x"}', "{}", "[]"]) {
    assert.throws(() => parseMask(parseJson(bad, "mask"), "mask"), Malformed, bad);
  }
});

test("CRC-32, by known values", () => {
  assert.equal(crc32(utf8("123456789")), 0xcbf43926);
  const bytes = Uint8Array.from({ length: 1000 }, (_, n) => (n * 7) & 255);
  for (const cut of [0, 1, 7, 8, 9, 500]) assert.equal(crc32(bytes.subarray(cut), crc32(bytes.subarray(0, cut))), crc32(bytes));
});

test("trees by their definition", () => {
  const leaves = Array.from({ length: 70 }, (_, n) => hash(utf8(String(n))));
  const root = (from: number, to: number): Uint8Array => {
    const tree = new Tree();
    for (const leaf of leaves.slice(from, to)) tree.push(leaf, 1);
    return tree.root();
  };
  for (let size = 1; size <= 70; size += 3) {
    for (const [i, j] of [[0, 1], [size - 1, size], [Math.floor(size / 3), Math.floor(size / 2) + 1]]) {
      const tree = new Tree();
      let at = 0;
      for (const end of pruned(0, i, size, [])) {
        tree.push(root(at, end), end - at);
        at = end;
      }
      for (let n = i; n < j; n++) tree.push(leaves[n], 1);
      at = j;
      for (const end of pruned(j, size, size, [])) {
        tree.push(root(at, end), end - at);
        at = end;
      }
      assert.equal(toHex(tree.root()), toHex(root(0, size)), `${size} ${i} ${j}`);
    }
  }
  assert.equal([...pruned(1, 2 ** 53 - 1, 2 ** 53 - 1, [])].length, 53); // one at each level of the deepest tree
  assert.equal(inclusionRoot(leaves[0], 0, 1, [])?.length, 32);
  assert.equal(inclusionRoot(leaves[0], 1, 1, []), null);
  assert.equal(inclusionRoot(leaves[0], 0, 2, []), null);
  assert.equal(inclusionRoot(leaves[0], 0, 1, [leaves[1]]), null);
});

test("keys of small order, and other spellings of a key, are refused", () => {
  const small = ["00".repeat(32), `01${"00".repeat(31)}`, `ec${"ff".repeat(30)}7f`, "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"];
  for (const text of [...small, `ed${"ff".repeat(30)}7f`, `ee${"ff".repeat(30)}7f`, `01${"00".repeat(30)}80`]) assert(!isGoodKey(Uint8Array.from(Buffer.from(text, "hex"))), text);
  // RFC 8032, 7.1, test 2; then S plus the group's order.
  const key = Uint8Array.from(Buffer.from("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "hex"));
  const text = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
  const signature = Uint8Array.from(Buffer.from(text, "hex"));
  assert(verifySignature(signature, Uint8Array.of(0x72), key));
  assert(!verifySignature(signature, Uint8Array.of(0x73), key));
  let carry = 0;
  const order = Buffer.from("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010", "hex");
  const high = signature.slice();
  for (let n = 0; n < 32; n++) {
    carry += high[32 + n] + order[n];
    high[32 + n] = carry & 255;
    carry >>= 8;
  }
  assert(!verifySignature(high, Uint8Array.of(0x72), key));
});

test("entries at their edges", () => {
  const c = "A".repeat(43);
  const entry = (action: string, at = "2026-10-01T00:05:00.000000Z", t = "2026-10-01T00:00:00.000000Z", key = c): string => `{"action":"${action}","at":"${at}","c":"${key}","outcome":"denied","t":"${t}","v":1}`;
  const parse = (text: string): void => {
    const bytes = utf8(text);
    parseEntry(bytes, 0, bytes.length, new Uint8Array(RECORD_BYTES), 0, "entry");
  };
  parse(entry("a.b-c_9"));
  parse(entry("a".repeat(128)));
  for (const bad of [entry("a".repeat(129)), entry(""), entry(".a"), entry("a."), entry("a..b"), entry("A"), entry("a", "2026-10-01T00:05:00.000001Z"), entry("a", undefined, undefined, `${"A".repeat(42)}B`), entry("a", undefined, undefined, "A".repeat(42)), `${entry("a")} `, entry("a").slice(0, -1), entry("a").slice(0, 40), ""]) {
    assert.throws(() => parse(bad), Malformed, bad);
  }
});

test("a reader over chunks of any size gives the same lines", async () => {
  const text = "a\nbc\n\ndefgh\n" + "x".repeat(300) + "\n";
  for (const size of [1, 2, 3, 7, 1000]) {
    async function* chunks(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < text.length; at += size) yield utf8(text.slice(at, at + size));
    }
    const reader = new Reader(chunks());
    const lines: string[] = [];
    for (;;) {
      const end = await reader.line(1000, "text");
      if (end < 0) break;
      lines.push(new TextDecoder().decode(reader.data.subarray(reader.pos, end)));
      reader.pos = end + 1;
    }
    assert.deepEqual(lines, text.split("\n").slice(0, -1));
  }
  async function* cut(): AsyncGenerator<Uint8Array> {
    yield utf8("no end");
  }
  await assert.rejects(new Reader(cut()).line(1000, "text"), Malformed);
});
