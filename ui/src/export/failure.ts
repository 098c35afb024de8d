import { CutOff, NoAnswer, ServerProblem, type FieldFault } from "../api/problem.ts";
import { bytesInWords } from "../parts/words.ts";
import { LABELS, type FieldName } from "./conditions.ts";

/** Why there is no file, and what to do, in words for the reader. */
export interface Failure {
  title: string;
  advice: string;
  faults: readonly FieldFault[];
}

const KEPT = "Nothing is lost: your conditions are still here.";

function isField(name: string): name is FieldName {
  return name in LABELS;
}

/** `body.user_ids.0` and `user_ids` both name the field `user_ids`; null when no part of it is a field of the form. */
export function fieldOf(path: string): FieldName | null {
  return path.split(/[.[\]/]+/).find(isField) ?? null;
}

/** The faults that stand beside fields: one text a field, the first one that names it. */
export function besideFields(faults: readonly FieldFault[]): Partial<Record<FieldName, string>> {
  const beside: Partial<Record<FieldName, string>> = {};
  for (const fault of faults) {
    const field = fieldOf(fault.field);
    if (field !== null) beside[field] ??= fault.message;
  }
  return beside;
}

function again(seconds: number | null): string {
  return seconds === null ? "Try again in a minute." : `Try again in ${seconds} s.`;
}

function sentence(text: string): string {
  return text === "" || /[.!?]$/.test(text) ? text : `${text}.`;
}

function ofServer(problem: ServerProblem): Failure {
  const detail = sentence(problem.detail);
  const { status } = problem;
  const faults = problem.faults.map(({ field, message }) => ({ field, message: sentence(message) }));
  if (status === 422 || status === 400) {
    const advice = faults.length > 0 ? "Change what is named below, then create the export again." : `${detail} Change it, then create the export again.`;
    return { title: "The server did not accept these conditions", advice: advice.trim(), faults };
  }
  if (status === 503) return { title: "The log does not answer", advice: `${detail} ${KEPT} ${again(problem.retryAfter)}`.trim(), faults };
  if (status === 404) return { title: "This server has no export endpoint", advice: "Check the address the page was opened under, or ask who runs the server.", faults };
  if (status === 401 || status === 403) return { title: "You may not make this export", advice: `${detail} Ask who runs this log for the right to.`.trim(), faults };
  return { title: `The export failed: ${problem.message}`, advice: `${detail} ${KEPT} Try again; if it stays, the server’s own messages say more (status ${status}).`.trim(), faults };
}

export function explain(error: unknown): Failure {
  if (error instanceof ServerProblem) return ofServer(error);
  if (error instanceof NoAnswer) {
    return { title: "The server does not answer", advice: `${KEPT} Check that the server runs and that you are connected, then try again.`, faults: [] };
  }
  if (error instanceof CutOff) {
    const advice = `${bytesInWords(error.bytes)} had arrived and were thrown away, so that a part cannot be taken for the whole. ${KEPT} Try again.`;
    return { title: "The download broke off", advice, faults: [] };
  }
  return { title: "The export failed", advice: `${error instanceof Error ? sentence(error.message) : ""} ${KEPT} Try again.`.trim(), faults: [] };
}
