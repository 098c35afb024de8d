/** SHA-256 without an allocation a call, CRC-32, and Ed25519 as the format wants it. */
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { joined, type Bytes } from "./bytes.ts";

type Hasher = ReturnType<typeof sha256.create>;
const fresh: Hasher = sha256.create();
const work: Hasher = sha256.create();

export function newHash(): Hasher {
  return sha256.create();
}

export function hash(bytes: Uint8Array): Bytes {
  return sha256(bytes) as Bytes;
}

/** SHA-256 of `data[from..to)` into `out` at `at`. */
export function hashInto(data: Uint8Array, from: number, to: number, out: Uint8Array, at: number): void {
  fresh._cloneInto(work);
  work.update(data.subarray(from, to));
  work.digestInto(out.subarray(at, at + 32));
}

const leafBuffer = new Uint8Array(1 + 65_536);

/** RFC 6962 leaf hash of an entry. */
export function leafHash(entry: Uint8Array): Bytes {
  leafBuffer[0] = 0;
  leafBuffer.set(entry, 1);
  const out = new Uint8Array(32);
  hashInto(leafBuffer, 0, entry.length + 1, out, 0);
  return out;
}

const nodeBuffer = new Uint8Array(65);
nodeBuffer[0] = 1;

export function nodeHash(left: Uint8Array, right: Uint8Array): Bytes {
  nodeBuffer.set(left, 1);
  nodeBuffer.set(right, 33);
  const out = new Uint8Array(32);
  hashInto(nodeBuffer, 0, 65, out, 0);
  return out;
}

const TABLES = (() => {
  const tables = Array.from({ length: 8 }, () => new Uint32Array(256));
  for (let n = 0; n < 256; n++) {
    let c = n;
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
    tables[0][n] = c >>> 0;
  }
  for (let n = 0; n < 256; n++) {
    for (let t = 1; t < 8; t++) tables[t][n] = (tables[t - 1][n] >>> 8) ^ tables[0][tables[t - 1][n] & 0xff];
  }
  return tables;
})();
const [T0, T1, T2, T3, T4, T5, T6, T7] = TABLES;

/** CRC-32 of what came before and these bytes; begin with 0. */
export function crc32(bytes: Uint8Array, before = 0): number {
  let c = ~before;
  let i = 0;
  for (const end = bytes.length - 7; i < end; i += 8) {
    c ^= bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    c =
      T7[c & 0xff] ^ T6[(c >>> 8) & 0xff] ^ T5[(c >>> 16) & 0xff] ^ T4[c >>> 24] ^
      T3[bytes[i + 4]] ^ T2[bytes[i + 5]] ^ T1[bytes[i + 6]] ^ T0[bytes[i + 7]];
  }
  for (; i < bytes.length; i++) c = (c >>> 8) ^ T0[(c ^ bytes[i]) & 0xff];
  return ~c >>> 0;
}

const Point = ed25519.Point;
const ORDER = Point.Fn.ORDER;

/** Whether 32 bytes are a public key in canonical form and not of small order. */
export function isGoodKey(key: Uint8Array): boolean {
  try {
    return !Point.fromBytes(key, false).isSmallOrder();
  } catch {
    return false;
  }
}

function little(bytes: Uint8Array): bigint {
  let n = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) n = (n << 8n) | BigInt(bytes[i]);
  return n;
}

/**
 * Ed25519 by RFC 8032, strict: canonical key, S below the order, and the equation without the cofactor (which accepts a
 * part of what the one with it accepts, and is what OpenSSL checks).
 */
export function verifySignature(signature: Uint8Array, message: Uint8Array, key: Uint8Array): boolean {
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
