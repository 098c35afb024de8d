/** Times of the log's form, as bytes and as cells in a zone's offset. */

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
/** 27 bytes of a time with every digit 0. */
const FORM = "0000-00-00T00:00:00.000000Z";
const FORM_BYTES = Uint8Array.from(FORM, (c) => c.charCodeAt(0));
export const TIME_BYTES = 27;

function two(bytes: Uint8Array, at: number): number {
  return (bytes[at] - 48) * 10 + bytes[at + 1] - 48;
}

function four(bytes: Uint8Array, at: number): number {
  return two(bytes, at) * 100 + two(bytes, at + 2);
}

export function monthDays(year: number, month: number): number {
  return month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : DAYS[month - 1];
}

/** Whether 27 bytes are a time: a real date of 1970 to 9999, no second 60. */
export function isTimeAt(bytes: Uint8Array, at: number): boolean {
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

export function isTime(text: unknown): text is string {
  if (typeof text !== "string" || text.length !== TIME_BYTES) return false;
  // biome-ignore lint: control characters included on purpose
  return /^[\u0000-\u007f]*$/.test(text) && isTimeAt(Uint8Array.from(text, (c) => c.charCodeAt(0)), 0);
}

/** Days from 1970-01-01 of a civil date (Howard Hinnant's algorithm). */
export function daysOf(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  return era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468;
}

/** Whole minutes since 1970 of the time at these bytes. */
export function minutesAt(bytes: Uint8Array, at: number): number {
  const days = daysOf(four(bytes, at), two(bytes, at + 5), two(bytes, at + 8));
  return days * 1440 + two(bytes, at + 11) * 60 + two(bytes, at + 14);
}

export function secondsAt(bytes: Uint8Array, at: number): number {
  return minutesAt(bytes, at) * 60 + two(bytes, at + 17);
}

/** Order of two times at these bytes: as long as years have four digits, that of the text. */
export function compareTimes(a: Uint8Array, at: number, b: Uint8Array, bt: number): number {
  for (let i = 0; i < TIME_BYTES; i++) {
    const by = a[at + i] - b[bt + i];
    if (by !== 0) return by;
  }
  return 0;
}

/** Whether the time at `a` lies more than `seconds` before the one at `b`. */
export function isBeforeBy(a: Uint8Array, at: number, b: Uint8Array, bt: number, seconds: number): boolean {
  const by = secondsAt(a, at) + seconds - secondsAt(b, bt);
  if (by !== 0) return by < 0;
  for (let i = 20; i < 26; i++) if (a[at + i] !== b[bt + i]) return a[at + i] < b[bt + i];
  return false;
}

export interface Transition {
  at: Uint8Array;
  offset: number;
}

function put(out: Uint8Array, at: number, value: number, digits: number): void {
  for (let i = digits - 1; i >= 0; i--) {
    out[at + i] = 48 + (value % 10);
    value = Math.floor(value / 10);
  }
}

/** Writes times in a zone. Remembers the transition in force: rows come nearly in order. */
export class ZoneWriter {
  private readonly transitions: readonly Transition[];
  private current = 0;

  constructor(transitions: readonly Transition[]) {
    this.transitions = transitions;
  }

  /** Bytes of the cell of the time at `bytes[at]`, written to `out` from `to`; gives their end. At most 32 bytes. */
  write(bytes: Uint8Array, at: number, out: Uint8Array, to: number): number {
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
      const z = days + 719_468;
      const era = Math.floor(z / 146_097);
      const dayOfEra = z - era * 146_097;
      const yearOfEra = Math.floor(
        (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
      );
      const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
      const shifted = Math.floor((5 * dayOfYear + 2) / 153);
      const month = shifted < 10 ? shifted + 3 : shifted - 9;
      const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
      if (year > 9999) {
        offset = 0; // Beyond the year 9999 in that offset: in UTC.
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
      out[end++] = 90; // Z
      return end;
    }
    out[end] = offset < 0 ? 45 : 43;
    const size = Math.abs(offset);
    put(out, end + 1, Math.floor(size / 60), 2);
    out[end + 3] = 58;
    put(out, end + 4, size % 60, 2);
    return end + 6;
  }
}
