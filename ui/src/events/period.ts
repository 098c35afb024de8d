import { offsetAt } from "../parts/zone.ts";

/** When: the last so many days up to now, all, or between two moments (dates or times; both included). */
export type Period = { kind: Preset } | { kind: "between"; from: string; to: string };
export type Preset = "day" | "week" | "month" | "all";

export const PRESETS: readonly Preset[] = ["day", "week", "month", "all"];
export const PERIOD_NAMES: Record<Preset, string> = { day: "Last 24 hours", week: "Last 7 days", month: "Last 30 days", all: "All dates" };
export const FIRST_PERIOD: Period = { kind: "week" };

const HOUR_MS = 3_600_000;
const HOURS: Record<Exclude<Preset, "all">, number> = { day: 24, week: 7 * 24, month: 30 * 24 };

/** What the API is asked for; `now` stands still while one search is looked at. */
export function boundsOf(period: Period, now: Date): { from?: string; to?: string } {
  if (period.kind === "between") return { ...(period.from !== "" && { from: period.from }), ...(period.to !== "" && { to: period.to }) };
  if (period.kind === "all") return {};
  return { from: new Date(now.getTime() - HOURS[period.kind] * HOUR_MS).toISOString() };
}

export function periodFrom(search: URLSearchParams): Period {
  const [from, to] = [search.get("from") ?? "", search.get("to") ?? ""];
  if (from !== "" || to !== "") return { kind: "between", from, to };
  const named = search.get("period");
  return PRESETS.includes(named as Preset) ? { kind: named as Preset } : FIRST_PERIOD;
}

export function periodTo(period: Period): Record<string, string> {
  if (period.kind === "between") return { from: period.from, to: period.to };
  return period.kind === FIRST_PERIOD.kind ? {} : { period: period.kind };
}

/** "Last 7 days"; "1 Oct 2026 to 31 Oct 2026"; "24 Nov 2026, 06:42 to 10:42". */
export function periodInWords(period: Period, zone: string): string {
  if (period.kind !== "between") return PERIOD_NAMES[period.kind];
  const [from, to] = [momentInWords(period.from, zone), momentInWords(period.to, zone)];
  if (from === "") return `Up to ${to}`;
  if (to === "") return `From ${from}`;
  const [day] = from.split(", ");
  return to.startsWith(`${day}, `) ? `${from} to ${to.slice((day ?? "").length + 2)}` : `${from} to ${to}`;
}

function momentInWords(moment: string, zone: string): string {
  if (moment === "") return "";
  const isDate = /^\d{4}-\d{2}-\d{2}$/.test(moment);
  const date = new Date(isDate ? `${moment}T00:00:00Z` : moment);
  if (Number.isNaN(date.getTime())) return moment;
  const shown = isDate ? "UTC" : zone;
  const day = new Intl.DateTimeFormat("en-GB", { timeZone: shown, day: "numeric", month: "short", year: "numeric" }).format(date).replace("Sept", "Sep");
  if (isDate) return day;
  return `${day}, ${new Intl.DateTimeFormat("en-GB", { timeZone: shown, hour: "2-digit", minute: "2-digit" }).format(date)}`;
}

export interface Cell {
  day: string;
  time: string;
  /** The moment with its offset, for the tip. */
  whole: string;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** A time as the server writes it in the tenant’s zone, for a table: "24 Nov", "10:41:58". Null where it is masked or has another form. */
export function timeCell(text: string): Cell | null {
  const found = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}:\d{2}:\d{2})(?:\.\d+)?(Z|[+-]\d{2}:\d{2})$/.exec(text);
  if (found === null) return null;
  const [, , month = "1", day = "1", time = "", offset = ""] = found;
  return { day: `${Number(day)} ${MONTHS[Number(month) - 1]}`, time, whole: `${text.slice(0, 10)} ${text.slice(11, 23)} ${offset === "Z" ? "UTC" : `UTC${offset.replace("-", "−")}`}` };
}

/** "24 Nov 2026, 10:38:12.204 UTC−06:00" for an instant in UTC. */
export function instantInWords(text: string, zone: string): string {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) return text;
  const day = new Intl.DateTimeFormat("en-GB", { timeZone: zone, day: "numeric", month: "short", year: "numeric" }).format(date).replace("Sept", "Sep");
  const time = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 }).format(date);
  return `${day}, ${time} ${offsetAt(zone, date)}`;
}
