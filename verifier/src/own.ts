/** Own events that a verifier reads: which paths they open, and in which form (docs/format.md, own events). */
import { fromBase64, malformed, utf8 } from "./bytes.ts";
import { parseEntry, RECORD_BYTES } from "./entry.ts";
import { ORIGIN, STREAM } from "./trust.ts";

export const RANGES_MAX = 100_000;
const TOKEN_CHARS_MAX = 65_536;
const SIZE = /^(0|[1-9][0-9]{0,15})$/;

/** Indexes [i, j); j may be Infinity. */
export type Range = [number, number];

export function size(value: string, what: string, max = Number.MAX_SAFE_INTEGER): number {
  const found = SIZE.test(value) ? Number(value) : -1;
  if (!Number.isSafeInteger(found) || found < 0 || found > max) malformed(`${what} is no plain integer up to ${max}`);
  return found;
}

/** A JSON list of pairs without white space; with `open` the last may end with null. */
export function ranges(value: string, what: string, open = false): Range[] {
  if (value === "[]") return [];
  if (!value.startsWith("[[") || !value.endsWith("]]")) malformed(`${what} is no list of ranges`);
  const parts = value.slice(2, -2).split("],[");
  if (parts.length > RANGES_MAX) malformed(`${what} has more than ${RANGES_MAX} ranges`);
  let last = 0;
  return parts.map((part, n) => {
    const pair = part.split(",");
    const i = size(pair[0], what);
    const j = open && n === parts.length - 1 && pair[1] === "null" ? Number.POSITIVE_INFINITY : size(pair[1] ?? "", what);
    if (pair.length !== 2 || i < last || j <= i) malformed(`${what} has ranges that are empty or out of order`);
    last = j;
    return [i, j];
  });
}

type Check = (value: string, what: string) => void;

function like(pattern: RegExp): Check {
  return (value, what) => {
    if (!pattern.test(value)) malformed(`${what} is not in form`);
  };
}

const origin = like(ORIGIN);
const hex32 = like(/^[0-9a-f]{64}$/);
const upTo = (max: number): Check => (value, what) => void size(value, what, max);
const anySize = upTo(Number.MAX_SAFE_INTEGER);

const bytesUpTo = (max: number): Check => (value, what) => {
  const { length } = utf8(value);
  if (length < 1 || length > max) malformed(`${what} has ${length} bytes where 1 to ${max} are allowed`);
};
const id = bytesUpTo(128);

function token(value: string, what: string): void {
  if (value === "" || value.length > TOKEN_CHARS_MAX || fromBase64(value) === null) malformed(`${what} is no base64 of at most ${TOKEN_CHARS_MAX} characters`);
}

function entryText(value: string, what: string): void {
  const bytes = utf8(value);
  parseEntry(bytes, 0, bytes.length, new Uint8Array(RECORD_BYTES), 0, what);
}

interface OwnPath {
  tag: "s" | "j";
  needed: boolean;
  check: Check;
}

const must = (tag: "s" | "j", check: Check): OwnPath => ({ tag, needed: true, check });
const may = (tag: "s" | "j", check: Check): OwnPath => ({ tag, needed: false, check });

const OWN: Record<string, Record<string, OwnPath>> = {
  "retention.changed": {
    "retention.stream": must("s", like(STREAM)),
    "retention.months": may("j", upTo(12_000)),
    "retention.days": may("j", upTo(366_000)),
  },
  "log.purged": {
    "purge.origin": must("s", origin),
    "purge.end": must("j", (value, what) => {
      const end = size(value, what);
      if (end === 0 || end % 256 !== 0) malformed(`${what} is no multiple of 256 above 0`);
    }),
    "purge.kept": must("j", (value, what) => void ranges(value, what)),
    "purge.policy": must("j", anySize),
    "purge.last": must("s", entryText),
  },
  "hold.placed": {
    "hold.id": must("s", id),
    "hold.scope": must("s", like(/^(public|private)$/)),
    "hold.origin": may("s", origin),
    "hold.ranges": may("j", (value, what) => void ranges(value, what, true)),
  },
  "hold.released": { "hold.id": must("s", id) },
  "record.erased": { "erasure.root": must("s", hex32) },
  "key.rotated": { "key.origin": must("s", origin), "key.vkey": must("s", bytesUpTo(1024)), "key.from_size": must("j", anySize) },
  "log.anchored": {
    "anchor.origin": must("s", origin),
    "anchor.size": must("j", (value, what) => {
      if (size(value, what) === 0) malformed(`${what} is 0`);
    }),
    "anchor.root": must("s", hex32),
    "anchor.token": must("s", token),
  },
};

/** Actions that must be supporting events wherever a gap is to be lawful. */
export const GAP_ACTIONS: ReadonlySet<string> = new Set(["retention.changed", "log.purged", "hold.placed", "hold.released"]);

/** Whether this action, with outcome success, is one of those that count. */
export function isOwn(action: string): boolean {
  return Object.hasOwn(OWN, action);
}

/** Check what a supporting event of an own action opens and hides. */
export function checkOwn(action: string, open: ReadonlyMap<string, { tag: string; value: string }>, hidden: ReadonlySet<string>, what: string): void {
  for (const [path, rule] of Object.entries(OWN[action])) {
    const field = open.get(path);
    if (hidden.has(path)) malformed(`${what}: ${action} hides ${path}`);
    if (field === undefined) {
      if (rule.needed) malformed(`${what}: ${action} does not open ${path}`);
      continue;
    }
    if (field.tag !== rule.tag) malformed(`${what}: ${path} has the tag ${field.tag}, not ${rule.tag}`);
    rule.check(field.value, `${what}: ${path}`);
  }
  const value = (path: string): string => open.get(path)?.value ?? "";
  if (action === "hold.placed") {
    const shown = ["hold.origin", "hold.ranges"].filter((path) => open.has(path)).length;
    if (shown !== (value("hold.scope") === "public" ? 2 : 0)) malformed(`${what}: a hold of scope ${value("hold.scope")} with ${shown} of origin and ranges`);
  }
  if (action === "log.purged") {
    const end = size(value("purge.end"), what);
    if ((ranges(value("purge.kept"), what).at(-1)?.[1] ?? 0) > end) malformed(`${what}: purge.kept goes beyond purge.end`);
  }
}
