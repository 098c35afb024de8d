import { shownTerm, termsOf, valuesAsked, without } from "../events/terms.ts";
import type { Run, Scope } from "../api/runs.ts";
import { cityOf } from "../parts/zone.ts";

interface Day {
  day: number;
  month: number;
  year: number;
  /** Whether the instant is the day's first. */
  whole: boolean;
  clock: string;
}

function dayOf(instant: Date, zone: string): Day {
  const format = new Intl.DateTimeFormat("en-GB", { timeZone: zone, year: "numeric", month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  const parts = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, value]));
  const clock = `${parts["hour"]}:${parts["minute"]}`;
  // The day before at 23:59 where a day begins at one o'clock: what lies a second earlier is then another day.
  const before = new Intl.DateTimeFormat("en-GB", { timeZone: zone, day: "numeric" }).format(new Date(instant.getTime() - 1));
  return { day: Number(parts["day"]), month: Number(parts["month"]), year: Number(parts["year"]), whole: before !== String(Number(parts["day"])), clock };
}

const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

function full(day: Day): string {
  return `${day.day} ${MONTHS[day.month - 1]} ${day.year}`;
}

/** The last day of a period whose end is not included. */
function lastDay(end: string, zone: string): Day {
  return dayOf(new Date(Date.parse(end) - 1), zone);
}

/** "1 to 31 October 2026", "From 1 October 2026", "All dates"; with the clock where a bound is no day's. */
export function periodInWords({ start, end, zone }: Pick<Scope, "start" | "end" | "zone">): string {
  if (start === null && end === null) return "All dates";
  const first = start === null ? null : dayOf(new Date(start), zone);
  const after = end === null ? null : dayOf(new Date(end), zone);
  if ((first !== null && !first.whole) || (after !== null && !after.whole)) {
    const moments = [first, after].map((each) => (each === null ? null : `${full(each)}, ${each.clock}`));
    return [moments[0] === null ? "Until" : `From ${moments[0]}`, moments[1] === null ? "on" : moments[0] === null ? moments[1] : `to ${moments[1]}`].join(" ");
  }
  const last = end === null ? null : lastDay(end, zone);
  if (first === null) return last === null ? "All dates" : `Up to ${full(last)}`;
  if (last === null) return `From ${full(first)}`;
  if (full(first) === full(last)) return full(first);
  if (first.year !== last.year) return `${full(first)} to ${full(last)}`;
  if (first.month !== last.month) return `${first.day} ${MONTHS[first.month - 1]} to ${full(last)}`;
  return `${first.day} to ${full(last)}`;
}

/** "Chicago time", "UTC". */
export function zoneInWords(zone: string): string {
  const city = cityOf(zone);
  return city === "UTC" ? "UTC" : `${city} time`;
}

const LISTED = 3;

function some(values: readonly string[]): string {
  const shown = values.slice(0, LISTED).join(", ");
  return values.length > LISTED ? `${shown} and ${values.length - LISTED} more` : shown;
}

/** The conditions of a run but its period, in words: "login, grade.* events by u1042", "All events". */
export function conditionsInWords(scope: Scope | null): string {
  if (scope === null) return "What was asked can’t be read";
  if (scope.query === null) return "Conditions not shown";
  const terms = termsOf(scope.query);
  const actions = [...valuesAsked(terms, "action"), ...terms.filter((term) => /^action:[\w.]*\*$/.test(term)).map((term) => term.slice("action:".length))];
  const users = valuesAsked(terms, "actor.id");
  const rest = without(without(terms, "action"), "actor.id").filter((term) => !/^action:[\w.]*\*$/.test(term));
  const words = [actions.length > 0 ? `${some(actions)} events` : "All events"];
  if (users.length > 0) words.push(`by ${some(users)}`);
  if (rest.length > 0) words.push(`where ${rest.map(termInWords).join(", ")}`);
  return words.join(" ");
}

function termInWords(term: string): string {
  const { not, field, rest } = shownTerm(term);
  return `${not ? "not " : ""}${field === "" ? rest : `${field} ${rest}`}`;
}

/** "CSV in a bundle", "XLSX". */
export function fileInWords(run: Run): string {
  const format = (run.scope?.format ?? "").toUpperCase();
  return run.bundle ? `${format} in a bundle` : format;
}

export function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** What a search of New export carries, so that its form opens with the settings of a run. */
export function settingsOf(run: Run): Record<string, string> {
  const { scope } = run;
  if (scope == null) return {};
  const rest: string[] = scope.query === null || scope.query === "" ? [] : [scope.query];
  const from = scope.start === null ? null : isoDay(dayOf(new Date(scope.start), scope.zone));
  const to = scope.end === null ? null : isoDay(lastDay(scope.end, scope.zone));
  const whole = [scope.start, scope.end].every((each) => each === null || dayOf(new Date(each), scope.zone).whole);
  if (!whole && scope.start !== null) rest.push(`at>=${scope.start}`);
  if (!whole && scope.end !== null) rest.push(`at<${scope.end}`);
  return {
    q: rest.join(" "),
    from: whole ? (from ?? "") : "",
    to: whole ? (to ?? "") : "",
    format: scope.format,
    profile: scope.profile,
    evidence: run.bundle ? scope.evidence : "none",
    reason: scope.reason ?? "",
    recipient: scope.recipient ?? "",
  };
}

function isoDay({ year, month, day }: Day): string {
  return `${String(year).padStart(4, "0")}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}`;
}

/** "24 Nov 2026, 10:42" in the tenant's zone. */
export function momentInWords(time: string, zone: string): string {
  const format = new Intl.DateTimeFormat("en-GB", { timeZone: zone, day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  return format.format(new Date(time));
}

/** "24 Nov 2026". */
export function dateInWords(time: string, zone: string): string {
  return new Intl.DateTimeFormat("en-GB", { timeZone: zone, day: "numeric", month: "short", year: "numeric" }).format(new Date(time));
}
