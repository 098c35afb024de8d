import type { Case, Kind, Options, Right, Step } from "./cases.ts";

const LABELS: Record<string, string> = {
  law: "Law",
  right: "Right",
  subject_id: "Subject id",
  aware_at: "Aware since",
  subject_count: "People affected",
  record_count: "Records affected",
  manner: "How it came",
  denial_basis: "What the refusal rests on",
  remedy: "Remedy told",
  response: "Answer",
  recipients_told: "Recipients who were told",
  outcome: "Outcome",
  extension_reason: "Why more time is needed",
  pause_reason: "What the subject was asked",
  verified_how: "How the identity was confirmed",
  reopen_reason: "Why it is taken up again",
  decision_reason: "Why it is owed or not",
  delay_reason: "Why it comes late",
  risk_reason: "Why the risk is that",
  factor_nature: "Nature and extent of the information",
  factor_recipient: "Who used it or received it",
  factor_acquired: "Whether it was acquired or viewed",
  factor_mitigated: "How far the risk was mitigated",
};

/** Facts whose label says all: what the server says of them would only repeat it. */
const PLAIN = new Set(
  "assignee decision_reason delay_reason denial_basis description extension_reason factor_acquired factor_mitigated factor_nature factor_recipient note pause_reason recipients_told reopen_reason response risk_reason subject_count subject_name title verified_how".split(" "),
);

/** What stands beneath a fact's field: the server's words, without what the label says. */
export function hintOf(fact: string, words: string | undefined): string | null {
  if (words === undefined || PLAIN.has(fact)) return null;
  if (fact === "remedy") return "Complaint and judicial remedy, as the person was told of them.";
  const start = `${label(fact).toLowerCase()}: `;
  const rest = sentence(words.toLowerCase().startsWith(start) ? words.slice(start.length) : words);
  return /[.…]$/.test(rest) ? rest : `${rest}.`;
}

/** "GDPR Art. 15", "CCPA, Cal. Civ. Code 1798.105": a law is not named twice. */
export function underLaw(law: string | null | undefined, citation: string | null): string {
  const name = laws(law);
  if (citation === null) return name;
  return citation.startsWith(name) ? citation : `${name}, ${citation}`;
}

/** "denial_basis" as a label; `decision.authority` keeps what follows the dot. */
export function label(fact: string): string {
  const [name = "", of = ""] = fact.split(".");
  const words = LABELS[name] ?? sentence(name);
  return of === "" ? words : `${words} (${of.replaceAll("_", " ")})`;
}

/** "complied_in_part" as "Complied in part". */
export function sentence(name: string): string {
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** "gdpr hipaa" as "GDPR, HIPAA". */
export function laws(text: string | null | undefined): string {
  return (text ?? "").split(/[\s,]+/).filter((one) => one !== "").map((one) => (one === "california" ? "California" : one.toUpperCase().replace("-ASSOCIATE", " associate"))).join(", ");
}

export function rightOf(options: Options | undefined, { facts }: Case): Right | null {
  return options?.rights.find((one) => one.law === facts["law"] && one.right === facts["right"]) ?? null;
}

export interface Title {
  what: string;
  /** Whom it is about, as the reader’s profile shows it: null where that removes it. Undefined for incidents. */
  about?: string | null;
}

/** What a case is called: its right and its subject, or the title of an incident. */
export function titleOf({ kind, facts }: Case, right: Right | null): Title {
  if (kind === "incident") return { what: facts["title"] ?? "Title removed by your profile" };
  return { what: right?.title ?? sentence(facts["right"] ?? "Request"), about: facts["subject_name"] ?? facts["subject_id"] ?? null };
}

interface StepWords {
  /** What the button says. */
  act: string;
  /** What it is called once it was done. */
  done: string;
  /** What it means, said before it is done. */
  lead: string;
}

const REQUEST_STEPS: Record<string, StepWords> = {
  received: { act: "Open the request", done: "Received", lead: "" },
  acknowledged: { act: "Confirm receipt", done: "Receipt confirmed", lead: "The person was told that their request has come in." },
  verified: { act: "Confirm who it is", done: "Identity confirmed", lead: "Whoever asks must be known before anything is granted. Say how you know, not what you saw: no numbers of papers." },
  assigned: { act: "Assign", done: "Assigned", lead: "Who sees to it from here on." },
  extended: { act: "Extend", done: "Extended", lead: "The law allows it once. The person must be told, with the reason, before the first limit ends." },
  paused: { act: "Pause the clock", done: "Paused", lead: "While you wait for what you asked the person, the clock stands still where the law allows it." },
  resumed: { act: "Go on", done: "Taken up again", lead: "The answer has come; the clock runs again." },
  noted: { act: "Add a note", done: "Note", lead: "Anything worth keeping. It stays on the log as it is." },
  closed: { act: "Close the request", done: "Closed", lead: "What came of it, as the person was told." },
  reopened: { act: "Take it up again", done: "Taken up again", lead: "The case opens again; its outcome no longer counts." },
};

const INCIDENT_STEPS: Record<string, StepWords> = {
  opened: { act: "Open the incident", done: "Opened", lead: "" },
  updated: { act: "Add what is known", done: "Facts added", lead: "What was learned since. Later answers stand over earlier ones; both stay on the log." },
  assessed: { act: "Assess the risk", done: "Assessed", lead: "The risk to the people affected decides who has to be notified." },
  classified: { act: "Classify", done: "Classified", lead: "Some laws count from the moment an incident is classified as major." },
  assigned: { act: "Assign", done: "Assigned", lead: "Who sees to it from here on." },
  decided: { act: "Decide on a notice", done: "Decided", lead: "Whether a notice is owed, and why. A decision not to notify is one too, and needs its reason." },
  notified: { act: "Record a notice", done: "Notified", lead: "Who was notified. It stops the clock of that notice." },
  noted: { act: "Add a note", done: "Note", lead: "Anything worth keeping. It stays on the log as it is." },
  closed: { act: "Close the incident", done: "Closed", lead: "Nothing is left to do." },
  reopened: { act: "Take it up again", done: "Taken up again", lead: "The case opens again." },
};

export function stepWords(kind: Kind, step: string): StepWords {
  return (kind === "request" ? REQUEST_STEPS : INCIDENT_STEPS)[step] ?? { act: sentence(step), done: sentence(step), lead: "" };
}

/** The usual way of a case, in order; what it is about shows which of it is behind. */
const WAYS: Record<Kind, readonly string[]> = {
  request: ["received", "acknowledged", "verified", "closed"],
  incident: ["opened", "assessed", "decided", "notified", "closed"],
};

export interface Waypoint {
  step: string;
  /** When it was done last; null where it was not. */
  done: string | null;
}

/** The way of a case with what was done of it; confirming who it is stands there only where the right asks for it. */
export function wayOf({ kind, moments }: Pick<Case, "kind" | "moments">, right: Right | null): Waypoint[] {
  return WAYS[kind]
    .filter((step) => step !== "verified" || right?.verify !== false || moments["verified"] !== undefined)
    .map((step) => ({ step, done: momentOf(moments, step) }));
}

/** `decided.authority` and `decided.individuals` are both a decision: the newest counts. */
function momentOf(moments: Record<string, string>, step: string): string | null {
  const found = Object.entries(moments).filter(([name]) => name === step || name.startsWith(`${step}.`));
  return found.map(([, at]) => at).toSorted().at(-1) ?? null;
}

/** The steps that a case's state allows; what was extended once can't be again. */
export function allowed(options: Options, { kind, state, moments }: Pick<Case, "kind" | "state" | "moments">): Step[] {
  return (options.steps[kind] ?? []).filter(({ name, states }) => states.includes(state) && !(name === "extended" && moments["extended"] !== undefined));
}

/** What to decide next: the first thing of the way that is not done and is allowed. */
export function nextStep(way: readonly Waypoint[], steps: readonly Step[], state: Case["state"]): string {
  if (state === "closed") return "";
  if (state === "paused") return "resumed";
  return way.find(({ step, done }) => done === null && steps.some(({ name }) => name === step))?.step ?? "closed";
}

/** Facts a step needs, given those filled in: a refusal needs what its law asks for. */
export function needsOf(step: Step, facts: Record<string, string>, right: Right | null): readonly string[] {
  const refused = step.name === "closed" && (facts["outcome"] === "denied" || facts["outcome"] === "complied_in_part");
  return refused && right !== null ? [...step.needs, ...right.denial] : step.needs;
}
