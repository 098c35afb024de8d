/** Lawful gaps (docs/format.md, step 6): prefixes that a policy purged, by what `control` says. */
import { type LoggedEvent } from "./event.ts";
import { keyText } from "./entry.ts";
import { type Range, ranges, size } from "./own.ts";
import { daysOf, monthDays } from "./time.ts";

export interface Gap {
  origin: string;
  stream: string;
  /** The gap is [0, end), less what the ranges before `end` keep. */
  end: number;
  kept: Range[];
}

/** A moment that is compared as days since 1970 and time of day. */
interface Moment {
  days: number;
  clock: string;
}

function moment(time: string): Moment {
  return { days: daysOf(Number(time.slice(0, 4)), Number(time.slice(5, 7)), Number(time.slice(8, 10))), clock: time.slice(11) };
}

function isAfter(a: Moment, b: Moment): boolean {
  return a.days !== b.days ? a.days > b.days : a.clock > b.clock;
}

const LAST_DAY = daysOf(9999, 12, 31);

/** t + keep; null is for ever. */
export function keptUntil(time: string, months: number, days: number): Moment | null {
  const all = Number(time.slice(0, 4)) * 12 + Number(time.slice(5, 7)) - 1 + months;
  const [year, month] = [Math.floor(all / 12), (all % 12) + 1];
  if (year > 9999) return null;
  const day = Math.min(Number(time.slice(8, 10)), monthDays(year, month));
  const end = daysOf(year, month, day) + days;
  return end > LAST_DAY ? null : { days: end, clock: time.slice(11) };
}

function value(event: LoggedEvent, path: string): string {
  return event.open.get(path)?.value ?? "";
}

function timeOf(event: LoggedEvent): string {
  return keyText(event.record, 0, "t");
}

/** Order of control events: by t, log and index. */
export function inOrder(a: LoggedEvent, b: LoggedEvent): number {
  const [s, t] = [timeOf(a), timeOf(b)];
  return s < t ? -1 : s > t ? 1 : a.k - b.k || a.index - b.index;
}

/** Ranges that touch as one. */
export function merged(list: readonly Range[]): Range[] {
  const out: Range[] = [];
  for (const [i, j] of list) {
    const last = out.at(-1);
    if (last !== undefined && last[1] === i) last[1] = j;
    else out.push([i, j]);
  }
  return out;
}

/** What is in `all` and not in `less`; both ascending and disjoint. */
export function without(all: readonly Range[], less: readonly Range[]): Range[] {
  const out: Range[] = [];
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

function meets(a: readonly Range[], b: readonly Range[]): boolean {
  for (let n = 0, m = 0; n < a.length && m < b.length; ) {
    if (a[n][1] <= b[m][0]) n++;
    else if (b[m][1] <= a[n][0]) m++;
    else return true;
  }
  return false;
}

export function count(list: readonly Range[]): number {
  return list.reduce((sum, [i, j]) => sum + j - i, 0);
}

/**
 * Why the gap is not lawful; null where it is. `events` are the supporting events of control logs that count, in order;
 * that those logs are bundled whole is for the caller to see.
 */
export function unlawful(gap: Gap, events: readonly LoggedEvent[]): string | null {
  let end = 0;
  let kept: Range[] = [];
  let purges = 0;
  for (const [at, event] of events.entries()) {
    if (event.action !== "log.purged" || value(event, "purge.origin") !== gap.origin) continue;
    purges++;
    const name = `the purge at index ${event.index}`;
    const to = size(value(event, "purge.end"), "purge.end");
    if (to < end) return `${name} ends before the one before it`;
    const had = merged(end < to ? [...kept, [end, to] as Range] : kept);
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

function againstPolicy(gap: Gap, purge: LoggedEvent, before: readonly LoggedEvent[]): string | null {
  const policy = before.findLast((event) => event.action === "retention.changed" && value(event, "retention.stream") === gap.stream);
  if (policy === undefined) return "follows no policy";
  if (policy.k !== purge.k || policy.index !== size(value(purge, "purge.policy"), "purge.policy")) return "does not name the policy in force";
  const now = moment(timeOf(purge));
  const since = moment(timeOf(policy));
  if (isAfter({ days: since.days + 1, clock: since.clock }, now)) return "follows a policy of less than 24 h";
  if (!policy.open.has("retention.months") && !policy.open.has("retention.days")) return "follows a policy that keeps for ever";
  const last = /"t":"([^"]*)"/.exec(value(purge, "purge.last"))?.[1] ?? "";
  const until = keptUntil(last, Number(value(policy, "retention.months")), Number(value(policy, "retention.days")));
  return until === null || isAfter(until, now) ? "came before its policy let it" : null;
}

function againstHolds(gap: Gap, removed: readonly Range[], before: readonly LoggedEvent[]): string | null {
  const held = new Map<string, LoggedEvent[]>();
  for (const event of before) {
    const id = value(event, "hold.id");
    if (event.action === "hold.released") held.delete(id);
    if (event.action === "hold.placed") held.set(id, [...(held.get(id) ?? []), event]);
  }
  for (const list of held.values()) {
    for (const hold of list) {
      if (value(hold, "hold.scope") !== "public" || value(hold, "hold.origin") !== gap.origin) continue;
      if (meets(ranges(value(hold, "hold.ranges"), "hold.ranges", true), removed)) return `removes entries under the hold ${JSON.stringify(value(hold, "hold.id"))}`;
    }
  }
  return null;
}
