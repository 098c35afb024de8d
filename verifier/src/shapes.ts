/** Shapes of `openings.ndjson`: which paths records have, and which are open. */
import { ascii, compareText, malformed, valueText } from "./bytes.ts";
import { FIELDS_MAX, fieldHead, shapeHash } from "./event.ts";
import { listed, parseJson, shaped, text } from "./json.ts";
import { type Column, isVirtual } from "./manifest.ts";
import { PATH } from "./masks.ts";

/** Bytes [from, to) of `data`. */
export interface Span {
  data: Uint8Array;
  from: number;
  to: number;
}

export interface Shape {
  paths: string[];
  /** One letter a path: s j n open, m masked, e erased. */
  state: string;
  hash: Uint8Array;
  /** What each open field's commitment hashes first; null where the field is hidden. */
  heads: (Uint8Array | null)[];
  /** For each path, the place of its value in the line; −1 where it has none. */
  values: Int32Array;
  valueCount: number;
  open: number;
  hidden: number;
  /** For each column, the paths it shows: places in `paths`, −1 where the record lacks one. */
  columns: Int32Array[];
}

const COLUMN_PATHS: Record<string, string[]> = { resource: ["resource.type", "resource.id"] };

function columnPaths(column: Column): string[] {
  return COLUMN_PATHS[column.path] ?? (isVirtual(column.path) ? [] : [column.path]);
}

export function parseShape(line: Uint8Array, what: string, columns: readonly Column[]): Shape {
  const decoded = valueText(line);
  if (decoded === null) malformed(`${what} is not UTF-8`);
  if (!decoded.endsWith("}")) malformed(`${what} has white space after it`);
  const top = shaped(parseJson(decoded, what), ["paths", "state"], what);
  const paths = listed(top.get("paths"), `${what}: paths`, 0, FIELDS_MAX).map((path) => text(path, `${what}: a path`));
  const state = text(top.get("state"), `${what}: state`);
  if (!/^[sjnme]*$/.test(state) || state.length !== paths.length) malformed(`${what}: state is not one letter of s j n m e a path`);
  for (const [n, path] of paths.entries()) {
    if (!PATH.test(path) || isVirtual(path)) malformed(`${what} has the path ${JSON.stringify(path).slice(0, 150)}, which no record has`);
    if (n > 0 && compareText(paths[n - 1], path) >= 0) malformed(`${what}: the paths do not ascend`);
  }
  const values = new Int32Array(paths.length).fill(-1);
  let valueCount = 0;
  for (let n = 0; n < paths.length; n++) if (state[n] === "s" || state[n] === "j") values[n] = valueCount++;
  const open = [...state].filter((letter) => "sjn".includes(letter)).length;
  const places = new Map(paths.map((path, n) => [path, n]));
  return {
    paths,
    state,
    hash: shapeHash(paths),
    heads: paths.map((path, n) => ("sjn".includes(state[n]) ? fieldHead(path, state[n]) : null)),
    values,
    valueCount,
    open,
    hidden: paths.length - open,
    columns: columns.map((column) => Int32Array.from(columnPaths(column), (path) => places.get(path) ?? -1)),
  };
}

const COLON = ascii(":");

/** type ‖ `:` ‖ id. */
export function joinedSpan(type: Span, id: Span | null): Span {
  const length = type.to - type.from;
  const rest = id === null ? 0 : id.to - id.from;
  const data = new Uint8Array(length + 1 + rest);
  data.set(type.data.subarray(type.from, type.to));
  data.set(COLON, length);
  if (id !== null) data.set(id.data.subarray(id.from, id.to), length + 1);
  return { data, from: 0, to: data.length };
}

/** Whether the bytes are UTF-8: no overlong form, no surrogate, nothing above U+10FFFF. */
export function isUtf8(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; ) {
    const byte = bytes[at++];
    if (byte < 0x80) continue;
    let more = 0;
    let low = 0x80;
    let high = 0xbf;
    if (byte >= 0xc2 && byte <= 0xdf) more = 1;
    else if (byte >= 0xe0 && byte <= 0xef) {
      more = 2;
      if (byte === 0xe0) low = 0xa0;
      if (byte === 0xed) high = 0x9f;
    } else if (byte >= 0xf0 && byte <= 0xf4) {
      more = 3;
      if (byte === 0xf0) low = 0x90;
      if (byte === 0xf4) high = 0x8f;
    } else return false;
    if (at + more > to) return false;
    if (bytes[at] < low || bytes[at] > high) return false;
    for (let n = 1; n < more; n++) if ((bytes[at + n] & 0xc0) !== 0x80) return false;
    at += more;
  }
  return true;
}

