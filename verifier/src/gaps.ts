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

/** What stood at a moment on control, for one gap. */
class Standing {
  policy: LoggedEvent | null = null;
  /** Ranges of public holds on the gap's log, by the hold's id. */
  readonly held = new Map<string, Range[][]>();
  private readonly gap: Gap;

  constructor(gap: Gap) {
    this.gap = gap;
  }

  take(event: LoggedEvent): void {
    const id = value(event, "hold.id");
    if (event.action === "retention.changed" && value(event, "retention.stream") === this.gap.stream) this.policy = event;
    if (event.action === "hold.released") this.held.delete(id);
    if (event.action !== "hold.placed" || value(event, "hold.scope") !== "public" || value(event, "hold.origin") !== this.gap.origin) return;
    const list = this.held.get(id) ?? [];
    list.push(ranges(value(event, "hold.ranges"), "hold.ranges", true));
    this.held.set(id, list);
  }

  /** Why this purge was against the policy in force, or against a hold. */
  against(purge: LoggedEvent, removed: readonly Range[]): string | null {
    for (const [id, list] of this.held) {
      if (list.some((held) => meets(held, removed))) return `removes entries under the hold ${JSON.stringify(id)}`;
    }
    const policy = this.policy;
    if (policy === null) return "follows no policy";
    if (policy.k !== purge.k || policy.index !== size(value(purge, "purge.policy"), "purge.policy")) return "does not name the policy in force";
    const now = moment(timeOf(purge));
    const since = moment(timeOf(policy));
    if (isAfter({ days: since.days + 1, clock: since.clock }, now)) return "follows a policy of less than 24 h";
    if (!policy.open.has("retention.months") && !policy.open.has("retention.days")) return "follows a policy that keeps for ever";
    const last = /"t":"([^"]*)"/.exec(value(purge, "purge.last"))?.[1] ?? "";
    const until = keptUntil(last, Number(value(policy, "retention.months")), Number(value(policy, "retention.days")));
    return until === null || isAfter(until, now) ? "came before its policy let it" : null;
  }
}

/**
 * Why the gap is not lawful; null where it is. `events` are the supporting events of control logs that count, in order;
 * that those logs are bundled whole is for the caller to see.
 */
export function unlawful(gap: Gap, events: readonly LoggedEvent[]): string | null {
  const standing = new Standing(gap);
  let end = 0;
  let kept: Range[] = [];
  let purges = 0;
  for (const event of events) {
    standing.take(event);
    if (event.action !== "log.purged" || value(event, "purge.origin") !== gap.origin) continue;
    purges++;
    const name = `the purge at index ${event.index}`;
    const to = size(value(event, "purge.end"), "purge.end");
    if (to < end) return `${name} ends before the one before it`;
    const had = merged(end < to ? [...kept, [end, to] as Range] : kept);
    const keeps = merged(ranges(value(event, "purge.kept"), "purge.kept"));
    if (without(keeps, had).length > 0) return `${name} keeps what was purged before it`;
    const why = standing.against(event, without(had, keeps));
    if (why !== null) return `${name} ${why}`;
    [end, kept] = [to, keeps];
  }
  if (purges === 0) return "no purge of this log is shown";
  if (end !== gap.end) return `the last purge ends at ${end}, and the window begins at ${gap.end}`;
  const here = merged(gap.kept);
  if (without(here, kept).length > 0 || without(kept, here).length > 0) return "the ranges before the window are not what the last purge kept";
  return null;
}
