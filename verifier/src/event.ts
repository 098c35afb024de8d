/** Lines of `support.ndjson`, and `attestation.json`: whole events with some of their fields opened. */
import { ascii, equalBytes, fromHex, joined, malformed, utf8, type Bytes } from "./bytes.ts";
import { C, keyText, parseEntry, RECORD_BYTES } from "./entry.ts";
import { hash, leafHash } from "./hash.ts";
import { type Json, listed, matching, parseJson, text, whole } from "./json.ts";
import { isVirtual } from "./manifest.ts";
import { PATH } from "./masks.ts";
import { inclusionRoot } from "./tree.ts";
import { compareText } from "./bytes.ts";
import { checkOwn, isOwn } from "./own.ts";
import { ORIGIN } from "./trust.ts";

export const LINES_MAX = 100_000;
export const LINE_BYTES_MAX = 8 * 1024 * 1024;
export const SUPPORT_BYTES_MAX = 64 * 1024 * 1024;
export const FIELDS_MAX = 4096;

export interface LoggedEvent {
  k: number;
  index: number;
  leaf: Bytes;
  /** The entry as a record (entry.ts). */
  record: Bytes;
  action: string;
  outcome: string;
  /** One of the own events that count. */
  own: boolean;
  open: Map<string, { tag: string; value: string }>;
  /** `origin index path` of every field that this event says is erased. */
  erased: string[];
}

export function erasureKey(origin: string, index: number, path: string): string {
  return `${origin} ${index} ${path}`;
}

export function shapeHash(paths: readonly string[]): Bytes {
  return hash(joined(Uint8Array.of(4), ascii(paths.map((path) => `${path}\n`).join(""))));
}

/** First bytes of what a field's commitment hashes: 02, length, path, tag. */
export function fieldHead(path: string, tag: string): Bytes {
  return joined(Uint8Array.of(2, path.length), ascii(path + tag));
}

/** The value of a `j` field must be one strict JSON value. */
export function checkJsonValue(value: string, what: string): void {
  parseJson(value, what, { free: true });
}

function fieldPath(path: string, what: string): void {
  if (!PATH.test(path) || isVirtual(path)) malformed(`${what} has the path ${JSON.stringify(path).slice(0, 150)}, which no record has`);
}

function opened(item: Json, path: string, what: string): { tag: string; value: string; commitment: Bytes } {
  const triple = listed(item, `${what}: ${path}`, 3, 3);
  const tag = matching(triple[0], /^[sjn]$/, `${what}: the tag of ${path}`);
  const salt = fromHex(triple[1], 16, `${what}: the salt of ${path}`);
  const value = text(triple[2], `${what}: the value of ${path}`);
  if (tag === "n" && value !== "") malformed(`${what}: ${path} is null and has a value`);
  if (tag === "j") checkJsonValue(value, `${what}: ${path}`);
  return { tag, value, commitment: hash(joined(fieldHead(path, tag), salt, utf8(value))) };
}

function erasures(item: Json, root: string | undefined, what: string): string[] {
  if (root === undefined) malformed(`${what} erases and does not open erasure.root`);
  const wanted = fromHex(root, 32, `${what}: erasure.root`);
  return listed(item, `${what}: erasures`).flatMap((one) => {
    const [origin, index, paths, nonce, leaf, size, hashes] = listed(one, `${what}: an erasure`, 7, 7);
    const log = matching(origin, ORIGIN, `${what}: an erasure's origin`);
    const at = whole(index, `${what}: an erasure's index`);
    const names = listed(paths, `${what}: an erasure's paths`, 1, FIELDS_MAX).map((path) => text(path, `${what}: an erasure's path`));
    for (const name of names) fieldPath(name, what);
    const head = fromHex(nonce, 16, `${what}: an erasure's nonce`);
    const body = utf8(`${log}\n${at}\n${names.join("\n")}`);
    const siblings = listed(hashes, `${what}: an erasure's hashes`, 0, 64).map((node) => fromHex(node, 32, `${what}: an erasure's hash`));
    const position = whole(leaf, `${what}: an erasure's leaf`);
    const found = inclusionRoot(leafHashOf(joined(head, body)), position, whole(size, `${what}: an erasure's size`), siblings);
    if (found === null || !equalBytes(found, wanted)) malformed(`${what}: an erasure is not in the tree of erasure.root`);
    return names.map((name) => erasureKey(log, at, name));
  });
}

function leafHashOf(data: Uint8Array): Bytes {
  return hash(joined(Uint8Array.of(0), data));
}

/** One event from JSON. Its fields give the entry's commitment; that it is logged is for the tree to say. */
export function parseEvent(json: Json, what: string, logs: number): LoggedEvent {
  const items = listed(json, what, 5, 6);
  const k = whole(items[0], `${what}: the log's number`);
  if (k >= logs) malformed(`${what} is of the log ${k}, and there are ${logs}`);
  const index = whole(items[1], `${what}: the index`);
  const entry = utf8(text(items[2], `${what}: the entry`));
  const record = new Uint8Array(RECORD_BYTES);
  parseEntry(entry, 0, entry.length, record, 0, `${what}: the entry`);
  const [shown, hidden] = [items[3], items[4]];
  if (!(shown instanceof Map) || !(hidden instanceof Map)) malformed(`${what}: the fields are no objects`);
  if (shown.size + hidden.size > FIELDS_MAX) malformed(`${what} has more than ${FIELDS_MAX} fields`);
  const open: LoggedEvent["open"] = new Map();
  const commitments = new Map<string, Bytes>();
  for (const [path, item] of shown) {
    fieldPath(path, what);
    const { tag, value, commitment } = opened(item, path, what);
    open.set(path, { tag, value });
    commitments.set(path, commitment);
  }
  for (const [path, item] of hidden) {
    fieldPath(path, what);
    if (commitments.has(path)) malformed(`${what} has ${path} open and hidden`);
    commitments.set(path, fromHex(item, 32, `${what}: the commitment of ${path}`));
  }
  const paths = [...commitments.keys()].sort(compareText);
  const c = hash(joined(Uint8Array.of(3), shapeHash(paths), ...paths.map((path) => commitments.get(path) as Bytes)));
  if (!equalBytes(c, record.subarray(C, C + 32))) malformed(`${what}: the fields do not give the commitment of the entry`);
  const action = keyText(record, 0, "action");
  const outcome = keyText(record, 0, "outcome");
  const own = isOwn(action) && outcome === "success";
  if (own) checkOwn(action, open, new Set(hidden.keys()), what);
  if (items.length === 6 && !(own && action === "record.erased")) malformed(`${what}: a list of erasures in an event that erases nothing`);
  const erased = items.length === 6 ? erasures(items[5], open.get("erasure.root")?.value, what) : [];
  return { k, index, leaf: leafHash(entry), record, action, outcome, own, open, erased };
}

/** Entry `purge.end` − 1 of the purged log, as the purge gives it: included in that log's proof. */
export function lastPurged(event: LoggedEvent, k: number): LoggedEvent {
  const entry = utf8(event.open.get("purge.last")?.value ?? "");
  const record = new Uint8Array(RECORD_BYTES);
  parseEntry(entry, 0, entry.length, record, 0, "purge.last");
  const index = Number(event.open.get("purge.end")?.value) - 1;
  return { k, index, leaf: leafHash(entry), record, action: "", outcome: "", own: false, open: new Map(), erased: [] };
}
