// src/node.ts
import { closeSync, fstatSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { createInflateRaw } from "node:zlib";

// src/bytes.ts
var Malformed = class extends Error {
};
function malformed(message) {
  throw new Malformed(message);
}
var fatal = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
var encoder = new TextEncoder();
function decodeText(bytes, what) {
  let text2;
  try {
    text2 = fatal.decode(bytes);
  } catch {
    malformed(`${what} is not UTF-8`);
  }
  if (text2.charCodeAt(0) === 65279) malformed(`${what} begins with a byte order mark`);
  return text2;
}
function valueText(bytes) {
  try {
    return fatal.decode(bytes);
  } catch {
    return null;
  }
}
function utf8(text2) {
  return encoder.encode(text2);
}
function ascii(text2) {
  const out = new Uint8Array(text2.length);
  for (let i = 0; i < text2.length; i++) out[i] = text2.charCodeAt(i);
  return out;
}
function asciiText(bytes, from = 0, to = bytes.length) {
  let text2 = "";
  for (let i = from; i < to; i++) text2 += String.fromCharCode(bytes[i]);
  return text2;
}
var DIGITS = "0123456789abcdef";
var HEX = Array.from({ length: 256 }, (_, n) => DIGITS[n >> 4] + DIGITS[n & 15]);
function toHex(bytes) {
  let text2 = "";
  for (const byte of bytes) text2 += HEX[byte];
  return text2;
}
function isHex(text2, bytes) {
  return typeof text2 === "string" && text2.length === 2 * bytes && /^[0-9a-f]*$/.test(text2);
}
function fromHex(text2, bytes, what) {
  if (!isHex(text2, bytes)) malformed(`${what} is not ${2 * bytes} lower-case hex digits`);
  const out = new Uint8Array(bytes);
  for (let i = 0; i < bytes; i++) out[i] = Number.parseInt(text2.slice(2 * i, 2 * i + 2), 16);
  return out;
}
var STANDARD = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
function fromBase64(text2) {
  if (text2.length % 4 !== 0) return null;
  const body = text2.replace(/={1,2}$/, "");
  const out = new Uint8Array(Math.floor(body.length * 3 / 4));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const char of body) {
    const value2 = STANDARD.indexOf(char);
    if (value2 < 0) return null;
    bits = bits << 6 | value2;
    held += 6;
    if (held >= 8) {
      held -= 8;
      out[at++] = bits >> held & 255;
      bits &= (1 << held) - 1;
    }
  }
  return held < 6 && bits === 0 ? out : null;
}
var URL_DIGIT = new Uint8Array(256).fill(255);
for (let n = 0; n < 64; n++) URL_DIGIT[(STANDARD.slice(0, 62) + "-_").charCodeAt(n)] = n;
function equalBytes(a, b) {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
function joined(...parts) {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
function compareText(a, b) {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    const xs = x >= 55296 && x <= 57343;
    const ys = y >= 55296 && y <= 57343;
    return xs === ys ? x - y : xs ? 1 : -1;
  }
  return a.length - b.length;
}

// src/source.ts
var SourceError = class extends Error {
};
var Reader = class {
  data = new Uint8Array(0);
  pos = 0;
  end = 0;
  /** Nothing comes after `end`. */
  over = false;
  owned = false;
  chunks;
  constructor(chunks) {
    this.chunks = chunks[Symbol.asyncIterator]();
  }
  get left() {
    return this.end - this.pos;
  }
  /** Read one chunk more. False at the end. Bytes before `pos` are forgotten. */
  async more() {
    if (this.over) return false;
    const { value: value2, done } = await this.chunks.next();
    if (done === true) {
      this.over = true;
      return false;
    }
    if (this.left === 0) {
      this.data = value2;
      this.pos = 0;
      this.end = value2.length;
      this.owned = false;
      return true;
    }
    const left = this.left;
    if (this.data.length - this.end >= value2.length && this.owned) {
      this.data.set(value2, this.end);
    } else {
      const room = new Uint8Array(Math.max(2 * (left + value2.length), 65536));
      room.set(this.data.subarray(this.pos, this.end));
      room.set(value2, left);
      this.data = room;
      this.pos = 0;
      this.end = left;
      this.owned = true;
    }
    this.end += value2.length;
    return true;
  }
  /** Have at least so many bytes in the buffer. False where the stream ends before. */
  async need(bytes) {
    while (this.left < bytes) if (!await this.more()) return false;
    return true;
  }
  async atEnd() {
    return !await this.need(1);
  }
  /** Read to the end, so that sizes and hashes are known. */
  async drain() {
    do
      this.pos = this.end;
    while (await this.more());
  }
  /** Offset of the next LF from `pos`, having read as far as needed; −1 at the end of the stream. */
  async line(max, what) {
    let from = this.pos;
    for (; ; ) {
      const found = this.data.subarray(0, this.end).indexOf(10, from);
      if (found >= 0) {
        if (found - this.pos > max) malformed(`a line of ${what} has more than ${max} bytes`);
        return found;
      }
      if (this.left > max) malformed(`a line of ${what} has more than ${max} bytes`);
      const seen = this.left;
      if (!await this.more()) {
        if (this.left > 0) malformed(`the last line of ${what} does not end`);
        return -1;
      }
      from = this.pos + seen;
    }
  }
};

// src/json.ts
var DEPTH_MAX = 64;
var Num = class {
  text;
  constructor(text2) {
    this.text = text2;
  }
  get value() {
    return Number(this.text);
  }
};
var NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
var PLAIN_RUN = /[^"\\\u0000-\u001f]*/y;
var LONE = /[\ud800-\udbff](?![\udc00-\udfff])|(?:[^\ud800-\udbff]|^)[\udc00-\udfff]/;
var ESCAPES = { '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "	" };
var Parser = class {
  at = 0;
  depth = 0;
  text;
  what;
  options;
  constructor(text2, what, options) {
    this.text = text2;
    this.what = what;
    this.options = options;
  }
  fail(why) {
    malformed(`${this.what}: ${why} at character ${this.at}`);
  }
  space() {
    for (; ; ) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return;
      this.at++;
    }
  }
  whole() {
    this.space();
    const value2 = this.value("");
    this.space();
    if (this.at !== this.text.length) this.fail("more than one value");
    return value2;
  }
  value(key) {
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
  word(word, value2) {
    if (!this.text.startsWith(word, this.at)) this.fail("no JSON value");
    this.at += word.length;
    return value2;
  }
  number(key) {
    NUMBER.lastIndex = this.at;
    const found = NUMBER.exec(this.text)?.[0];
    if (found === void 0) this.fail("no JSON value");
    this.at += found.length;
    const value2 = Number(found);
    if (this.options.free === true) {
      if (!Number.isFinite(value2)) this.fail(`the number ${found.slice(0, 30)} is not finite`);
      return new Num(found);
    }
    const digits = this.options.negative !== void 0 && key === this.options.negative ? /^-?(0|[1-9][0-9]*)$/ : /^[0-9]+$/;
    if (!digits.test(found) || found === "-0" || !Number.isSafeInteger(value2)) {
      this.fail(`${found.slice(0, 30)} where only plain integers from 0 to 2^53-1 are allowed`);
    }
    return value2;
  }
  string() {
    const text2 = this.text;
    let at = this.at + 1;
    let out = "";
    for (; ; ) {
      PLAIN_RUN.lastIndex = at;
      PLAIN_RUN.test(text2);
      const end = PLAIN_RUN.lastIndex;
      out += text2.slice(at, end);
      at = end;
      const char = text2[at];
      if (char === '"') break;
      this.at = at;
      if (char !== "\\") this.fail(char === void 0 ? "a string does not end" : "a control character in a string");
      const kind = text2[at + 1];
      if (kind === "u") {
        const digits = text2.slice(at + 2, at + 6);
        if (!/^[0-9a-fA-F]{4}$/.test(digits)) this.fail("an escape that is none");
        out += String.fromCharCode(Number.parseInt(digits, 16));
        at += 6;
      } else {
        const plain = ESCAPES[kind];
        if (plain === void 0) this.fail("an escape that is none");
        out += plain;
        at += 2;
      }
    }
    this.at = at + 1;
    if (LONE.test(out)) this.fail("a lone surrogate");
    return out;
  }
  deeper() {
    if (++this.depth > DEPTH_MAX) this.fail(`more than ${DEPTH_MAX} levels`);
    this.at++;
    this.space();
  }
  array() {
    this.deeper();
    const out = [];
    if (this.text[this.at] !== "]") {
      for (; ; ) {
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
  object() {
    this.deeper();
    const out = /* @__PURE__ */ new Map();
    if (this.text[this.at] !== "}") {
      for (; ; ) {
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
};
function parseJson(text2, what, options = {}) {
  return new Parser(text2, what, options).whole();
}
var SHORT = { '"': '\\"', "\\": "\\\\", "\b": "\\b", "	": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r" };
function jsonString(text2) {
  return `"${text2.replace(/["\\\u0000-\u001f]/g, (c) => SHORT[c] ?? `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`)}"`;
}
function compactJson(value2) {
  if (value2 instanceof Map) return `{${[...value2].map(([k, v]) => `${jsonString(k)}:${compactJson(v)}`).join(",")}}`;
  if (Array.isArray(value2)) return `[${value2.map(compactJson).join(",")}]`;
  if (typeof value2 === "string") return jsonString(value2);
  return value2 instanceof Num ? value2.text : String(value2);
}
function shaped(value2, keys, what) {
  if (!(value2 instanceof Map)) malformed(`${what} is no object`);
  for (const key of value2.keys()) if (!keys.includes(key)) malformed(`${what} has the unknown key ${JSON.stringify(key).slice(0, 80)}`);
  for (const key of keys) if (!value2.has(key)) malformed(`${what} lacks ${key}`);
  return value2;
}
function listed(value2, what, min = 0, max = Number.POSITIVE_INFINITY) {
  if (!Array.isArray(value2)) malformed(`${what} is no list`);
  if (value2.length < min || value2.length > max) malformed(`${what} has ${value2.length} items where ${min} to ${max} are allowed`);
  return value2;
}
function whole(value2, what, max = Number.MAX_SAFE_INTEGER) {
  if (typeof value2 !== "number" || value2 < 0 || value2 > max) malformed(`${what} is no plain integer up to ${max}`);
  return value2;
}
function text(value2, what) {
  if (typeof value2 !== "string") malformed(`${what} is no text`);
  return value2;
}
function matching(value2, pattern, what) {
  if (typeof value2 !== "string" || !pattern.test(value2)) malformed(`${what} is not in form`);
  return value2;
}

// node_modules/@noble/hashes/_u64.js
var U32_MASK64 = /* @__PURE__ */ (() => BigInt(2 ** 32 - 1))();
var _32n = /* @__PURE__ */ BigInt(32);
function fromBig(n, le = false) {
  if (le)
    return { h: Number(n & U32_MASK64), l: Number(n >> _32n & U32_MASK64) };
  return { h: Number(n >> _32n & U32_MASK64) | 0, l: Number(n & U32_MASK64) | 0 };
}
function split(lst, le = false) {
  const len = lst.length;
  let Ah = new Uint32Array(len);
  let Al = new Uint32Array(len);
  for (let i = 0; i < len; i++) {
    const { h, l } = fromBig(lst[i], le);
    [Ah[i], Al[i]] = [h, l];
  }
  return [Ah, Al];
}
var fromNumH = (n) => n / 2 ** 32 | 0;
var fromNumL = (n) => n >>> 0;
function setU64FromNum(view, byteOffset, n, isLE) {
  const h = fromNumH(n);
  const l = fromNumL(n);
  view.setUint32(byteOffset, isLE ? l : h, isLE);
  view.setUint32(byteOffset + 4, isLE ? h : l, isLE);
}
var shrSH = (h, _l, s) => h >>> s;
var shrSL = (h, l, s) => h << 32 - s | l >>> s;
var rotrSH = (h, l, s) => h >>> s | l << 32 - s;
var rotrSL = (h, l, s) => h << 32 - s | l >>> s;
var rotrBH = (h, l, s) => h << 64 - s | l >>> s - 32;
var rotrBL = (h, l, s) => h >>> s - 32 | l << 64 - s;
function add(Ah, Al, Bh, Bl) {
  const l = (Al >>> 0) + (Bl >>> 0);
  return { h: Ah + Bh + (l / 2 ** 32 | 0) | 0, l: l | 0 };
}
var add3L = (Al, Bl, Cl) => (Al >>> 0) + (Bl >>> 0) + (Cl >>> 0);
var add3H = (low, Ah, Bh, Ch) => Ah + Bh + Ch + (low / 2 ** 32 | 0) | 0;
var add4L = (Al, Bl, Cl, Dl) => (Al >>> 0) + (Bl >>> 0) + (Cl >>> 0) + (Dl >>> 0);
var add4H = (low, Ah, Bh, Ch, Dh) => Ah + Bh + Ch + Dh + (low / 2 ** 32 | 0) | 0;
var add5L = (Al, Bl, Cl, Dl, El) => (Al >>> 0) + (Bl >>> 0) + (Cl >>> 0) + (Dl >>> 0) + (El >>> 0);
var add5H = (low, Ah, Bh, Ch, Dh, Eh) => Ah + Bh + Ch + Dh + Eh + (low / 2 ** 32 | 0) | 0;

// node_modules/@noble/hashes/utils.js
function isBytes(a) {
  return a instanceof Uint8Array || ArrayBuffer.isView(a) && a.constructor.name === "Uint8Array" && "BYTES_PER_ELEMENT" in a && a.BYTES_PER_ELEMENT === 1;
}
var atitle = (title) => title ? `"${title}" ` : "";
function anumber(n, title = "") {
  if (typeof n !== "number")
    throw new TypeError(atitle(title) + "expected number, got " + typeof n);
  if (!Number.isSafeInteger(n) || n < 0)
    throw new RangeError(atitle(title) + "expected integer >= 0, got " + n);
  return n;
}
function abytes(value2, length, title = "") {
  if (isBytes(value2) && (length === void 0 || value2.length === length))
    return value2;
  if (length !== void 0)
    anumber(length, "length");
  const bytes = isBytes(value2);
  const ofLen = length !== void 0 ? ` of length ${length}` : "";
  const got = bytes ? `length=${value2.length}` : `type=${typeof value2}`;
  const message = atitle(title) + "expected Uint8Array" + ofLen + ", got " + got;
  if (!bytes)
    throw new TypeError(message);
  throw new RangeError(message);
}
var aobject = (value2, label) => {
  if (value2 === null || typeof value2 !== "object" || Array.isArray(value2))
    throw new TypeError((label === "object" ? "" : `"${label}" `) + "expected object, got type=" + typeof value2);
};
var aopts = (value2, label) => {
  aobject(value2, label);
  const proto = Object.getPrototypeOf(value2);
  if (proto !== Object.prototype && proto !== null)
    throw new TypeError(`"${label}" expected plain object`);
  if (Object.hasOwn(value2, "__proto__"))
    throw new TypeError(`"${label}.__proto__" is not allowed`);
};
function aexists(instance, checkFinished = true) {
  if (instance.destroyed)
    throw new Error("hash was destroyed");
  if (checkFinished && instance.finished)
    throw new Error("digest() was already called");
}
function aoutput(out, instance) {
  abytes(out, void 0, "output");
  const min = instance.outputLen;
  if (!(out.length >= min)) {
    throw new RangeError('"output" expected length >= ' + min);
  }
}
function clean(...arrays) {
  for (let i = 0; i < arrays.length; i++) {
    arrays[i].fill(0);
  }
}
function createView(arr) {
  return new DataView(arr.buffer, arr.byteOffset, arr.byteLength);
}
function rotr(word, shift) {
  return word << 32 - shift | word >>> shift;
}
var hasHexBuiltin = /* @__PURE__ */ (() => (
  // @ts-ignore
  typeof Uint8Array.from([]).toHex === "function" && typeof Uint8Array.fromHex === "function"
))();
var hexes = /* @__PURE__ */ Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, "0"));
function bytesToHex(bytes) {
  abytes(bytes);
  if (hasHexBuiltin)
    return bytes.toHex();
  let hex = "";
  for (let i = 0; i < bytes.length; i++) {
    hex += hexes[bytes[i]];
  }
  return hex;
}
function asciiToBase16(ch) {
  return ch >= 48 && ch <= 57 ? ch - 48 : ch >= 65 && ch <= 70 ? ch - (65 - 10) : ch >= 97 && ch <= 102 ? ch - (97 - 10) : void 0;
}
function hexToBytes(hex) {
  if (typeof hex !== "string")
    throw new TypeError("hex string expected, got " + typeof hex);
  if (hasHexBuiltin) {
    try {
      return Uint8Array.fromHex(hex);
    } catch (error) {
      if (error instanceof SyntaxError)
        throw new RangeError(error.message);
      throw error;
    }
  }
  const hl = hex.length;
  const al = hl / 2;
  if (hl % 2)
    throw new RangeError("hex string expected, got unpadded hex of length " + hl);
  const array = new Uint8Array(al);
  for (let ai = 0, hi = 0; ai < al; ai++, hi += 2) {
    const n1 = asciiToBase16(hex.charCodeAt(hi));
    const n2 = asciiToBase16(hex.charCodeAt(hi + 1));
    if (n1 === void 0 || n2 === void 0) {
      const char = hex[hi] + hex[hi + 1];
      throw new RangeError('hex string expected, got non-hex character "' + char + '" at index ' + hi);
    }
    array[ai] = n1 * 16 + n2;
  }
  return array;
}
function concatBytes(...arrays) {
  let sum = 0;
  for (let i = 0; i < arrays.length; i++) {
    const a = arrays[i];
    abytes(a);
    sum += a.length;
  }
  const res = new Uint8Array(sum);
  for (let i = 0, pad = 0; i < arrays.length; i++) {
    const a = arrays[i];
    res.set(a, pad);
    pad += a.length;
  }
  return res;
}
function checkOpts(defaults, opts, title = "opts") {
  aopts(defaults, "defaults");
  if (opts !== void 0)
    aopts(opts, title);
  const merged2 = Object.assign(/* @__PURE__ */ Object.create(null), defaults, opts);
  return merged2;
}
function createHasher(hashCons, info = {}) {
  if (typeof hashCons !== "function")
    throw new TypeError('"hashCons" expected function, got type=' + typeof hashCons);
  info = checkOpts({}, info, "info");
  const hashC = (msg, opts) => hashCons(opts).update(msg).digest();
  const tmp = hashCons(void 0);
  hashC.outputLen = tmp.outputLen;
  hashC.blockLen = tmp.blockLen;
  hashC.canXOF = tmp.canXOF;
  hashC.create = (opts) => hashCons(opts);
  Object.assign(hashC, info);
  return Object.freeze(hashC);
}
function randomBytes(bytesLength = 32) {
  anumber(bytesLength, "bytesLength");
  const cr = typeof globalThis === "object" ? globalThis.crypto : null;
  if (typeof cr?.getRandomValues !== "function")
    throw new Error("crypto.getRandomValues must be defined");
  if (bytesLength > 65536)
    throw new RangeError(`"bytesLength" expected <= 65536, got ${bytesLength}`);
  return cr.getRandomValues(new Uint8Array(bytesLength));
}
var oidNist = (suffix) => ({
  // Current NIST hashAlgs suffixes used here fit in one DER subidentifier octet.
  // Larger suffix values would need base-128 OID encoding and a different length byte.
  oid: Uint8Array.from([6, 9, 96, 134, 72, 1, 101, 3, 4, 2, suffix])
});

// node_modules/@noble/hashes/_md.js
function Chi(a, b, c) {
  return a & b ^ ~a & c;
}
function Maj(a, b, c) {
  return a & b ^ a & c ^ b & c;
}
var HashMD = class {
  blockLen;
  outputLen;
  canXOF = false;
  padOffset;
  isLE;
  // For partial updates less than block size
  buffer;
  view;
  finished = false;
  length = 0;
  pos = 0;
  destroyed = false;
  constructor(blockLen, outputLen, padOffset, isLE) {
    this.blockLen = blockLen;
    this.outputLen = outputLen;
    this.padOffset = padOffset;
    this.isLE = isLE;
    this.buffer = new Uint8Array(blockLen);
    this.view = createView(this.buffer);
  }
  update(data) {
    aexists(this);
    abytes(data);
    const { view, buffer, blockLen } = this;
    const len = data.length;
    let processed = false;
    for (let pos = 0; pos < len; ) {
      const take = Math.min(blockLen - this.pos, len - pos);
      if (take === blockLen) {
        const dataView = createView(data);
        for (; blockLen <= len - pos; pos += blockLen)
          this.process(dataView, pos);
        processed = true;
        continue;
      }
      buffer.set(pos === 0 && take === len ? data : data.subarray(pos, pos + take), this.pos);
      this.pos += take;
      pos += take;
      if (this.pos === blockLen) {
        this.process(view, 0);
        this.pos = 0;
        processed = true;
      }
    }
    this.length += data.length;
    if (processed)
      this.roundClean();
    return this;
  }
  digestInto(out) {
    aexists(this);
    aoutput(out, this);
    this.finished = true;
    const { buffer, view, blockLen, isLE } = this;
    let { pos } = this;
    buffer[pos++] = 128;
    buffer.fill(0, pos);
    if (this.padOffset > blockLen - pos) {
      this.process(view, 0);
      buffer.fill(0);
    }
    setU64FromNum(view, blockLen - 8, this.length * 8, isLE);
    this.process(view, 0);
    this.roundClean();
    const oview = out === buffer ? view : createView(out);
    const len = this.outputLen;
    const outLen = len / 4;
    const state = this.get();
    if (len % 4 || outLen > state.length)
      throw new Error("invalid outputLen");
    for (let i = 0; i < outLen; i++)
      oview.setUint32(4 * i, state[i], isLE);
  }
  digest() {
    const { buffer, outputLen } = this;
    this.digestInto(buffer);
    const res = buffer.slice(0, outputLen);
    this.destroy();
    return res;
  }
  _cloneIntoMeta(to) {
    const { buffer, length, finished, destroyed, pos } = this;
    to.destroyed = destroyed;
    to.finished = finished;
    to.length = length;
    to.pos = pos;
    if (pos)
      to.buffer.set(buffer);
    return to;
  }
  clone() {
    return this._cloneInto();
  }
};
var SHA256_IV = /* @__PURE__ */ Uint32Array.from([
  1779033703,
  3144134277,
  1013904242,
  2773480762,
  1359893119,
  2600822924,
  528734635,
  1541459225
]);
var SHA512_IV = /* @__PURE__ */ Uint32Array.from([
  1779033703,
  4089235720,
  3144134277,
  2227873595,
  1013904242,
  4271175723,
  2773480762,
  1595750129,
  1359893119,
  2917565137,
  2600822924,
  725511199,
  528734635,
  4215389547,
  1541459225,
  327033209
]);

// node_modules/@noble/hashes/sha2.js
var SHA256_K = /* @__PURE__ */ Uint32Array.from([
  1116352408,
  1899447441,
  3049323471,
  3921009573,
  961987163,
  1508970993,
  2453635748,
  2870763221,
  3624381080,
  310598401,
  607225278,
  1426881987,
  1925078388,
  2162078206,
  2614888103,
  3248222580,
  3835390401,
  4022224774,
  264347078,
  604807628,
  770255983,
  1249150122,
  1555081692,
  1996064986,
  2554220882,
  2821834349,
  2952996808,
  3210313671,
  3336571891,
  3584528711,
  113926993,
  338241895,
  666307205,
  773529912,
  1294757372,
  1396182291,
  1695183700,
  1986661051,
  2177026350,
  2456956037,
  2730485921,
  2820302411,
  3259730800,
  3345764771,
  3516065817,
  3600352804,
  4094571909,
  275423344,
  430227734,
  506948616,
  659060556,
  883997877,
  958139571,
  1322822218,
  1537002063,
  1747873779,
  1955562222,
  2024104815,
  2227730452,
  2361852424,
  2428436474,
  2756734187,
  3204031479,
  3329325298
]);
var SHA256_W = /* @__PURE__ */ new Uint32Array(64);
var SHA2_32B = class extends HashMD {
  // We cannot use array here since array allows indexing by variable
  // which means optimizer/compiler cannot use registers.
  // Numeric initializers matter: starting the fields as `undefined` changes
  // V8's field representation and makes sha256 3x slower (measured).
  A = 0;
  B = 0;
  C = 0;
  D = 0;
  E = 0;
  F = 0;
  G = 0;
  H = 0;
  constructor(outputLen, IV) {
    super(64, outputLen, 8, false);
    this.A = IV[0] | 0;
    this.B = IV[1] | 0;
    this.C = IV[2] | 0;
    this.D = IV[3] | 0;
    this.E = IV[4] | 0;
    this.F = IV[5] | 0;
    this.G = IV[6] | 0;
    this.H = IV[7] | 0;
  }
  get() {
    const { A, B, C: C2, D, E, F, G, H } = this;
    return [A, B, C2, D, E, F, G, H];
  }
  // prettier-ignore
  set(A, B, C2, D, E, F, G, H) {
    this.A = A | 0;
    this.B = B | 0;
    this.C = C2 | 0;
    this.D = D | 0;
    this.E = E | 0;
    this.F = F | 0;
    this.G = G | 0;
    this.H = H | 0;
  }
  _cloneInto(to) {
    (to ||= new this.constructor()).set(...this.get());
    return this._cloneIntoMeta(to);
  }
  process(view, offset) {
    for (let i = 0; i < 16; i++, offset += 4)
      SHA256_W[i] = view.getUint32(offset, false);
    for (let i = 16; i < 64; i++) {
      const W15 = SHA256_W[i - 15];
      const W2 = SHA256_W[i - 2];
      const s0 = rotr(W15, 7) ^ rotr(W15, 18) ^ W15 >>> 3;
      const s1 = rotr(W2, 17) ^ rotr(W2, 19) ^ W2 >>> 10;
      SHA256_W[i] = s1 + SHA256_W[i - 7] + s0 + SHA256_W[i - 16] | 0;
    }
    let { A, B, C: C2, D, E, F, G, H } = this;
    for (let i = 0; i < 64; i++) {
      const sigma1 = rotr(E, 6) ^ rotr(E, 11) ^ rotr(E, 25);
      const T12 = H + sigma1 + Chi(E, F, G) + SHA256_K[i] + SHA256_W[i] | 0;
      const sigma0 = rotr(A, 2) ^ rotr(A, 13) ^ rotr(A, 22);
      const T22 = sigma0 + Maj(A, B, C2) | 0;
      H = G;
      G = F;
      F = E;
      E = D + T12 | 0;
      D = C2;
      C2 = B;
      B = A;
      A = T12 + T22 | 0;
    }
    A = A + this.A | 0;
    B = B + this.B | 0;
    C2 = C2 + this.C | 0;
    D = D + this.D | 0;
    E = E + this.E | 0;
    F = F + this.F | 0;
    G = G + this.G | 0;
    H = H + this.H | 0;
    this.set(A, B, C2, D, E, F, G, H);
  }
  roundClean() {
    clean(SHA256_W);
  }
  destroy() {
    this.destroyed = true;
    this.set(0, 0, 0, 0, 0, 0, 0, 0);
    clean(this.buffer);
  }
};
var _SHA256 = class extends SHA2_32B {
  constructor() {
    super(32, SHA256_IV);
  }
};
var K512 = /* @__PURE__ */ (() => split([
  "0x428a2f98d728ae22",
  "0x7137449123ef65cd",
  "0xb5c0fbcfec4d3b2f",
  "0xe9b5dba58189dbbc",
  "0x3956c25bf348b538",
  "0x59f111f1b605d019",
  "0x923f82a4af194f9b",
  "0xab1c5ed5da6d8118",
  "0xd807aa98a3030242",
  "0x12835b0145706fbe",
  "0x243185be4ee4b28c",
  "0x550c7dc3d5ffb4e2",
  "0x72be5d74f27b896f",
  "0x80deb1fe3b1696b1",
  "0x9bdc06a725c71235",
  "0xc19bf174cf692694",
  "0xe49b69c19ef14ad2",
  "0xefbe4786384f25e3",
  "0x0fc19dc68b8cd5b5",
  "0x240ca1cc77ac9c65",
  "0x2de92c6f592b0275",
  "0x4a7484aa6ea6e483",
  "0x5cb0a9dcbd41fbd4",
  "0x76f988da831153b5",
  "0x983e5152ee66dfab",
  "0xa831c66d2db43210",
  "0xb00327c898fb213f",
  "0xbf597fc7beef0ee4",
  "0xc6e00bf33da88fc2",
  "0xd5a79147930aa725",
  "0x06ca6351e003826f",
  "0x142929670a0e6e70",
  "0x27b70a8546d22ffc",
  "0x2e1b21385c26c926",
  "0x4d2c6dfc5ac42aed",
  "0x53380d139d95b3df",
  "0x650a73548baf63de",
  "0x766a0abb3c77b2a8",
  "0x81c2c92e47edaee6",
  "0x92722c851482353b",
  "0xa2bfe8a14cf10364",
  "0xa81a664bbc423001",
  "0xc24b8b70d0f89791",
  "0xc76c51a30654be30",
  "0xd192e819d6ef5218",
  "0xd69906245565a910",
  "0xf40e35855771202a",
  "0x106aa07032bbd1b8",
  "0x19a4c116b8d2d0c8",
  "0x1e376c085141ab53",
  "0x2748774cdf8eeb99",
  "0x34b0bcb5e19b48a8",
  "0x391c0cb3c5c95a63",
  "0x4ed8aa4ae3418acb",
  "0x5b9cca4f7763e373",
  "0x682e6ff3d6b2b8a3",
  "0x748f82ee5defb2fc",
  "0x78a5636f43172f60",
  "0x84c87814a1f0ab72",
  "0x8cc702081a6439ec",
  "0x90befffa23631e28",
  "0xa4506cebde82bde9",
  "0xbef9a3f7b2c67915",
  "0xc67178f2e372532b",
  "0xca273eceea26619c",
  "0xd186b8c721c0c207",
  "0xeada7dd6cde0eb1e",
  "0xf57d4f7fee6ed178",
  "0x06f067aa72176fba",
  "0x0a637dc5a2c898a6",
  "0x113f9804bef90dae",
  "0x1b710b35131c471b",
  "0x28db77f523047d84",
  "0x32caab7b40c72493",
  "0x3c9ebe0a15c9bebc",
  "0x431d67c49c100d4c",
  "0x4cc5d4becb3e42b6",
  "0x597f299cfc657e2a",
  "0x5fcb6fab3ad6faec",
  "0x6c44198c4a475817"
].map((n) => BigInt(n))))();
var SHA512_Kh = /* @__PURE__ */ (() => K512[0])();
var SHA512_Kl = /* @__PURE__ */ (() => K512[1])();
var SHA512_W_H = /* @__PURE__ */ new Uint32Array(80);
var SHA512_W_L = /* @__PURE__ */ new Uint32Array(80);
var SHA2_64B = class extends HashMD {
  // We cannot use array here since array allows indexing by variable
  // which means optimizer/compiler cannot use registers.
  // h -- high 32 bits, l -- low 32 bits
  // Numeric initializers matter: starting the fields as `undefined` changes
  // V8's field representation and slows hashing down (measured on sha256).
  Ah = 0;
  Al = 0;
  Bh = 0;
  Bl = 0;
  Ch = 0;
  Cl = 0;
  Dh = 0;
  Dl = 0;
  Eh = 0;
  El = 0;
  Fh = 0;
  Fl = 0;
  Gh = 0;
  Gl = 0;
  Hh = 0;
  Hl = 0;
  constructor(outputLen, IV) {
    super(128, outputLen, 16, false);
    this.Ah = IV[0] | 0;
    this.Al = IV[1] | 0;
    this.Bh = IV[2] | 0;
    this.Bl = IV[3] | 0;
    this.Ch = IV[4] | 0;
    this.Cl = IV[5] | 0;
    this.Dh = IV[6] | 0;
    this.Dl = IV[7] | 0;
    this.Eh = IV[8] | 0;
    this.El = IV[9] | 0;
    this.Fh = IV[10] | 0;
    this.Fl = IV[11] | 0;
    this.Gh = IV[12] | 0;
    this.Gl = IV[13] | 0;
    this.Hh = IV[14] | 0;
    this.Hl = IV[15] | 0;
  }
  // prettier-ignore
  get() {
    const { Ah, Al, Bh, Bl, Ch, Cl, Dh, Dl, Eh, El, Fh, Fl, Gh, Gl, Hh, Hl } = this;
    return [Ah, Al, Bh, Bl, Ch, Cl, Dh, Dl, Eh, El, Fh, Fl, Gh, Gl, Hh, Hl];
  }
  // prettier-ignore
  set(Ah, Al, Bh, Bl, Ch, Cl, Dh, Dl, Eh, El, Fh, Fl, Gh, Gl, Hh, Hl) {
    this.Ah = Ah | 0;
    this.Al = Al | 0;
    this.Bh = Bh | 0;
    this.Bl = Bl | 0;
    this.Ch = Ch | 0;
    this.Cl = Cl | 0;
    this.Dh = Dh | 0;
    this.Dl = Dl | 0;
    this.Eh = Eh | 0;
    this.El = El | 0;
    this.Fh = Fh | 0;
    this.Fl = Fl | 0;
    this.Gh = Gh | 0;
    this.Gl = Gl | 0;
    this.Hh = Hh | 0;
    this.Hl = Hl | 0;
  }
  _cloneInto(to) {
    (to ||= new this.constructor()).set(...this.get());
    return this._cloneIntoMeta(to);
  }
  process(view, offset) {
    for (let i = 0; i < 16; i++, offset += 4) {
      SHA512_W_H[i] = view.getUint32(offset);
      SHA512_W_L[i] = view.getUint32(offset += 4);
    }
    for (let i = 16; i < 80; i++) {
      const W15h = SHA512_W_H[i - 15] | 0;
      const W15l = SHA512_W_L[i - 15] | 0;
      const s0h = rotrSH(W15h, W15l, 1) ^ rotrSH(W15h, W15l, 8) ^ shrSH(W15h, W15l, 7);
      const s0l = rotrSL(W15h, W15l, 1) ^ rotrSL(W15h, W15l, 8) ^ shrSL(W15h, W15l, 7);
      const W2h = SHA512_W_H[i - 2] | 0;
      const W2l = SHA512_W_L[i - 2] | 0;
      const s1h = rotrSH(W2h, W2l, 19) ^ rotrBH(W2h, W2l, 61) ^ shrSH(W2h, W2l, 6);
      const s1l = rotrSL(W2h, W2l, 19) ^ rotrBL(W2h, W2l, 61) ^ shrSL(W2h, W2l, 6);
      const SUMl = add4L(s0l, s1l, SHA512_W_L[i - 7], SHA512_W_L[i - 16]);
      const SUMh = add4H(SUMl, s0h, s1h, SHA512_W_H[i - 7], SHA512_W_H[i - 16]);
      SHA512_W_H[i] = SUMh | 0;
      SHA512_W_L[i] = SUMl | 0;
    }
    let { Ah, Al, Bh, Bl, Ch, Cl, Dh, Dl, Eh, El, Fh, Fl, Gh, Gl, Hh, Hl } = this;
    for (let i = 0; i < 80; i++) {
      const sigma1h = rotrSH(Eh, El, 14) ^ rotrSH(Eh, El, 18) ^ rotrBH(Eh, El, 41);
      const sigma1l = rotrSL(Eh, El, 14) ^ rotrSL(Eh, El, 18) ^ rotrBL(Eh, El, 41);
      const CHIh = Eh & Fh ^ ~Eh & Gh;
      const CHIl = El & Fl ^ ~El & Gl;
      const T1ll = add5L(Hl, sigma1l, CHIl, SHA512_Kl[i], SHA512_W_L[i]);
      const T1h = add5H(T1ll, Hh, sigma1h, CHIh, SHA512_Kh[i], SHA512_W_H[i]);
      const T1l = T1ll | 0;
      const sigma0h = rotrSH(Ah, Al, 28) ^ rotrBH(Ah, Al, 34) ^ rotrBH(Ah, Al, 39);
      const sigma0l = rotrSL(Ah, Al, 28) ^ rotrBL(Ah, Al, 34) ^ rotrBL(Ah, Al, 39);
      const MAJh = Ah & Bh ^ Ah & Ch ^ Bh & Ch;
      const MAJl = Al & Bl ^ Al & Cl ^ Bl & Cl;
      Hh = Gh | 0;
      Hl = Gl | 0;
      Gh = Fh | 0;
      Gl = Fl | 0;
      Fh = Eh | 0;
      Fl = El | 0;
      ({ h: Eh, l: El } = add(Dh | 0, Dl | 0, T1h | 0, T1l | 0));
      Dh = Ch | 0;
      Dl = Cl | 0;
      Ch = Bh | 0;
      Cl = Bl | 0;
      Bh = Ah | 0;
      Bl = Al | 0;
      const All = add3L(T1l, sigma0l, MAJl);
      Ah = add3H(All, T1h, sigma0h, MAJh);
      Al = All | 0;
    }
    ({ h: Ah, l: Al } = add(this.Ah | 0, this.Al | 0, Ah | 0, Al | 0));
    ({ h: Bh, l: Bl } = add(this.Bh | 0, this.Bl | 0, Bh | 0, Bl | 0));
    ({ h: Ch, l: Cl } = add(this.Ch | 0, this.Cl | 0, Ch | 0, Cl | 0));
    ({ h: Dh, l: Dl } = add(this.Dh | 0, this.Dl | 0, Dh | 0, Dl | 0));
    ({ h: Eh, l: El } = add(this.Eh | 0, this.El | 0, Eh | 0, El | 0));
    ({ h: Fh, l: Fl } = add(this.Fh | 0, this.Fl | 0, Fh | 0, Fl | 0));
    ({ h: Gh, l: Gl } = add(this.Gh | 0, this.Gl | 0, Gh | 0, Gl | 0));
    ({ h: Hh, l: Hl } = add(this.Hh | 0, this.Hl | 0, Hh | 0, Hl | 0));
    this.set(Ah, Al, Bh, Bl, Ch, Cl, Dh, Dl, Eh, El, Fh, Fl, Gh, Gl, Hh, Hl);
  }
  roundClean() {
    clean(SHA512_W_H, SHA512_W_L);
  }
  destroy() {
    this.destroyed = true;
    clean(this.buffer);
    this.set(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  }
};
var _SHA512 = class extends SHA2_64B {
  constructor() {
    super(64, SHA512_IV);
  }
};
var sha256 = /* @__PURE__ */ createHasher(
  () => new _SHA256(),
  /* @__PURE__ */ oidNist(1)
);
var sha512 = /* @__PURE__ */ createHasher(
  () => new _SHA512(),
  /* @__PURE__ */ oidNist(3)
);

// node_modules/@noble/curves/utils.js
function aarray(item, title, inner = () => {
}) {
  if (!Array.isArray(item))
    throw new TypeError(`"${title}" expected array, got type=${typeof item}`);
  for (let i = 0; i < item.length; i++)
    inner(item[i], `${title}[${i}]`);
  return item;
}
var abytes2 = (value2, length, title) => abytes(value2, length, title);
var anumber2 = anumber;
function aobject2(value2, title = "object") {
  if (value2 === null || typeof value2 !== "object" || Array.isArray(value2))
    throw new TypeError(title === "object" ? "expected valid options object" : `"${title}" expected object, got type=${typeof value2}`);
  return value2;
}
function afunction(value2, title) {
  if (typeof value2 !== "function")
    throw new TypeError(`"${title}" is invalid: expected function, got ${typeof value2}`);
  return value2;
}
var bytesToHex2 = bytesToHex;
var concatBytes2 = (...arrays) => concatBytes(...arrays);
var hexToBytes2 = (hex) => hexToBytes(hex);
var isBytes2 = isBytes;
var randomBytes2 = (bytesLength) => randomBytes(bytesLength);
var _0n = /* @__PURE__ */ BigInt(0);
var _1n = /* @__PURE__ */ BigInt(1);
var atitle2 = (title) => title ? `"${title}" ` : "";
function abool(value2, title = "") {
  if (typeof value2 !== "boolean")
    throw new TypeError(atitle2(title) + "expected boolean, got type=" + typeof value2);
  return value2;
}
function abignumber(n) {
  if (typeof n === "bigint") {
    if (!isPosBig(n))
      throw new RangeError("positive bigint expected, got " + n);
  } else
    anumber2(n);
  return n;
}
function asafenumber(value2, title = "") {
  if (typeof value2 !== "number") {
    const prefix = title && `"${title}" `;
    throw new TypeError(prefix + "expected number, got type=" + typeof value2);
  }
  if (!Number.isSafeInteger(value2)) {
    const prefix = title && `"${title}" `;
    throw new RangeError(prefix + "expected safe integer, got " + value2);
  }
}
function hexToNumber(hex) {
  if (typeof hex !== "string")
    throw new TypeError("hex string expected, got " + typeof hex);
  return hex === "" ? _0n : BigInt("0x" + hex);
}
function bytesToNumberBE(bytes) {
  return hexToNumber(bytesToHex(bytes));
}
function bytesToNumberLE(bytes) {
  return hexToNumber(bytesToHex(copyBytes(abytes(bytes)).reverse()));
}
function numberToBytesBE(n, len) {
  anumber(len);
  if (len === 0)
    throw new Error("zero output length is invalid");
  n = abignumber(n);
  const expectedLen = len * 2;
  const hex = n.toString(16);
  if (hex.length > expectedLen)
    throw new RangeError("number is too large");
  return hexToBytes(hex.padStart(expectedLen, "0"));
}
function numberToBytesLE(n, len) {
  return numberToBytesBE(n, len).reverse();
}
function copyBytes(bytes) {
  return Uint8Array.from(abytes2(bytes));
}
function isPosBig(n) {
  return typeof n === "bigint" && _0n <= n;
}
function inRange(n, min, max) {
  return isPosBig(n) && isPosBig(min) && isPosBig(max) && min <= n && n < max;
}
function aInRange(title, n, min, max) {
  if (!inRange(n, min, max))
    throw new RangeError("expected valid " + title + ": " + min + " <= n < " + max + ", got " + n);
}
function bitLen(n) {
  if (n < _0n)
    throw new Error("expected non-negative bigint, got " + n);
  return n === _0n ? 0 : n.toString(2).length;
}
var bitMask = (n) => {
  asafenumber(n, "n");
  return (_1n << BigInt(n)) - _1n;
};
function validateObject(object, fields = {}, optFields = {}, title = "object") {
  aobject2(object, title);
  aobject2(fields, "fields");
  aobject2(optFields, "optFields");
  function checkField(fieldName, expectedType, isOpt) {
    const label = title === "object" ? `param "${String(fieldName)}"` : `"${title}.${String(fieldName)}"`;
    const val = object[fieldName];
    if (!Object.hasOwn(object, fieldName) && (isOpt ? val !== void 0 : expectedType !== "function")) {
      throw new TypeError(`${label} is invalid: expected own property`);
    }
    if (isOpt && val === void 0)
      return;
    const current2 = typeof val;
    if (current2 !== expectedType || val === null)
      throw new TypeError(`${label} is invalid: expected ${expectedType}, got ${current2}`);
  }
  const iter = (f, isOpt) => Object.entries(f).forEach(([k, v]) => checkField(k, v, isOpt));
  iter(fields, false);
  iter(optFields, true);
}

// node_modules/@noble/curves/abstract/modular.js
var _0n2 = /* @__PURE__ */ BigInt(0);
var _1n2 = /* @__PURE__ */ BigInt(1);
var _2n = /* @__PURE__ */ BigInt(2);
var _3n = /* @__PURE__ */ BigInt(3);
var _4n = /* @__PURE__ */ BigInt(4);
var _5n = /* @__PURE__ */ BigInt(5);
var _7n = /* @__PURE__ */ BigInt(7);
var _8n = /* @__PURE__ */ BigInt(8);
var _9n = /* @__PURE__ */ BigInt(9);
var _15n = /* @__PURE__ */ BigInt(15);
var _16n = /* @__PURE__ */ BigInt(16);
var POW_WINDOWED_MIN = /* @__PURE__ */ BigInt("0x10000000000000000");
function mod(a, b) {
  if (b <= _0n2)
    throw new Error("mod: expected positive modulus, got " + b);
  const result = a % b;
  return result >= _0n2 ? result : b + result;
}
function pow(num, power, modulo) {
  if (modulo <= _1n2)
    throw new Error("pow: expected modulus > 1, got " + modulo);
  if (typeof power !== "bigint")
    throw new TypeError("invalid exponent: expected bigint, got " + typeof power);
  if (power < _0n2)
    throw new Error("invalid exponent, negatives unsupported");
  if (power === _0n2)
    return _1n2;
  if (power === _1n2)
    return num;
  let d = num % modulo;
  if (d < _0n2)
    d += modulo;
  if (power < POW_WINDOWED_MIN) {
    let p2 = _1n2;
    while (power > _0n2) {
      if (power & _1n2)
        p2 = p2 * d % modulo;
      d = d * d % modulo;
      power >>= _1n2;
    }
    return p2;
  }
  const digits = [];
  while (power > _0n2) {
    digits.push(Number(power & _15n));
    power >>= _4n;
  }
  const table = new Array(16);
  table[0] = _1n2;
  table[1] = d;
  for (let i = 2; i < 16; i++)
    table[i] = table[i - 1] * d % modulo;
  let p = table[digits[digits.length - 1]];
  for (let w = digits.length - 2; w >= 0; w--) {
    p = p * p % modulo;
    p = p * p % modulo;
    p = p * p % modulo;
    p = p * p % modulo;
    const digit2 = digits[w];
    if (digit2 !== 0)
      p = p * table[digit2] % modulo;
  }
  return p;
}
function pow2(x, power, modulo) {
  if (modulo <= _1n2)
    throw new Error("pow2: expected modulus > 1, got " + modulo);
  if (power < _0n2)
    throw new Error("pow2: expected non-negative exponent, got " + power);
  let res = x;
  while (power-- > _0n2) {
    res *= res;
    res %= modulo;
  }
  return res;
}
function invert(number, modulo) {
  if (number === _0n2)
    throw new Error("invert: expected non-zero number");
  if (modulo <= _1n2)
    throw new Error("invert: expected modulus > 1, got " + modulo);
  let a = mod(number, modulo);
  let b = modulo;
  let x = _0n2, u = _1n2;
  while (a !== _0n2) {
    const q = b / a;
    const r = b - a * q;
    const m = x - u * q;
    b = a, a = r, x = u, u = m;
  }
  const gcd = b;
  if (gcd !== _1n2)
    throw new Error("invert: does not exist");
  return mod(x, modulo);
}
function assertIsSquare(Fp2, root, n) {
  const F = Fp2;
  if (!F.eql(F.sqr(root), n))
    throw new Error("Cannot find square root");
}
function aoddModulus(order, fnName) {
  if ((order & _1n2) === _0n2)
    throw new Error(fnName + ": expected odd modulus, got " + order);
}
function sqrt3mod4(Fp2, n) {
  const F = Fp2;
  const p1div4 = (F.ORDER + _1n2) / _4n;
  const root = F.pow(n, p1div4);
  assertIsSquare(F, root, n);
  return root;
}
function sqrt5mod8(Fp2, n) {
  const F = Fp2;
  const p5div8 = (F.ORDER - _5n) / _8n;
  const n2 = F.mul(n, _2n);
  const v = F.pow(n2, p5div8);
  const nv = F.mul(n, v);
  const i = F.mul(F.mul(nv, _2n), v);
  const root = F.mul(nv, F.sub(i, F.ONE));
  assertIsSquare(F, root, n);
  return root;
}
function sqrt9mod16(P) {
  const Fp_ = Field(P);
  const tn = tonelliShanks(P);
  const c1 = tn(Fp_, Fp_.neg(Fp_.ONE));
  const c2 = tn(Fp_, c1);
  const c3 = tn(Fp_, Fp_.neg(c1));
  const c4 = (P + _7n) / _16n;
  return ((Fp2, n) => {
    const F = Fp2;
    let tv1 = F.pow(n, c4);
    let tv2 = F.mul(tv1, c1);
    const tv3 = F.mul(tv1, c2);
    const tv4 = F.mul(tv1, c3);
    const e1 = F.eql(F.sqr(tv2), n);
    const e2 = F.eql(F.sqr(tv3), n);
    tv1 = F.cmov(tv1, tv2, e1);
    tv2 = F.cmov(tv4, tv3, e2);
    const e3 = F.eql(F.sqr(tv2), n);
    const root = F.cmov(tv1, tv2, e3);
    assertIsSquare(F, root, n);
    return root;
  });
}
function tonelliShanks(P) {
  if (P < _3n)
    throw new Error("sqrt is not defined for small field");
  aoddModulus(P, "tonelliShanks");
  let Q = P - _1n2;
  let S = 0;
  while (Q % _2n === _0n2) {
    Q /= _2n;
    S++;
  }
  let Z = _2n;
  const _Fp = Field(P);
  while (FpLegendre(_Fp, Z) === 1) {
    if (Z++ > 1e3)
      throw new Error("Cannot find square root: probably non-prime P");
  }
  if (S === 1)
    return sqrt3mod4;
  let cc = _Fp.pow(Z, Q);
  const Q1div2 = (Q + _1n2) / _2n;
  return function tonelliSlow(Fp2, n) {
    const F = Fp2;
    if (F.is0(n))
      return n;
    if (FpLegendre(F, n) !== 1)
      throw new Error("Cannot find square root");
    let M = S;
    let c = F.mul(F.ONE, cc);
    let t = F.pow(n, Q);
    let R = F.pow(n, Q1div2);
    while (!F.eql(t, F.ONE)) {
      if (F.is0(t))
        throw new Error("Cannot find square root: probably non-prime P");
      let i = 1;
      let t_tmp = F.sqr(t);
      while (!F.eql(t_tmp, F.ONE)) {
        i++;
        t_tmp = F.sqr(t_tmp);
        if (i === M)
          throw new Error("Cannot find square root");
      }
      const exponent = _1n2 << BigInt(M - i - 1);
      const b = F.pow(c, exponent);
      M = i;
      c = F.sqr(b);
      t = F.mul(t, c);
      R = F.mul(R, b);
    }
    return R;
  };
}
function FpSqrt(P) {
  aoddModulus(P, "Fp.sqrt");
  if (P % _4n === _3n)
    return sqrt3mod4;
  if (P % _8n === _5n)
    return sqrt5mod8;
  if (P % _16n === _9n)
    return sqrt9mod16(P);
  return tonelliShanks(P);
}
var isNegativeLE = (num, modulo) => (mod(num, modulo) & _1n2) === _1n2;
var FIELD_FIELDS = [
  "create",
  "isValid",
  "is0",
  "neg",
  "inv",
  "sqrt",
  "sqr",
  "eql",
  "add",
  "sub",
  "mul",
  "pow",
  "div",
  "addN",
  "subN",
  "mulN",
  "sqrN"
];
function validateField(field) {
  aobject2(field, "field");
  if (typeof field.ORDER !== "bigint")
    throw new TypeError('param "ORDER" is invalid: expected bigint, got ' + typeof field.ORDER);
  asafenumber(field.BYTES, "BYTES");
  asafenumber(field.BITS, "BITS");
  for (const name of FIELD_FIELDS)
    afunction(field[name], "field." + name);
  if (field.BYTES < 1 || field.BITS < 1)
    throw new Error("invalid field: expected BYTES/BITS > 0");
  if (field.ORDER <= _1n2)
    throw new Error("invalid field: expected ORDER > 1, got " + field.ORDER);
  return field;
}
function FpInvertBatch(Fp2, nums, passZero = false) {
  validateField(Fp2);
  aarray(nums, "nums");
  abool(passZero, "passZero");
  const F = Fp2;
  const inverted = new Array(nums.length).fill(passZero ? F.ZERO : void 0);
  const multipliedAcc = nums.reduce((acc, num, i) => {
    if (F.is0(num))
      return acc;
    inverted[i] = acc;
    return F.mul(acc, num);
  }, F.ONE);
  const invertedAcc = F.inv(multipliedAcc);
  nums.reduceRight((acc, num, i) => {
    if (F.is0(num))
      return acc;
    inverted[i] = F.mul(acc, inverted[i]);
    return F.mul(acc, num);
  }, invertedAcc);
  return inverted;
}
function FpLegendre(Fp2, n) {
  validateField(Fp2);
  const F = Fp2;
  aoddModulus(F.ORDER, "FpLegendre");
  const p1mod2 = (F.ORDER - _1n2) / _2n;
  const powered = F.pow(n, p1mod2);
  const yes = F.eql(powered, F.ONE);
  const zero = F.eql(powered, F.ZERO);
  const no2 = F.eql(powered, F.neg(F.ONE));
  if (!yes && !zero && !no2)
    throw new Error("invalid Legendre symbol result");
  return yes ? 1 : zero ? 0 : -1;
}
function nLength(n, nBitLength) {
  if (nBitLength !== void 0)
    anumber2(nBitLength);
  if (n <= _0n2)
    throw new Error("invalid n length: expected positive n, got " + n);
  if (nBitLength !== void 0 && nBitLength < 1)
    throw new Error("invalid n length: expected positive bit length, got " + nBitLength);
  const bits = bitLen(n);
  if (nBitLength !== void 0 && nBitLength < bits)
    throw new Error(`invalid n length: expected nBitLength (${nBitLength}) >= bitLen(n) (${bits})`);
  const _nBitLength = nBitLength !== void 0 ? nBitLength : bits;
  const nByteLength = Math.ceil(_nBitLength / 8);
  return { nBitLength: _nBitLength, nByteLength };
}
var FIELD_SQRT = /* @__PURE__ */ new WeakMap();
var _Field = class {
  ORDER;
  BITS;
  BYTES;
  isLE;
  ZERO = _0n2;
  ONE = _1n2;
  _lengths;
  _mod;
  constructor(ORDER2, opts = {}) {
    if (ORDER2 <= _1n2)
      throw new Error("invalid field: expected ORDER > 1, got " + ORDER2);
    let _nbitLength = void 0;
    this.isLE = false;
    if (opts != null && typeof opts === "object") {
      if (typeof opts.BITS === "number")
        _nbitLength = opts.BITS;
      if (typeof opts.sqrt === "function")
        Object.defineProperty(this, "sqrt", { value: opts.sqrt, enumerable: true });
      if (typeof opts.isLE === "boolean")
        this.isLE = opts.isLE;
      if (opts.allowedLengths)
        this._lengths = Object.freeze(opts.allowedLengths.slice());
      if (typeof opts.modFromBytes === "boolean")
        this._mod = opts.modFromBytes;
    }
    const { nBitLength, nByteLength } = nLength(ORDER2, _nbitLength);
    if (nByteLength > 2048)
      throw new Error("invalid field: expected ORDER of <= 2048 bytes");
    this.ORDER = ORDER2;
    this.BITS = nBitLength;
    this.BYTES = nByteLength;
    Object.freeze(this);
  }
  create(num) {
    return mod(num, this.ORDER);
  }
  isValid(num) {
    if (typeof num !== "bigint")
      throw new TypeError("invalid field element: expected bigint, got " + typeof num);
    return _0n2 <= num && num < this.ORDER;
  }
  is0(num) {
    return num === _0n2;
  }
  // is valid and invertible
  isValidNot0(num) {
    return !this.is0(num) && this.isValid(num);
  }
  isOdd(num) {
    return (num & _1n2) === _1n2;
  }
  neg(num) {
    return mod(-num, this.ORDER);
  }
  eql(lhs, rhs) {
    return lhs === rhs;
  }
  sqr(num) {
    return mod(num * num, this.ORDER);
  }
  add(lhs, rhs) {
    return mod(lhs + rhs, this.ORDER);
  }
  sub(lhs, rhs) {
    return mod(lhs - rhs, this.ORDER);
  }
  mul(lhs, rhs) {
    return mod(lhs * rhs, this.ORDER);
  }
  pow(num, power) {
    return pow(num, power, this.ORDER);
  }
  div(lhs, rhs) {
    return mod(lhs * invert(rhs, this.ORDER), this.ORDER);
  }
  // Same as above, but doesn't normalize
  sqrN(num) {
    return num * num;
  }
  addN(lhs, rhs) {
    return lhs + rhs;
  }
  subN(lhs, rhs) {
    return lhs - rhs;
  }
  mulN(lhs, rhs) {
    return lhs * rhs;
  }
  inv(num) {
    return invert(num, this.ORDER);
  }
  sqrt(num) {
    let sqrt = FIELD_SQRT.get(this);
    if (!sqrt)
      FIELD_SQRT.set(this, sqrt = FpSqrt(this.ORDER));
    return sqrt(this, num);
  }
  toBytes(num) {
    return this.isLE ? numberToBytesLE(num, this.BYTES) : numberToBytesBE(num, this.BYTES);
  }
  fromBytes(bytes, skipValidation = false) {
    abytes2(bytes);
    const { _lengths: allowedLengths, BYTES, isLE, ORDER: ORDER2, _mod: modFromBytes } = this;
    if (allowedLengths) {
      if (bytes.length < 1 || !allowedLengths.includes(bytes.length) || bytes.length > BYTES) {
        throw new Error("Field.fromBytes: expected " + allowedLengths + " bytes, got " + bytes.length);
      }
      const padded = new Uint8Array(BYTES);
      padded.set(bytes, isLE ? 0 : padded.length - bytes.length);
      bytes = padded;
    }
    if (bytes.length !== BYTES)
      throw new Error("Field.fromBytes: expected " + BYTES + " bytes, got " + bytes.length);
    let scalar2 = isLE ? bytesToNumberLE(bytes) : bytesToNumberBE(bytes);
    if (modFromBytes)
      scalar2 = mod(scalar2, ORDER2);
    if (!skipValidation) {
      if (!this.isValid(scalar2))
        throw new Error("invalid field element: outside of range 0..ORDER");
    }
    return scalar2;
  }
  // TODO: we don't need it here, move out to separate fn
  invertBatch(lst) {
    return FpInvertBatch(this, lst, true);
  }
  // We can't move this out because Fp6, Fp12 implement it
  // and it's unclear what to return in there.
  cmov(a, b, condition) {
    abool(condition, "condition");
    return condition ? b : a;
  }
};
function Field(ORDER2, opts = {}) {
  Object.freeze(_Field.prototype);
  return new _Field(ORDER2, opts);
}

// node_modules/@noble/curves/abstract/curve.js
var _0n3 = /* @__PURE__ */ BigInt(0);
var _1n3 = /* @__PURE__ */ BigInt(1);
var _4n2 = /* @__PURE__ */ BigInt(4);
var BLIND_BYTES = 16;
var BLIND_BITS = 128;
var FW_WINDOW = 5;
var TABLE_BYTES_MAX = /* @__PURE__ */ (() => 2 ** 31)();
function validatePointCons(Point2) {
  const pc = Point2;
  if (typeof pc !== "function")
    throw new TypeError('"Point" expected constructor, got type=' + typeof Point2);
  afunction(pc.fromAffine, "Point.fromAffine");
  afunction(pc.fromBytes, "Point.fromBytes");
  afunction(pc.fromHex, "Point.fromHex");
  aobject2(pc.BASE, "Point.BASE");
  aobject2(pc.ZERO, "Point.ZERO");
  validateField(pc.Fp);
  validateField(pc.Fn);
}
function normalizeZ(c, points) {
  validatePointCons(c);
  validateMSMPoints(points, c);
  const invertedZs = FpInvertBatch(c.Fp, points.map((p) => p.Z));
  return points.map((p, i) => c.fromAffine(p.toAffine(invertedZs[i])));
}
function validateW(W, bits, min = 1) {
  if (!Number.isSafeInteger(W) || W < min || W > bits)
    throw new Error("invalid window size, expected [" + min + ".." + bits + "], got W=" + W);
}
function validateTableBytes(numPoints, fpBytes) {
  const bytes = numPoints * (4 * fpBytes + 128);
  if (bytes > TABLE_BYTES_MAX)
    throw new Error("invalid window size: table would need ~" + Math.ceil(bytes / 2 ** 20) + " MiB, max " + TABLE_BYTES_MAX / 2 ** 20 + " MiB");
}
function probeRandomBytes(randomBytes3, length) {
  if (randomBytes3 === void 0)
    return void 0;
  afunction(randomBytes3, "randomBytes");
  try {
    const probe = randomBytes3(length);
    if (!isBytes2(probe) || probe.length !== length)
      return void 0;
  } catch {
    return void 0;
  }
  return randomBytes3;
}
function validateMSMPoints(points, c) {
  aarray(points, "points");
  points.forEach((p, i) => {
    if (!(p instanceof c))
      throw new Error("invalid point at index " + i);
  });
}
function validateMSMScalars(scalars, field, maxScalar) {
  if (!Array.isArray(scalars))
    throw new Error("array of scalars expected");
  scalars.forEach((s, i) => {
    const ok = maxScalar === void 0 ? field.isValid(s) : isPosBig(s) && s < maxScalar;
    if (!ok)
      throw new Error("invalid scalar at index " + i);
  });
}
var pointWindowSizes = /* @__PURE__ */ new WeakMap();
function getWindowSize(P) {
  return pointWindowSizes.get(P) || 1;
}
function oddMultiples(p, size2) {
  const dbl = p.double();
  const t = [p];
  for (let j = 1; j < size2; j++)
    t.push(t[j - 1].add(dbl));
  return t;
}
function wnafDigits(n, W) {
  const size2 = 2 ** W;
  const half = size2 / 2;
  const mask = BigInt(size2 - 1);
  const d = [];
  while (n > _0n3) {
    let w = 0;
    if (n & _1n3) {
      w = Number(n & mask);
      if (w >= half)
        w -= size2;
      n -= BigInt(w);
    }
    d.push(w);
    n >>= _1n3;
  }
  return d;
}
function signedWindowDigits(n, W, windows) {
  const size2 = 2 ** W;
  const half = size2 / 2;
  const mask = BigInt(size2 - 1);
  const shiftBy = BigInt(W);
  const d = [];
  for (let w = 0; w < windows; w++) {
    let v = Number(n & mask);
    n >>= shiftBy;
    if (v > half) {
      v -= size2;
      n += _1n3;
    }
    d.push(v);
  }
  if (n !== _0n3)
    throw new Error("invalid wnaf");
  return d;
}
function wnafWalk(zero, tables, digits) {
  let max = 0;
  for (const d of digits)
    max = Math.max(max, d.length);
  let acc = zero;
  for (let bit = max - 1; bit >= 0; bit--) {
    if (bit !== max - 1)
      acc = acc.double();
    for (let i = 0; i < digits.length; i++) {
      const w = digits[i][bit];
      if (w) {
        const item = tables[i][Math.abs(w) - 1 >> 1];
        acc = acc.add(w < 0 ? item.negate() : item);
      }
    }
  }
  return acc;
}
var ScalarMultiplier = class {
  Point;
  BASE;
  ZERO;
  randomBytes;
  wnafPrecomputes = /* @__PURE__ */ new WeakMap();
  baseCanBeBlinded;
  bits;
  // Parametrized with a given Point class (not individual point)
  constructor(Point2, randomBytes3) {
    validatePointCons(Point2);
    this.randomBytes = probeRandomBytes(randomBytes3, BLIND_BYTES);
    this.Point = Point2;
    this.BASE = Point2.BASE;
    this.ZERO = Point2.ZERO;
    this.bits = Point2.Fn.BITS;
  }
  /**
   * Creates a signed fixed-window wNAF precomputation table: for every window w, the
   * multiples `[1..2^(W−1)]⋅2^(w⋅W)⋅P`, flattened. All doublings are baked into the table,
   * so cached multiplication is additions-only. `windows = ceil(bits/W) + 1`: the extra
   * window absorbs the final carry of signed-digit recoding.
   * For a 256-bit curve and W=6, the table is 44⋅32 = 1408 points.
   * @param point - Point instance
   * @param W - window size
   * @param bits - scalar bitlength the table must cover
   */
  buildWnafTable(point, W, bits) {
    const windows = Math.ceil(bits / W) + 1;
    const half = 2 ** (W - 1);
    const comp = [];
    let base = point;
    for (let w = 0; w < windows; w++) {
      let acc = base;
      for (let i = 0; i < half; i++) {
        comp.push(acc);
        acc = acc.add(base);
      }
      base = comp[comp.length - 1].double();
    }
    return { W, bits, windows, comp };
  }
  /**
   * Implements ec multiplication using precomputed signed fixed-window wNAF tables.
   * Constant-time: fixed window count with one table addition per window — zero digits feed
   * the fake accumulator — and no doublings; the lookup scans the whole window slice.
   * Scalar bounds are validated by the public entry points ({@link ScalarMultiplier.mulCT},
   * {@link ScalarMultiplier.mulCTBlinded}, {@link ScalarMultiplier.mulUnsafe});
   * signedWindowDigits throws if `n` exceeds the table.
   * @returns real and fake (for const-time) points
   */
  wnafCachedCT(precomputes, n) {
    const { W, windows, comp } = precomputes;
    const half = 2 ** (W - 1);
    const digits = signedWindowDigits(n, W, windows);
    let p = this.ZERO;
    let f = this.BASE;
    for (let w = 0; w < windows; w++) {
      const digit2 = digits[w];
      const start = w * half;
      const idx = Math.abs(digit2) - 1;
      let sel = comp[start];
      for (let i = 1; i < half; i++)
        sel = i === idx ? comp[start + i] : sel;
      const neg = sel.negate();
      if (digit2 === 0)
        f = f.add(comp[start]);
      else
        p = p.add(digit2 < 0 ? neg : sel);
    }
    return { p, f };
  }
  // Cache key is point identity plus (W, bits); at most two entries exist per point (public-width
  // `Fn.BITS` and blinded `Fn.BITS + BLIND_BITS`). Callers must not reuse the same point with
  // incompatible `transform(...)` layouts and expect a separate cache entry.
  getWnafPrecomputes(W, point, bits, transform) {
    let entries = this.wnafPrecomputes.get(point);
    let comp = entries?.find((entry) => entry.W === W && entry.bits === bits);
    if (!comp) {
      comp = this.buildWnafTable(point, W, bits);
      if (typeof transform === "function")
        comp = { ...comp, comp: transform(comp.comp) };
      if (!entries) {
        entries = [];
        this.wnafPrecomputes.set(point, entries);
      }
      entries.push(comp);
    }
    return comp;
  }
  assertPoint(point) {
    if (!(point instanceof this.Point))
      throw new TypeError('"point" expected Point instance, got type=' + typeof point);
  }
  // Shared prologue of the constant-time entry points. Rejects scalar 0: in key/signature-style
  // callers a zero scalar means broken upstream plumbing, and concrete Points already reject it.
  // Uses inRange instead of Fn.isValidNot0: validateField() only certifies the arithmetic subset.
  validateMulInput(point, scalar2) {
    this.assertPoint(point);
    if (!inRange(scalar2, _1n3, this.Point.Fn.ORDER))
      throw new Error("invalid scalar");
  }
  // Constant-time dispatch shared by mulCT / mulCTBlinded. Un-precomputed points (W===1, e.g.
  // ECDH peer keys) skip building a throwaway cached table in favor of a small fixed-window
  // multiply. `n` must be < 2^bits.
  runCT(point, n, bits, transform) {
    const W = getWindowSize(point);
    if (W === 1)
      return this.fixedWindowCT(point, n, bits);
    return this.wnafCachedCT(this.getWnafPrecomputes(W, point, bits, transform), n);
  }
  mulCT(point, scalar2, transform) {
    this.validateMulInput(point, scalar2);
    return this.runCT(point, scalar2, this.bits, transform);
  }
  mulCTBlinded(point, scalar2, transform) {
    this.validateMulInput(point, scalar2);
    if (this.randomBytes === void 0)
      throw new Error("randomBytes is required for scalar blinding");
    const bits = this.Point.Fn.BITS + BLIND_BITS;
    const blind = this.randomBytes(BLIND_BYTES);
    if (!isBytes2(blind) || blind.length !== BLIND_BYTES)
      throw new Error("randomBytes returned invalid byte array");
    blind[0] = blind[0] & 63 | 128;
    const n = scalar2 + bytesToNumberBE(blind) * this.Point.Fn.ORDER;
    return this.runCT(point, n, bits, transform);
  }
  /**
   * Constant-time multiplication `n*point` for an un-precomputed point, via a small fixed window.
   * A cached wNAF table only pays off when reused; a flat 2^FW_WINDOW table (`size-1` adds) is
   * far cheaper to build for a single use. The point-operation sequence is independent of `n`:
   * build the table, then per window exactly FW_WINDOW doublings, a data-oblivious scan over
   * every table entry, and one addition (adds the identity when the window digit is 0 — never
   * skipped).
   *
   * `n` must be `< 2^bits`. Assumes complete addition (adding the identity costs the same as any
   * add), which holds for the Weierstrass/Edwards point types used here. The table is left in
   * projective form (no normalizeZ): normalizing this small a table costs more than the
   * mixed-add savings it would buy for a single multiply.
   * @returns real point `p`; `f` duplicates it only to match {@link wnafCachedCT}'s return shape
   * (this path needs no fake accumulator — its op-count is already scalar-independent).
   */
  fixedWindowCT(point, n, bits) {
    const W = FW_WINDOW;
    const size2 = 1 << W;
    const mask = bitMask(W);
    const table = new Array(size2);
    table[0] = this.ZERO;
    for (let i = 1; i < size2; i++)
      table[i] = table[i - 1].add(point);
    const windows = Math.ceil(bits / W);
    let acc = this.ZERO;
    for (let window = windows - 1; window >= 0; window--) {
      if (window !== windows - 1)
        for (let d = 0; d < W; d++)
          acc = acc.double();
      const digit2 = Number(n >> BigInt(window * W) & mask);
      let sel = table[0];
      for (let i = 1; i < size2; i++)
        sel = i === digit2 ? table[i] : sel;
      acc = acc.add(sel);
    }
    return { p: acc, f: acc };
  }
  shouldBlind(point, cofactor) {
    if (this.randomBytes === void 0)
      return false;
    if (cofactor === _1n3)
      return true;
    if (point !== this.BASE)
      return false;
    if (this.baseCanBeBlinded === void 0)
      this.baseCanBeBlinded = this.mulUnsafe(this.BASE, this.Point.Fn.ORDER).is0();
    return this.baseCanBeBlinded;
  }
  mulSecret(point, scalar2, cofactor, transform) {
    return this.shouldBlind(point, cofactor) ? this.mulCTBlinded(point, scalar2, transform) : this.mulCT(point, scalar2, transform);
  }
  mulUnsafe(point, scalar2, transform) {
    this.assertPoint(point);
    if (!isPosBig(scalar2))
      throw new Error("invalid scalar");
    const W = getWindowSize(point);
    if (W === 1 || scalar2 >= this.Point.Fn.ORDER)
      return mulAddUnsafe(this.Point, [point], [scalar2], true);
    const precomputes = this.getWnafPrecomputes(W, point, this.bits, transform);
    return this.wnafCachedCT(precomputes, scalar2).p;
  }
  // Remembers the window size used for precomputed wNAF multiplication of the given point
  // and drops any previously built tables. Usually only the base point is precomputed.
  // W=1 resets the point to the un-precomputed (table-less) paths.
  // W is additionally capped so tables stay under ~2 GiB ({@link TABLE_BYTES_MAX}).
  setWindowSize(point, W) {
    this.assertPoint(point);
    validateW(W, this.bits);
    const windows = Math.ceil((this.bits + BLIND_BITS) / W) + 1;
    validateTableBytes(windows * 2 ** (W - 1), this.Point.Fp.BYTES);
    pointWindowSizes.set(point, W);
    this.wnafPrecomputes.delete(point);
  }
  // True when a window size is set: tables themselves are built lazily on first multiply.
  hasWindowSize(point) {
    return getWindowSize(point) !== 1;
  }
};
function mulAddUnsafe(c, points, scalars, allowOversized = false) {
  validatePointCons(c);
  validateMSMPoints(points, c);
  abool(allowOversized, "allowOversized");
  validateMSMScalars(scalars, c.Fn, allowOversized ? c.Fn.ORDER ** _4n2 : void 0);
  if (points.length !== scalars.length)
    throw new Error("arrays of points and scalars must have equal length");
  const tables = points.map((p) => oddMultiples(p, 4));
  const digits = scalars.map((n) => wnafDigits(n, 4));
  return wnafWalk(c.ZERO, tables, digits);
}
function createField(order, field, isLE) {
  if (field) {
    if (field.ORDER !== order)
      throw new Error("Field.ORDER must match order: Fp == p, Fn == n");
    validateField(field);
    return field;
  } else {
    return Field(order, { isLE });
  }
}
function createCurveFields(type, CURVE, curveOpts = {}, FpFnLE) {
  if (type !== "weierstrass" && type !== "edwards")
    throw new Error('expected curve type "weierstrass" or "edwards"');
  if (FpFnLE === void 0)
    FpFnLE = type === "edwards";
  if (!CURVE || typeof CURVE !== "object")
    throw new Error(`expected valid ${type} CURVE object`);
  validateObject(curveOpts);
  for (const p of ["p", "n", "h"]) {
    const val = CURVE[p];
    if (!(isPosBig(val) && val !== _0n3))
      throw new Error(`CURVE.${p} must be positive bigint`);
  }
  const Fp2 = createField(CURVE.p, curveOpts.Fp, FpFnLE);
  const Fn = createField(CURVE.n, curveOpts.Fn, FpFnLE);
  const _b = type === "weierstrass" ? "b" : "d";
  const params = ["Gx", "Gy", "a", _b];
  for (const p of params) {
    if (!Fp2.isValid(CURVE[p]))
      throw new Error(`CURVE.${p} must be valid field element of CURVE.Fp`);
  }
  CURVE = Object.freeze(Object.assign({}, CURVE));
  return { CURVE, Fp: Fp2, Fn };
}
function createKeygen(randomSecretKey, getPublicKey) {
  return function keygen(seed) {
    const secretKey = randomSecretKey(seed);
    return { secretKey, publicKey: getPublicKey(secretKey) };
  };
}

// node_modules/@noble/curves/abstract/edwards.js
var _0n4 = /* @__PURE__ */ BigInt(0);
var _1n4 = /* @__PURE__ */ BigInt(1);
var _2n2 = /* @__PURE__ */ BigInt(2);
var _4n3 = /* @__PURE__ */ BigInt(4);
var _8n2 = /* @__PURE__ */ BigInt(8);
function isEdValidXY(Fp2, CURVE, x, y) {
  const x2 = Fp2.sqr(x);
  const y2 = Fp2.sqr(y);
  const left = Fp2.add(Fp2.mul(CURVE.a, x2), y2);
  const right = Fp2.add(Fp2.ONE, Fp2.mul(CURVE.d, Fp2.mul(x2, y2)));
  return Fp2.eql(left, right);
}
function edwards(params, extraOpts = {}) {
  validateObject(extraOpts, {}, {}, "extraOpts");
  const opts = extraOpts;
  const validated = createCurveFields("edwards", params, opts, opts.FpFnLE);
  const { Fp: Fp2, Fn } = validated;
  let CURVE = validated.CURVE;
  const { h: cofactor } = CURVE;
  if (FpLegendre(Fp2, CURVE.a) !== 1)
    throw new Error("edwards: CURVE.a must be a square in Fp for complete addition formulas");
  if (FpLegendre(Fp2, CURVE.d) !== -1)
    throw new Error("edwards: CURVE.d must be a non-square in Fp for complete addition formulas");
  validateObject(opts, {}, { uvRatio: "function", randomBytes: "function" });
  const randomBytes3 = opts.randomBytes === void 0 ? randomBytes2 : opts.randomBytes;
  const MASK = _2n2 << BigInt(Fp2.BYTES * 8) - _1n4;
  function isOdd(n) {
    if (!Fp2.isOdd)
      throw new Error("Field does not have .isOdd()");
    return Fp2.isOdd(n);
  }
  const uvRatio2 = opts.uvRatio === void 0 ? (u, v) => {
    try {
      return { isValid: true, value: Fp2.sqrt(Fp2.div(u, v)) };
    } catch (e) {
      return { isValid: false, value: _0n4 };
    }
  } : opts.uvRatio;
  if (!isEdValidXY(Fp2, CURVE, CURVE.Gx, CURVE.Gy))
    throw new Error("bad curve params: generator point");
  const mulA = Fp2.eql(CURVE.a, Fp2.neg(Fp2.ONE)) ? (x) => Fp2.neg(x) : Fp2.eql(CURVE.a, Fp2.ONE) ? (x) => x : (x) => Fp2.mul(CURVE.a, x);
  function acoord(title, n, banZero = false) {
    const min = banZero ? _1n4 : _0n4;
    aInRange("coordinate " + title, n, min, MASK);
    return n;
  }
  function aedpoint(other) {
    if (!(other instanceof Point2))
      throw new Error("EdwardsPoint expected");
  }
  class Point2 {
    static BASE = new Point2(CURVE.Gx, CURVE.Gy, Fp2.ONE, Fp2.mul(CURVE.Gx, CURVE.Gy));
    static ZERO = new Point2(Fp2.ZERO, Fp2.ONE, Fp2.ONE, Fp2.ZERO);
    static Fp = Fp2;
    static Fn = Fn;
    X;
    Y;
    Z;
    T;
    constructor(X, Y, Z, T8) {
      this.X = acoord("x", X);
      this.Y = acoord("y", Y);
      this.Z = acoord("z", Z, true);
      this.T = acoord("t", T8);
      Object.freeze(this);
    }
    static CURVE() {
      return CURVE;
    }
    /**
     * Create one extended Edwards point from affine coordinates.
     * Does NOT validate that the point is on-curve or torsion-free.
     * Use `.assertValidity()` on adversarial inputs.
     */
    static fromAffine(p) {
      if (p instanceof Point2)
        throw new Error("extended point not allowed");
      const { x, y } = p || {};
      acoord("x", x);
      acoord("y", y);
      return new Point2(x, y, Fp2.ONE, Fp2.mul(x, y));
    }
    // Uses algo from RFC8032 5.1.3.
    static fromBytes(bytes, zip215 = false) {
      const len = Fp2.BYTES;
      const { a, d } = CURVE;
      bytes = copyBytes(abytes2(bytes, len, "point"));
      abool(zip215, "zip215");
      const normed = copyBytes(bytes);
      const lastByte = bytes[len - 1];
      normed[len - 1] = lastByte & ~128;
      const y = bytesToNumberLE(normed);
      const max = zip215 ? MASK : Fp2.ORDER;
      aInRange("point.y", y, _0n4, max);
      const y2 = Fp2.sqr(y);
      const u = Fp2.sub(y2, Fp2.ONE);
      const v = Fp2.sub(Fp2.mulN(d, y2), a);
      let { isValid, value: x } = uvRatio2(u, v);
      if (!isValid)
        throw new Error("bad point: invalid y coordinate");
      const isXOdd = isOdd(x);
      const isLastByteOdd = (lastByte & 128) !== 0;
      if (!zip215 && Fp2.is0(x) && isLastByteOdd)
        throw new Error("bad point: x=0 and x_0=1");
      if (isLastByteOdd !== isXOdd)
        x = Fp2.neg(x);
      return Point2.fromAffine({ x, y });
    }
    static fromHex(hex, zip215 = false) {
      return Point2.fromBytes(hexToBytes2(hex), zip215);
    }
    get x() {
      return this.toAffine().x;
    }
    get y() {
      return this.toAffine().y;
    }
    precompute(windowSize = 6, isLazy = true) {
      wnaf.setWindowSize(this, windowSize);
      if (!isLazy)
        this.multiply(_2n2);
      return this;
    }
    // Useful in fromAffine() - not for fromBytes(), which always created valid points.
    assertValidity() {
      const p = this;
      const { a, d } = CURVE;
      if (p.is0())
        throw new Error("bad point: ZERO");
      const { X, Y, Z, T: T8 } = p;
      const X2 = Fp2.sqr(X);
      const Y2 = Fp2.sqr(Y);
      const Z2 = Fp2.sqr(Z);
      const Z4 = Fp2.sqr(Z2);
      const aX2 = Fp2.mul(X2, a);
      const left = Fp2.mul(Fp2.add(aX2, Y2), Z2);
      const right = Fp2.add(Z4, Fp2.mul(d, Fp2.mul(X2, Y2)));
      if (!Fp2.eql(left, right))
        throw new Error("bad point: equation left != right (1)");
      const XY = Fp2.mul(X, Y);
      const ZT = Fp2.mul(Z, T8);
      if (!Fp2.eql(XY, ZT))
        throw new Error("bad point: equation left != right (2)");
    }
    // Compare one point to another.
    equals(other) {
      aedpoint(other);
      const { X: X1, Y: Y1, Z: Z1 } = this;
      const { X: X2, Y: Y2, Z: Z2 } = other;
      const X1Z2 = Fp2.mul(X1, Z2);
      const X2Z1 = Fp2.mul(X2, Z1);
      const Y1Z2 = Fp2.mul(Y1, Z2);
      const Y2Z1 = Fp2.mul(Y2, Z1);
      return Fp2.eql(X1Z2, X2Z1) && Fp2.eql(Y1Z2, Y2Z1);
    }
    is0() {
      return this.equals(Point2.ZERO);
    }
    negate() {
      return new Point2(Fp2.neg(this.X), this.Y, this.Z, Fp2.neg(this.T));
    }
    // Fast algo for doubling Extended Point.
    // https://hyperelliptic.org/EFD/g1p/auto-twisted-extended.html#doubling-dbl-2008-hwcd
    // Cost: 4M + 4S + 1*a + 6add + 1*2.
    double() {
      const { X: X1, Y: Y1, Z: Z1 } = this;
      const A = Fp2.sqr(X1);
      const B = Fp2.sqr(Y1);
      const C2 = Fp2.mul(Fp2.sqr(Z1), _2n2);
      const D = mulA(A);
      const x1y1 = Fp2.addN(X1, Y1);
      const E = Fp2.sub(Fp2.subN(Fp2.sqr(x1y1), A), B);
      const G = Fp2.addN(D, B);
      const F = Fp2.subN(G, C2);
      const H = Fp2.subN(D, B);
      const X3 = Fp2.mul(E, F);
      const Y3 = Fp2.mul(G, H);
      const T32 = Fp2.mul(E, H);
      const Z3 = Fp2.mul(F, G);
      return new Point2(X3, Y3, Z3, T32);
    }
    // Fast algo for adding 2 Extended Points.
    // https://hyperelliptic.org/EFD/g1p/auto-twisted-extended.html#addition-add-2008-hwcd
    // Cost: 9M + 1*a + 1*d + 7add.
    add(other) {
      aedpoint(other);
      const { d } = CURVE;
      const { X: X1, Y: Y1, Z: Z1, T: T12 } = this;
      const { X: X2, Y: Y2, Z: Z2, T: T22 } = other;
      const A = Fp2.mul(X1, X2);
      const B = Fp2.mul(Y1, Y2);
      const C2 = Fp2.mul(Fp2.mulN(T12, d), T22);
      const D = Fp2.mul(Z1, Z2);
      const E = Fp2.sub(Fp2.subN(Fp2.mulN(Fp2.addN(X1, Y1), Fp2.addN(X2, Y2)), A), B);
      const F = Fp2.subN(D, C2);
      const G = Fp2.addN(D, C2);
      const H = Fp2.sub(B, mulA(A));
      const X3 = Fp2.mul(E, F);
      const Y3 = Fp2.mul(G, H);
      const T32 = Fp2.mul(E, H);
      const Z3 = Fp2.mul(F, G);
      return new Point2(X3, Y3, Z3, T32);
    }
    subtract(other) {
      aedpoint(other);
      return this.add(other.negate());
    }
    // Constant-time multiplication.
    multiply(scalar2) {
      if (!Fn.isValidNot0(scalar2))
        throw new RangeError("invalid scalar: expected 1 <= sc < curve.n");
      const { p, f } = wnaf.mulSecret(this, scalar2, cofactor, normalize);
      return normalize([p, f])[0];
    }
    // Non-constant-time multiplication. Uses double-and-add algorithm.
    // It's faster, but should only be used when you don't care about
    // an exposed private key e.g. sig verification.
    // Keeps the same subgroup-scalar contract: 0 is allowed for public-scalar callers, but
    // n and larger values are rejected instead of being reduced mod n to the identity point.
    multiplyUnsafe(scalar2) {
      if (!Fn.isValid(scalar2))
        throw new RangeError("invalid scalar: expected 0 <= sc < curve.n");
      if (scalar2 === _0n4)
        return Point2.ZERO;
      if (this.is0() || scalar2 === _1n4)
        return this;
      return wnaf.mulUnsafe(this, scalar2, normalize);
    }
    // Checks if point is of small order.
    // If you add something to small order point, you will have "dirty"
    // point with torsion component.
    // Clears cofactor and checks if the result is 0.
    isSmallOrder() {
      return this.clearCofactor().is0();
    }
    // Multiplies point by curve order and checks if the result is 0.
    // Returns `false` is the point is dirty.
    isTorsionFree() {
      return wnaf.mulUnsafe(this, CURVE.n).is0();
    }
    // Converts Extended point to default (x, y) coordinates.
    // Can accept precomputed Z^-1 - for example, from invertBatch.
    toAffine(invertedZ) {
      const p = this;
      let iz = invertedZ;
      if (iz != null && typeof iz !== "bigint")
        throw new TypeError('"invertedZ" expected bigint, got type=' + typeof iz);
      const { X, Y, Z } = p;
      const is0 = p.is0();
      if (iz == null)
        iz = is0 ? Fp2.create(_8n2) : Fp2.inv(Z);
      const x = Fp2.mul(X, iz);
      const y = Fp2.mul(Y, iz);
      const zz = Fp2.mul(Z, iz);
      if (is0)
        return { x: Fp2.ZERO, y: Fp2.ONE };
      if (!Fp2.eql(zz, Fp2.ONE))
        throw new Error("invZ was invalid");
      return { x, y };
    }
    clearCofactor() {
      if (cofactor === _1n4)
        return this;
      if (cofactor === _2n2)
        return this.double();
      if (cofactor === _4n3)
        return this.double().double();
      if (cofactor === _8n2)
        return this.double().double().double();
      return this.multiplyUnsafe(cofactor);
    }
    toBytes() {
      const { x, y } = this.toAffine();
      const bytes = Fp2.toBytes(y);
      bytes[bytes.length - 1] |= isOdd(x) ? 128 : 0;
      return bytes;
    }
    toHex() {
      return bytesToHex2(this.toBytes());
    }
    toString() {
      return `<Point ${this.is0() ? "ZERO" : this.toHex()}>`;
    }
  }
  const normalize = (points) => normalizeZ(Point2, points);
  const wnaf = new ScalarMultiplier(Point2, randomBytes3);
  if (wnaf.bits >= 6)
    Point2.BASE.precompute(6);
  Object.freeze(Point2.prototype);
  Object.freeze(Point2);
  return Point2;
}
function eddsa(Point2, cHash, eddsaOpts = {}) {
  validatePointCons(Point2);
  if (typeof cHash !== "function")
    throw new Error('"hash" function param is required');
  const hash2 = cHash;
  const opts = eddsaOpts;
  validateObject(opts, {}, {
    adjustScalarBytes: "function",
    randomBytes: "function",
    domain: "function",
    prehash: "function",
    zip215: "boolean",
    mapToCurve: "function",
    toMontgomery: "function",
    toMontgomerySecret: "function"
  });
  const { prehash } = opts;
  const { BASE, Fp: Fp2, Fn } = Point2;
  const outputLen = hash2.outputLen;
  const expectedLen = 2 * Fp2.BYTES;
  if (outputLen !== void 0) {
    asafenumber(outputLen, "hash.outputLen");
    if (outputLen !== expectedLen)
      throw new Error(`hash.outputLen must be ${expectedLen}, got ${outputLen}`);
  }
  const randomBytes3 = opts.randomBytes === void 0 ? randomBytes2 : opts.randomBytes;
  const toMontgomery2 = opts.toMontgomery;
  const toMontgomerySecret2 = opts.toMontgomerySecret;
  const adjustScalarBytes2 = opts.adjustScalarBytes === void 0 ? (bytes) => bytes : opts.adjustScalarBytes;
  const domain = opts.domain === void 0 ? (data, ctx, phflag) => {
    abool(phflag, "phflag");
    if (ctx.length || phflag)
      throw new Error("Contexts/pre-hash are not supported");
    return data;
  } : opts.domain;
  function modN_LE(hash3) {
    return Fn.create(bytesToNumberLE(hash3));
  }
  function getPrivateScalar(key) {
    const len = lengths.secretKey;
    abytes2(key, lengths.secretKey, "secretKey");
    const hashed = abytes2(hash2(key), 2 * len, "hashedSecretKey");
    const head = adjustScalarBytes2(hashed.slice(0, len));
    const prefix = hashed.slice(len, 2 * len);
    const scalar2 = modN_LE(head);
    return { head, prefix, scalar: scalar2 };
  }
  function getExtendedPublicKey(secretKey) {
    const { head, prefix, scalar: scalar2 } = getPrivateScalar(secretKey);
    const point = BASE.multiply(scalar2);
    const pointBytes = point.toBytes();
    return { head, prefix, scalar: scalar2, point, pointBytes };
  }
  function getPublicKey(secretKey) {
    return getExtendedPublicKey(secretKey).pointBytes;
  }
  function hashDomainToScalar(context = Uint8Array.of(), ...msgs) {
    const msg = concatBytes2(...msgs);
    return modN_LE(hash2(domain(msg, abytes2(context, void 0, "context"), !!prehash)));
  }
  function sign(msg, secretKey, options = {}) {
    validateObject(options, {}, {}, "options");
    msg = copyBytes(abytes2(msg, void 0, "message"));
    if (prehash)
      msg = prehash(msg);
    const { prefix, scalar: scalar2, pointBytes } = getExtendedPublicKey(secretKey);
    const r = hashDomainToScalar(options.context, prefix, msg);
    const R = BASE.multiply(r).toBytes();
    const k = hashDomainToScalar(options.context, R, pointBytes, msg);
    const s = Fn.create(r + k * scalar2);
    if (!Fn.isValid(s))
      throw new Error("sign failed: invalid s");
    const rs = concatBytes2(R, Fn.toBytes(s));
    return abytes2(rs, lengths.signature, "result");
  }
  const verifyOpts = {
    zip215: opts.zip215
  };
  function verify(sig, msg, publicKey, options = verifyOpts) {
    validateObject(options);
    const { context } = options;
    const zip215 = options.zip215 === void 0 ? !!verifyOpts.zip215 : options.zip215;
    const len = lengths.signature;
    sig = abytes2(sig, len, "signature");
    msg = abytes2(msg, void 0, "message");
    publicKey = abytes2(publicKey, lengths.publicKey, "publicKey");
    if (zip215 !== void 0)
      abool(zip215, "zip215");
    if (prehash)
      msg = prehash(msg);
    const mid = len / 2;
    const r = sig.subarray(0, mid);
    const s = bytesToNumberLE(sig.subarray(mid, len));
    let A, R, SB;
    try {
      A = Point2.fromBytes(publicKey, zip215);
      R = Point2.fromBytes(r, zip215);
      SB = BASE.multiplyUnsafe(s);
    } catch (error) {
      return false;
    }
    if (!zip215 && A.isSmallOrder())
      return false;
    const k = hashDomainToScalar(context, r, publicKey, msg);
    const RkA = R.add(A.multiplyUnsafe(k));
    return RkA.subtract(SB).clearCofactor().is0();
  }
  const _size = Fp2.BYTES;
  const lengths = {
    secretKey: _size,
    publicKey: _size,
    signature: 2 * _size,
    seed: _size
  };
  function randomSecretKey(seed) {
    seed = seed === void 0 ? randomBytes3(lengths.seed) : seed;
    return abytes2(seed, lengths.seed, "seed");
  }
  function isValidSecretKey(key) {
    return isBytes2(key) && key.length === lengths.secretKey;
  }
  function isValidPublicKey(key, zip215) {
    try {
      return !!Point2.fromBytes(key, zip215 === void 0 ? verifyOpts.zip215 : zip215);
    } catch (error) {
      return false;
    }
  }
  const utils = {
    getExtendedPublicKey,
    randomSecretKey,
    isValidSecretKey,
    isValidPublicKey,
    /** Converts an Edwards public key to a companion Montgomery public key. */
    toMontgomery(publicKey) {
      if (toMontgomery2 === void 0)
        throw new Error("Montgomery conversion is not supported for this curve");
      return toMontgomery2(Point2.fromBytes(publicKey));
    },
    toMontgomerySecret(secretKey) {
      if (toMontgomerySecret2 === void 0)
        throw new Error("Montgomery conversion is not supported for this curve");
      return toMontgomerySecret2(secretKey);
    }
  };
  Object.freeze(lengths);
  Object.freeze(utils);
  return Object.freeze({
    keygen: createKeygen(randomSecretKey, getPublicKey),
    getPublicKey,
    sign,
    verify,
    utils,
    Point: Point2,
    lengths
  });
}

// node_modules/@noble/curves/ed25519.js
var _1n5 = /* @__PURE__ */ BigInt(1);
var _2n3 = /* @__PURE__ */ BigInt(2);
var _5n2 = /* @__PURE__ */ BigInt(5);
var _8n3 = /* @__PURE__ */ BigInt(8);
var ed25519_CURVE_p = /* @__PURE__ */ BigInt("0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed");
var ed25519_CURVE = /* @__PURE__ */ (() => ({
  p: ed25519_CURVE_p,
  n: BigInt("0x1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed"),
  h: _8n3,
  a: BigInt("0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffec"),
  d: BigInt("0x52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3"),
  Gx: BigInt("0x216936d3cd6e53fec0a4e231fdd6dc5c692cc7609525a7b2c9562d608f25d51a"),
  Gy: BigInt("0x6666666666666666666666666666666666666666666666666666666666666658")
}))();
function ed25519_pow_2_252_3(x) {
  const _10n = BigInt(10), _20n = BigInt(20), _40n = BigInt(40), _80n = BigInt(80);
  const P = ed25519_CURVE_p;
  const x2 = x * x % P;
  const b2 = x2 * x % P;
  const b4 = pow2(b2, _2n3, P) * b2 % P;
  const b5 = pow2(b4, _1n5, P) * x % P;
  const b10 = pow2(b5, _5n2, P) * b5 % P;
  const b20 = pow2(b10, _10n, P) * b10 % P;
  const b40 = pow2(b20, _20n, P) * b20 % P;
  const b80 = pow2(b40, _40n, P) * b40 % P;
  const b160 = pow2(b80, _80n, P) * b80 % P;
  const b240 = pow2(b160, _80n, P) * b80 % P;
  const b250 = pow2(b240, _10n, P) * b10 % P;
  const pow_p_5_8 = pow2(b250, _2n3, P) * x % P;
  return { pow_p_5_8, b2 };
}
function adjustScalarBytes(bytes) {
  bytes[0] &= 248;
  bytes[31] &= 127;
  bytes[31] |= 64;
  return bytes;
}
var ED25519_SQRT_M1 = /* @__PURE__ */ BigInt("19681161376707505956807079304988542015446066515923890162744021073123829784752");
function uvRatio(u, v) {
  const P = ed25519_CURVE_p;
  const v3 = mod(v * v * v, P);
  const v7 = mod(v3 * v3 * v, P);
  const pow3 = ed25519_pow_2_252_3(u * v7).pow_p_5_8;
  let x = mod(u * v3 * pow3, P);
  const vx2 = mod(v * x * x, P);
  const root1 = x;
  const root2 = mod(x * ED25519_SQRT_M1, P);
  const useRoot1 = vx2 === u;
  const useRoot2 = vx2 === mod(-u, P);
  const noRoot = vx2 === mod(-u * ED25519_SQRT_M1, P);
  if (useRoot1)
    x = root1;
  if (useRoot2 || noRoot)
    x = root2;
  if (isNegativeLE(x, P))
    x = mod(-x, P);
  return { isValid: useRoot1 || useRoot2, value: x };
}
var ed25519_Point = /* @__PURE__ */ edwards(ed25519_CURVE, { uvRatio });
var Fp = /* @__PURE__ */ (() => ed25519_Point.Fp)();
function toMontgomery(point) {
  const { y } = point;
  return Fp.toBytes(Fp.div(_1n5 + y, _1n5 - y));
}
function toMontgomerySecret(secretKey) {
  const size2 = ed25519_Point.Fp.BYTES;
  abytes(secretKey, size2);
  return adjustScalarBytes(sha512(secretKey.subarray(0, size2))).subarray(0, size2);
}
function ed(opts) {
  return eddsa(ed25519_Point, sha512, Object.assign({ adjustScalarBytes, toMontgomery, toMontgomerySecret, zip215: true }, opts));
}
var ed25519 = /* @__PURE__ */ ed({});

// src/hash.ts
var fresh = sha256.create();
var work = sha256.create();
function newHash() {
  return sha256.create();
}
function hash(bytes) {
  return sha256(bytes);
}
function hashInto(data, from, to, out, at) {
  fresh._cloneInto(work);
  work.update(data.subarray(from, to));
  work.digestInto(out.subarray(at, at + 32));
}
var leafBuffer = new Uint8Array(1 + 65536);
function leafHash(entry) {
  leafBuffer[0] = 0;
  leafBuffer.set(entry, 1);
  const out = new Uint8Array(32);
  hashInto(leafBuffer, 0, entry.length + 1, out, 0);
  return out;
}
var nodeBuffer = new Uint8Array(65);
nodeBuffer[0] = 1;
function nodeHash(left, right) {
  nodeBuffer.set(left, 1);
  nodeBuffer.set(right, 33);
  const out = new Uint8Array(32);
  hashInto(nodeBuffer, 0, 65, out, 0);
  return out;
}
var TABLES = (() => {
  const tables = Array.from({ length: 8 }, () => new Uint32Array(256));
  for (let n = 0; n < 256; n++) {
    let c = n;
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? c >>> 1 ^ 3988292384 : c >>> 1;
    tables[0][n] = c >>> 0;
  }
  for (let n = 0; n < 256; n++) {
    for (let t = 1; t < 8; t++) tables[t][n] = tables[t - 1][n] >>> 8 ^ tables[0][tables[t - 1][n] & 255];
  }
  return tables;
})();
var [T0, T1, T2, T3, T4, T5, T6, T7] = TABLES;
function crc32(bytes, before = 0) {
  let c = ~before;
  let i = 0;
  for (const end = bytes.length - 7; i < end; i += 8) {
    c ^= bytes[i] | bytes[i + 1] << 8 | bytes[i + 2] << 16 | bytes[i + 3] << 24;
    c = T7[c & 255] ^ T6[c >>> 8 & 255] ^ T5[c >>> 16 & 255] ^ T4[c >>> 24] ^ T3[bytes[i + 4]] ^ T2[bytes[i + 5]] ^ T1[bytes[i + 6]] ^ T0[bytes[i + 7]];
  }
  for (; i < bytes.length; i++) c = c >>> 8 ^ T0[(c ^ bytes[i]) & 255];
  return ~c >>> 0;
}
var Point = ed25519.Point;
var ORDER = Point.Fn.ORDER;
function isGoodKey(key) {
  try {
    return !Point.fromBytes(key, false).isSmallOrder();
  } catch {
    return false;
  }
}
function little(bytes) {
  let n = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) n = n << 8n | BigInt(bytes[i]);
  return n;
}
function verifySignature(signature, message, key) {
  if (signature.length !== 64 || !isGoodKey(key)) return false;
  try {
    if (!ed25519.verify(signature, message, key, { zip215: false })) return false;
    const r = signature.slice(0, 32);
    const s = little(signature.subarray(32));
    if (s >= ORDER) return false;
    const k = Point.Fn.create(little(sha512(joined(r, key, message))));
    const point = Point.fromBytes(key, false);
    const minus = k === 0n ? Point.ZERO : point.negate().multiplyUnsafe(k);
    const left = s === 0n ? Point.ZERO : Point.BASE.multiplyUnsafe(s);
    const expected = left.add(minus).toBytes();
    return expected.every((byte, n) => byte === r[n]);
  } catch {
    return false;
  }
}

// src/note.ts
var CHECKPOINT_BYTES_MAX = 1e6;
var LOG_KEY = 1;
var WITNESS_KEY = 4;
var CONTROL = /[\u0000-\u0009\u000b-\u001f]/;
var BAD_NAME = /[\s\u0085+]/u;
function parseKey(text2) {
  const found = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/u.exec(text2);
  const raw = found === null ? null : fromBase64(found[3]);
  if (found === null || raw === null || raw.length !== 33) malformed(`${quoted(text2)} is no verifier key`);
  const [, name, id2] = found;
  if (BAD_NAME.test(name)) malformed(`${quoted(text2)} is no verifier key: its name has a space`);
  if (raw[0] !== LOG_KEY && raw[0] !== WITNESS_KEY) malformed(`${quoted(text2)} is a key of type ${raw[0]}`);
  if (toHex(hash(joined(utf8(`${name}
`), raw)).subarray(0, 4)) !== id2) malformed(`${quoted(text2)}: id and key differ`);
  const key = raw.slice(1);
  if (!isGoodKey(key)) malformed(`${quoted(text2)} is a public key of small order or not in canonical form`);
  return { name, id: id2, key, cosigns: raw[0] === WITNESS_KEY };
}
function quoted(text2) {
  return JSON.stringify(text2.slice(0, 200));
}
function parseNote(bytes, what) {
  const whole2 = decodeText(bytes, what);
  const split2 = whole2.lastIndexOf("\n\n");
  if (split2 < 0 || !whole2.endsWith("\n")) malformed(`${what} is no signed note`);
  if (CONTROL.test(whole2)) malformed(`${what} has control characters`);
  const signatures = whole2.slice(split2 + 2);
  if (signatures === "") malformed(`${what} has no signature`);
  const lines = signatures.slice(0, -1).split("\n").map((line) => {
    const found = /^— ([^ ]+) ([A-Za-z0-9+/]+=*)$/u.exec(line);
    const raw = found === null ? null : fromBase64(found[2]);
    if (found === null || raw === null || raw.length < 5 || BAD_NAME.test(found[1])) malformed(`${what} has a signature line out of form`);
    return { name: found[1], id: toHex(raw.subarray(0, 4)), signature: raw.slice(4) };
  });
  return { text: whole2.slice(0, split2 + 1), lines };
}
function parseCheckpoint(bytes, what) {
  const note = parseNote(bytes, what);
  const { origin: origin2, size: size2, root } = parseCheckpointText(note.text, what);
  return { ...note, origin: origin2, size: size2, root };
}
function parseCheckpointText(text2, what) {
  const [origin2, size2, root, ...rest] = text2.split("\n");
  const bytes = fromBase64(root ?? "");
  if (rest.pop() !== "" || origin2 === "" || rest.includes("") || !/^(0|[1-9][0-9]{0,15})$/.test(size2) || bytes?.length !== 32) {
    malformed(`${what} is no checkpoint: origin, size and root are not in form`);
  }
  const leaves = Number(size2);
  if (!Number.isSafeInteger(leaves)) malformed(`${what}: size ${size2} is above 2^53-1`);
  if (leaves === 0 && !equalBytes(bytes, hash(new Uint8Array(0)))) malformed(`${what}: the root of no leaves is another`);
  return { origin: origin2, size: leaves, root: bytes };
}
function holds(note, line, key) {
  if (!key.cosigns) return verifySignature(line.signature, utf8(note.text), key.key);
  if (line.signature.length !== 72) return false;
  let time3 = 0n;
  for (const byte of line.signature.subarray(0, 8)) time3 = time3 << 8n | BigInt(byte);
  const message = joined(ascii(`cosignature/v1
time ${time3}
`), utf8(note.text));
  return verifySignature(line.signature.slice(8), message, key.key);
}
function isBy(line, key) {
  return line.name === key.name && line.id === key.id;
}

// src/trust.ts
var TRUST_BYTES_MAX = 4 * 1024 * 1024;
var ORIGIN = /^affidavit\/[0-9a-f]{32}$/;
var STREAM = /^[a-z][a-z0-9_-]{0,63}$/;
var TrustRefused = class extends Error {
};
function parseTrust(bytes) {
  try {
    return parse(bytes);
  } catch (error) {
    if (error instanceof Malformed) throw new TrustRefused(`The trust file is not in form: ${error.message}.`);
    throw error;
  }
}
function parse(bytes) {
  if (bytes.length > TRUST_BYTES_MAX) malformed(`it has ${bytes.length} bytes, more than ${TRUST_BYTES_MAX}`);
  const keys = ["tenant", "name", "logs", "witnesses", "quorum", "timestamp_roots", "verify_html"];
  const top = shaped(parseJson(decodeText(bytes, "it"), "it"), keys, "it");
  const logs2 = /* @__PURE__ */ new Map();
  for (const [n, item] of listed(top.get("logs"), "logs", 0, 1024).entries()) {
    const log2 = shaped(item, ["origin", "stream", "keys"], `logs[${n}]`);
    const origin2 = matching(log2.get("origin"), ORIGIN, `logs[${n}].origin`);
    if (logs2.has(origin2)) malformed(`the log ${origin2} is there twice`);
    const stream = matching(log2.get("stream"), STREAM, `logs[${n}].stream`);
    const list = listed(log2.get("keys"), `logs[${n}].keys`, 0, 256).map((key, m) => trustedKey(key, `logs[${n}].keys[${m}]`));
    logs2.set(origin2, { origin: origin2, stream, keys: list });
  }
  const policy = new Policy();
  for (const [n, item] of listed(top.get("witnesses"), "witnesses", 0, 64).entries()) policy.line(text(item, `witnesses[${n}]`));
  const quorum = policy.quorum(top.get("quorum"));
  for (const root of listed(top.get("timestamp_roots"), "timestamp_roots", 0, 64)) {
    if (!isDer(fromBase64(text(root, "timestamp_roots")))) malformed("timestamp_roots has what is no DER in padded base64");
  }
  const pages = listed(top.get("verify_html"), "verify_html").map((item) => matching(item, /^[0-9a-f]{64}$/, "verify_html"));
  const [tenant, name] = ["tenant", "name"].map((key) => matching(top.get(key), /^[^]+$/, key));
  return { tenant, name, logs: logs2, witnesses: policy.witnesses, quorum, pages };
}
function trustedKey(item, what) {
  const key = shaped(item, ["vkey", "from_size", "to_size"], what);
  const parsed = parseKey(text(key.get("vkey"), `${what}.vkey`));
  if (parsed.cosigns) malformed(`${what} is a witness's key`);
  const from = whole(key.get("from_size"), `${what}.from_size`);
  const last = key.get("to_size");
  const to = last === null ? Number.POSITIVE_INFINITY : whole(last, `${what}.to_size`);
  if (to < from) malformed(`${what} ends before it begins`);
  return { key: parsed, from, to };
}
function isDer(bytes) {
  if (bytes === null || bytes[0] !== 48) return false;
  const more2 = bytes[1] < 128 ? 0 : bytes[1] & 127;
  if (more2 > 3 || bytes[1] === 128) return false;
  const length = more2 === 0 ? bytes[1] : bytes.subarray(2, 2 + more2).reduce((sum, byte) => sum * 256 + byte, 0);
  return bytes.length === 2 + more2 + length;
}
var Policy = class {
  witnesses = [];
  names = /* @__PURE__ */ new Map();
  members = /* @__PURE__ */ new Set();
  line(line) {
    const words2 = line.split(/ +/);
    if (words2[0] === "group") this.group(words2.slice(1), line);
    else if (words2[0] !== "witness") this.witness(line, null, line);
    else if (words2.length !== 3 && words2.length !== 4) malformed(`${JSON.stringify(line)} is no witness`);
    else this.witness(words2[2], words2[1], line);
  }
  define(name, fulfils, line) {
    if (name === "" || name === "none" || this.names.has(name)) malformed(`${JSON.stringify(line)}: the name ${JSON.stringify(name)} is not free`);
    this.names.set(name, fulfils);
  }
  witness(vkey, name, line) {
    const key = parseKey(vkey);
    if (!key.cosigns) malformed(`${JSON.stringify(line)} is no cosignature key`);
    if (this.witnesses.some((other) => equalBytes(other.key, key.key))) malformed(`${JSON.stringify(line)}: the key is there twice`);
    const called = name ?? key.name;
    this.define(called, (names) => names.has(`${key.name}+${key.id}`), line);
    this.witnesses.push(key);
  }
  group([name, rule, ...members], line) {
    if (members.length === 0) malformed(`${JSON.stringify(line)} is no group`);
    const parts = members.map((member) => {
      const part = this.names.get(member);
      if (part === void 0 || this.members.has(member)) malformed(`${JSON.stringify(line)}: ${JSON.stringify(member)} is no name, or a member already`);
      this.members.add(member);
      return part;
    });
    const least = rule === "all" ? parts.length : rule === "any" ? 1 : /^[1-9][0-9]?$/.test(rule) ? Number(rule) : 0;
    if (least < 1 || least > parts.length) malformed(`${JSON.stringify(line)} asks for ${JSON.stringify(rule)} of ${parts.length}`);
    this.define(name, (names) => parts.filter((part) => part(names)).length >= least, line);
  }
  quorum(value2) {
    if (typeof value2 === "number") {
      const least = whole(value2, "quorum");
      if (least > this.witnesses.length) malformed(`quorum is ${least} of ${this.witnesses.length} witnesses`);
      return least === 0 ? null : (names) => names.size >= least;
    }
    const name = text(value2, "quorum");
    if (name === "none") return null;
    const fulfils = this.names.get(name);
    if (fulfils === void 0) malformed(`quorum is ${JSON.stringify(name)}, which is no name of a witness or group`);
    return fulfils;
  }
};

// src/verdict.ts
var NAMES = ["AUTHENTIC", "COMPLETE", "TIMED", "WITNESSED", "VIEW MATCHES"];
var STEPS = [
  "Container and manifest",
  "Checkpoints",
  "Timestamps",
  "Entries and proofs",
  "Window and query",
  "Openings",
  "Gaps",
  "The data file",
  "Attestation"
];
var REASONS_MAX = 20;
var DOUBT = "nothing can rest on a bundle that is not authentic";
var Findings = class {
  failed = /* @__PURE__ */ new Map();
  open = /* @__PURE__ */ new Map();
  said = /* @__PURE__ */ new Map();
  steps = STEPS.map((title, number) => ({ number, title, status: "not reached", notes: [] }));
  fail(name, step, reason) {
    add2(this.failed, name, reason);
    this.note(step, "failed", reason);
  }
  doubt(name, step, reason) {
    add2(this.open, name, reason);
    this.note(step, "not proven", reason);
  }
  /** A reason for PASS, or a statement that stands beside the status. */
  say(name, step, reason) {
    add2(this.said, name, reason);
    this.note(step, "done", reason);
  }
  done(step) {
    this.note(step, "done", null);
  }
  note(number, status, text2) {
    const step = this.steps[number];
    const rank = ["not reached", "done", "not proven", "failed"];
    if (rank.indexOf(status) > rank.indexOf(step.status)) step.status = status;
    if (text2 !== null && step.notes.length < REASONS_MAX) step.notes.push(text2);
  }
  failedAny(name) {
    return this.failed.has(name);
  }
  result(facts) {
    const verdicts = {};
    const inDoubt = this.failed.has("AUTHENTIC");
    for (const name of NAMES) {
      const reasons = [this.failed, this.open, this.said].map((map) => map.get(name) ?? []);
      const said = reasons[2];
      if (reasons[0].length > 0) verdicts[name] = { status: "FAIL", reason: [...reasons[0], ...said].join("; ") };
      else if (reasons[1].length > 0) verdicts[name] = { status: "NOT PROVEN", reason: [...reasons[1], ...said].join("; ") };
      else if (inDoubt) verdicts[name] = { status: "NOT PROVEN", reason: DOUBT };
      else verdicts[name] = { status: "PASS", reason: said.join("; ") };
    }
    return { verdicts, steps: this.steps, facts };
  }
  /** The bundle is not in form: AUTHENTIC is FAIL, the rest NOT PROVEN. */
  ended(step, why, facts) {
    this.note(step, "failed", why);
    const verdicts = {};
    for (const name of NAMES) verdicts[name] = { status: "NOT PROVEN", reason: `the bundle is not in form, and verification ended: ${why}` };
    verdicts.AUTHENTIC = { status: "FAIL", reason: why };
    return { verdicts, steps: this.steps, facts };
  }
};
function add2(map, name, reason) {
  const list = map.get(name);
  if (list === void 0) map.set(name, [reason]);
  else if (list.length < REASONS_MAX) list.push(reason);
}
function failed(result) {
  return NAMES.some((name) => result.verdicts[name].status === "FAIL");
}

// src/time.ts
var DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
var FORM = "0000-00-00T00:00:00.000000Z";
var FORM_BYTES = Uint8Array.from(FORM, (c) => c.charCodeAt(0));
var TIME_BYTES = 27;
function two(bytes, at) {
  return (bytes[at] - 48) * 10 + bytes[at + 1] - 48;
}
function four(bytes, at) {
  return two(bytes, at) * 100 + two(bytes, at + 2);
}
function monthDays(year, month) {
  return month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : DAYS[month - 1];
}
function isTimeAt(bytes, at) {
  if (at + TIME_BYTES > bytes.length) return false;
  for (let i = 0; i < TIME_BYTES; i++) {
    const form = FORM_BYTES[i];
    const byte = bytes[at + i];
    if (form === 48 ? byte < 48 || byte > 57 : byte !== form) return false;
  }
  const year = four(bytes, at);
  const month = two(bytes, at + 5);
  const day = two(bytes, at + 8);
  if (year < 1970 || month < 1 || month > 12 || day < 1 || day > monthDays(year, month)) return false;
  return two(bytes, at + 11) < 24 && two(bytes, at + 14) < 60 && two(bytes, at + 17) < 60;
}
function isTime(text2) {
  if (typeof text2 !== "string" || text2.length !== TIME_BYTES) return false;
  return /^[\u0000-\u007f]*$/.test(text2) && isTimeAt(Uint8Array.from(text2, (c) => c.charCodeAt(0)), 0);
}
function daysOf(year, month, day) {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  return era * 146097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719468;
}
function minutesAt(bytes, at) {
  const days = daysOf(four(bytes, at), two(bytes, at + 5), two(bytes, at + 8));
  return days * 1440 + two(bytes, at + 11) * 60 + two(bytes, at + 14);
}
function secondsAt(bytes, at) {
  return minutesAt(bytes, at) * 60 + two(bytes, at + 17);
}
function compareTimes(a, at, b, bt) {
  for (let i = 0; i < TIME_BYTES; i++) {
    const by = a[at + i] - b[bt + i];
    if (by !== 0) return by;
  }
  return 0;
}
function isBeforeBy(a, at, b, bt, seconds) {
  const by = secondsAt(a, at) + seconds - secondsAt(b, bt);
  if (by !== 0) return by < 0;
  for (let i = 20; i < 26; i++) if (a[at + i] !== b[bt + i]) return a[at + i] < b[bt + i];
  return false;
}
function put(out, at, value2, digits) {
  for (let i = digits - 1; i >= 0; i--) {
    out[at + i] = 48 + value2 % 10;
    value2 = Math.floor(value2 / 10);
  }
}
var ZoneWriter = class {
  transitions;
  current = 0;
  constructor(transitions) {
    this.transitions = transitions;
  }
  /** Bytes of the cell of the time at `bytes[at]`, written to `out` from `to`; gives their end. At most 32 bytes. */
  write(bytes, at, out, to) {
    const list = this.transitions;
    let n = this.current;
    while (n > 0 && compareTimes(list[n].at, 0, bytes, at) > 0) n--;
    while (n + 1 < list.length && compareTimes(list[n + 1].at, 0, bytes, at) <= 0) n++;
    this.current = n;
    let offset = list[n].offset / 60;
    for (let i = 0; i < TIME_BYTES - 1; i++) out[to + i] = bytes[at + i];
    let minutes = minutesAt(bytes, at) + offset;
    if (offset !== 0) {
      const days = Math.floor(minutes / 1440);
      minutes -= days * 1440;
      const z = days + 719468;
      const era = Math.floor(z / 146097);
      const dayOfEra = z - era * 146097;
      const yearOfEra = Math.floor(
        (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) / 365
      );
      const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
      const shifted = Math.floor((5 * dayOfYear + 2) / 153);
      const month = shifted < 10 ? shifted + 3 : shifted - 9;
      const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
      if (year > 9999) {
        offset = 0;
      } else {
        put(out, to, year, 4);
        put(out, to + 5, month, 2);
        put(out, to + 8, dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1, 2);
        put(out, to + 11, Math.floor(minutes / 60), 2);
        put(out, to + 14, minutes % 60, 2);
      }
    }
    let end = to + 26;
    if (offset === 0) {
      out[end++] = 90;
      return end;
    }
    out[end] = offset < 0 ? 45 : 43;
    const size2 = Math.abs(offset);
    put(out, end + 1, Math.floor(size2 / 60), 2);
    out[end + 3] = 58;
    put(out, end + 4, size2 % 60, 2);
    return end + 6;
  }
};

// src/entry.ts
var ENTRY_BYTES_MAX = 512;
var ACTION_BYTES_MAX = 128;
var CLOCK_SKEW_S = 300;
var OUTCOMES = ["success", "failure", "denied", "unknown"];
var AT = 0;
var T = 27;
var C = 54;
var OUTCOME = 86;
var ACTION_LENGTH = 87;
var ACTION = 88;
var RECORD_BYTES = ACTION + ACTION_BYTES_MAX;
var HEAD = ascii('{"action":"');
var BEFORE_AT = ascii('","at":"');
var BEFORE_C = ascii('","c":"');
var BEFORE_OUTCOME = ascii('","outcome":"');
var BEFORE_T = ascii('","t":"');
var TAIL = ascii('","v":1}');
var OUTCOME_BYTES = OUTCOMES.map(ascii);
function expect(bytes, at, what) {
  for (let i = 0; i < what.length; i++) if (bytes[at + i] !== what[i]) bad("is not in form");
  return at + what.length;
}
var current = "";
function bad(why) {
  malformed(`${current} ${why}`);
}
function isActionByte(byte) {
  return byte >= 97 && byte <= 122 || byte >= 48 && byte <= 57 || byte === 95 || byte === 45;
}
function parseEntry(bytes, from, to, out, start, what) {
  current = what;
  if (to - from > ENTRY_BYTES_MAX) bad(`has more than ${ENTRY_BYTES_MAX} bytes`);
  let at = expect(bytes, from, HEAD);
  const action = at;
  for (; at < to && bytes[at] !== 34; at++) {
    const byte = bytes[at];
    if (!isActionByte(byte) && (byte !== 46 || at === action || bytes[at - 1] === 46 || !isActionByte(bytes[at + 1]))) bad("has an action out of form");
  }
  if (at === action || at - action > ACTION_BYTES_MAX) bad("has an action out of form");
  out[start + ACTION_LENGTH] = at - action;
  for (let i = action; i < at; i++) out[start + ACTION + i - action] = bytes[i];
  at = expect(bytes, at, BEFORE_AT);
  at = time(bytes, at, out, start + AT);
  at = commitment(bytes, expect(bytes, at, BEFORE_C), out, start + C);
  at = expect(bytes, at, BEFORE_OUTCOME);
  const outcome = OUTCOME_BYTES.findIndex((text2) => bytes[at + text2.length] === 34 && text2.every((byte, i) => bytes[at + i] === byte));
  if (outcome < 0) bad("has an outcome out of form");
  out[start + OUTCOME] = outcome;
  at = time(bytes, expect(bytes, at + OUTCOME_BYTES[outcome].length, BEFORE_T), out, start + T);
  if (expect(bytes, at, TAIL) !== to) bad("is not in form");
  if (isBeforeBy(out, start + T, out, start + AT, CLOCK_SKEW_S)) bad(`is reported more than ${CLOCK_SKEW_S} s before it happened`);
}
function time(bytes, at, out, to) {
  if (!isTimeAt(bytes, at)) bad("has a time out of form");
  for (let i = 0; i < TIME_BYTES; i++) out[to + i] = bytes[at + i];
  return at + TIME_BYTES;
}
function commitment(bytes, at, out, to) {
  let bits = 0;
  let held = 0;
  for (let i = 0; i < 43; i++) {
    const digit2 = URL_DIGIT[bytes[at + i]];
    if (digit2 > 63) bad("has a commitment that is no base64url");
    bits = (bits << 6 | digit2) & 4095;
    held += 6;
    if (held >= 8) {
      held -= 8;
      out[to++] = bits >> held & 255;
    }
  }
  if ((bits & 3) !== 0) bad("has a commitment that is no base64url: spare bits");
  return at + 43;
}
function keyText(record, start, path) {
  switch (path) {
    case "at":
      return asciiText(record, start + AT, start + AT + TIME_BYTES);
    case "t":
      return asciiText(record, start + T, start + T + TIME_BYTES);
    case "outcome":
      return OUTCOMES[record[start + OUTCOME]];
    default:
      return asciiText(record, start + ACTION, start + ACTION + record[start + ACTION_LENGTH]);
  }
}
function actionRange(record, start) {
  return [start + ACTION, start + ACTION + record[start + ACTION_LENGTH]];
}
function outcomeBytes(record, start) {
  return OUTCOME_BYTES[record[start + OUTCOME]];
}

// src/ip.ts
function v4(text2) {
  const found = /^(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]{0,2})$/.exec(text2);
  if (found === null) return null;
  const bytes = found.slice(1).map(Number);
  return bytes.every((byte) => byte < 256) ? bytes : null;
}
function groups(text2) {
  if (text2 === "") return [];
  const out = [];
  const parts = text2.split(":");
  for (const [n, part] of parts.entries()) {
    if (part.includes(".") && n === parts.length - 1) {
      const tail = v4(part);
      if (tail === null) return null;
      out.push(tail[0] * 256 + tail[1], tail[2] * 256 + tail[3]);
    } else {
      if (!/^[0-9A-Fa-f]{1,4}$/.test(part)) return null;
      out.push(Number.parseInt(part, 16));
    }
  }
  return out;
}
function v6(text2) {
  const halves = text2.split("::");
  if (halves.length > 2) return null;
  const [left, right] = halves.map(groups);
  if (left === null || right === null) return null;
  let all = left;
  if (halves.length === 2) {
    if (halves[0].includes(".")) return null;
    const gap = 8 - left.length - right.length;
    if (gap < 1) return null;
    all = [...left, ...new Array(gap).fill(0), ...right];
  }
  return all.length === 8 ? all.flatMap((group2) => [group2 >> 8, group2 & 255]) : null;
}
function parseAddress(text2) {
  return text2.length > 64 ? null : text2.includes(":") ? v6(text2) : v4(text2);
}
function isMapped(address) {
  return address.length === 16 && address.slice(0, 10).every((byte) => byte === 0) && address[10] === 255 && address[11] === 255;
}
function parseNetwork(text2) {
  const [head, tail, ...more2] = text2.split("/");
  const address = parseAddress(head);
  if (address === null || more2.length > 0) return null;
  if (tail !== void 0 && !/^(0|[1-9][0-9]{0,2})$/.test(tail)) return null;
  const bits = tail === void 0 ? address.length * 8 : Number(tail);
  if (bits > address.length * 8) return null;
  return isMapped(address) && bits >= 96 ? { address: address.slice(12), bits: bits - 96 } : { address, bits };
}
function isIn(text2, network) {
  let address = parseAddress(text2);
  if (address === null) return false;
  if (isMapped(address)) address = address.slice(12);
  if (address.length !== network.address.length) return false;
  return hostBits(address, network.bits, network.address) === 0;
}
function hostBits(a, bits, b) {
  for (let n = 0; n < a.length; n++) {
    const here = Math.max(0, Math.min(8, bits - 8 * n));
    const by = (a[n] ^ b[n]) & 65280 >> here & 255;
    if (by !== 0) return by;
  }
  return 0;
}
function addressText(address) {
  if (address.length === 4) return address.join(".");
  const parts = Array.from({ length: 8 }, (_, n) => address[2 * n] * 256 + address[2 * n + 1]);
  let best = -1;
  let length = 1;
  for (let n = 0; n < 8; n++) {
    let end = n;
    while (end < 8 && parts[end] === 0) end++;
    if (end - n > length) [best, length] = [n, end - n];
  }
  const hex = parts.map((part) => part.toString(16));
  if (best < 0) return hex.join(":");
  return `${hex.slice(0, best).join(":")}::${hex.slice(best + length).join(":")}`;
}
function isCanonicalNetwork(text2, bits4, bits6) {
  const [head, tail, ...more2] = text2.split("/");
  const address = parseAddress(head);
  if (address === null || tail === void 0 || more2.length > 0) return false;
  const bits = address.length === 4 ? bits4 : bits6;
  const zero = address.map((byte, n) => byte & 65280 >> Math.max(0, Math.min(8, bits - 8 * n)) & 255);
  return tail === String(bits) && zero.every((byte, n) => byte === address[n]) && addressText(address) === head;
}

// src/masks.ts
var CLASSES = [
  "none",
  "staff",
  "person_name",
  "email",
  "phone",
  "subject",
  "government_id",
  "account",
  "card",
  "ip",
  "subject_date",
  "location",
  "device",
  "organisation",
  "resource",
  "change",
  "free"
];
var PATH = /^(?=[^]{1,128}$)[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$/;
var OWNERS_MAX = 16;
var NONE = {
  keep: () => false,
  remove: () => false,
  replace: () => true,
  email: isEmail,
  phone: (cell) => /^\*\*\*[0-9]{2}$/.test(cell),
  card: (cell) => /^[0-9]{6}\*{6}[0-9]{4}$/.test(cell),
  month: (cell) => /^[0-9]{4}-(0[1-9]|1[0-2])$/.test(cell),
  age: (cell) => /^([0-9]|[1-8][0-9]|90\+)$/.test(cell),
  region: (cell) => /^[A-Z]{2}(-[A-Z0-9]{1,3})?$/.test(cell)
};
function isEmail(cell) {
  const found = /^[A-Za-z0-9]?\*\*\*@([^]*)$/.exec(cell);
  return found !== null && found[1].length <= 253 && /^([a-z0-9]([a-z0-9-]*[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$/.test(found[1]);
}
function classed(value2, what) {
  const name = shaped(value2, ["mask", "class"], what).get("class");
  if (typeof name !== "string" || !CLASSES.includes(name)) malformed(`${what} has the class ${JSON.stringify(name)}, which there is not`);
  return name;
}
function parseMask(value2, what, inside = false) {
  if (!(value2 instanceof Map)) malformed(`${what} is no mask`);
  const name = value2.get("mask");
  const mask = (allows, kind = null, inner = null) => ({
    name: String(name),
    class: kind,
    inner,
    allows
  });
  switch (name) {
    case "token":
      return mask((cell) => /^tk_[a-z2-7]{26}$/.test(cell), classed(value2, what));
    case "vault":
      return mask((cell) => /^vt_[a-z2-7]{26}$/.test(cell), classed(value2, what));
    case "type": {
      const kind = classed(value2, what);
      return mask((cell) => cell === `[${kind}]`, kind);
    }
    case "last": {
      const n = whole(shaped(value2, ["mask", "n"], what).get("n"), `${what}.n`, 6);
      if (n < 1) malformed(`${what}.n is 0`);
      const shown = new RegExp(`^\\*{4}([A-Za-z0-9]{${n}})?$`);
      return mask((cell) => shown.test(cell));
    }
    case "ip": {
      const top = shaped(value2, ["mask", "v4", "v6"], what);
      const [v42, v62] = [whole(top.get("v4"), `${what}.v4`, 24), whole(top.get("v6"), `${what}.v6`, 48)];
      if (v42 < 8 || v62 < 16) malformed(`${what} has a prefix length that is not allowed`);
      return mask((cell) => isCanonicalNetwork(cell, v42, v62));
    }
    case "year": {
      const asOf = whole(shaped(value2, ["mask", "as_of"], what).get("as_of"), `${what}.as_of`, 9999);
      if (asOf < 1970) malformed(`${what}.as_of is before 1970`);
      return mask((cell) => cell === "90+" || /^[0-9]{4}$/.test(cell) && Number(cell) > asOf - 90);
    }
    case "own": {
      if (inside) malformed(`${what} is own within own`);
      const top = shaped(value2, ["mask", "owners", "inner"], what);
      for (const owner of listed(top.get("owners"), `${what}.owners`, 0, OWNERS_MAX)) matching(owner, PATH, `${what}.owners`);
      const inner = parseMask(top.get("inner"), `${what}.inner`, true);
      return mask(inner.allows, inner.class, inner);
    }
    default: {
      const allows = typeof name === "string" && Object.hasOwn(NONE, name) ? NONE[name] : void 0;
      if (allows === void 0) malformed(`${what} is the mask ${JSON.stringify(name)}, which there is not`);
      shaped(value2, ["mask"], what);
      return mask(allows);
    }
  }
}

// src/paths.ts
var FIELD_PATHS = /* @__PURE__ */ new Set([
  "actor.id",
  "actor.is_privileged",
  "actor.is_service",
  "actor.mfa",
  "actor.name",
  "actor.on_behalf_of",
  "actor.roles",
  "actor.session",
  "actor.type",
  "basis.consent_ref",
  "basis.exemption_code",
  "basis.justification",
  "basis.lawful_basis",
  "basis.legitimate_interest",
  "basis.purpose",
  "basis.ticket",
  "case.aware_at",
  "case.closed_at",
  "case.denial_basis",
  "case.discovered_at",
  "case.due_at",
  "case.incident_id",
  "case.outcome",
  "case.received_at",
  "case.request_id",
  "case.right",
  "change.approved_by",
  "change.back_out",
  "change.requested_by",
  "change.tested_by",
  "classification",
  "controls",
  "data_categories",
  "details",
  "disclosure.additional_parties",
  "disclosure.description",
  "disclosure.method",
  "disclosure.recipient.address",
  "disclosure.recipient.country",
  "disclosure.recipient.name",
  "disclosure.recipient.type",
  "disclosure.redisclosure_notice",
  "disclosure.threat",
  "id",
  "legal_hold",
  "message",
  "record_count",
  "resource.id",
  "resource.name",
  "resource.owner",
  "resource.type",
  "retention_class",
  "secrets_stripped",
  "severity",
  "source.app",
  "source.device",
  "source.geo",
  "source.ip",
  "source.request_id",
  "source.user_agent",
  "status_detail",
  "subject.id",
  "subject.name",
  "subject.relationship",
  "subject.type",
  "target"
]);
var OWN_GROUPS = /* @__PURE__ */ new Set([
  "anchor",
  "erasure",
  "export",
  "hold",
  "key",
  "log",
  "purge",
  "query",
  "retention",
  "run",
  "settings"
]);
var PUBLIC_KEYS = ["action", "at", "outcome", "t"];
var COLUMN = /^change\.(?:before|after)\.[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*$/;
var DETAIL = /^details(?:\.[A-Za-z0-9_-]+)+$/;
var OWN = /^([a-z][a-z0-9_]*)(?:\.[a-z][a-z0-9_]*)+$/;
function isQueryPath(path) {
  if (path.length > 128) return false;
  if (PUBLIC_KEYS.includes(path) || FIELD_PATHS.has(path) || COLUMN.test(path) || DETAIL.test(path)) return true;
  return OWN_GROUPS.has(OWN.exec(path)?.[1] ?? "");
}

// src/query.ts
var LEVELS_MAX = 32;
var CONDITIONS_MAX = 2e4;
var VALUES_MAX = 1e6;
var VALUE_BYTES_MAX = 8192;
var STARS_MAX = 16;
var UNKNOWN = 2;
var no = () => false;
var NUMBER2 = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;
function numberOf(operand) {
  return NUMBER2.test(operand) ? Number(operand) : Number.NaN;
}
function anyOf(values) {
  const texts = new Set(values);
  const numbers = new Set(values.map(numberOf).filter((n) => !Number.isNaN(n)));
  return { text: (v) => texts.has(v), number: (v) => numbers.has(v), boolean: (v) => texts.has(String(v)) };
}
function ordered(operand, fits) {
  const bound2 = numberOf(operand);
  return {
    text: (v) => fits(compareText(v, operand)),
    number: (v) => !Number.isNaN(bound2) && fits(v < bound2 ? -1 : v > bound2 ? 1 : 0),
    boolean: no
  };
}
function fold(text2) {
  return text2.replace(/[A-Z]/g, (c) => c.toLowerCase());
}
function glob(pattern) {
  const pieces = pattern.split("*");
  const first = pieces[0];
  const last = pieces[pieces.length - 1];
  if (pieces.length === 1) return (text2) => text2 === pattern;
  const inner = pieces.slice(1, -1);
  return (text2) => {
    if (text2.length < first.length + last.length || !text2.startsWith(first) || !text2.endsWith(last)) return false;
    let at = first.length;
    for (const piece of inner) {
      const found = text2.indexOf(piece, at);
      if (found < 0) return false;
      at = found + piece.length;
    }
    return at <= text2.length - last.length;
  };
}
function test(op, operand, place) {
  const only = (text2) => ({ text: text2, number: no, boolean: no });
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
      const contains = (v) => fold(v).includes(folded);
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
function scalar(test2, value2) {
  if (typeof value2 === "string") return test2.text(value2);
  if (typeof value2 === "boolean") return test2.boolean(value2);
  return value2 instanceof Num && Number.isFinite(value2.value) && test2.number(value2.value);
}
function matches(test2, value2, stored) {
  if (Array.isArray(value2)) return value2.some((item) => scalar(test2, item));
  if (value2 instanceof Map) return stored !== null && test2.stored?.(stored) === true;
  return scalar(test2, value2);
}
function freeJson(text2) {
  return parseJson(text2, "a value", { free: true });
}
function look(facts, path) {
  const field = facts.field(path);
  if (field === "hidden") return field;
  if (field !== "none") {
    if (field.tag === "s") return { value: field.text, stored: null };
    const value3 = freeJson(field.text);
    return value3 === null ? "none" : { value: value3, stored: field.text };
  }
  if (!path.startsWith("details.")) return field;
  const details = facts.field("details");
  if (details === "none" || details === "hidden") return details;
  let value2 = details.tag === "j" ? freeJson(details.text) : null;
  for (const step of path.split(".").slice(1)) value2 = value2 instanceof Map ? value2.get(step) ?? null : null;
  return value2 === null ? "none" : { value: value2, stored: null };
}
var Compiler = class {
  fields = /* @__PURE__ */ new Set();
  conditions = 0;
  node(value2, place, level) {
    if (level > LEVELS_MAX) malformed(`${place} is more than ${LEVELS_MAX} levels deep`);
    if (++this.conditions > CONDITIONS_MAX) malformed(`the query has more than ${CONDITIONS_MAX} conditions`);
    if (!(value2 instanceof Map)) malformed(`${place} is no condition`);
    const op = value2.get("op");
    if (op === "all" || op === "any") {
      const parts = listed(shaped(value2, ["op", "of"], place).get("of"), `${place}.of`);
      return group(op, parts.map((part, n) => this.node(part, `${place}.of[${n}]`, level + 1)));
    }
    if (op === "not") {
      const part = this.node(shaped(value2, ["op", "of"], place).get("of"), `${place}.of`, level + 1);
      return (facts) => {
        const truth = part(facts);
        return truth === UNKNOWN ? truth : truth === 0 ? 1 : 0;
      };
    }
    return this.condition(value2, String(op), place);
  }
  condition(value2, op, place) {
    if (typeof value2.get("op") !== "string") malformed(`${place} has no operator`);
    const path = value2.get("path");
    if (typeof path !== "string" || !isQueryPath(path)) malformed(`${place} names the path ${JSON.stringify(path)}, which there is not`);
    const isKey = PUBLIC_KEYS.includes(path);
    if (!isKey) this.fields.add(path);
    if (op === "exists") {
      shaped(value2, ["op", "path"], place);
      return isKey ? () => 1 : (facts) => there(look(facts, path));
    }
    const many = op === "in";
    const byToken = value2.has(many ? "tokens" : "token");
    const key = many ? byToken ? "tokens" : "values" : byToken ? "token" : "value";
    const operand = shaped(value2, ["op", "path", key], place).get(key);
    const operands = many ? listed(operand, `${place}.${key}`, byToken ? 1 : 0, VALUES_MAX) : [operand];
    if (byToken) {
      for (const item of operands) if (typeof item !== "string" || !/^tk_[a-z2-7]{26}$/.test(item)) malformed(`${place} has a token out of form`);
      if (!many) test(op, op === "cidr" ? "::" : "", place);
      return isKey ? () => UNKNOWN : (facts) => there(look(facts, path)) === 0 ? 0 : UNKNOWN;
    }
    const texts = operands.map((item) => operandText(item, place));
    const timed = path === "at" || path === "t";
    if (timed && !["prefix", "glob", "contains", "cidr"].includes(op)) {
      for (const text2 of texts) if (!isTime(text2)) malformed(`${place} compares ${path} with ${JSON.stringify(text2)}, which is no time of the log's form`);
    }
    const check = many ? anyOf(texts) : test(op, texts[0], place);
    if (isKey) return (facts) => check.text(facts.key(path)) ? 1 : 0;
    if (many && texts.length === 0) return () => 0;
    return (facts) => {
      const found = look(facts, path);
      if (found === "hidden") return UNKNOWN;
      return found !== "none" && matches(check, found.value, found.stored) ? 1 : 0;
    };
  }
};
function there(found) {
  return found === "hidden" ? UNKNOWN : found === "none" ? 0 : 1;
}
function operandText(value2, place) {
  if (typeof value2 === "number" || typeof value2 === "boolean") return String(value2);
  if (typeof value2 !== "string") malformed(`${place} has an operand that is no text`);
  if (value2.includes("\0")) malformed(`${place} has an operand with U+0000`);
  if (utf8(value2).length > VALUE_BYTES_MAX) malformed(`${place} has an operand of more than ${VALUE_BYTES_MAX} bytes`);
  return value2;
}
function group(op, parts) {
  const ends = op === "all" ? 0 : 1;
  return (facts) => {
    let truth = op === "all" ? 1 : 0;
    for (const part of parts) {
      const one = part(facts);
      if (one === ends) return ends;
      if (one === UNKNOWN) truth = UNKNOWN;
    }
    return truth;
  };
}
function bound(value2) {
  if (!(value2 instanceof Map)) return [];
  const [op, path, time3] = [value2.get("op"), value2.get("path"), value2.get("value")];
  if (path !== "at" && path !== "t" || typeof time3 !== "string") return [];
  return op === "lt" || op === "le" || op === "gt" || op === "ge" ? [{ path, op, time: time3 }] : [];
}
function parseQuery(value2) {
  const compiler = new Compiler();
  const evaluate = compiler.node(value2, "query", 1);
  const top = value2;
  const direct = top.get("op") === "all" ? top.get("of") : [top];
  return { evaluate, fields: compiler.fields, bounds: direct.flatMap(bound) };
}

// src/manifest.ts
var MANIFEST_BYTES_MAX = 64 * 1024 * 1024;
var TEXT_BYTES_MAX = 4096;
var KEYS = ["format", "export", "tenant", "query", "profile", "zone", "columns", "tokens", "counts", "evidence", "data", "logs", "files"];
var FORMATS = ["csv", "json", "ndjson", "parquet", "xlsx", "pdf"];
var UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
var SHA256 = /^[0-9a-f]{64}$/;
function short(value2, what) {
  if (value2 === null) return null;
  const found = text(value2, what);
  if (utf8(found).length > TEXT_BYTES_MAX) malformed(`${what} has more than ${TEXT_BYTES_MAX} bytes`);
  return found;
}
function time2(value2, what) {
  if (!isTime(value2)) malformed(`${what} is no time`);
  return value2;
}
function zone(value2) {
  const top = shaped(value2, ["name", "transitions"], "zone");
  const transitions = [];
  let last = "";
  for (const [n, item] of listed(top.get("transitions"), "zone.transitions", 1, 4096).entries()) {
    const what = `zone.transitions[${n}]`;
    const one = shaped(item, ["at", "offset_s"], what);
    const at = time2(one.get("at"), `${what}.at`);
    const offset = one.get("offset_s");
    if (typeof offset !== "number" || offset % 60 !== 0 || Math.abs(offset) >= 86400) malformed(`${what}.offset_s is no offset of whole minutes`);
    if (n === 0 ? at !== "1970-01-01T00:00:00.000000Z" : at <= last) malformed(`${what}.at is out of order`);
    last = at;
    transitions.push({ at: ascii(at), offset });
  }
  return { name: matching(top.get("name"), /^[^]+$/, "zone.name"), transitions };
}
var VIRTUAL = ["action", "at", "outcome", "t", "resource"];
function columns(value2) {
  const labels = /* @__PURE__ */ new Set();
  return listed(value2, "columns", 1, 1024).map((item, n) => {
    const what = `columns[${n}]`;
    const top = shaped(item, ["label", "path", "mask"], what);
    const label = matching(top.get("label"), /^[^]+$/, `${what}.label`);
    if (labels.has(label)) malformed(`the label ${JSON.stringify(label).slice(0, 80)} is there twice`);
    labels.add(label);
    const path = matching(top.get("path"), PATH, `${what}.path`);
    return { label, path, mask: parseMask(top.get("mask"), `${what}.mask`) };
  });
}
function tokenClasses(value2) {
  const classes = /* @__PURE__ */ new Set();
  for (const [n, item] of listed(value2, "tokens").entries()) {
    const top = shaped(item, ["class", "key_commitment"], `tokens[${n}]`);
    const kind = text(top.get("class"), `tokens[${n}].class`);
    matching(top.get("key_commitment"), SHA256, `tokens[${n}].key_commitment`);
    if (!CLASSES.includes(kind) || classes.has(kind)) malformed(`tokens[${n}].class is unknown or there twice`);
    classes.add(kind);
  }
  return classes;
}
function counts(value2) {
  const top = shaped(value2, ["rows", "masked", "erased", "purged", "truncated"], "counts");
  const truncated = top.get("truncated");
  if (typeof truncated !== "boolean") malformed("counts.truncated is not true or false");
  const [rows, masked, erased, purged] = ["rows", "masked", "erased", "purged"].map((key) => whole(top.get(key), `counts.${key}`));
  return { rows, masked, erased, purged, truncated };
}
function log(item, k) {
  const what = `logs[${k}]`;
  const top = shaped(item, ["origin", "stream", "role", "size", "ranges", "cuts"], what);
  const origin2 = matching(top.get("origin"), ORIGIN, `${what}.origin`);
  const stream = matching(top.get("stream"), STREAM, `${what}.stream`);
  const role = matching(top.get("role"), /^(queried|supporting)$/, `${what}.role`);
  const size2 = top.get("size") === null ? null : whole(top.get("size"), `${what}.size`);
  const ranges2 = [];
  let end = 0;
  for (const item2 of listed(top.get("ranges"), `${what}.ranges`)) {
    const pair = listed(item2, `${what}.ranges`, 2, 2);
    const [i, j] = pair.map((number) => whole(number, `${what}.ranges`));
    if (i < end || j <= i || size2 === null || j > size2) malformed(`${what}.ranges: [${i},${j}) is empty, out of order or beyond the size`);
    ranges2.push([i, j]);
    end = j;
  }
  const cuts = listed(top.get("cuts"), `${what}.cuts`).map((number) => whole(number, `${what}.cuts`));
  for (const [n, cut] of cuts.entries()) {
    if (size2 === null || cut <= (n > 0 ? cuts[n - 1] : 0) || cut >= size2) malformed(`${what}.cuts: ${cut} is out of order or not below the size`);
  }
  if (size2 === null && role === "queried") malformed(`${what} is queried and has no size`);
  return { k, origin: origin2, stream, queried: role === "queried", size: size2, ranges: ranges2, cuts };
}
function logs(value2, evidence) {
  const all = listed(value2, "logs", 1, 64).map(log);
  const seen = /* @__PURE__ */ new Set();
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
function files(value2, manifest) {
  if (!(value2 instanceof Map)) malformed("files is no object");
  const wanted = /* @__PURE__ */ new Set([manifest.data, "README.txt"]);
  if (manifest.evidence !== "none") {
    for (const name of ["support.ndjson", "openings.ndjson", "salts.bin", "hidden.bin"]) wanted.add(name);
    for (const one of manifest.logs) if (one.ranges.length > 0) wanted.add(`entries.${one.k}.bin`);
  }
  const out = /* @__PURE__ */ new Map();
  for (const [name, digest] of value2) {
    const optional = name === "verify.html" || name === "support.ndjson" && manifest.evidence === "none";
    if (!wanted.has(name) && !optional) malformed(`files names ${JSON.stringify(name).slice(0, 80)}, which this bundle has no place for`);
    out.set(name, matching(digest, SHA256, `files: the SHA-256 of ${name}`));
  }
  for (const name of wanted) if (!out.has(name)) malformed(`files lacks ${name}`);
  return out;
}
var LAST = "9999-12-31T23:59:59.999999Z";
var PAST = "~";
function microsecondLater(time3) {
  if (time3 === LAST) return PAST;
  const micros = Number(time3.slice(20, 26)) + 1;
  if (micros < 1e6) return `${time3.slice(0, 20)}${String(micros).padStart(6, "0")}Z`;
  return `${new Date(Date.parse(`${time3.slice(0, 19)}Z`) + 1e3).toISOString().slice(0, 19)}.000000Z`;
}
function aboutText(top, query) {
  const of = query.bounds.some(({ path }) => path === "at") || query.bounds.length === 0 ? "at" : "t";
  const bounds = query.bounds.filter(({ path }) => path === of);
  const from = bounds.filter(({ op }) => op === "ge" || op === "gt").map(({ op, time: time3 }) => op === "gt" ? microsecondLater(time3) : time3).sort().at(-1) ?? null;
  const before = bounds.filter(({ op }) => op === "lt" || op === "le").map(({ op, time: time3 }) => op === "le" ? microsecondLater(time3) : time3).sort().at(0) ?? null;
  const about = top.get("export");
  const parts = new Map([
    ["export", new Map(["id", "created", "recipient", "reason"].map((key) => [key, about.get(key)]))],
    ["tenant", top.get("tenant")],
    ["period", /* @__PURE__ */ new Map([["of", of], ["from", from === PAST ? LAST : from], ["before", before === PAST ? null : before]])],
    ["zone", top.get("zone").get("name")],
    ...["query", "profile", "columns", "evidence"].map((key) => [key, top.get(key)])
  ]);
  return compactJson(parts);
}
function countsText(counts2) {
  return compactJson(new Map(Object.entries(counts2)));
}
function parseManifest(bytes) {
  const json = parseJson(decodeText(bytes, "manifest.json"), "manifest.json", { negative: "offset_s" });
  const top = shaped(json, KEYS, "manifest.json");
  const version = text(top.get("format"), "format");
  if (version === "draft") malformed("the bundle was made before the format was fixed, and such drafts are refused");
  if (version !== "affidavit/1") malformed(`manifest.json has the format ${JSON.stringify(version).slice(0, 80)}, which this verifier does not know`);
  const about = shaped(top.get("export"), ["id", "created", "recipient", "reason"], "export");
  short(about.get("reason"), "export.reason");
  const evidence = matching(top.get("evidence"), /^(full|rows|none)$/, "evidence");
  const bare = top.get("data") instanceof Map && top.get("data").has("bare");
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
    created: time2(about.get("created"), "export.created"),
    recipient: short(about.get("recipient"), "export.recipient"),
    tenant: matching(top.get("tenant"), /^[^]+$/, "tenant"),
    query,
    zone: name,
    transitions,
    columns: list,
    counts: counts(top.get("counts")),
    format,
    files: files(top.get("files"), out)
  };
}
function isVirtual(path) {
  return VIRTUAL.includes(path);
}

// src/tree.ts
var Tree = class {
  /** Leaves so far. */
  size = 0;
  hashes = new Uint8Array(66 * 32);
  sizes = new Float64Array(66);
  pair = new Uint8Array(65);
  depth = 0;
  constructor() {
    this.pair[0] = 1;
  }
  push(node, leaves) {
    this.hashes.set(node, this.depth * 32);
    this.sizes[this.depth++] = leaves;
    this.size += leaves;
    while (this.depth > 1 && this.sizes[this.depth - 1] === this.sizes[this.depth - 2]) {
      this.depth--;
      const left = (this.depth - 1) * 32;
      this.pair.set(this.hashes.subarray(left, left + 64), 1);
      hashInto(this.pair, 0, 65, this.hashes, left);
      this.sizes[this.depth - 1] *= 2;
    }
  }
  root() {
    if (this.depth === 0) return hash(new Uint8Array(0));
    let node = this.hashes.slice((this.depth - 1) * 32, this.depth * 32);
    for (let n = this.depth - 2; n >= 0; n--) node = nodeHash(this.hashes.subarray(n * 32, n * 32 + 32), node);
    return node;
  }
};
function greatest(from, to, size2) {
  let width = 1;
  while (from % (2 * width) === 0 && from + 2 * width <= to) width *= 2;
  if (to === size2 && isEdge(from, size2)) return size2;
  return from + width;
}
function isEdge(from, size2) {
  let start = 0;
  while (start < from) {
    let width = 1;
    while (2 * width < size2 - start) width *= 2;
    if (start + width >= size2) return false;
    start += width;
  }
  return start === from;
}
function* pruned(from, to, size2, cuts) {
  let cut = firstAbove(cuts, from);
  for (let at = from; at < to; ) {
    while (cut < cuts.length && cuts[cut] <= at) cut++;
    at = greatest(at, cut < cuts.length && cuts[cut] < to ? cuts[cut] : to, size2);
    yield at;
  }
}
function firstAbove(sorted, value2) {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const mid = low + high >> 1;
    if (sorted[mid] > value2) high = mid;
    else low = mid + 1;
  }
  return low;
}
function inclusionRoot(leaf, index, size2, path) {
  if (index >= size2) return null;
  let fn = index;
  let sn = size2 - 1;
  let node = leaf;
  for (const sibling of path) {
    if (sn === 0) return null;
    if (fn % 2 === 1 || fn === sn) {
      node = nodeHash(sibling, node);
      while (fn % 2 === 0 && fn !== 0) {
        fn /= 2;
        sn = Math.floor(sn / 2);
      }
    } else {
      node = nodeHash(node, sibling);
    }
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return sn === 0 ? node : null;
}

// src/own.ts
var RANGES_MAX = 1e5;
var TOKEN_CHARS_MAX = 65536;
var SIZE = /^(0|[1-9][0-9]{0,15})$/;
function size(value2, what, max = Number.MAX_SAFE_INTEGER) {
  const found = SIZE.test(value2) ? Number(value2) : -1;
  if (!Number.isSafeInteger(found) || found < 0 || found > max) malformed(`${what} is no plain integer up to ${max}`);
  return found;
}
function ranges(value2, what, open = false) {
  if (value2 === "[]") return [];
  if (!value2.startsWith("[[") || !value2.endsWith("]]")) malformed(`${what} is no list of ranges`);
  const parts = value2.slice(2, -2).split("],[");
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
function like(pattern) {
  return (value2, what) => {
    if (!pattern.test(value2)) malformed(`${what} is not in form`);
  };
}
var origin = like(ORIGIN);
var hex32 = like(/^[0-9a-f]{64}$/);
var upTo = (max) => (value2, what) => void size(value2, what, max);
var anySize = upTo(Number.MAX_SAFE_INTEGER);
function id(value2, what) {
  const { length } = utf8(value2);
  if (length < 1 || length > 128) malformed(`${what} has ${length} bytes where 1 to 128 are allowed`);
}
function token(value2, what) {
  if (value2 === "" || value2.length > TOKEN_CHARS_MAX || fromBase64(value2) === null) malformed(`${what} is no base64 of at most ${TOKEN_CHARS_MAX} characters`);
}
function entryText(value2, what) {
  const bytes = utf8(value2);
  parseEntry(bytes, 0, bytes.length, new Uint8Array(RECORD_BYTES), 0, what);
}
var must = (tag, check) => ({ tag, needed: true, check });
var may = (tag, check) => ({ tag, needed: false, check });
var OWN2 = {
  "retention.changed": {
    "retention.stream": must("s", like(STREAM)),
    "retention.months": may("j", upTo(12e3)),
    "retention.days": may("j", upTo(366e3))
  },
  "log.purged": {
    "purge.origin": must("s", origin),
    "purge.end": must("j", (value2, what) => {
      const end = size(value2, what);
      if (end === 0 || end % 256 !== 0) malformed(`${what} is no multiple of 256 above 0`);
    }),
    "purge.kept": must("j", (value2, what) => void ranges(value2, what)),
    "purge.policy": must("j", anySize),
    "purge.last": must("s", entryText)
  },
  "hold.placed": {
    "hold.id": must("s", id),
    "hold.scope": must("s", like(/^(public|private)$/)),
    "hold.origin": may("s", origin),
    "hold.ranges": may("j", (value2, what) => void ranges(value2, what, true))
  },
  "hold.released": { "hold.id": must("s", id) },
  "record.erased": { "erasure.root": must("s", hex32) },
  "key.rotated": { "key.origin": must("s", origin), "key.vkey": must("s", like(/^[^]+$/)), "key.from_size": must("j", anySize) },
  "log.anchored": {
    "anchor.origin": must("s", origin),
    "anchor.size": must("j", (value2, what) => {
      if (size(value2, what) === 0) malformed(`${what} is 0`);
    }),
    "anchor.root": must("s", hex32),
    "anchor.token": must("s", token)
  }
};
var GAP_ACTIONS = /* @__PURE__ */ new Set(["retention.changed", "log.purged", "hold.placed", "hold.released"]);
function isOwn(action) {
  return Object.hasOwn(OWN2, action);
}
function checkOwn(action, open, hidden, what) {
  for (const [path, rule] of Object.entries(OWN2[action])) {
    const field = open.get(path);
    if (hidden.has(path)) malformed(`${what}: ${action} hides ${path}`);
    if (field === void 0) {
      if (rule.needed) malformed(`${what}: ${action} does not open ${path}`);
      continue;
    }
    if (field.tag !== rule.tag) malformed(`${what}: ${path} has the tag ${field.tag}, not ${rule.tag}`);
    rule.check(field.value, `${what}: ${path}`);
  }
  const value2 = (path) => open.get(path)?.value ?? "";
  if (action === "hold.placed") {
    const shown = ["hold.origin", "hold.ranges"].filter((path) => open.has(path)).length;
    if (shown !== (value2("hold.scope") === "public" ? 2 : 0)) malformed(`${what}: a hold of scope ${value2("hold.scope")} with ${shown} of origin and ranges`);
  }
  if (action === "log.purged") {
    const end = size(value2("purge.end"), what);
    if ((ranges(value2("purge.kept"), what).at(-1)?.[1] ?? 0) > end) malformed(`${what}: purge.kept goes beyond purge.end`);
  }
}

// src/event.ts
var LINES_MAX = 1e5;
var LINE_BYTES_MAX = 8 * 1024 * 1024;
var SUPPORT_BYTES_MAX = 64 * 1024 * 1024;
var FIELDS_MAX = 4096;
function erasureKey(origin2, index, path) {
  return `${origin2} ${index} ${path}`;
}
function shapeHash(paths) {
  return hash(joined(Uint8Array.of(4), ascii(paths.map((path) => `${path}
`).join(""))));
}
function fieldHead(path, tag) {
  return joined(Uint8Array.of(2, path.length), ascii(path + tag));
}
function checkJsonValue(value2, what) {
  parseJson(value2, what, { free: true });
}
function fieldPath(path, what) {
  if (!PATH.test(path) || isVirtual(path)) malformed(`${what} has the path ${JSON.stringify(path).slice(0, 150)}, which no record has`);
}
function opened(item, path, what) {
  const triple = listed(item, `${what}: ${path}`, 3, 3);
  const tag = matching(triple[0], /^[sjn]$/, `${what}: the tag of ${path}`);
  const salt = fromHex(triple[1], 16, `${what}: the salt of ${path}`);
  const value2 = text(triple[2], `${what}: the value of ${path}`);
  if (tag === "n" && value2 !== "") malformed(`${what}: ${path} is null and has a value`);
  if (tag === "j") checkJsonValue(value2, `${what}: ${path}`);
  return { tag, value: value2, commitment: hash(joined(fieldHead(path, tag), salt, utf8(value2))) };
}
function erasures(item, root, what) {
  if (root === void 0) malformed(`${what} erases and does not open erasure.root`);
  const wanted = fromHex(root, 32, `${what}: erasure.root`);
  return listed(item, `${what}: erasures`).flatMap((one) => {
    const [origin2, index, paths, nonce, leaf, size2, hashes] = listed(one, `${what}: an erasure`, 7, 7);
    const log2 = matching(origin2, ORIGIN, `${what}: an erasure's origin`);
    const at = whole(index, `${what}: an erasure's index`);
    const names = listed(paths, `${what}: an erasure's paths`, 1, FIELDS_MAX).map((path) => text(path, `${what}: an erasure's path`));
    for (const name of names) fieldPath(name, what);
    const head = fromHex(nonce, 16, `${what}: an erasure's nonce`);
    const body = utf8(`${log2}
${at}
${names.join("\n")}`);
    const siblings = listed(hashes, `${what}: an erasure's hashes`, 0, 64).map((node) => fromHex(node, 32, `${what}: an erasure's hash`));
    const position = whole(leaf, `${what}: an erasure's leaf`);
    const found = inclusionRoot(leafHashOf(joined(head, body)), position, whole(size2, `${what}: an erasure's size`), siblings);
    if (found === null || !equalBytes(found, wanted)) malformed(`${what}: an erasure is not in the tree of erasure.root`);
    return names.map((name) => erasureKey(log2, at, name));
  });
}
function leafHashOf(data) {
  return hash(joined(Uint8Array.of(0), data));
}
function parseEvent(json, what, logs2) {
  const items = listed(json, what, 5, 6);
  const k = whole(items[0], `${what}: the log's number`);
  if (k >= logs2) malformed(`${what} is of the log ${k}, and there are ${logs2}`);
  const index = whole(items[1], `${what}: the index`);
  const entry = utf8(text(items[2], `${what}: the entry`));
  const record = new Uint8Array(RECORD_BYTES);
  parseEntry(entry, 0, entry.length, record, 0, `${what}: the entry`);
  const [shown, hidden] = [items[3], items[4]];
  if (!(shown instanceof Map) || !(hidden instanceof Map)) malformed(`${what}: the fields are no objects`);
  if (shown.size + hidden.size > FIELDS_MAX) malformed(`${what} has more than ${FIELDS_MAX} fields`);
  const open = /* @__PURE__ */ new Map();
  const commitments = /* @__PURE__ */ new Map();
  for (const [path, item] of shown) {
    fieldPath(path, what);
    const { tag, value: value2, commitment: commitment2 } = opened(item, path, what);
    open.set(path, { tag, value: value2 });
    commitments.set(path, commitment2);
  }
  for (const [path, item] of hidden) {
    fieldPath(path, what);
    if (commitments.has(path)) malformed(`${what} has ${path} open and hidden`);
    commitments.set(path, fromHex(item, 32, `${what}: the commitment of ${path}`));
  }
  const paths = [...commitments.keys()].sort(compareText);
  const c = hash(joined(Uint8Array.of(3), shapeHash(paths), ...paths.map((path) => commitments.get(path))));
  if (!equalBytes(c, record.subarray(C, C + 32))) malformed(`${what}: the fields do not give the commitment of the entry`);
  const action = keyText(record, 0, "action");
  const outcome = keyText(record, 0, "outcome");
  const own = isOwn(action) && outcome === "success";
  if (own) checkOwn(action, open, new Set(hidden.keys()), what);
  if (items.length === 6 && !(own && action === "record.erased")) malformed(`${what}: a list of erasures in an event that erases nothing`);
  const erased = items.length === 6 ? erasures(items[5], open.get("erasure.root")?.value, what) : [];
  return { k, index, leaf: leafHash(entry), record, action, outcome, own, open, erased };
}
function lastPurged(event, k) {
  const entry = utf8(event.open.get("purge.last")?.value ?? "");
  const record = new Uint8Array(RECORD_BYTES);
  parseEntry(entry, 0, entry.length, record, 0, "purge.last");
  const index = Number(event.open.get("purge.end")?.value) - 1;
  return { k, index, leaf: leafHash(entry), record, action: "", outcome: "", own: false, open: /* @__PURE__ */ new Map(), erased: [] };
}

// src/gaps.ts
function moment(time3) {
  return { days: daysOf(Number(time3.slice(0, 4)), Number(time3.slice(5, 7)), Number(time3.slice(8, 10))), clock: time3.slice(11) };
}
function isAfter(a, b) {
  return a.days !== b.days ? a.days > b.days : a.clock > b.clock;
}
var LAST_DAY = daysOf(9999, 12, 31);
function keptUntil(time3, months, days) {
  const all = Number(time3.slice(0, 4)) * 12 + Number(time3.slice(5, 7)) - 1 + months;
  const [year, month] = [Math.floor(all / 12), all % 12 + 1];
  if (year > 9999) return null;
  const day = Math.min(Number(time3.slice(8, 10)), monthDays(year, month));
  const end = daysOf(year, month, day) + days;
  return end > LAST_DAY ? null : { days: end, clock: time3.slice(11) };
}
function value(event, path) {
  return event.open.get(path)?.value ?? "";
}
function timeOf(event) {
  return keyText(event.record, 0, "t");
}
function inOrder(a, b) {
  const [s, t] = [timeOf(a), timeOf(b)];
  return s < t ? -1 : s > t ? 1 : a.k - b.k || a.index - b.index;
}
function merged(list) {
  const out = [];
  for (const [i, j] of list) {
    const last = out.at(-1);
    if (last !== void 0 && last[1] === i) last[1] = j;
    else out.push([i, j]);
  }
  return out;
}
function without(all, less) {
  const out = [];
  let n = 0;
  for (const [i, j] of all) {
    let at = i;
    while (n < less.length && less[n][1] <= at) n++;
    for (let m = n; m < less.length && less[m][0] < j; m++) {
      if (less[m][0] > at) out.push([at, less[m][0]]);
      at = Math.max(at, less[m][1]);
    }
    if (at < j) out.push([at, j]);
  }
  return out;
}
function meets(a, b) {
  for (let n = 0, m = 0; n < a.length && m < b.length; ) {
    if (a[n][1] <= b[m][0]) n++;
    else if (b[m][1] <= a[n][0]) m++;
    else return true;
  }
  return false;
}
function count(list) {
  return list.reduce((sum, [i, j]) => sum + j - i, 0);
}
function unlawful(gap, events) {
  let end = 0;
  let kept = [];
  let purges = 0;
  for (const [at, event] of events.entries()) {
    if (event.action !== "log.purged" || value(event, "purge.origin") !== gap.origin) continue;
    purges++;
    const name = `the purge at index ${event.index}`;
    const to = size(value(event, "purge.end"), "purge.end");
    if (to < end) return `${name} ends before the one before it`;
    const had = merged(end < to ? [...kept, [end, to]] : kept);
    const keeps = merged(ranges(value(event, "purge.kept"), "purge.kept"));
    if (without(keeps, had).length > 0) return `${name} keeps what was purged before it`;
    const removed = without(had, keeps);
    const why = againstPolicy(gap, event, events.slice(0, at)) ?? againstHolds(gap, removed, events.slice(0, at));
    if (why !== null) return `${name} ${why}`;
    [end, kept] = [to, keeps];
  }
  if (purges === 0) return "no purge of this log is shown";
  if (end !== gap.end) return `the last purge ends at ${end}, and the window begins at ${gap.end}`;
  const here = merged(gap.kept);
  if (without(here, kept).length > 0 || without(kept, here).length > 0) return "the ranges before the window are not what the last purge kept";
  return null;
}
function againstPolicy(gap, purge, before) {
  const policy = before.findLast((event) => event.action === "retention.changed" && value(event, "retention.stream") === gap.stream);
  if (policy === void 0) return "follows no policy";
  if (policy.k !== purge.k || policy.index !== size(value(purge, "purge.policy"), "purge.policy")) return "does not name the policy in force";
  const now = moment(timeOf(purge));
  const since = moment(timeOf(policy));
  if (isAfter({ days: since.days + 1, clock: since.clock }, now)) return "follows a policy of less than 24 h";
  if (!policy.open.has("retention.months") && !policy.open.has("retention.days")) return "follows a policy that keeps for ever";
  const last = /"t":"([^"]*)"/.exec(value(purge, "purge.last"))?.[1] ?? "";
  const until = keptUntil(last, Number(value(policy, "retention.months")), Number(value(policy, "retention.days")));
  return until === null || isAfter(until, now) ? "came before its policy let it" : null;
}
function againstHolds(gap, removed, before) {
  const held = /* @__PURE__ */ new Map();
  for (const event of before) {
    const id2 = value(event, "hold.id");
    if (event.action === "hold.released") held.delete(id2);
    if (event.action === "hold.placed") held.set(id2, [...held.get(id2) ?? [], event]);
  }
  for (const list of held.values()) {
    for (const hold of list) {
      if (value(hold, "hold.scope") !== "public" || value(hold, "hold.origin") !== gap.origin) continue;
      if (meets(ranges(value(hold, "hold.ranges"), "hold.ranges", true), removed)) return `removes entries under the hold ${JSON.stringify(value(hold, "hold.id"))}`;
    }
  }
  return null;
}

// src/logs.ts
var PAGE_ENTRIES = 1024;
var PAGE_BYTES = PAGE_ENTRIES * RECORD_BYTES;
var PAGES_MAX = 128;
var EXPORTED = 3;
var PageCache = class {
  pages = /* @__PURE__ */ new Map();
  get(key) {
    const page = this.pages.get(key);
    if (page !== void 0) {
      this.pages.delete(key);
      this.pages.set(key, page);
    }
    return page;
  }
  set(key, page) {
    this.pages.set(key, page);
    if (this.pages.size > PAGES_MAX) this.pages.delete(this.pages.keys().next().value);
  }
};
var EntryTable = class {
  count = 0;
  states = new Uint8Array(1024);
  starts;
  ends;
  before;
  filling = new Uint8Array(PAGE_BYTES);
  pageAt = -1;
  page = new Uint8Array(0);
  log;
  scratch;
  cache;
  constructor(log2, scratch, cache) {
    this.log = log2;
    this.scratch = scratch;
    this.cache = cache;
    this.starts = Float64Array.from(log2.ranges, ([i]) => i);
    this.ends = Float64Array.from(log2.ranges, ([, j]) => j);
    let sum = 0;
    this.before = Float64Array.from(log2.ranges, ([i, j]) => (sum += j - i) - (j - i));
  }
  /** Room for the next entry's record: `buffer` and its offset there. `added` says that it was filled. */
  next() {
    return [this.filling, this.count % PAGE_ENTRIES * RECORD_BYTES];
  }
  added(state) {
    if (this.count === this.states.length) {
      const more2 = new Uint8Array(2 * this.states.length);
      more2.set(this.states);
      this.states = more2;
    }
    this.states[this.count++] = state;
    if (this.count % PAGE_ENTRIES === 0) this.flush();
  }
  flush() {
    this.scratch.append(this.filling);
    this.cache.set(`${this.log.k} ${Math.floor((this.count - 1) / PAGE_ENTRIES)}`, this.filling);
    this.filling = new Uint8Array(PAGE_BYTES);
  }
  finish() {
    if (this.count % PAGE_ENTRIES !== 0) this.flush();
    this.filling = new Uint8Array(0);
  }
  /** Position of the entry `index` in the ranges; −1 where it is in none. */
  position(index) {
    let low = 0;
    let high = this.starts.length;
    while (low < high) {
      const mid = low + high >>> 1;
      if (this.ends[mid] > index) high = mid;
      else low = mid + 1;
    }
    return low < this.starts.length && this.starts[low] <= index ? this.before[low] + index - this.starts[low] : -1;
  }
  index(position) {
    let n = 0;
    while (n + 1 < this.before.length && this.before[n + 1] <= position) n++;
    return this.starts[n] + position - this.before[n];
  }
  /** The page of this position, if it is in memory. Its record begins at `offset(position)`. */
  held(position) {
    const page = Math.floor(position / PAGE_ENTRIES);
    if (page !== this.pageAt) {
      const found = this.cache.get(`${this.log.k} ${page}`);
      if (found === void 0) return null;
      this.page = found;
      this.pageAt = page;
    }
    return this.page;
  }
  async load(position) {
    this.pageAt = Math.floor(position / PAGE_ENTRIES);
    this.page = await this.scratch.page(this.pageAt);
    this.cache.set(`${this.log.k} ${this.pageAt}`, this.page);
    return this.page;
  }
  offset(position) {
    return position % PAGE_ENTRIES * RECORD_BYTES;
  }
  state(position) {
    return this.states[position];
  }
  export(position) {
    this.states[position] = EXPORTED;
  }
  /** How many entries have this state, and the index of the first. */
  withState(state) {
    let count2 = 0;
    let first = -1;
    for (let n = 0; n < this.count; n++) {
      if (this.states[n] !== state) continue;
      if (count2++ === 0) first = n;
    }
    return { count: count2, first: count2 > 0 ? this.index(first) : -1 };
  }
};
var PublicFacts = class {
  record = new Uint8Array(0);
  at = 0;
  key(path) {
    return keyText(this.record, this.at, path);
  }
  field() {
    return "hidden";
  }
};
var LogWalk = class {
  log;
  size;
  query;
  table;
  tree = new Tree();
  facts = new PublicFacts();
  lastT = new Uint8Array(RECORD_BYTES);
  started = false;
  backwards = -1;
  first = null;
  cutRoots = /* @__PURE__ */ new Map();
  unsupported = -1;
  nextCut = 0;
  control;
  lastOfRanges = new Uint8Array(RECORD_BYTES);
  /** `control`: the log is one where a gap's events must all be supporting events. */
  constructor(log2, size2, query, control, scratch, cache) {
    this.log = log2;
    this.control = control;
    this.size = size2;
    this.query = query;
    this.table = new EntryTable(log2, scratch, cache);
  }
  cuts = /* @__PURE__ */ new Set();
  /** `events` ascend by index, each index once; `cuts` are those whose roots are wanted. */
  async run(entries, proof, events, cuts = /* @__PURE__ */ new Set()) {
    this.cuts = cuts;
    let at = 0;
    let n = 0;
    for (const [i, j] of this.log.ranges) {
      for (; n < events.length && events[n].index < i; n++) at = await this.event(events[n], at, proof);
      await this.skip(at, i, proof);
      const from = n;
      while (n < events.length && events[n].index < j) n++;
      await this.range(i, j, entries, events.slice(from, n));
      at = j;
    }
    for (; n < events.length; n++) at = await this.event(events[n], at, proof);
    await this.skip(at, this.size, proof);
    if (!await proof.atEnd()) malformed(`proof.${this.log.k} has more hashes than the walk asks for`);
    if (entries !== null && !await entries.atEnd()) malformed(`entries.${this.log.k}.bin has more entries than the ranges`);
    this.table.finish();
    const last = this.table.count > 0 ? this.lastOfRanges : null;
    return { root: this.tree.root(), table: this.table, first: this.first, last, cutRoots: this.cutRoots, unsupported: this.unsupported, backwards: this.backwards };
  }
  async event(event, at, proof) {
    if (event.index >= this.size) malformed(`an event of index ${event.index} is beyond the size ${this.size} of log ${this.log.k}`);
    await this.skip(at, event.index, proof);
    this.push(event.leaf, 1);
    this.time(event.record, 0, event.index);
    return event.index + 1;
  }
  async skip(from, to, proof) {
    for (const end of pruned(from, to, this.size, this.log.cuts)) {
      const node = await hashLine(proof, `proof.${this.log.k}`);
      this.push(node, end - this.tree.size);
    }
  }
  push(node, leaves) {
    this.tree.push(node, leaves);
    if (this.nextCut < this.log.cuts.length && this.log.cuts[this.nextCut] === this.tree.size) {
      this.nextCut++;
      if (this.cuts.has(this.tree.size)) this.cutRoots.set(this.tree.size, this.tree.root());
    }
  }
  time(record, at, index) {
    if (this.started && this.backwards < 0 && compareTimes(record, at + T, this.lastT, T) < 0) this.backwards = index;
    for (let i = T; i < T + 27; i++) this.lastT[i] = record[at + i];
    this.started = true;
  }
  async range(i, j, entries, events) {
    const name = `entries.${this.log.k}.bin`;
    let n = 0;
    for (let index = i; index < j; index++) {
      if (entries.left < 2 && !await entries.need(2)) malformed(`${name} ends before entry ${index}`);
      const length = entries.data[entries.pos] * 256 + entries.data[entries.pos + 1];
      if (entries.left < 2 + length && !await entries.need(2 + length)) malformed(`${name} ends before entry ${index}`);
      const from = entries.pos + 2;
      const [buffer, at] = this.table.next();
      parseEntry(entries.data, from, from + length, buffer, at, `entry ${index} of log ${this.log.k}`);
      const leaf = leafHash(entries.data.subarray(from, from + length));
      this.push(leaf, 1);
      this.time(buffer, at, index);
      let supported = false;
      if (n < events.length && events[n].index === index) {
        supported = events[n].action !== "";
        if (!equalBytes(events[n++].leaf, leaf)) malformed(`entry ${index} of log ${this.log.k} is another among the logged events`);
      }
      if (this.control && !supported && this.unsupported < 0 && this.counts(buffer, at)) this.unsupported = index;
      if (index === i) this.first = buffer.slice(at, at + RECORD_BYTES);
      if (index === j - 1) this.lastOfRanges.set(buffer.subarray(at, at + RECORD_BYTES));
      this.table.added(this.truth(buffer, at));
      entries.pos = from + length;
    }
  }
  counts(record, at) {
    return keyText(record, at, "outcome") === "success" && GAP_ACTIONS.has(keyText(record, at, "action"));
  }
  truth(record, at) {
    if (this.query === null) return 0;
    this.facts.record = record;
    this.facts.at = at;
    return this.query.evaluate(this.facts);
  }
};
async function hashLine(proof, name) {
  if (!await proof.need(65)) malformed(`${name} has fewer hashes than the walk asks for, or one is cut`);
  const out = new Uint8Array(32);
  for (let i = 0; i < 32; i++) out[i] = digit(proof.data[proof.pos + 2 * i], name) * 16 + digit(proof.data[proof.pos + 2 * i + 1], name);
  if (proof.data[proof.pos + 64] !== 10) malformed(`${name} has a line that is not 64 hex digits`);
  proof.pos += 65;
  return out;
}
function digit(byte, name) {
  if (byte >= 48 && byte <= 57) return byte - 48;
  if (byte >= 97 && byte <= 102) return byte - 87;
  malformed(`${name} has a line that is not 64 hex digits`);
}

// src/cells.ts
var ROW_BYTES_MAX = 256 * 1024 * 1024;
var CELL_BYTES_MAX = 16 * 1024 * 1024;
var APOSTROPHE = new Set(ascii("=+-@	\r'"));
var NULL = ascii("null");
var HEX2 = ascii("0123456789abcdef");
var SHORT2 = /* @__PURE__ */ new Map([[8, 98], [9, 116], [10, 110], [12, 102], [13, 114]]);
var CellFile = class {
  /** Masked cells of the row at hand that are not empty. */
  shown = 0;
  /** The file's buffer does not hold the row. */
  short = false;
  expected = new Uint8Array(65536);
  length = 0;
  gaps = [];
  /** Ends of the cells of this row in the expected bytes. */
  ends = [];
  current = 0;
  manifest;
  reader;
  zone;
  constructor(manifest, reader) {
    this.manifest = manifest;
    this.reader = reader;
    this.zone = new ZoneWriter(manifest.transitions);
  }
  failed = null;
  async begin() {
    await this.fixed(this.head, "its beginning");
  }
  async fixed(bytes, what) {
    const reader = this.reader;
    const whole2 = await reader.need(bytes.length);
    for (let i = 0; i < bytes.length; i++) {
      if (whole2 && reader.data[reader.pos + i] === bytes[i]) continue;
      this.failed ??= `${this.manifest.data} differs from what the evidence gives: ${what}`;
      return;
    }
    reader.pos += bytes.length;
  }
  async finish(rows) {
    if (this.failed !== null) return this.failed;
    await this.fixed(this.tail(rows), "its end");
    if (this.failed === null && !await this.reader.atEnd()) this.failed = `${this.manifest.data} has more than the rows`;
    return this.failed;
  }
  row(row) {
    this.current = row;
    this.length = 0;
    this.gaps.length = 0;
    this.ends.length = 0;
    this.append(this.before(row, 0));
  }
  endRow() {
    this.append(this.afterRow);
  }
  room(bytes) {
    if (this.length + bytes <= this.expected.length) return;
    const more2 = new Uint8Array(2 * (this.length + bytes));
    more2.set(this.expected.subarray(0, this.length));
    this.expected = more2;
  }
  append(bytes) {
    this.room(bytes.length);
    const { expected, length } = this;
    for (let i = 0; i < bytes.length; i++) expected[length + i] = bytes[i];
    this.length += bytes.length;
  }
  start() {
    if (this.ends.length > 0) this.append(this.before(this.current, this.ends.length));
    else if (this.before(this.current, -1).length > 0) this.append(this.before(this.current, -1));
  }
  done() {
    this.ends.push(this.length);
  }
  timeCell = new Uint8Array(40);
  key(path, record, at) {
    this.start();
    if (path === "at" || path === "t") {
      this.appendText(this.timeCell, 0, this.zone.write(record, at + (path === "at" ? AT : T), this.timeCell, 0));
    } else if (path === "action") {
      const [from, to] = actionRange(record, at);
      this.appendText(record, from, to);
    } else {
      const bytes = outcomeBytes(record, at);
      this.appendText(bytes, 0, bytes.length);
    }
    this.done();
  }
  text(span) {
    this.start();
    this.appendText(span.data, span.from, span.to);
    this.done();
  }
  json(span) {
    this.start();
    this.appendJson(span.data, span.from, span.to);
    this.done();
  }
  empty() {
    this.start();
    this.appendEmpty();
    this.done();
  }
  masked(mask, label) {
    this.start();
    this.gaps.push({ at: this.length, mask, label });
    this.done();
  }
  /** Match the row with the file. Null where it fits, or where `short` says that the buffer ends in it. */
  match() {
    this.short = false;
    if (this.failed !== null) return this.failed;
    const reader = this.reader;
    const { data, end } = reader;
    const expected = this.expected;
    let at = reader.pos;
    let from = 0;
    let shown = 0;
    for (let n = 0; n <= this.gaps.length; n++) {
      const to = n < this.gaps.length ? this.gaps[n].at : this.length;
      const stop = Math.min(to, from + end - at);
      while (from < stop && data[at] === expected[from]) {
        from++;
        at++;
      }
      if (from < stop || from < to && reader.over) return this.differs(from);
      if (from < to) return this.wait();
      if (n === this.gaps.length) break;
      const { mask, label } = this.gaps[n];
      const cell = this.masked1(data, at, end, reader.over);
      if (cell === "more") return this.wait();
      const where = `row ${this.current}, column ${JSON.stringify(label).slice(0, 80)}`;
      if (!("why" in cell) && cell.end - at > CELL_BYTES_MAX) return `${where}: a masked cell of more than ${CELL_BYTES_MAX} bytes`;
      if ("why" in cell) return `${where}: ${cell.why}`;
      if (cell.text !== null && (mask === null || !mask.allows(cell.text))) {
        return mask === null ? `${where}: the field is not there, and the cell is not empty` : `${where}: no cell of the mask ${mask.name}`;
      }
      if (cell.text !== null) shown++;
      at = cell.end;
    }
    reader.pos = at;
    this.shown = shown;
    return null;
  }
  wait() {
    this.short = true;
    return null;
  }
  async matchMore() {
    let wanted = 2 * this.reader.left + 65536;
    while (this.short) {
      if (this.reader.left > ROW_BYTES_MAX) return `row ${this.current} has more than ${ROW_BYTES_MAX} bytes in ${this.manifest.data}`;
      await this.reader.need(wanted);
      wanted *= 2;
      const why = this.match();
      if (why !== null) return why;
    }
    return null;
  }
  differs(at) {
    const column = this.ends.findIndex((end) => at < end);
    const label = this.manifest.columns[column < 0 ? this.ends.length - 1 : column].label;
    return `row ${this.current} differs from what the evidence gives, at column ${JSON.stringify(label).slice(0, 80)}`;
  }
};
var CRLF = ascii("\r\n");
var COMMA = ascii(",");
var NOTHING = new Uint8Array(0);
var CsvFile = class extends CellFile {
  head;
  afterRow = CRLF;
  constructor(manifest, reader) {
    super(manifest, reader);
    for (const [n, column] of manifest.columns.entries()) {
      if (n > 0) this.append(COMMA);
      const label = utf8(column.label);
      this.appendText(label, 0, label.length);
    }
    this.append(CRLF);
    this.head = this.expected.slice(0, this.length);
  }
  tail() {
    return NOTHING;
  }
  before(_row, cell) {
    return cell > 0 ? COMMA : NOTHING;
  }
  appendEmpty() {
  }
  appendText(data, from, to) {
    this.put(data, from, to, to > from && APOSTROPHE.has(data[from]));
  }
  appendJson(data, from, to) {
    this.put(data, from, to, false);
  }
  put(data, from, to, apostrophe) {
    this.room(2 * (to - from) + 3);
    const expected = this.expected;
    const start = this.length;
    let at = start;
    if (apostrophe) expected[at++] = 39;
    let quoted2 = false;
    for (let i = from; i < to; i++) {
      const byte = data[i];
      if (byte === 44 || byte === 34 || byte === 10 || byte === 13) {
        quoted2 = true;
        break;
      }
      expected[at++] = byte;
    }
    if (quoted2) {
      at = start;
      expected[at++] = 34;
      if (apostrophe) expected[at++] = 39;
      for (let i = from; i < to; i++) {
        if (data[i] === 34) expected[at++] = 34;
        expected[at++] = data[i];
      }
      expected[at++] = 34;
    }
    this.length = at;
  }
  masked1(data, at, end, over) {
    if (at >= end) return over ? { why: "the file ends" } : "more";
    const quoted2 = data[at] === 34;
    let to = quoted2 ? at + 1 : at;
    let doubled = 0;
    for (; ; to++) {
      if (to >= end) return over ? { why: "the file ends in a cell" } : "more";
      const byte = data[to];
      const special = byte === 44 || byte === 34 || byte === 10 || byte === 13;
      if (!special) continue;
      if (!quoted2) break;
      if (byte !== 34) continue;
      if (to + 1 >= end && !over) return "more";
      if (data[to + 1] !== 34 || to + 1 >= end) break;
      doubled++;
      to++;
    }
    let raw = data.subarray(quoted2 ? at + 1 : at, to);
    if (quoted2) {
      if (!raw.some((byte) => byte === 44 || byte === 34 || byte === 10 || byte === 13)) return { why: "quotes around what needs none" };
      if (doubled > 0) raw = undouble(raw, doubled);
    }
    if (raw[0] === 39) {
      raw = raw.subarray(1);
      if (raw.length === 0 || !APOSTROPHE.has(raw[0])) return { why: "an apostrophe in front of what needs none" };
    } else if (raw.length > 0 && APOSTROPHE.has(raw[0])) {
      return { why: "a formula without its apostrophe" };
    }
    const text2 = valueText(raw);
    if (text2 === null) return { why: "the cell is not UTF-8" };
    return { text: text2 === "" ? null : text2, end: quoted2 ? to + 1 : to };
  }
};
function undouble(raw, doubled) {
  const out = new Uint8Array(raw.length - doubled);
  let at = 0;
  for (let i = 0; i < raw.length; i++) {
    out[at++] = raw[i];
    if (raw[i] === 34) i++;
  }
  return out;
}
var JsonFile = class extends CellFile {
  head;
  afterRow;
  keys;
  open = ascii("{");
  next;
  end;
  /** `lines`: NDJSON, where each object is a line and nothing is around them. */
  constructor(manifest, reader, lines) {
    super(manifest, reader);
    const about = manifest.about;
    this.afterRow = ascii(lines ? "}\n" : "}");
    this.next = ascii(lines ? "{" : ",\n{");
    this.head = lines ? NOTHING : about === null ? ascii("[\n") : utf8(`{"about":${about},
"rows":[
`);
    this.end = lines ? "" : about === null ? "]\n" : `],
"counts":${countsText(manifest.counts)}}
`;
    this.keys = manifest.columns.map((column, n) => joined(n > 0 ? COMMA : NOTHING, utf8(`${jsonString(column.label)}:`)));
  }
  tail(rows) {
    return ascii((rows > 0 && this.end !== "" ? "\n" : "") + this.end);
  }
  before(row, cell) {
    if (cell === 0) return row > 0 ? this.next : this.open;
    return this.keys[cell < 0 ? 0 : cell];
  }
  appendEmpty() {
    this.append(NULL);
  }
  appendText(data, from, to) {
    this.room(6 * (to - from) + 2);
    const expected = this.expected;
    let at = this.length;
    expected[at++] = 34;
    for (let i = from; i < to; i++) {
      const byte = data[i];
      if (byte >= 32 && byte !== 34 && byte !== 92) {
        expected[at++] = byte;
        continue;
      }
      expected[at++] = 92;
      const short2 = byte >= 32 ? byte : SHORT2.get(byte);
      if (short2 !== void 0) {
        expected[at++] = short2;
        continue;
      }
      expected[at++] = 117;
      expected[at++] = 48;
      expected[at++] = 48;
      expected[at++] = HEX2[byte >> 4];
      expected[at++] = HEX2[byte & 15];
    }
    expected[at++] = 34;
    this.length = at;
  }
  appendJson(data, from, to) {
    this.room(to - from);
    this.expected.set(data.subarray(from, to), this.length);
    this.length += to - from;
  }
  masked1(data, at, end, over) {
    const wait = over ? { why: "the file ends in a cell" } : "more";
    if (data[at] === 110 || at >= end) {
      if (at + 4 > end) return wait;
      return NULL.every((byte, i) => data[at + i] === byte) ? { text: null, end: at + 4 } : { why: "a masked cell is no text" };
    }
    if (data[at] !== 34) return { why: "a masked cell is no text" };
    let to = at + 1;
    while (to < end && data[to] !== 34) to += data[to] === 92 ? 2 : 1;
    if (to >= end) return wait;
    const raw = valueText(data.subarray(at, to + 1));
    if (raw === null) return { why: "the cell is not UTF-8" };
    try {
      const text2 = parseJson(raw, "the cell");
      return jsonString(text2) === raw ? { text: text2, end: to + 1 } : { why: "a text with needless escapes" };
    } catch (error) {
      return { why: error instanceof Error ? error.message : String(error) };
    }
  }
};
function cellFile(manifest, reader) {
  if (manifest.format === "csv") return new CsvFile(manifest, reader);
  if (manifest.format !== "json" && manifest.format !== "ndjson") return null;
  return new JsonFile(manifest, reader, manifest.format === "ndjson");
}

// src/rows.ts
var LINE_BYTES_MAX2 = 16 * 1024 * 1024;
var SHAPES_MAX = 65536;
var SHAPE_PATHS_MAX = 1 << 21;
var COLUMN_PATHS = { resource: ["resource.type", "resource.id"] };
function columnPaths(column) {
  return COLUMN_PATHS[column.path] ?? (isVirtual(column.path) ? [] : [column.path]);
}
var Rows = class {
  found = {
    rows: 0,
    parsed: 0,
    shown: 0,
    erased: 0,
    notCommitted: null,
    untrue: null,
    unknown: 0,
    erasure: null,
    view: null
  };
  manifest;
  tables;
  origins;
  erased;
  files;
  data;
  shapes = /* @__PURE__ */ new Map();
  defined = 0;
  shapePaths = 0;
  work = new Uint8Array(33 + 32 * 64);
  buffer = new Uint8Array(4096);
  c = new Uint8Array(32);
  lastAt = new Uint8Array(27);
  lastK = -1;
  lastIndex = -1;
  spans = [];
  values = 0;
  // The row at hand, for the query.
  shape = null;
  record = new Uint8Array(0);
  recordAt = 0;
  constructor(manifest, tables, erased, files2) {
    this.manifest = manifest;
    this.tables = tables;
    this.origins = manifest.logs.map((log2) => log2.origin);
    this.erased = erased;
    this.files = files2;
    this.data = cellFile(manifest, files2.data);
  }
  async run() {
    const openings = this.files.openings;
    if (this.data !== null) await this.data.begin();
    for (; ; ) {
      const end = await openings.line(LINE_BYTES_MAX2, "openings.ndjson");
      if (end < 0) break;
      const bytes = openings.data;
      const from = openings.pos;
      if (bytes[from] === 123) this.define(bytes.subarray(from, end));
      else await this.row(bytes, from, end);
      openings.pos = end + 1;
    }
    for (const name of ["salts", "hidden"]) {
      if (!await this.files[name].atEnd()) malformed(`${name}.bin has bytes left over`);
    }
    if (this.data !== null) this.found.view ??= await this.data.finish(this.found.rows);
  }
  define(line) {
    const what = `openings.ndjson: shape ${this.defined}`;
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
    this.shapes.set(this.defined++, {
      paths,
      state,
      hash: shapeHash(paths),
      heads: paths.map((path, n) => "sjn".includes(state[n]) ? fieldHead(path, state[n]) : null),
      values,
      valueCount,
      open,
      hidden: paths.length - open,
      columns: this.manifest.columns.map((column) => Int32Array.from(columnPaths(column), (path) => places.get(path) ?? -1))
    });
    this.shapePaths += paths.length;
    const gone = this.defined - 1 - SHAPES_MAX;
    this.shapePaths -= this.shapes.get(gone)?.paths.length ?? 0;
    this.shapes.delete(gone);
    if (this.shapePaths > SHAPE_PATHS_MAX) malformed(`${what}: the last ${SHAPES_MAX} shapes have more than ${SHAPE_PATHS_MAX} paths`);
    if (33 + 32 * paths.length > this.work.length) this.work = new Uint8Array(33 + 32 * paths.length);
  }
  /** `[k,index,shape,[values]]`. Leaves the values in `spans`. */
  parse(bytes, from, end) {
    const what = `openings.ndjson: row ${this.found.rows}`;
    const numbers = [0, 0, 0];
    let at = from;
    if (bytes[at++] !== 91) malformed(`${what} is no list`);
    for (let n = 0; n < 3; n++) {
      const first = at;
      let value2 = 0;
      while (bytes[at] >= 48 && bytes[at] <= 57 && at - first < 17) value2 = value2 * 10 + bytes[at++] - 48;
      if (at === first || bytes[at++] !== 44 || bytes[first] === 48 && at - first > 2 || value2 > Number.MAX_SAFE_INTEGER) {
        malformed(`${what} does not begin with three plain integers`);
      }
      numbers[n] = value2;
    }
    if (bytes[at++] !== 91) malformed(`${what} has no list of values`);
    at = space(bytes, at);
    this.values = 0;
    if (bytes[at] === 93) {
      at++;
    } else {
      for (; ; ) {
        if (bytes[at] !== 34) malformed(`${what} has a value that is no text`);
        at = space(bytes, this.string(bytes, at + 1, end, what));
        const byte = bytes[at];
        at = byte === 44 ? space(bytes, at + 1) : at + 1;
        if (byte === 93) break;
        if (byte !== 44) malformed(`${what} is no list of texts`);
      }
    }
    if (bytes[at] !== 93 || at + 1 !== end) malformed(`${what} has more than a list of values`);
    return numbers;
  }
  /** A JSON string from after its quote; gives the offset after the closing one. */
  string(bytes, from, end, what) {
    let at = from;
    let high = 0;
    let byte = bytes[at];
    while (byte !== 34 && byte !== 92 && byte >= 32) {
      high |= byte;
      byte = bytes[++at];
    }
    if (this.values === this.spans.length) this.spans.push({ data: bytes, from: 0, to: 0 });
    const span = this.spans[this.values++];
    if (byte === 34) {
      if (high >= 128 && !isUtf8(bytes, from, at)) malformed(`${what} is not UTF-8`);
      span.data = bytes;
      span.from = from;
      span.to = at;
      return at + 1;
    }
    while (at < end && bytes[at] !== 34) at += bytes[at] === 92 ? 2 : 1;
    if (at >= end) malformed(`${what} has a text that does not end`);
    const quoted2 = valueText(bytes.subarray(from - 1, at + 1));
    if (quoted2 === null) malformed(`${what} is not UTF-8`);
    span.data = utf8(parseJson(quoted2, what));
    span.from = 0;
    span.to = span.data.length;
    return at + 1;
  }
  async row(bytes, from, end) {
    const [k, index, number] = this.parse(bytes, from, end);
    const row = this.found.rows++;
    const table = k < this.tables.length ? this.tables[k] : null;
    if (table === null) malformed(`row ${row} is of log ${k}, which is no queried log`);
    const shape = this.shapes.get(number);
    if (shape === void 0) malformed(`row ${row} has the shape ${number}, which is not among those that a row may name`);
    if (this.values !== shape.valueCount) malformed(`row ${row} has a list of ${this.values} values where its shape wants ${shape.valueCount}`);
    const position = table.position(index);
    if (position < 0) malformed(`row ${row}: the entry ${index} of log ${k} is not in the ranges`);
    this.record = table.held(position) ?? await table.load(position);
    this.recordAt = table.offset(position);
    this.shape = shape;
    this.order(row, k, index);
    const { salts, hidden } = this.files;
    if (salts.left < 16 * shape.open && !await salts.need(16 * shape.open)) malformed("salts.bin ends too early");
    if (hidden.left < 32 * shape.hidden && !await hidden.need(32 * shape.hidden)) malformed("hidden.bin ends too early");
    this.commit(shape, row, index);
    this.checkErasures(shape, k, index, row);
    this.judge(table, position, row, index);
    if (this.data !== null && this.found.view === null) await this.view(shape, row);
  }
  order(row, k, index) {
    const by = row === 0 ? 1 : compareTimes(this.record, this.recordAt + AT, this.lastAt, 0) || k - this.lastK || index - this.lastIndex;
    if (by <= 0) malformed(`row ${row} is out of order, or there twice`);
    for (let i = 0; i < 27; i++) this.lastAt[i] = this.record[this.recordAt + AT + i];
    this.lastK = k;
    this.lastIndex = index;
  }
  commit(shape, row, index) {
    const { salts, hidden } = this.files;
    const work2 = this.work;
    work2[0] = 3;
    work2.set(shape.hash, 1);
    let at = 33;
    for (let n = 0; n < shape.paths.length; n++, at += 32) {
      const head = shape.heads[n];
      if (head === null) {
        for (let i = 0; i < 32; i++) work2[at + i] = hidden.data[hidden.pos + i];
        hidden.pos += 32;
        continue;
      }
      const value2 = shape.values[n];
      const length = value2 < 0 ? 0 : this.spans[value2].to - this.spans[value2].from;
      const total = head.length + 16 + length;
      if (total > this.buffer.length) this.buffer = new Uint8Array(2 * total);
      const field = this.buffer;
      let to = 0;
      for (; to < head.length; to++) field[to] = head[to];
      for (let i = 0; i < 16; i++) field[to++] = salts.data[salts.pos + i];
      salts.pos += 16;
      if (length > 0) {
        const { data, from } = this.spans[value2];
        if (length < 64) for (let i = 0; i < length; i++) field[to + i] = data[from + i];
        else field.set(data.subarray(from, from + length), to);
      }
      if (shape.state[n] === "j") this.checkValue(this.spans[value2], row, shape.paths[n]);
      hashInto(field, 0, total, work2, at);
    }
    hashInto(work2, 0, at, this.c, 0);
    for (let i = 0; i < 32; i++) {
      if (this.c[i] === this.record[this.recordAt + C + i]) continue;
      this.found.notCommitted ??= { row, index, count: 0 };
      this.found.notCommitted.count++;
      return;
    }
  }
  checkValue({ data, from, to }, row, path) {
    if (isPlainScalar(data, from, to)) return;
    checkJsonValue(valueText(data.subarray(from, to)), `row ${row}: ${path}`);
  }
  checkErasures(shape, k, index, row) {
    if (shape.hidden === 0 || this.found.erasure !== null || this.erased.size === 0 && !shape.state.includes("e")) return;
    for (let n = 0; n < shape.paths.length; n++) {
      const letter = shape.state[n];
      if (letter !== "e" && letter !== "m") continue;
      const has = this.erased.has(`${this.origins[k]} ${index} ${shape.paths[n]}`);
      if (has === (letter === "e")) continue;
      const said = letter === "e" ? "called erased and no erasure is shown" : "called masked and an erasure is shown";
      this.found.erasure = `row ${row}: ${shape.paths[n]} of entry ${index} is ${said}`;
      return;
    }
  }
  judge(table, position, row, index) {
    const query = this.manifest.query;
    const truth = query.fields.size === 0 ? table.state(position) : query.evaluate(this);
    table.export(position);
    if (truth === UNKNOWN) this.found.unknown++;
    if (truth !== 0) return;
    this.found.untrue ??= { row, index, count: 0 };
    this.found.untrue.count++;
  }
  key(path) {
    return keyText(this.record, this.recordAt, path);
  }
  field(path) {
    const shape = this.shape;
    let low = 0;
    let high = shape.paths.length;
    while (low < high) {
      const mid = low + high >> 1;
      if (compareText(shape.paths[mid], path) < 0) low = mid + 1;
      else high = mid;
    }
    if (shape.paths[low] !== path || shape.state[low] === "n") return "none";
    const tag = shape.state[low];
    if (tag !== "s" && tag !== "j") return "hidden";
    const { data, from, to } = this.spans[shape.values[low]];
    return { tag, text: valueText(data.subarray(from, to)) };
  }
  async view(shape, row) {
    const data = this.data;
    const columns2 = this.manifest.columns;
    data.row(row);
    for (let n = 0; n < columns2.length; n++) {
      const why2 = this.cell(data, columns2[n], shape, shape.columns[n]);
      if (why2 !== null) {
        this.found.view = `row ${row}, column ${JSON.stringify(columns2[n].label).slice(0, 80)}: ${why2}`;
        return;
      }
    }
    data.endRow();
    const why = data.match() ?? (data.short ? await data.matchMore() : null);
    if (why !== null) {
      this.found.view = why;
      return;
    }
    this.found.shown += data.shown;
  }
  /** Tell the data file what this cell must be. Null, or what is wrong with the openings of it. */
  cell(data, column, shape, places) {
    const mask = column.mask;
    const kept = mask.name === "keep";
    let present = 0;
    let erased = 0;
    let masked = 0;
    for (const place of places) {
      if (place < 0) continue;
      present++;
      const letter = shape.state[place];
      if (letter === "e") erased++;
      else if (letter === "m") masked++;
    }
    const isField = !isVirtual(column.path) || column.path === "resource";
    const ofOwner = mask.inner?.name === "keep" && isField && masked === 0;
    const parsed = !kept && !ofOwner && (!isField || present > erased);
    if (kept && masked > 0) return "it is kept and its field is hidden";
    if (parsed) {
      this.found.parsed++;
      data.masked(mask, column.label);
      return null;
    }
    if (erased > 0) this.found.erased++;
    if (kept || present > erased) this.keep(data, column, shape, places);
    else data.masked(null, column.label);
    return null;
  }
  keep(data, column, shape, places) {
    switch (column.path) {
      case "at":
      case "t":
      case "action":
      case "outcome":
        data.key(column.path, this.record, this.recordAt);
        return;
      case "resource": {
        const [type, id2] = [this.openText(shape, places[0]), this.openText(shape, places[1])];
        if (type === null && id2 === null) data.empty();
        else if (type === null) data.text(id2);
        else data.text(joinedSpan(type, id2));
        return;
      }
      default: {
        const place = places[0];
        const span = this.openText(shape, place);
        if (span === null) data.empty();
        else if (shape.state[place] === "j") data.json(span);
        else data.text(span);
      }
    }
  }
  openText(shape, place) {
    return place < 0 || shape.values[place] < 0 ? null : this.spans[shape.values[place]];
  }
};
var COLON = ascii(":");
function joinedSpan(type, id2) {
  const length = type.to - type.from;
  const rest = id2 === null ? 0 : id2.to - id2.from;
  const data = new Uint8Array(length + 1 + rest);
  data.set(type.data.subarray(type.from, type.to));
  data.set(COLON, length);
  if (id2 !== null) data.set(id2.data.subarray(id2.from, id2.to), length + 1);
  return { data, from: 0, to: data.length };
}
function space(bytes, at) {
  while (bytes[at] === 32 || bytes[at] === 9 || bytes[at] === 13) at++;
  return at;
}
function isPlainScalar(data, from, to) {
  const length = to - from;
  if (length === 0 || length > 15) return false;
  let at = from;
  if (data[at] === 45) at++;
  if (at < to && data[at] >= 48 && data[at] <= 57) {
    if (data[at] === 48 && to - at > 1) return false;
    while (at < to && data[at] >= 48 && data[at] <= 57) at++;
    return at === to;
  }
  return false;
}
function isUtf8(bytes, from, to) {
  for (let at = from; at < to; ) {
    const byte = bytes[at++];
    if (byte < 128) continue;
    let more2 = 0;
    let low = 128;
    let high = 191;
    if (byte >= 194 && byte <= 223) more2 = 1;
    else if (byte >= 224 && byte <= 239) {
      more2 = 2;
      if (byte === 224) low = 160;
      if (byte === 237) high = 159;
    } else if (byte >= 240 && byte <= 244) {
      more2 = 3;
      if (byte === 240) low = 144;
      if (byte === 244) high = 143;
    } else return false;
    if (at + more2 > to) return false;
    if (bytes[at] < low || bytes[at] > high) return false;
    for (let n = 1; n < more2; n++) if ((bytes[at + n] & 192) !== 128) return false;
    at += more2;
  }
  return true;
}

// src/zip.ts
var MEMBERS_MAX = 512;
var MEMBER_BYTES_MAX = 4294967294;
var UNPACKED_BYTES_MAX = 16 * 1024 ** 3;
var NAME_BYTES_MAX = 64;
var LOCAL = 30;
var CENTRAL = 46;
var END = 22;
var STORED = /* @__PURE__ */ new Set(["salts.bin", "hidden.bin"]);
var NAME = /^(?:manifest\.json|data\.(?:csv|json|ndjson|parquet|xlsx|pdf)|README\.txt|verify\.html|openings\.ndjson|salts\.bin|hidden\.bin|support\.ndjson|attestation\.json|entries\.(?:0|[1-9][0-9]?)\.bin|(?:checkpoint|proof)\.(?:0|[1-9][0-9]?)|timestamp\.(?:0|[1-9][0-9]?)\.(?:[0-9]|1[0-5])\.tsr)$/;
var Archive = class _Archive {
  members = /* @__PURE__ */ new Map();
  /** SHA-256, hex, of the members read so far. */
  hashes = /* @__PURE__ */ new Map();
  /** Called with the unpacked bytes of every chunk read. */
  onBytes = () => void 0;
  source;
  platform;
  hashing;
  constructor(source, platform2) {
    this.source = source;
    this.platform = platform2;
    this.hashing = platform2.hashes === void 0;
  }
  static async open(source, platform2) {
    const archive = new _Archive(source, platform2);
    await archive.directory();
    return archive;
  }
  async directory() {
    const size2 = this.source.size;
    if (size2 < END) malformed("the bundle is no zip: too short");
    const end = await this.source.read(size2 - END, size2);
    const view = viewOf(end);
    if (view.getUint32(0, true) !== 101010256) malformed("the bundle is no zip, or something follows its end record");
    const count2 = view.getUint16(10, true);
    const length = view.getUint32(12, true);
    const start = view.getUint32(16, true);
    if (view.getUint16(4, true) !== 0 || view.getUint16(6, true) !== 0 || view.getUint16(8, true) !== count2) {
      malformed("the zip is spread over several disks");
    }
    if (view.getUint16(20, true) !== 0) malformed("the zip has a comment");
    if (count2 < 1 || count2 > MEMBERS_MAX) malformed(`the zip has ${count2} members where 1 to ${MEMBERS_MAX} are allowed`);
    if (start + length !== size2 - END) malformed("the zip's central directory does not end where its end record begins");
    if (length > count2 * (CENTRAL + NAME_BYTES_MAX)) malformed("the zip's central directory is too long");
    const directory = await this.source.read(start, start + length);
    let at = 0;
    let next = 0;
    let total = 0;
    for (let n = 0; n < count2; n++) {
      if (at + CENTRAL > length) malformed("the zip's central directory ends too early");
      const nameLength = viewOf(directory).getUint16(at + 28, true);
      if (at + CENTRAL + nameLength > length) malformed("the zip's central directory ends too early");
      const member = await this.member(directory.subarray(at, at + CENTRAL + nameLength), next, start);
      at += CENTRAL + nameLength;
      next = member.start + member.packed;
      total += member.size;
      this.members.set(member.name, member);
    }
    if (at !== length) malformed("the zip's central directory has bytes left over");
    if (next !== start) malformed("bytes lie between the zip's last member and its central directory");
    if (total > UNPACKED_BYTES_MAX) malformed(`the zip unpacks to ${total} bytes, more than ${UNPACKED_BYTES_MAX}`);
  }
  async member(record, offset, limit) {
    const view = viewOf(record);
    if (view.getUint32(0, true) !== 33639248) malformed("the zip's central directory is out of form");
    const name = asciiText(record, CENTRAL);
    if (!NAME.test(name)) malformed(`the zip has the member ${JSON.stringify(name).slice(0, 100)}, which no bundle has`);
    if (this.members.has(name)) malformed(`the zip has ${name} twice`);
    const method = view.getUint16(10, true);
    const packed = view.getUint32(20, true);
    const size2 = view.getUint32(24, true);
    if (view.getUint16(4, true) !== 20 || view.getUint16(6, true) !== 20) malformed(`${name} needs another version of zip`);
    if (view.getUint16(8, true) !== 0) malformed(`${name} has flags: encryption, a data descriptor or others`);
    if (method !== 0 && method !== 8) malformed(`${name} is packed by method ${method}`);
    if (method !== 0 && STORED.has(name)) malformed(`${name} must be stored, not packed`);
    if (view.getUint16(12, true) !== 0 || view.getUint16(14, true) !== 33) malformed(`${name} has a time of its own`);
    if (view.getUint16(30, true) !== 0 || view.getUint16(32, true) !== 0) malformed(`${name} has extra fields or a comment`);
    if (view.getUint16(34, true) !== 0 || view.getUint16(36, true) !== 0 || view.getUint32(38, true) !== 0) {
      malformed(`${name} has attributes or lies on another disk`);
    }
    if (packed > MEMBER_BYTES_MAX || size2 > MEMBER_BYTES_MAX) malformed(`${name} has more than ${MEMBER_BYTES_MAX} bytes`);
    if (method === 0 && packed !== size2) malformed(`${name} is stored and declares two sizes`);
    if (view.getUint32(42, true) !== offset) malformed(`${name} does not begin where the member before it ends`);
    const start = offset + LOCAL + name.length;
    if (start + packed > limit) malformed(`${name} reaches into the central directory`);
    const local = await this.source.read(offset, start);
    const head = viewOf(local);
    if (head.getUint32(0, true) !== 67324752) malformed(`${name} has no local header`);
    for (let i = 0; i < 26; i++) if (local[4 + i] !== record[6 + i]) malformed(`${name}: local and central header differ`);
    if (asciiText(local, LOCAL) !== name) malformed(`${name}: local and central header differ in the name`);
    return { name, method, crc: view.getUint32(16, true), packed, size: size2, start };
  }
  /** The unpacked bytes of a member, once: size, CRC and the end of the deflate stream are checked on the way. */
  async *chunks(name) {
    const member = this.members.get(name);
    if (member === void 0) malformed(`${name} is missing`);
    const hasher = this.hashing ? newHash() : null;
    let size2 = 0;
    let crc = 0;
    for await (const chunk of this.unpacked(member)) {
      size2 += chunk.length;
      if (size2 > member.size) malformed(`${name} unpacks to more than the ${member.size} bytes it declares`);
      crc = crc32(chunk, crc);
      hasher?.update(chunk);
      this.onBytes(chunk.length);
      yield chunk;
    }
    if (size2 !== member.size) malformed(`${name} unpacks to ${size2} bytes where it declares ${member.size}`);
    if (crc !== member.crc) malformed(`${name} has another CRC than it declares`);
    if (hasher !== null) this.hashes.set(name, toHex(hasher.digest()));
  }
  async *unpacked(member) {
    const end = member.start + member.packed;
    if (member.method === 0) {
      for (let at = member.start; at < end; at += 1 << 18) yield await this.source.read(at, Math.min(at + (1 << 18), end));
      return;
    }
    try {
      yield* this.platform.inflate(this.source, member.start, end);
    } catch (error) {
      if (error instanceof SourceError) throw error;
      malformed(`${member.name} is no whole deflate stream: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  reader(name) {
    return new Reader(this.chunks(name));
  }
  /** All of a member that has at most `max` bytes. */
  async whole(name, max) {
    const member = this.members.get(name);
    if (member === void 0) malformed(`${name} is missing`);
    if (member.size > max) malformed(`${name} has ${member.size} bytes, more than ${max}`);
    const out = new Uint8Array(member.size);
    let at = 0;
    for await (const chunk of this.chunks(name)) {
      out.set(chunk, at);
      at += chunk.length;
    }
    return out;
  }
};
function viewOf(bytes) {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

// src/verify.ts
var Verification = class {
  findings = new Findings();
  facts = {};
  scratches = [];
  source;
  trust;
  platform;
  onProgress;
  step = 0;
  archive;
  manifest;
  manifestHash = "";
  checkpoints = [];
  constructor(source, trust, platform2, onProgress) {
    this.source = source;
    this.trust = trust;
    this.platform = platform2;
    this.onProgress = onProgress;
  }
  async run() {
    try {
      await this.steps();
      return this.findings.result(this.facts);
    } catch (error) {
      if (error instanceof Malformed) return this.findings.ended(this.step, error.message, this.facts);
      throw error;
    } finally {
      for (const scratch of this.scratches) scratch.close();
    }
  }
  async steps() {
    await this.container();
    const hashes = this.platform.hashes?.([...this.manifest.files.keys()]);
    hashes?.catch(() => void 0);
    this.begin(1);
    await this.signatures();
    this.begin(2);
    this.findings.doubt("TIMED", 2, "timestamps are not checked here");
    this.begin(8);
    const attestation = await this.attestation();
    const support = await this.support();
    this.begin(3);
    const logs2 = await this.logs(support, attestation);
    const erased = this.erasures(support);
    this.begin(4);
    this.gaps(logs2, support);
    this.begin(5);
    await this.rows(logs2, erased);
    this.begin(8);
    await this.rest();
    this.fileHashes(hashes === void 0 ? this.archive.hashes : await hashes);
  }
  begin(step) {
    this.step = step;
    this.findings.done(step);
  }
  // --- 0 ---
  async container() {
    this.archive = await Archive.open(this.source, this.platform);
    let done = 0;
    let all = 0;
    for (const member of this.archive.members.values()) all += member.size;
    this.archive.onBytes = (bytes2) => this.onProgress({ step: this.step, done: done += bytes2, all });
    const bytes = await this.archive.whole("manifest.json", MANIFEST_BYTES_MAX);
    this.manifestHash = toHex(hash(bytes));
    this.manifest = parseManifest(bytes);
    const manifest = this.manifest;
    const wanted = /* @__PURE__ */ new Set(["manifest.json", "attestation.json", ...manifest.files.keys()]);
    for (const { k } of manifest.logs) for (const name of ["checkpoint", "proof"]) wanted.add(`${name}.${k}`);
    for (const name of wanted) if (!this.archive.members.has(name)) malformed(`${name} is missing`);
    for (const name of this.archive.members.keys()) {
      const stamp = /^timestamp\.([0-9]+)\./.exec(name);
      if (!wanted.has(name) && (stamp === null || Number(stamp[1]) >= manifest.logs.length)) malformed(`${name} is not in the manifest`);
    }
    if (manifest.tenant !== this.trust.tenant) {
      this.findings.fail("AUTHENTIC", 0, `the bundle is of the tenant ${JSON.stringify(manifest.tenant).slice(0, 80)}, the trust file of ${JSON.stringify(this.trust.tenant).slice(0, 80)}`);
    }
    this.facts.export = manifest.exportId;
    this.facts.created = manifest.created;
    this.facts.tenant = this.trust.name;
    this.facts.rows = manifest.counts.rows;
    this.facts.evidence = manifest.evidence;
    this.facts.format = manifest.format;
    this.facts.zone = manifest.zone;
    this.facts.manifest_sha256 = this.manifestHash;
    this.findings.done(0);
  }
  // --- 1 ---
  async signatures() {
    const quorum = this.trust.quorum;
    for (const log2 of this.manifest.logs) {
      const name = `checkpoint.${log2.k}`;
      const checkpoint = parseCheckpoint(await this.archive.whole(name, CHECKPOINT_BYTES_MAX), name);
      this.checkpoints.push(checkpoint);
      this.signed(log2, checkpoint, name);
      if (quorum === null || !(log2.queried || this.manifest.evidence === "none")) continue;
      const witnesses = this.cosigned(checkpoint, name);
      if (quorum(witnesses)) this.findings.say("WITNESSED", 1, `${witnesses.size} listed witnesses cosigned the checkpoint of ${log2.stream}`);
      else this.findings.fail("WITNESSED", 1, `${witnesses.size} listed witnesses cosigned ${name}, which is not the quorum of the trust file`);
    }
    if (quorum === null) this.findings.doubt("WITNESSED", 1, "the trust file asks for no witnesses");
  }
  signed(log2, checkpoint, name) {
    const fail = (why) => this.findings.fail("AUTHENTIC", 1, why);
    if (checkpoint.origin !== log2.origin) fail(`${name} is of the log ${JSON.stringify(checkpoint.origin).slice(0, 100)}, the manifest says ${log2.origin}`);
    if (log2.size !== null && checkpoint.size !== log2.size) fail(`${name} has the size ${checkpoint.size}, the manifest says ${log2.size}`);
    const trusted = this.trust.logs.get(log2.origin);
    if (trusted === void 0) return fail(`the log ${log2.origin} is not in the trust file`);
    if (trusted.stream !== log2.stream) fail(`the log ${log2.origin} is the stream '${log2.stream}' in the manifest and '${trusted.stream}' in the trust file`);
    let good = false;
    for (const line of checkpoint.lines) {
      const keys = trusted.keys.filter(({ key }) => isBy(line, key));
      if (keys.length === 0) continue;
      if (!keys.some(({ key }) => holds(checkpoint, line, key))) fail(`a signature of ${name} by a listed key does not hold`);
      else if (!keys.some(({ from, to }) => from <= checkpoint.size && checkpoint.size <= to)) {
        fail(`a key that signed ${name} may not sign a checkpoint of size ${checkpoint.size}`);
      } else good = true;
    }
    if (!good) fail(`no key of the trust file signed ${name}`);
    else this.findings.say("AUTHENTIC", 1, `the log ${log2.stream} is signed at size ${checkpoint.size}`);
  }
  /** Listed witnesses, as `name+id`, whose cosignatures hold. */
  cosigned(checkpoint, name) {
    const good = /* @__PURE__ */ new Set();
    for (const witness of this.trust.witnesses) {
      const lines = checkpoint.lines.filter((line) => isBy(line, witness));
      if (lines.length === 0) continue;
      if (lines.every((line) => holds(checkpoint, line, witness))) good.add(`${witness.name}+${witness.id}`);
      else this.findings.fail("WITNESSED", 1, `a cosignature of ${name} by the listed witness ${witness.name} does not hold`);
    }
    return good;
  }
  // --- 8, and the events that step 3 has to find in their logs ---
  async attestation() {
    const bytes = await this.archive.whole("attestation.json", LINE_BYTES_MAX);
    const text2 = decodeText(bytes, "attestation.json");
    const json = parseJson(text2, "attestation.json");
    if (compactJson(json) !== text2) malformed("attestation.json has white space or needless escapes");
    const event = parseEvent(json, "attestation.json", this.manifest.logs.length);
    const log2 = this.manifest.logs[event.k];
    const fail = (why) => this.findings.fail("AUTHENTIC", 8, why);
    if (event.action !== "export.created" || event.outcome !== "success") fail("the attestation is not export.created with outcome success");
    if (this.trust.logs.get(log2.origin)?.stream !== "access") fail(`the attestation is in the log of '${log2.stream}', not of 'access'`);
    const silent = this.manifest.logs.find((one) => one.size === null);
    if (silent !== void 0 && silent.k !== event.k) fail(`the attestation is not in log ${silent.k}, the one without a pinned size`);
    const [id2, named] = [event.open.get("export.id"), event.open.get("export.manifest")];
    if (id2?.tag !== "s" || named?.tag !== "s") fail("the attestation does not open export.id and export.manifest");
    else {
      if (id2.value !== this.manifest.exportId) fail("the attestation is of another export");
      if (named.value !== this.manifestHash) fail("the attestation is of another manifest");
    }
    this.facts.attested = keyText(event.record, 0, "t");
    this.findings.say("AUTHENTIC", 8, `the operator attested this bundle at ${keyText(event.record, 0, "t")}`);
    return event;
  }
  async support() {
    const member = this.archive.members.get("support.ndjson");
    if (member === void 0) return [];
    if (member.size > SUPPORT_BYTES_MAX) malformed(`support.ndjson has more than ${SUPPORT_BYTES_MAX} bytes`);
    const reader = this.archive.reader("support.ndjson");
    const events = [];
    for (; ; ) {
      const end = await reader.line(LINE_BYTES_MAX, "support.ndjson");
      if (end < 0) return events;
      const what = `support.ndjson, line ${events.length + 1}`;
      if (events.length === LINES_MAX) malformed(`support.ndjson has more than ${LINES_MAX} lines`);
      events.push(parseEvent(parseJson(decodeText(reader.data.subarray(reader.pos, end), what), what), what, this.manifest.logs.length));
      reader.pos = end + 1;
    }
  }
  streamOf(k) {
    return this.trust.logs.get(this.manifest.logs[k].origin)?.stream;
  }
  // --- 3 ---
  async logs(support, attestation) {
    const found = [];
    const cache = new PageCache();
    const events = [...support, attestation, ...this.lastOfPurges(support)];
    const anchors = support.filter((event) => event.own && event.action === "log.anchored");
    for (const log2 of this.manifest.logs) {
      const size2 = log2.size ?? this.checkpoints[log2.k].size;
      const scratch = this.platform.scratch();
      this.scratches.push(scratch);
      const walk = new LogWalk(log2, size2, log2.queried ? this.manifest.query : null, this.streamOf(log2.k) === "control", scratch, cache);
      const entries = log2.ranges.length > 0 ? this.archive.reader(`entries.${log2.k}.bin`) : null;
      const here = anchors.filter((event) => event.open.get("anchor.origin")?.value === log2.origin);
      const cuts = new Set(here.map((event) => Number(event.open.get("anchor.size")?.value)));
      const result = await walk.run(entries, this.archive.reader(`proof.${log2.k}`), ordered2(events, log2.k), cuts);
      found.push(result);
      if (!equalBytes(result.root, this.checkpoints[log2.k].root)) {
        this.findings.fail("AUTHENTIC", 3, `entries and proof.${log2.k} do not give the signed root of log ${log2.k} at size ${size2}`);
      }
      for (const event of here) {
        const at = Number(event.open.get("anchor.size")?.value);
        const root = at === size2 ? result.root : result.cutRoots.get(at);
        if (root !== void 0 && toHex(root) !== event.open.get("anchor.root")?.value) this.findings.fail("AUTHENTIC", 3, `the anchor at index ${event.index} names another root of ${log2.stream} at size ${at}`);
      }
      if (result.backwards >= 0) this.findings.fail("COMPLETE", 4, `t of entry ${result.backwards} lies before that of an entry before it, in ${log2.stream}`);
    }
    return found;
  }
  /** The last purged entries, in the logs that are here. */
  lastOfPurges(support) {
    return support.filter((event) => event.own && event.action === "log.purged").flatMap((event) => {
      const logs2 = this.manifest.logs.filter((log3) => log3.origin === event.open.get("purge.origin")?.value);
      const log2 = logs2.find((one) => one.size !== null) ?? logs2[0];
      return log2 === void 0 ? [] : [lastPurged(event, log2.k)];
    });
  }
  /** Own events stand on control; erasures among them say which fields are erased. */
  erasures(support) {
    const erased = /* @__PURE__ */ new Set();
    for (const event of support) {
      if (event.own && this.streamOf(event.k) !== "control") {
        this.findings.fail("AUTHENTIC", 8, `${event.action} at index ${event.index} is in the log of '${this.streamOf(event.k) ?? "no trusted log"}', not of 'control'`);
      }
      for (const key of event.erased) erased.add(key);
    }
    return erased;
  }
  // --- 4, 6 ---
  window(log2, found) {
    const fail = (why) => this.findings.fail("COMPLETE", 4, `${log2.stream}: ${why}`);
    const size2 = log2.size;
    if (size2 === 0) return [];
    const range = log2.ranges.at(-1);
    if (range === void 0) {
      fail("0 ranges, and the window needs one");
      return [];
    }
    const [b, e] = range;
    const [first, last] = [found.first, found.last];
    const bounds = this.manifest.query.bounds.map((bound2) => ({ ...bound2, bytes: ascii(bound2.time) }));
    const upper = bounds.filter(({ op, path }) => path === "t" && (op === "lt" || op === "le"));
    const ends = e === size2 || upper.some(({ op, bytes }) => op === "lt" ? compareTimes(last, T, bytes, 0) >= 0 : compareTimes(last, T, bytes, 0) > 0);
    if (!ends) fail(`the window ends before index ${e}, and entries from there on may be in the query`);
    this.findings.say("COMPLETE", 4, `the scope of ${log2.stream} ends at ${keyText(last, 0, "t")}`);
    const lower = bounds.filter(({ op }) => op === "ge" || op === "gt");
    const early = lower.some(({ path, bytes }) => path === "at" ? isBeforeBy(first, T, bytes, 0, CLOCK_SKEW_S) : compareTimes(first, T, bytes, 0) < 0);
    if (log2.ranges.length === 1 && b === 0 || early) return [];
    return [{ origin: log2.origin, stream: log2.stream, end: b, kept: log2.ranges.slice(0, -1) }];
  }
  gaps(logs2, support) {
    const { manifest, findings } = this;
    const gaps = manifest.evidence === "full" ? manifest.logs.filter((log2) => log2.queried).flatMap((log2) => this.window(log2, logs2[log2.k])) : [];
    this.begin(6);
    const missing = gaps.reduce((sum, gap) => sum + gap.end - count(gap.kept), 0);
    if (manifest.counts.purged !== missing) findings.fail("COMPLETE", 6, `the manifest counts ${manifest.counts.purged} purged entries, and ${missing} are missing`);
    if (gaps.length === 0) return;
    const whole2 = this.controlIsWhole(logs2);
    const events = support.filter((event) => event.own && GAP_ACTIONS.has(event.action) && this.streamOf(event.k) === "control").sort(inOrder);
    for (const gap of gaps) {
      const why = whole2 ?? unlawful(gap, events);
      if (why !== null) findings.fail("COMPLETE", 6, `${gap.stream}: the window begins at index ${gap.end}, entries before it may be in the query, and the gap is not lawful: ${why}`);
      else findings.say("COMPLETE", 6, `${gap.stream}: ${gap.end - count(gap.kept)} entries before index ${gap.end} were purged by policy`);
    }
    const secret = events.filter((event) => event.open.get("hold.scope")?.value === "private").length;
    if (secret > 0) findings.say("COMPLETE", 6, `${secret} holds of private scope are the operator's statement`);
    findings.doubt("TIMED", 6, "purges are dated by the operator's clock");
  }
  /** Why a control log is not bundled whole; null where each is. */
  controlIsWhole(logs2) {
    for (const trusted of this.trust.logs.values()) {
      if (trusted.stream !== "control") continue;
      const log2 = this.manifest.logs.find((one) => one.origin === trusted.origin && one.size !== null);
      if (log2 === void 0) return `the control log ${trusted.origin} is not here`;
      const all = log2.size === 0 ? log2.ranges.length === 0 : log2.ranges.length === 1 && log2.ranges[0][0] === 0 && log2.ranges[0][1] === log2.size;
      if (!all) return `the control log ${trusted.origin} is not here whole`;
      if (logs2[log2.k].unsupported >= 0) return `entry ${logs2[log2.k].unsupported} of the control log is no supporting event`;
    }
    return null;
  }
  // --- 4, 5, 7: rows ---
  async rows(logs2, erased) {
    const { manifest, findings, archive } = this;
    const asked = new Set(manifest.logs.filter((log2) => log2.queried).map((log2) => log2.stream));
    const others = [...this.trust.logs.values()].map((log2) => log2.stream).filter((stream) => !asked.has(stream));
    if (others.length > 0) findings.say("COMPLETE", 4, `not asked: ${others.join(", ")}`);
    if (manifest.evidence === "none") {
      findings.doubt("COMPLETE", 4, "the bundle holds no entries");
      findings.doubt("VIEW MATCHES", 7, "the bundle holds no entries");
      return;
    }
    const data = archive.reader(manifest.data);
    const files2 = { openings: archive.reader("openings.ndjson"), salts: archive.reader("salts.bin"), hidden: archive.reader("hidden.bin"), data };
    const tables = manifest.logs.map((log2) => log2.queried ? logs2[log2.k].table : null);
    const rows = new Rows(manifest, tables, erased, files2);
    await rows.run();
    await data.drain();
    this.complete(rows, logs2);
    const found = rows.found;
    if (found.notCommitted !== null) {
      const { row, index, count: count2 } = found.notCommitted;
      findings.fail("AUTHENTIC", 5, `row ${row}: its fields do not give the commitment of entry ${index}${more(count2)}`);
    }
    if (found.erasure !== null) findings.fail("AUTHENTIC", 5, found.erasure);
    this.view(rows);
  }
  complete(rows, logs2) {
    const { manifest, findings } = this;
    const found = rows.found;
    if (found.untrue !== null) findings.fail("COMPLETE", 4, `row ${found.untrue.row} (entry ${found.untrue.index}) is not in the query${more(found.untrue.count)}`);
    let unknown = found.unknown;
    for (const log2 of manifest.logs) {
      if (!log2.queried) continue;
      const missing = logs2[log2.k].table.withState(1);
      if (missing.count > 0) findings.fail("COMPLETE", 4, `${missing.count} ${missing.count === 1 ? "entry is" : "entries are"} in the query and not exported, the first at index ${missing.first} of ${log2.stream}`);
      unknown += logs2[log2.k].table.withState(UNKNOWN).count;
    }
    if (unknown > 0) findings.doubt("COMPLETE", 4, `of ${unknown} entries the shown fields do not say whether they are in the query`);
    if (manifest.evidence === "rows") findings.doubt("COMPLETE", 4, "the bundle holds the entries of the exported rows only");
    if (manifest.counts.truncated) findings.doubt("COMPLETE", 4, "the export was cut off");
    if (!findings.failedAny("COMPLETE") && manifest.evidence === "full") findings.say("COMPLETE", 4, "every entry of the window is here, and each that the query asks for was exported");
  }
  view(rows) {
    const { manifest, findings } = this;
    const found = rows.found;
    if (!["csv", "json", "ndjson"].includes(manifest.format)) {
      findings.doubt("VIEW MATCHES", 7, `${manifest.data} is not checked here: this verifier checks CSV, JSON and NDJSON`);
      return;
    }
    if (found.view !== null) {
      findings.fail("VIEW MATCHES", 7, found.view);
      return;
    }
    const { counts: counts2 } = manifest;
    if (counts2.rows !== found.rows) findings.fail("VIEW MATCHES", 7, `the manifest counts ${counts2.rows} rows, the file has ${found.rows}`);
    if (counts2.masked < found.shown || counts2.masked > found.parsed) {
      findings.fail("VIEW MATCHES", 7, `the manifest counts ${counts2.masked} masked cells, the file has ${found.shown} to ${found.parsed}`);
    }
    if (counts2.erased !== found.erased) findings.fail("VIEW MATCHES", 7, `the manifest counts ${counts2.erased} erased cells, the file has ${found.erased}`);
    findings.say("VIEW MATCHES", 7, "the data file follows from the evidence");
    if (counts2.masked > 0) findings.say("VIEW MATCHES", 7, `${counts2.masked} masked cells are the operator's statement`);
    if (counts2.erased > 0) findings.say("VIEW MATCHES", 7, `${counts2.erased} cells are erased`);
  }
  // --- 8 ---
  /** Members that nothing else has read. */
  async rest() {
    const read = ["README.txt", "verify.html", ...[...this.archive.members.keys()].filter((name) => name.startsWith("timestamp."))];
    if (this.manifest.evidence === "none") read.push(this.manifest.data);
    for (const name of read) if (this.archive.members.has(name)) await new Reader(this.archive.chunks(name)).drain();
  }
  fileHashes(hashes) {
    for (const [name, digest] of this.manifest.files) {
      if (hashes.get(name) !== digest) this.findings.fail("AUTHENTIC", 8, `${name} is not the file that the manifest names`);
    }
    const page = this.manifest.files.get("verify.html");
    if (page !== void 0) this.facts.bundled_page_is_released = this.trust.pages.includes(page);
  }
};
function more(count2) {
  return count2 > 1 ? `, and ${count2 - 1} more` : "";
}
function ordered2(events, k) {
  const own = events.filter((event) => event.k === k).sort((a, b) => a.index - b.index);
  const out = [];
  for (const event of own) {
    const last = out.at(-1);
    if (last === void 0 || last.index !== event.index) out.push(event);
    else if (!equalBytes(last.leaf, event.leaf)) malformed(`two logged events of log ${k} have the index ${event.index}`);
  }
  return out;
}
async function verifyBundle(source, trust, platform2, onProgress = () => void 0) {
  return new Verification(source, trust, platform2, onProgress).run();
}

// src/node.ts
var PACKED_CHUNK = 32 * 1024;
var EXIT_FAILED = 8;
var EXIT_USAGE = 2;
var FileSource = class {
  size;
  fd;
  constructor(path) {
    this.fd = openSync(path, "r");
    this.size = fstatSync(this.fd).size;
  }
  async read(from, to) {
    const out = new Uint8Array(to - from);
    let at = 0;
    while (at < out.length) {
      const read = readSync(this.fd, out, at, out.length - at, from + at);
      if (read === 0) throw new SourceError("The bundle became shorter while it was read.");
      at += read;
    }
    return out;
  }
  close() {
    closeSync(this.fd);
  }
};
async function* slices(source, from, to) {
  for (let at = from; at < to; at += PACKED_CHUNK) yield source.read(at, Math.min(at + PACKED_CHUNK, to));
}
var FileScratch = class {
  held = [];
  fd = -1;
  count = 0;
  bytes = 0;
  append(page) {
    if (this.fd < 0 && this.held.length < 64) {
      this.held.push(page);
      this.count++;
      return;
    }
    if (this.fd < 0) {
      const folder = mkdtempSync(join(tmpdir(), "verify-"));
      this.fd = openSync(join(folder, "entries"), "wx+", 384);
      rmSync(folder, { recursive: true });
    }
    this.bytes = page.length;
    writeSync(this.fd, page, 0, page.length, (this.count++ - this.held.length) * page.length);
  }
  async page(n) {
    if (n < this.held.length) return this.held[n];
    const out = new Uint8Array(this.bytes);
    readSync(this.fd, out, 0, out.length, (n - this.held.length) * this.bytes);
    return out;
  }
  close() {
    if (this.fd >= 0) closeSync(this.fd);
    this.fd = -1;
  }
};
var platform = {
  async *inflate(source, from, to) {
    const inflate = createInflateRaw({ chunkSize: 64 * 1024 });
    const input = Readable.from(slices(source, from, to), { objectMode: true, highWaterMark: 1 });
    input.on("error", (error) => inflate.destroy(error));
    input.pipe(inflate);
    try {
      for await (const chunk of inflate) yield chunk;
    } finally {
      input.destroy();
      inflate.destroy();
    }
    if (inflate.bytesWritten !== to - from) throw new Error("bytes follow the end of the stream");
  },
  scratch: () => new FileScratch()
};
function readTrust(path) {
  const fd = openSync(path, "r");
  const tooLong = fstatSync(fd).size > TRUST_BYTES_MAX;
  closeSync(fd);
  if (tooLong) throw new TrustRefused(`The trust file has more than ${TRUST_BYTES_MAX} bytes.`);
  return parseTrust(readFileSync(path));
}
async function verifyFiles(bundle, trust) {
  const trusted = readTrust(trust);
  const source = new FileSource(bundle);
  try {
    return await verifyBundle(source, trusted, platform);
  } finally {
    source.close();
  }
}
var USAGE = `Usage: node verify.mjs BUNDLE --trust FILE [--json]
       node verify.mjs --batch < LINES       each line: BUNDLE TAB TRUST; one JSON object a line is printed

Checks a bundle offline. Ends with 0 where nothing FAILs, with ${EXIT_FAILED} where something does, with ${EXIT_USAGE} where it
could not begin: no such file, or a trust file that is not in form. The trust file never comes from the bundle.
`;
async function batch() {
  let code = 0;
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
    const [bundle, trust] = line.split("	");
    let answer;
    try {
      const result = await verifyFiles(bundle, trust);
      if (failed(result)) code = EXIT_FAILED;
      answer = result;
    } catch (error) {
      code = EXIT_FAILED;
      answer = { refused: error instanceof TrustRefused, error: error instanceof Error ? error.message : String(error) };
    }
    process.stdout.write(`${JSON.stringify(answer)}
`);
  }
  return code;
}
function words(result) {
  const verdicts = NAMES.map((name) => `${name.padEnd(13)} ${result.verdicts[name].status.padEnd(11)} ${result.verdicts[name].reason}`);
  const steps = result.steps.map((step) => `${step.number}. ${step.title}: ${step.status}${step.notes.map((note) => `
     ${note}`).join("")}`);
  return `${verdicts.join("\n")}

${steps.join("\n")}
`;
}
async function main(args) {
  if (args.length === 1 && args[0] === "--batch") return batch();
  const json = args.includes("--json");
  const rest = args.filter((arg) => arg !== "--json");
  const at = rest.indexOf("--trust");
  if (rest.length !== 3 || at < 0 || at === 2) {
    process.stderr.write(USAGE);
    return EXIT_USAGE;
  }
  const trust = rest[at + 1];
  const [bundle] = rest.filter((_, n) => n !== at && n !== at + 1);
  try {
    const result = await verifyFiles(bundle, trust);
    process.stdout.write(json ? `${JSON.stringify(result)}
` : words(result));
    return failed(result) ? EXIT_FAILED : 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}
`);
    return EXIT_USAGE;
  }
}
process.exitCode = await main(process.argv.slice(2));
