import { ServerProblem } from "../api/problem.ts";
import type { Facts } from "./cases.ts";
import { label } from "./words.ts";

/** What is wrong with a form: by field, and in words for its top. */
export interface Faults {
  title: string;
  beside: Record<string, string>;
}

/** A day and a clock as they are typed; empty for now. */
export interface Moment {
  day: string | null;
  clock: string;
}

export const NOW: Moment = { day: null, clock: "" };

const CLOCK = /^([01]?\d|2[0-3]):[0-5]\d$/;

/** What is sent as `at`: null for now; without a time the beginning of the day. The server reads it in the tenant's zone. */
export function asSent({ day, clock }: Moment, today: string): string | null {
  if (day === null || (day === today && clock === "")) return null;
  return `${day}T${clock === "" ? "00:00" : clock.padStart(5, "0")}:00`;
}

/** The date now in a zone, as a request writes it. */
export function todayIn(zone: string, now: Date): string {
  return new Intl.DateTimeFormat("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" }).format(now);
}

/** What can be said before the server is asked: what is missing, and a time that is none. Null: nothing. */
export function faultsHere(needs: readonly string[], facts: Facts, moment: Moment): Faults | null {
  const beside: Record<string, string> = {};
  for (const name of needs) {
    if ((facts[name] ?? "").trim() === "") beside[name] = `Needed: ${label(name).toLowerCase()}.`;
  }
  if (moment.clock !== "" && !CLOCK.test(moment.clock)) beside["clock"] = `“${moment.clock}” is no time. Write 14:30.`;
  else if (moment.clock !== "" && moment.day === null) beside["at"] = "Give the day as well.";
  const count = Object.keys(beside).length;
  return count === 0 ? null : { title: count === 1 ? "One thing is missing or wrong" : `${count} things are missing or wrong`, beside };
}

/** What the server refused, at the fields it names. `here` are the fields the form has. */
export function faultsOf(error: unknown, here: readonly string[]): Faults {
  if (!(error instanceof ServerProblem)) return { title: "The server does not answer. Nothing was recorded; try again.", beside: {} };
  const beside: Record<string, string> = {};
  const rest: string[] = [];
  for (const { field, message } of error.faults) {
    const name = field.replace(/^body\./, "").replace(/^facts\./, "");
    if (name === "at" || here.includes(name)) beside[name] ??= message;
    else rest.push(message);
  }
  if (Object.keys(beside).length > 0) return { title: "The server did not accept this", beside };
  return { title: rest.length > 0 ? rest.join(" ") : error.detail || error.message, beside };
}

/** The facts that say something. */
export function filled(facts: Facts): Facts {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value.trim() !== "").map(([name, value]) => [name, value.trim()]));
}
