import type { Case, Clock } from "./cases.ts";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** So many days before a limit it is said louder. */
const SOON_DAYS = 3;
/** Limits that end within the day are counted in hours from here on. */
const HOURS_FROM = 72;

export type Tone = "calm" | "soon" | "overdue" | "none";

const RUNNING: ReadonlySet<Clock["status"]> = new Set(["open", "due_soon", "overdue"]);

/** The limit that runs and ends first. */
export function nextClock({ clocks }: Pick<Case, "clocks">): Clock | null {
  const running = clocks.filter(({ status }) => RUNNING.has(status));
  return running.toSorted((a, b) => Date.parse(a.due) - Date.parse(b.due))[0] ?? null;
}

/** Days since 1 January 1970 of an instant's date in a zone. */
function dayNumber(instant: number, zone: string): number {
  const parts = new Intl.DateTimeFormat("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" }).format(instant);
  return Date.parse(`${parts}T00:00:00Z`) / DAY_MS;
}

/** Whole days from today to the day of a limit in the tenant's zone: 0 is today, below 0 past it. */
export function daysLeft(due: string, now: Date, zone: string): number {
  return dayNumber(Date.parse(due), zone) - dayNumber(now.getTime(), zone);
}

/** A limit that ends with its day; others end at an hour. */
function endsWithDay(due: string, zone: string): boolean {
  const next = Date.parse(due) + 1000;
  return dayNumber(next, zone) !== dayNumber(Date.parse(due), zone);
}

function plural(count: number, one: string): string {
  return `${count} ${count === 1 ? one : `${one}s`}`;
}

/** "9 days left", "Due today", "5 h left", "2 days overdue"; and how loud to say it. */
export function left(clock: Clock, now: Date, zone: string): { words: string; tone: Tone } {
  const days = daysLeft(clock.due, now, zone);
  const hours = (Date.parse(clock.due) - now.getTime()) / HOUR_MS;
  if (hours <= 0) {
    return { words: days === 0 ? "Overdue since today" : `${plural(-days, "day")} overdue`, tone: "overdue" };
  }
  const tone = days <= SOON_DAYS ? "soon" : "calm";
  if (!endsWithDay(clock.due, zone) && hours < HOURS_FROM) return { words: hours < 1 ? "Under 1 h left" : `${Math.floor(hours)} h left`, tone };
  return { words: days === 0 ? "Due today" : `${plural(days, "day")} left`, tone };
}

const DONE_WORDS: Partial<Record<Clock["status"], string>> = { met: "Done in time", late: "Done late", not_required: "Not required" };

/** What a list and a rail say of a limit. */
export function standing(clock: Clock, now: Date, zone: string): { words: string; tone: Tone } {
  const done = DONE_WORDS[clock.status];
  return done === undefined ? left(clock, now, zone) : { words: done, tone: clock.status === "late" ? "overdue" : "none" };
}

export interface Mark {
  at: number;
  label: string;
  kind: "start" | "happened" | "now" | "due" | "done";
}

/** A mark with its place on the line, 0 to 1, and whether its label has room. */
export interface Placed extends Mark {
  place: number;
  labelled: boolean;
}

const ROOM = 0.17;
const WEIGHT: Record<Mark["kind"], number> = { due: 0, start: 1, now: 2, done: 3, happened: 4 };

/** Marks on a line to scale. Labels that would run into a weightier one are left out; the marks stay. */
export function placed(marks: readonly Mark[]): Placed[] {
  const times = marks.map(({ at }) => at);
  const first = Math.min(...times);
  const span = Math.max(...times) - first || 1;
  const found = marks.map((mark) => ({ ...mark, place: (mark.at - first) / span, labelled: false }));
  for (const mark of found.toSorted((a, b) => WEIGHT[a.kind] - WEIGHT[b.kind])) {
    mark.labelled = !found.some((other) => other.labelled && Math.abs(other.place - mark.place) < ROOM);
  }
  return found.toSorted((a, b) => a.at - b.at);
}
