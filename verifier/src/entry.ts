/** Entries: their one form, and the records of fixed size that a verifier looks them up in. */
import { ascii, asciiText, malformed, URL_DIGIT } from "./bytes.ts";
import { isBeforeBy, isTimeAt, TIME_BYTES } from "./time.ts";

export const ENTRY_BYTES_MAX = 512;
export const ACTION_BYTES_MAX = 128;
export const CLOCK_SKEW_S = 300;
export const OUTCOMES = ["success", "failure", "denied", "unknown"];

/** Offsets in a record: at, t, c, outcome, length of action, action. */
export const AT = 0;
export const T = 27;
export const C = 54;
const OUTCOME = 86;
const ACTION_LENGTH = 87;
const ACTION = 88;
export const RECORD_BYTES = ACTION + ACTION_BYTES_MAX;

const HEAD = ascii('{"action":"');
const BEFORE_AT = ascii('","at":"');
const BEFORE_C = ascii('","c":"');
const BEFORE_OUTCOME = ascii('","outcome":"');
const BEFORE_T = ascii('","t":"');
const TAIL = ascii('","v":1}');
const OUTCOME_BYTES = OUTCOMES.map(ascii);

function expect(bytes: Uint8Array, at: number, what: Uint8Array): number {
  for (let i = 0; i < what.length; i++) if (bytes[at + i] !== what[i]) bad("is not in form");
  return at + what.length;
}

let current = "";
function bad(why: string): never {
  malformed(`${current} ${why}`);
}

function isActionByte(byte: number): boolean {
  return (byte >= 97 && byte <= 122) || (byte >= 48 && byte <= 57) || byte === 95 || byte === 45;
}

/** Parse exactly the bytes [from, to) into the record at `out[start]`. `what` names the entry in errors. */
export function parseEntry(bytes: Uint8Array, from: number, to: number, out: Uint8Array, start: number, what: string): void {
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
  const outcome = OUTCOME_BYTES.findIndex((text) => bytes[at + text.length] === 34 && text.every((byte, i) => bytes[at + i] === byte));
  if (outcome < 0) bad("has an outcome out of form");
  out[start + OUTCOME] = outcome;
  at = time(bytes, expect(bytes, at + OUTCOME_BYTES[outcome].length, BEFORE_T), out, start + T);
  if (expect(bytes, at, TAIL) !== to) bad("is not in form");
  if (isBeforeBy(out, start + T, out, start + AT, CLOCK_SKEW_S)) bad(`is reported more than ${CLOCK_SKEW_S} s before it happened`);
}

function time(bytes: Uint8Array, at: number, out: Uint8Array, to: number): number {
  if (!isTimeAt(bytes, at)) bad("has a time out of form");
  for (let i = 0; i < TIME_BYTES; i++) out[to + i] = bytes[at + i];
  return at + TIME_BYTES;
}

/** 43 base64url characters: 32 bytes, the two spare bits zero. */
function commitment(bytes: Uint8Array, at: number, out: Uint8Array, to: number): number {
  let bits = 0;
  let held = 0;
  for (let i = 0; i < 43; i++) {
    const digit = URL_DIGIT[bytes[at + i]];
    if (digit > 63) bad("has a commitment that is no base64url");
    bits = ((bits << 6) | digit) & 0xfff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      out[to++] = (bits >> held) & 0xff;
    }
  }
  if ((bits & 3) !== 0) bad("has a commitment that is no base64url: spare bits");
  return at + 43;
}

/** Text of a public key in the record at `record[start]`. */
export function keyText(record: Uint8Array, start: number, path: string): string {
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

export function actionRange(record: Uint8Array, start: number): [number, number] {
  return [start + ACTION, start + ACTION + record[start + ACTION_LENGTH]];
}

export function outcomeBytes(record: Uint8Array, start: number): Uint8Array {
  return OUTCOME_BYTES[record[start + OUTCOME]];
}
