const UNITS = ["KB", "MB", "GB", "TB"] as const;
const STEP = 1000;

/** "412 bytes", "2.1 MB". Decimal units, as a file manager shows them. */
export function bytesInWords(bytes: number): string {
  if (bytes < STEP) return bytes === 1 ? "1 byte" : `${bytes} bytes`;
  let value = bytes;
  let unit = -1;
  while (value >= STEP && unit < UNITS.length - 1) {
    value /= STEP;
    unit += 1;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
}

export function grouped(value: number): string {
  return value.toLocaleString("en-US");
}

/** "1 row", "18,236 rows"; "At least 1,000,000 rows" where the count stopped early. */
export function rowsInWords(rows: number, exact: boolean): string {
  const words = `${grouped(rows)} ${rows === 1 ? "row" : "rows"}`;
  return exact ? words : `At least ${words}`;
}

/** "under 0.1 s", "2.4 s", "75 s". */
export function secondsInWords(seconds: number): string {
  if (seconds < 0.1) return "under 0.1 s";
  return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
}

/** "2 min ago"; `now` and `then` as instants. */
export function ago(then: Date, now: Date): string {
  const minutes = Math.floor((now.getTime() - then.getTime()) / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 60 * 24) return `${Math.floor(minutes / 60)} h ago`;
  const days = Math.floor(minutes / (60 * 24));
  return days === 1 ? "1 day ago" : `${grouped(days)} days ago`;
}
