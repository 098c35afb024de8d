/** Bytes and text: strict UTF-8, hex and base64, and the one error for whatever is not in form. */

/** Something is not in the form that docs/format.md gives it. Ends a verification. */
export class Malformed extends Error {}

export function malformed(message: string): never {
  throw new Malformed(message);
}

export type Bytes = Uint8Array<ArrayBuffer>;

const fatal = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** Text of UTF-8 bytes. Bytes that are not UTF-8, or a byte order mark in front, are malformed. */
export function decodeText(bytes: Uint8Array, what: string): string {
  let text: string;
  try {
    text = fatal.decode(bytes);
  } catch {
    malformed(`${what} is not UTF-8`);
  }
  if (text.charCodeAt(0) === 0xfeff) malformed(`${what} begins with a byte order mark`);
  return text;
}

/** Text of UTF-8 bytes that may begin with U+FEFF, as a value may; null where they are not UTF-8. */
export function valueText(bytes: Uint8Array): string | null {
  try {
    return fatal.decode(bytes);
  } catch {
    return null;
  }
}

export function utf8(text: string): Bytes {
  return encoder.encode(text) as Bytes;
}

/** Bytes of a text of ASCII (or Latin-1) characters. */
export function ascii(text: string): Bytes {
  const out = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) out[i] = text.charCodeAt(i);
  return out;
}

export function asciiText(bytes: Uint8Array, from = 0, to = bytes.length): string {
  let text = "";
  for (let i = from; i < to; i++) text += String.fromCharCode(bytes[i]);
  return text;
}

const DIGITS = "0123456789abcdef";
const HEX = Array.from({ length: 256 }, (_, n) => DIGITS[n >> 4] + DIGITS[n & 15]);

export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += HEX[byte];
  return text;
}

export function isHex(text: unknown, bytes: number): text is string {
  return typeof text === "string" && text.length === 2 * bytes && /^[0-9a-f]*$/.test(text);
}

/** Bytes of lower-case hex of exactly this length. */
export function fromHex(text: unknown, bytes: number, what: string): Bytes {
  if (!isHex(text, bytes)) malformed(`${what} is not ${2 * bytes} lower-case hex digits`);
  const out = new Uint8Array(bytes);
  for (let i = 0; i < bytes; i++) out[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return out;
}

const STANDARD = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Bytes of standard base64 with its padding and without spare bits; null for anything else. */
export function fromBase64(text: string): Bytes | null {
  if (text.length % 4 !== 0) return null;
  const body = text.replace(/={1,2}$/, "");
  const out = new Uint8Array(Math.floor((body.length * 3) / 4));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const char of body) {
    const value = STANDARD.indexOf(char);
    if (value < 0) return null;
    bits = (bits << 6) | value;
    held += 6;
    if (held >= 8) {
      held -= 8;
      out[at++] = (bits >> held) & 0xff;
      bits &= (1 << held) - 1;
    }
  }
  return held < 6 && bits === 0 ? out : null;
}

/** Value of each byte as a base64url digit, 255 where it is none. */
export const URL_DIGIT = new Uint8Array(256).fill(255);
for (let n = 0; n < 64; n++) URL_DIGIT[(STANDARD.slice(0, 62) + "-_").charCodeAt(n)] = n;

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

export function joined(...parts: Uint8Array[]): Bytes {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Order of two texts by their UTF-8 bytes, which is that of their code points. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    const xs = x >= 0xd800 && x <= 0xdfff;
    const ys = y >= 0xd800 && y <= 0xdfff;
    return xs === ys ? x - y : xs ? 1 : -1;
  }
  return a.length - b.length;
}
