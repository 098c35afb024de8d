/** `manifest.json`: what was asked and what is here (docs/format.md, manifest.json). */
import { ascii, decodeText, malformed, utf8 } from "./bytes.ts";
import { compactJson, type Json, listed, matching, type Obj, parseJson, shaped, text, whole } from "./json.ts";
import { CLASSES, type Mask, parseMask, PATH } from "./masks.ts";
import { parseQuery, type Query } from "./query.ts";
import { isTime, type Transition } from "./time.ts";
import { ORIGIN, STREAM } from "./trust.ts";

export const MANIFEST_BYTES_MAX = 64 * 1024 * 1024;
const TEXT_BYTES_MAX = 4096;
const KEYS = ["format", "export", "tenant", "query", "profile", "zone", "columns", "tokens", "counts", "evidence", "data", "logs", "files"];
const FORMATS = ["csv", "json", "ndjson", "parquet", "xlsx", "pdf"];
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const SHA256 = /^[0-9a-f]{64}$/;

export interface Column {
  label: string;
  path: string;
  mask: Mask;
}

export interface BundledLog {
  k: number;
  origin: string;
  stream: string;
  queried: boolean;
  /** Pinned size; null for the log that attests. */
  size: number | null;
  ranges: [number, number][];
  cuts: number[];
}

export interface Manifest {
  exportId: string;
  created: string;
  recipient: string | null;
  tenant: string;
  query: Query;
  zone: string;
  transitions: Transition[];
  columns: Column[];
  counts: { rows: number; masked: number; erased: number; purged: number; truncated: boolean };
  evidence: "full" | "rows" | "none";
  data: string;
  format: string;
  /** What a JSON file says of itself; null where it is bare. */
  about: string | null;
  logs: BundledLog[];
  files: Map<string, string>;
}

function short(value: Json | undefined, what: string): string | null {
  if (value === null) return null;
  const found = text(value, what);
  if (utf8(found).length > TEXT_BYTES_MAX) malformed(`${what} has more than ${TEXT_BYTES_MAX} bytes`);
  return found;
}

function time(value: Json | undefined, what: string): string {
  if (!isTime(value)) malformed(`${what} is no time`);
  return value;
}

function zone(value: Json | undefined): { name: string; transitions: Transition[] } {
  const top = shaped(value, ["name", "transitions"], "zone");
  const transitions: Transition[] = [];
  let last = "";
  for (const [n, item] of listed(top.get("transitions"), "zone.transitions", 1, 4096).entries()) {
    const what = `zone.transitions[${n}]`;
    const one = shaped(item, ["at", "offset_s"], what);
    const at = time(one.get("at"), `${what}.at`);
    const offset = one.get("offset_s");
    if (typeof offset !== "number" || offset % 60 !== 0 || Math.abs(offset) >= 86_400) malformed(`${what}.offset_s is no offset of whole minutes`);
    if (n === 0 ? at !== "1970-01-01T00:00:00.000000Z" : at <= last) malformed(`${what}.at is out of order`);
    last = at;
    transitions.push({ at: ascii(at), offset });
  }
  return { name: matching(top.get("name"), /^[^]+$/, "zone.name"), transitions };
}

const VIRTUAL = ["action", "at", "outcome", "t", "resource"];

function columns(value: Json | undefined): Column[] {
  const labels = new Set<string>();
  return listed(value, "columns", 1, 1024).map((item, n) => {
    const what = `columns[${n}]`;
    const top = shaped(item, ["label", "path", "mask"], what);
    const label = matching(top.get("label"), /^[^]+$/, `${what}.label`);
    if (labels.has(label)) malformed(`the label ${JSON.stringify(label).slice(0, 80)} is there twice`);
    labels.add(label);
    const path = matching(top.get("path"), PATH, `${what}.path`);
    return { label, path, mask: parseMask(top.get("mask"), `${what}.mask`) };
  });
}

function tokenClasses(value: Json | undefined): Set<string> {
  const classes = new Set<string>();
  for (const [n, item] of listed(value, "tokens").entries()) {
    const top = shaped(item, ["class", "key_commitment"], `tokens[${n}]`);
    const kind = text(top.get("class"), `tokens[${n}].class`);
    matching(top.get("key_commitment"), SHA256, `tokens[${n}].key_commitment`);
    if (!CLASSES.includes(kind) || classes.has(kind)) malformed(`tokens[${n}].class is unknown or there twice`);
    classes.add(kind);
  }
  return classes;
}

function counts(value: Json | undefined): Manifest["counts"] {
  const top = shaped(value, ["rows", "masked", "erased", "purged", "truncated"], "counts");
  const truncated = top.get("truncated");
  if (typeof truncated !== "boolean") malformed("counts.truncated is not true or false");
  const [rows, masked, erased, purged] = ["rows", "masked", "erased", "purged"].map((key) => whole(top.get(key), `counts.${key}`));
  return { rows, masked, erased, purged, truncated };
}

function log(item: Json, k: number): BundledLog {
  const what = `logs[${k}]`;
  const top = shaped(item, ["origin", "stream", "role", "size", "ranges", "cuts"], what);
  const origin = matching(top.get("origin"), ORIGIN, `${what}.origin`);
  const stream = matching(top.get("stream"), STREAM, `${what}.stream`);
  const role = matching(top.get("role"), /^(queried|supporting)$/, `${what}.role`);
  const size = top.get("size") === null ? null : whole(top.get("size"), `${what}.size`);
  const ranges: [number, number][] = [];
  let end = 0;
  for (const item of listed(top.get("ranges"), `${what}.ranges`)) {
    const pair = listed(item, `${what}.ranges`, 2, 2);
    const [i, j] = pair.map((number) => whole(number, `${what}.ranges`));
    if (i < end || j <= i || size === null || j > size) malformed(`${what}.ranges: [${i},${j}) is empty, out of order or beyond the size`);
    ranges.push([i, j]);
    end = j;
  }
  const cuts = listed(top.get("cuts"), `${what}.cuts`).map((number) => whole(number, `${what}.cuts`));
  for (const [n, cut] of cuts.entries()) {
    if (size === null || cut <= (n > 0 ? cuts[n - 1] : 0) || cut >= size) malformed(`${what}.cuts: ${cut} is out of order or not below the size`);
  }
  if (size === null && role === "queried") malformed(`${what} is queried and has no size`);
  return { k, origin, stream, queried: role === "queried", size, ranges, cuts };
}

function logs(value: Json | undefined, evidence: string): BundledLog[] {
  const all = listed(value, "logs", 1, 64).map(log);
  const seen = new Set<string>();
  for (const one of all) {
    const key = `${one.origin} ${one.size === null}`;
    if (seen.has(key)) malformed(`logs has ${one.origin} twice`);
    seen.add(key);
  }
  if (all.filter((one) => one.size === null).length > 1) malformed("logs has more than one log without a size");
  if (evidence === "none") {
    if (all.length !== 1 || all[0].queried || all[0].ranges.length > 0) malformed("with evidence none there is the attesting log only, without ranges");
  } else if (!all.some((one) => one.queried)) {
    malformed("no log is queried");
  }
  return all;
}

function files(value: Json | undefined, manifest: Pick<Manifest, "logs" | "evidence" | "data">): Map<string, string> {
  if (!(value instanceof Map)) malformed("files is no object");
  const wanted = new Set([manifest.data, "README.txt"]);
  if (manifest.evidence !== "none") {
    for (const name of ["support.ndjson", "openings.ndjson", "salts.bin", "hidden.bin"]) wanted.add(name);
    for (const one of manifest.logs) if (one.ranges.length > 0) wanted.add(`entries.${one.k}.bin`);
  }
  const out = new Map<string, string>();
  for (const [name, digest] of value as Obj) {
    const optional = name === "verify.html" || (name === "support.ndjson" && manifest.evidence === "none");
    if (!wanted.has(name) && !optional) malformed(`files names ${JSON.stringify(name).slice(0, 80)}, which this bundle has no place for`);
    out.set(name, matching(digest, SHA256, `files: the SHA-256 of ${name}`));
  }
  for (const name of wanted) if (!out.has(name)) malformed(`files lacks ${name}`);
  return out;
}

const LAST = "9999-12-31T23:59:59.999999Z";
/** Stands for a microsecond after the last time, and sorts after it. */
const PAST = "~";

function microsecondLater(time: string): string {
  if (time === LAST) return PAST;
  const micros = Number(time.slice(20, 26)) + 1;
  if (micros < 1_000_000) return `${time.slice(0, 20)}${String(micros).padStart(6, "0")}Z`;
  return `${new Date(Date.parse(`${time.slice(0, 19)}Z`) + 1000).toISOString().slice(0, 19)}.000000Z`;
}

/** The `about` of a JSON file: parts of the manifest, and the period that its query bounds. */
function aboutText(top: Obj, query: Query): string {
  const of = query.bounds.some(({ path }) => path === "at") || query.bounds.length === 0 ? "at" : "t";
  const bounds = query.bounds.filter(({ path }) => path === of);
  const from = bounds.filter(({ op }) => op === "ge" || op === "gt").map(({ op, time }) => (op === "gt" ? microsecondLater(time) : time)).sort().at(-1) ?? null;
  const before = bounds.filter(({ op }) => op === "lt" || op === "le").map(({ op, time }) => (op === "le" ? microsecondLater(time) : time)).sort().at(0) ?? null;
  const about = top.get("export") as Obj;
  const parts: Obj = new Map<string, Json>([
    ["export", new Map(["id", "created", "recipient", "reason"].map((key) => [key, about.get(key) as Json]))],
    ["tenant", top.get("tenant") as Json],
    ["period", new Map<string, Json>([["of", of], ["from", from === PAST ? LAST : from], ["before", before === PAST ? null : before]])],
    ["zone", (top.get("zone") as Obj).get("name") as Json],
    ...["query", "profile", "columns", "evidence"].map((key): [string, Json] => [key, top.get(key) as Json]),
  ]);
  return compactJson(parts);
}

/** The `counts` of a JSON file. */
export function countsText(counts: Manifest["counts"]): string {
  return compactJson(new Map<string, Json>(Object.entries(counts)));
}

export function parseManifest(bytes: Uint8Array): Manifest {
  const json = parseJson(decodeText(bytes, "manifest.json"), "manifest.json", { negative: "offset_s" });
  const top = shaped(json, KEYS, "manifest.json");
  const version = text(top.get("format"), "format");
  if (version === "draft") malformed("the bundle was made before the format was fixed, and such drafts are refused");
  if (version !== "affidavit/1") malformed(`manifest.json has the format ${JSON.stringify(version).slice(0, 80)}, which this verifier does not know`);
  const about = shaped(top.get("export"), ["id", "created", "recipient", "reason"], "export");
  short(about.get("reason"), "export.reason");
  const evidence = matching(top.get("evidence"), /^(full|rows|none)$/, "evidence") as Manifest["evidence"];
  const bare = top.get("data") instanceof Map && (top.get("data") as Obj).has("bare");
  const data = shaped(top.get("data"), bare ? ["name", "format", "bare"] : ["name", "format"], "data");
  const format = text(data.get("format"), "data.format");
  if (!FORMATS.includes(format) || data.get("name") !== `data.${format}`) malformed("data has a name or format that there is not");
  if (bare && (format !== "json" || data.get("bare") !== true)) malformed("data.bare is not true, or the format is not json");
  const { name, transitions } = zone(top.get("zone"));
  const list = columns(top.get("columns"));
  const classes = tokenClasses(top.get("tokens"));
  for (const { mask } of list) {
    const inner = mask.inner ?? mask;
    if (inner.name === "token" && !classes.has(inner.class ?? "")) malformed(`tokens lacks the class ${inner.class}`);
  }
  matching(top.get("profile"), /^[^]+$/, "profile");
  const all = logs(top.get("logs"), evidence);
  const out = { logs: all, evidence, data: `data.${format}` };
  const query = parseQuery(top.get("query"));
  return {
    ...out,
    about: bare ? null : aboutText(top, query),
    exportId: matching(about.get("id"), UUID, "export.id"),
    created: time(about.get("created"), "export.created"),
    recipient: short(about.get("recipient"), "export.recipient"),
    tenant: matching(top.get("tenant"), /^[^]+$/, "tenant"),
    query,
    zone: name,
    transitions,
    columns: list,
    counts: counts(top.get("counts")),
    format,
    files: files(top.get("files"), out),
  };
}

export function isVirtual(path: string): boolean {
  return VIRTUAL.includes(path);
}
