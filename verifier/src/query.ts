/** Queries: parsed strictly, evaluated in three values (docs/reference/query.md). */
import { compareText, malformed, utf8 } from "./bytes.ts";
import { isIn, parseNetwork } from "./ip.ts";
import { type Json, listed, Num, parseJson, shaped } from "./json.ts";
import { isQueryPath, PUBLIC_KEYS } from "./paths.ts";
import { isTime } from "./time.ts";

export const LEVELS_MAX = 32;
export const CONDITIONS_MAX = 20_000;
export const VALUES_MAX = 1_000_000;
export const VALUE_BYTES_MAX = 8192;
export const STARS_MAX = 16;

/** False, true, unknown. */
export type Truth = 0 | 1 | 2;
export const UNKNOWN = 2;

/** What is known of one record. */
export interface Facts {
  /** A public key's text. */
  key(path: string): string;
  /** Absent and null are "none"; masked, erased or not given at all are "hidden". */
  field(path: string): "none" | "hidden" | Open;
}

export interface Open {
  tag: "s" | "j";
  text: string;
}

type Evaluate = (facts: Facts) => Truth;

export interface Bound {
  path: "at" | "t";
  op: "lt" | "le" | "gt" | "ge";
  time: string;
}

export interface Query {
  evaluate: Evaluate;
  /** Paths of committed fields that it names. */
  fields: Set<string>;
  /** Conditions on `at` and `t` that bound the window. */
  bounds: Bound[];
}

interface Test {
  text(value: string): boolean;
  number(value: number): boolean;
  boolean(value: boolean): boolean;
  /** Reads the stored text of a whole field that is an object. */
  stored?: (text: string) => boolean;
}

const no = (): boolean => false;
const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;

function numberOf(operand: string): number {
  return NUMBER.test(operand) ? Number(operand) : Number.NaN;
}

function anyOf(values: readonly string[]): Test {
  const texts = new Set(values);
  const numbers = new Set(values.map(numberOf).filter((n) => !Number.isNaN(n)));
  return { text: (v) => texts.has(v), number: (v) => numbers.has(v), boolean: (v) => texts.has(String(v)) };
}

function ordered(operand: string, fits: (by: number) => boolean): Test {
  const bound = numberOf(operand);
  return {
    text: (v) => fits(compareText(v, operand)),
    number: (v) => !Number.isNaN(bound) && fits(v < bound ? -1 : v > bound ? 1 : 0),
    boolean: no,
  };
}

function fold(text: string): string {
  return text.replace(/[A-Z]/g, (c) => c.toLowerCase());
}

/** Whether the whole text fits, `*` alone being special. Linear: each piece is taken where it first occurs. */
function glob(pattern: string): (text: string) => boolean {
  const pieces = pattern.split("*");
  const first = pieces[0];
  const last = pieces[pieces.length - 1];
  if (pieces.length === 1) return (text) => text === pattern;
  const inner = pieces.slice(1, -1);
  return (text) => {
    if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
    let at = first.length;
    for (const piece of inner) {
      const found = text.indexOf(piece, at);
      if (found < 0) return false;
      at = found + piece.length;
    }
    return at <= text.length - last.length;
  };
}

function test(op: string, operand: string, place: string): Test {
  const only = (text: (value: string) => boolean): Test => ({ text, number: no, boolean: no });
  switch (op) {
    case "eq":
      return anyOf([operand]);
    case "prefix":
      return only((v) => v.startsWith(operand));
    case "glob":
      if (operand.split("*").length - 1 > STARS_MAX) malformed(`${place} has more than ${STARS_MAX} stars`);
      return only(glob(operand));
    case "contains": {
      const folded = fold(operand);
      const contains = (v: string): boolean => fold(v).includes(folded);
      return { text: contains, number: no, boolean: no, stored: contains };
    }
    case "cidr": {
      const network = parseNetwork(operand);
      if (network === null) malformed(`${place} is no network`);
      return only((v) => isIn(v, network));
    }
    case "lt":
      return ordered(operand, (by) => by < 0);
    case "le":
      return ordered(operand, (by) => by <= 0);
    case "gt":
      return ordered(operand, (by) => by > 0);
    case "ge":
      return ordered(operand, (by) => by >= 0);
    default:
      malformed(`${place} has the operator ${JSON.stringify(op)}, which there is not`);
  }
}

function scalar(test: Test, value: Json): boolean {
  if (typeof value === "string") return test.text(value);
  if (typeof value === "boolean") return test.boolean(value);
  return value instanceof Num && Number.isFinite(value.value) && test.number(value.value);
}

function matches(test: Test, value: Json, stored: string | null): boolean {
  if (Array.isArray(value)) return value.some((item) => scalar(test, item));
  if (value instanceof Map) return stored !== null && test.stored?.(stored) === true;
  return scalar(test, value);
}

/** Text of a free JSON value, or null where it is none: callers of the verifier have checked it before. */
function freeJson(text: string): Json {
  return parseJson(text, "a value", { free: true });
}

type Found = "none" | "hidden" | { value: Json; stored: string | null };

function look(facts: Facts, path: string): Found {
  const field = facts.field(path);
  if (field === "hidden") return field;
  if (field !== "none") {
    if (field.tag === "s") return { value: field.text, stored: null };
    const value = freeJson(field.text);
    return value === null ? "none" : { value, stored: field.text };
  }
  if (!path.startsWith("details.")) return field;
  const details = facts.field("details");
  if (details === "none" || details === "hidden") return details;
  let value = details.tag === "j" ? freeJson(details.text) : null;
  for (const step of path.split(".").slice(1)) value = value instanceof Map ? (value.get(step) ?? null) : null;
  return value === null ? "none" : { value, stored: null };
}

class Compiler {
  readonly fields = new Set<string>();
  private conditions = 0;

  node(value: Json | undefined, place: string, level: number): Evaluate {
    if (level > LEVELS_MAX) malformed(`${place} is more than ${LEVELS_MAX} levels deep`);
    if (++this.conditions > CONDITIONS_MAX) malformed(`the query has more than ${CONDITIONS_MAX} conditions`);
    if (!(value instanceof Map)) malformed(`${place} is no condition`);
    const op = value.get("op");
    if (op === "all" || op === "any") {
      const parts = listed(shaped(value, ["op", "of"], place).get("of"), `${place}.of`);
      return group(op, parts.map((part, n) => this.node(part, `${place}.of[${n}]`, level + 1)));
    }
    if (op === "not") {
      const part = this.node(shaped(value, ["op", "of"], place).get("of"), `${place}.of`, level + 1);
      return (facts) => {
        const truth = part(facts);
        return truth === UNKNOWN ? truth : truth === 0 ? 1 : 0;
      };
    }
    return this.condition(value, String(op), place);
  }

  private condition(value: Map<string, Json>, op: string, place: string): Evaluate {
    if (typeof value.get("op") !== "string") malformed(`${place} has no operator`);
    const path = value.get("path");
    if (typeof path !== "string" || !isQueryPath(path)) malformed(`${place} names the path ${JSON.stringify(path)}, which there is not`);
    const isKey = PUBLIC_KEYS.includes(path);
    if (!isKey) this.fields.add(path);
    if (op === "exists") {
      shaped(value, ["op", "path"], place);
      return isKey ? () => 1 : (facts) => there(look(facts, path));
    }
    const many = op === "in";
    const byToken = value.has(many ? "tokens" : "token");
    const key = many ? (byToken ? "tokens" : "values") : byToken ? "token" : "value";
    const operand = shaped(value, ["op", "path", key], place).get(key);
    const operands = many ? listed(operand, `${place}.${key}`, byToken ? 1 : 0, VALUES_MAX) : [operand as Json];
    if (byToken && isKey) malformed(`${place} has tokens for ${path}, which is public`);
    if (byToken) {
      for (const item of operands) if (typeof item !== "string" || !/^tk_[a-z2-7]{26}$/.test(item)) malformed(`${place} has a token out of form`);
      if (!many) test(op, op === "cidr" ? "::" : "", place);
      return (facts) => (there(look(facts, path)) === 0 ? 0 : UNKNOWN);
    }
    const texts = operands.map((item) => operandText(item, place));
    const timed = path === "at" || path === "t";
    if (timed && !["prefix", "glob", "contains", "cidr"].includes(op)) {
      for (const text of texts) if (!isTime(text)) malformed(`${place} compares ${path} with ${JSON.stringify(text)}, which is no time of the log's form`);
    }
    const check = many ? anyOf(texts) : test(op, texts[0], place);
    if (isKey) return (facts) => (check.text(facts.key(path)) ? 1 : 0);
    if (many && texts.length === 0) return () => 0;
    return (facts) => {
      const found = look(facts, path);
      if (found === "hidden") return UNKNOWN;
      return found !== "none" && matches(check, found.value, found.stored) ? 1 : 0;
    };
  }
}

function there(found: Found): Truth {
  return found === "hidden" ? UNKNOWN : found === "none" ? 0 : 1;
}

function operandText(value: Json, place: string): string {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value !== "string") malformed(`${place} has an operand that is no text`);
  if (value.includes("\0")) malformed(`${place} has an operand with U+0000`);
  if (utf8(value).length > VALUE_BYTES_MAX) malformed(`${place} has an operand of more than ${VALUE_BYTES_MAX} bytes`);
  return value;
}

/** Kleene's all and any. */
function group(op: "all" | "any", parts: Evaluate[]): Evaluate {
  const ends: Truth = op === "all" ? 0 : 1;
  return (facts) => {
    let truth: Truth = op === "all" ? 1 : 0;
    for (const part of parts) {
      const one = part(facts);
      if (one === ends) return ends;
      if (one === UNKNOWN) truth = UNKNOWN;
    }
    return truth;
  };
}

function bound(value: Json): Bound[] {
  if (!(value instanceof Map)) return [];
  const [op, path, time] = [value.get("op"), value.get("path"), value.get("value")];
  if ((path !== "at" && path !== "t") || typeof time !== "string") return [];
  return op === "lt" || op === "le" || op === "gt" || op === "ge" ? [{ path, op, time }] : [];
}

export function parseQuery(value: Json | undefined): Query {
  const compiler = new Compiler();
  const evaluate = compiler.node(value, "query", 1);
  const top = value as Map<string, Json>;
  const direct = top.get("op") === "all" ? (top.get("of") as Json[]) : [top];
  return { evaluate, fields: compiler.fields, bounds: direct.flatMap(bound) };
}
