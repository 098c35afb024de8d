/** C2SP signed notes, checkpoints, verifier keys and cosignatures. */
import { ascii, decodeText, equalBytes, fromBase64, joined, malformed, toHex, utf8 } from "./bytes.ts";
import { hash, isGoodKey, verifySignature } from "./hash.ts";

export const CHECKPOINT_BYTES_MAX = 1_000_000;
const LOG_KEY = 1;
const WITNESS_KEY = 4;

export interface VerifierKey {
  name: string;
  /** First four bytes of the key's hash, hex. */
  id: string;
  key: Uint8Array;
  cosigns: boolean;
}

export interface SignatureLine {
  name: string;
  id: string;
  signature: Uint8Array;
}

export interface Note {
  /** The signed text, its last LF included. */
  text: string;
  lines: SignatureLine[];
}

export interface Checkpoint extends Note {
  origin: string;
  size: number;
  root: Uint8Array;
}

// biome-ignore lint: control characters are what is looked for
const CONTROL = /[\u0000-\u0009\u000b-\u001f]/;
const BAD_NAME = /[\s\u0085+]/u;

/** A key `name+id+base64(type ‖ key)` of type 0x01 (a log's) or 0x04 (a witness's); an Error says what is wrong. */
export function parseKey(text: string): VerifierKey {
  const found = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/u.exec(text);
  const raw = found === null ? null : fromBase64(found[3]);
  if (found === null || raw === null || raw.length !== 33) malformed(`${quoted(text)} is no verifier key`);
  const [, name, id] = found;
  if (BAD_NAME.test(name)) malformed(`${quoted(text)} is no verifier key: its name has a space`);
  if (raw[0] !== LOG_KEY && raw[0] !== WITNESS_KEY) malformed(`${quoted(text)} is a key of type ${raw[0]}`);
  if (toHex(hash(joined(utf8(`${name}\n`), raw)).subarray(0, 4)) !== id) malformed(`${quoted(text)}: id and key differ`);
  const key = raw.slice(1);
  if (!isGoodKey(key)) malformed(`${quoted(text)} is a public key of small order or not in canonical form`);
  return { name, id, key, cosigns: raw[0] === WITNESS_KEY };
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}

export function parseNote(bytes: Uint8Array, what: string): Note {
  const whole = decodeText(bytes, what);
  const split = whole.lastIndexOf("\n\n");
  if (split < 0 || !whole.endsWith("\n")) malformed(`${what} is no signed note`);
  if (CONTROL.test(whole)) malformed(`${what} has control characters`);
  const signatures = whole.slice(split + 2);
  if (signatures === "") malformed(`${what} has no signature`);
  const lines = signatures.slice(0, -1).split("\n").map((line) => {
    const found = /^— ([^ ]+) ([A-Za-z0-9+/]+=*)$/u.exec(line);
    const raw = found === null ? null : fromBase64(found[2]);
    if (found === null || raw === null || raw.length < 5 || BAD_NAME.test(found[1])) malformed(`${what} has a signature line out of form`);
    return { name: found[1], id: toHex(raw.subarray(0, 4)), signature: raw.slice(4) };
  });
  return { text: whole.slice(0, split + 1), lines };
}

export function parseCheckpoint(bytes: Uint8Array, what: string): Checkpoint {
  const note = parseNote(bytes, what);
  const { origin, size, root } = parseCheckpointText(note.text, what);
  return { ...note, origin, size, root };
}

export function parseCheckpointText(text: string, what: string): { origin: string; size: number; root: Uint8Array } {
  const [origin, size, root, ...rest] = text.split("\n");
  const bytes = fromBase64(root ?? "");
  if (rest.pop() !== "" || origin === "" || rest.includes("") || !/^(0|[1-9][0-9]{0,15})$/.test(size) || bytes?.length !== 32) {
    malformed(`${what} is no checkpoint: origin, size and root are not in form`);
  }
  const leaves = Number(size);
  if (!Number.isSafeInteger(leaves)) malformed(`${what}: size ${size} is above 2^53-1`);
  if (leaves === 0 && !equalBytes(bytes, hash(new Uint8Array(0)))) malformed(`${what}: the root of no leaves is another`);
  return { origin, size: leaves, root: bytes };
}

/** Whether this line of a note is a signature, or cosignature, by this key. */
export function holds(note: Note, line: SignatureLine, key: VerifierKey): boolean {
  if (!key.cosigns) return verifySignature(line.signature, utf8(note.text), key.key);
  if (line.signature.length !== 72) return false;
  let time = 0n;
  for (const byte of line.signature.subarray(0, 8)) time = (time << 8n) | BigInt(byte);
  const message = joined(ascii(`cosignature/v1\ntime ${time}\n`), utf8(note.text));
  return verifySignature(line.signature.slice(8), message, key.key);
}

export function isBy(line: SignatureLine, key: VerifierKey): boolean {
  return line.name === key.name && line.id === key.id;
}
