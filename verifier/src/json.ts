/**
 * Strict JSON. `JSON.parse` keeps the last of two equal keys, takes `1.0` for `1` and lets lone surrogates through; here
 * each of them is malformed. Two strictnesses: *plain* for the bundle's and the trust file's own JSON, whose numbers are
 * integers from 0 to 2^53−1, and *free* for the values of `j` fields, whose numbers are finite doubles.
 */
import { malformed } from "./bytes.ts";

export const DEPTH_MAX = 64;

/** A number of free JSON as it is spelt. */
export class Num {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  get value(): number {
    return Number(this.text);
  }
}

export type Obj = Map<string, Json>;
export type Json = null | boolean | number | string | Num | Json[] | Obj;

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
// biome-ignore lint: control characters are what is looked for
const PLAIN_RUN = /[^"\\\u0000-\u001f]*/y;
const LONE = /[\ud800-\udbff](?![\udc00-\udfff])|(?:[^\ud800-\udbff]|^)[\udc00-\udfff]/;
const ESCAPES: Record<string, string> = { '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

export interface JsonOptions {
  /** Numbers are kept as they are spelt, any finite double. */
  free?: boolean;
  /** Key whose value may be a negative integer. */
  negative?: string;
}

class Parser {
  at = 0;
  depth = 0;
  private readonly text: string;
  private readonly what: string;
  private readonly options: JsonOptions;

  constructor(text: string, what: string, options: JsonOptions) {
    this.text = text;
    this.what = what;
    this.options = options;
  }

  fail(why: string): never {
    malformed(`${this.what}: ${why} at character ${this.at}`);
  }

  space(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.at++;
    }
  }

  whole(): Json {
    this.space();
    const value = this.value("");
    this.space();
    if (this.at !== this.text.length) this.fail("more than one value");
    return value;
  }

  private value(key: string): Json {
    switch (this.text[this.at]) {
      case "{":
        return this.object();
      case "[":
        return this.array();
      case '"':
        return this.string();
      case "t":
        return this.word("true", true);
      case "f":
        return this.word("false", false);
      case "n":
        return this.word("null", null);
      default:
        return this.number(key);
    }
  }

  private word<T>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.at)) this.fail("no JSON value");
    this.at += word.length;
    return value;
  }

  private number(key: string): Json {
    NUMBER.lastIndex = this.at;
    const found = NUMBER.exec(this.text)?.[0];
    if (found === undefined) this.fail("no JSON value");
    this.at += found.length;
    const value = Number(found);
    if (this.options.free === true) {
      if (!Number.isFinite(value)) this.fail(`the number ${found.slice(0, 30)} is not finite`);
      return new Num(found);
    }
    const digits = this.options.negative !== undefined && key === this.options.negative ? /^-?(0|[1-9][0-9]*)$/ : /^[0-9]+$/;
    if (!digits.test(found) || found === "-0" || !Number.isSafeInteger(value)) {
      this.fail(`${found.slice(0, 30)} where only plain integers from 0 to 2^53-1 are allowed`);
    }
    return value;
  }

  string(): string {
    const text = this.text;
    let at = this.at + 1;
    let out = "";
    for (;;) {
      PLAIN_RUN.lastIndex = at;
      PLAIN_RUN.test(text);
      const end = PLAIN_RUN.lastIndex;
      out += text.slice(at, end);
      at = end;
      const char = text[at];
      if (char === '"') break;
      this.at = at;
      if (char !== "\\") this.fail(char === undefined ? "a string does not end" : "a control character in a string");
      const kind = text[at + 1];
      if (kind === "u") {
        const digits = text.slice(at + 2, at + 6);
        if (!/^[0-9a-fA-F]{4}$/.test(digits)) this.fail("an escape that is none");
        out += String.fromCharCode(Number.parseInt(digits, 16));
        at += 6;
      } else {
        const plain = ESCAPES[kind];
        if (plain === undefined) this.fail("an escape that is none");
        out += plain;
        at += 2;
      }
    }
    this.at = at + 1;
    if (LONE.test(out)) this.fail("a lone surrogate");
    return out;
  }

  private deeper(): void {
    if (++this.depth > DEPTH_MAX) this.fail(`more than ${DEPTH_MAX} levels`);
    this.at++;
    this.space();
  }

  private array(): Json[] {
    this.deeper();
    const out: Json[] = [];
    if (this.text[this.at] !== "]") {
      for (;;) {
        this.space();
        out.push(this.value(""));
        this.space();
        if (this.text[this.at] !== ",") break;
        this.at++;
      }
    }
    if (this.text[this.at] !== "]") this.fail("a list does not end");
    this.at++;
    this.depth--;
    return out;
  }

  private object(): Obj {
    this.deeper();
    const out: Obj = new Map();
    if (this.text[this.at] !== "}") {
      for (;;) {
        this.space();
        if (this.text[this.at] !== '"') this.fail("no key");
        const key = this.string();
        if (out.has(key)) this.fail(`the key ${JSON.stringify(key).slice(0, 80)} is there twice`);
        this.space();
        if (this.text[this.at] !== ":") this.fail("no colon after a key");
        this.at++;
        this.space();
        out.set(key, this.value(key));
        this.space();
        if (this.text[this.at] !== ",") break;
        this.at++;
      }
    }
    if (this.text[this.at] !== "}") this.fail("an object does not end");
    this.at++;
    this.depth--;
    return out;
  }
}

/** One JSON value; malformed unless the whole text is one. */
export function parseJson(text: string, what: string, options: JsonOptions = {}): Json {
  return new Parser(text, what, options).whole();
}

export function hasLoneSurrogate(text: string): boolean {
  return LONE.test(text);
}

const SHORT: Record<string, string> = { '"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r" };

/** A JSON string with no needless escapes (docs/format.md, cells). */
export function jsonString(text: string): string {
  // biome-ignore lint: control characters are what is looked for
  return `"${text.replace(/["\\\u0000-\u001f]/g, (c) => SHORT[c] ?? `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`)}"`;
}

/** Plain JSON without white space or needless escapes. */
export function compactJson(value: Json): string {
  if (value instanceof Map) return `{${[...value].map(([k, v]) => `${jsonString(k)}:${compactJson(v)}`).join(",")}}`;
  if (Array.isArray(value)) return `[${value.map(compactJson).join(",")}]`;
  if (typeof value === "string") return jsonString(value);
  return value instanceof Num ? value.text : String(value);
}

/** An object with exactly these keys. */
export function shaped(value: Json | undefined, keys: readonly string[], what: string): Obj {
  if (!(value instanceof Map)) malformed(`${what} is no object`);
  for (const key of value.keys()) if (!keys.includes(key)) malformed(`${what} has the unknown key ${JSON.stringify(key).slice(0, 80)}`);
  for (const key of keys) if (!value.has(key)) malformed(`${what} lacks ${key}`);
  return value;
}

export function listed(value: Json | undefined, what: string, min = 0, max = Number.POSITIVE_INFINITY): Json[] {
  if (!Array.isArray(value)) malformed(`${what} is no list`);
  if (value.length < min || value.length > max) malformed(`${what} has ${value.length} items where ${min} to ${max} are allowed`);
  return value;
}

export function whole(value: Json | undefined, what: string, max = Number.MAX_SAFE_INTEGER): number {
  if (typeof value !== "number" || value < 0 || value > max) malformed(`${what} is no plain integer up to ${max}`);
  return value;
}

export function text(value: Json | undefined, what: string): string {
  if (typeof value !== "string") malformed(`${what} is no text`);
  return value;
}

export function matching(value: Json | undefined, pattern: RegExp, what: string): string {
  if (typeof value !== "string" || !pattern.test(value)) malformed(`${what} is not in form`);
  return value;
}
