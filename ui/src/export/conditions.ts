import type { RunRequest } from "../api/runs.ts";

/** What the form asks for. Dates are `YYYY-MM-DD` in the tenant's zone; both days are included whole. */
export interface Conditions {
  from: string | null;
  to: string | null;
  users: readonly string[];
  actions: readonly string[];
  /** Empty means all. */
  outcomes: readonly Outcome[];
  /** More conditions, in the query language. */
  query: string;
  profile: string;
  /** With the profile `subject`: the ids of the person the file is for. */
  subject: readonly string[];
  format: Format;
  evidence: Evidence;
  recipient: string;
  reason: string;
}

export const FORMATS = ["csv", "json", "ndjson", "parquet", "xlsx", "pdf"] as const;
export type Format = (typeof FORMATS)[number];
export const FORMAT_NAMES: Record<Format, string> = { csv: "CSV", json: "JSON", ndjson: "NDJSON", parquet: "Parquet", xlsx: "XLSX", pdf: "PDF" };

export const EVIDENCE = ["full", "rows", "none"] as const;
export type Evidence = (typeof EVIDENCE)[number];

export const OUTCOMES = ["success", "failure", "denied"] as const;
export type Outcome = (typeof OUTCOMES)[number];

export const PROFILES = ["internal", "auditor", "export", "public", "subject"] as const;
const DEFAULT_PROFILE = "export";

/** The body of POST /api/export-compliance-logs. Null means open, an empty list means all. */
export interface ExportRequest {
  start_date: string | null;
  end_date: string | null;
  user_ids: readonly string[];
  actions: readonly string[];
  format: "csv" | "json";
}

/** Each field's label, as errors and the empty state name it; keyed by what requests call it. */
export const LABELS = {
  start_date: "From",
  end_date: "Up to and including",
  user_ids: "Users",
  actions: "Actions",
  query: "More conditions",
  profile: "Who will read it",
  subject_ids: "Whose data it is",
  format: "Format",
  evidence: "Evidence",
  recipient: "For",
  reason: "Why you need it",
} as const;

export type FieldName = keyof typeof LABELS;

export const EVERYTHING: Conditions = {
  from: null,
  to: null,
  users: [],
  actions: [],
  outcomes: [],
  query: "",
  profile: DEFAULT_PROFILE,
  subject: [],
  format: "csv",
  evidence: "full",
  recipient: "",
  reason: "",
};

function known<Value extends string>(values: readonly Value[], given: string, other: Value): Value {
  return values.find((each) => each === given) ?? other;
}

/** The conditions an address carries: those of another export, or a search. What it does not name is as in `EVERYTHING`. */
export function conditionsOf(search: URLSearchParams): Conditions {
  const text = (name: string) => search.get(name) ?? "";
  const day = (name: string) => (/^\d{4}-\d\d-\d\d$/.test(text(name)) ? text(name) : null);
  return {
    ...EVERYTHING,
    from: day("from"),
    to: day("to"),
    query: text("q"),
    profile: known(PROFILES, text("profile"), DEFAULT_PROFILE),
    format: known(FORMATS, text("format"), "csv"),
    evidence: known(EVIDENCE, text("evidence"), "full"),
    recipient: text("recipient"),
    reason: text("reason"),
  };
}

/** Outcomes and more conditions as one query. */
export function queryOf({ outcomes, query }: Pick<Conditions, "outcomes" | "query">): string {
  const asked = query.trim();
  if (outcomes.length === 0) return asked;
  const outcome = `outcome:${outcomes.length === 1 ? outcomes[0] : `(${outcomes.join(",")})`}`;
  return asked === "" ? outcome : `(${asked}) ${outcome}`;
}

/** The body of POST /api/v1/exports. */
export function toRunRequest(conditions: Conditions): RunRequest {
  const { evidence } = conditions;
  return {
    query: queryOf(conditions),
    start_date: conditions.from,
    end_date: conditions.to,
    user_ids: [...conditions.users],
    actions: [...conditions.actions],
    format: conditions.format,
    bundle: evidence !== "none",
    evidence: evidence === "none" ? "auto" : evidence,
    profile: conditions.profile,
    columns: [],
    streams: ["main"],
    zone: "",
    recipient: blankIsNull(conditions.recipient),
    reason: blankIsNull(conditions.reason),
    subject_ids: conditions.profile === "subject" ? [...conditions.subject] : [],
  };
}

function blankIsNull(text: string): string | null {
  return text.trim() === "" ? null : text.trim();
}

/** The body of the plain endpoint, which sends the file at once, where it can give what is asked; else null. */
export function toRequest(conditions: Conditions): ExportRequest | null {
  const { format } = conditions;
  if (format !== "csv" && format !== "json") return null;
  const plain = conditions.evidence === "none" && conditions.profile === DEFAULT_PROFILE && queryOf(conditions) === "";
  if (!plain || conditions.recipient.trim() !== "" || conditions.reason.trim() !== "") return null;
  return { start_date: conditions.from, end_date: conditions.to, user_ids: conditions.users, actions: conditions.actions, format };
}

/** Adds what is new in `texts`, trimmed, in order; nothing twice. */
export function withValues(values: readonly string[], texts: readonly string[]): readonly string[] {
  const added = texts.map((text) => text.trim()).filter((text) => text !== "");
  return [...new Set([...values, ...added])];
}

/** A set of conditions that can be dropped together, for telling which of them leaves no event. */
export interface Droppable {
  name: "dates" | "users" | "actions" | "outcomes" | "other conditions";
  without: Conditions;
}

export function droppable(conditions: Conditions): Droppable[] {
  const found: Droppable[] = [];
  if (conditions.from !== null || conditions.to !== null) found.push({ name: "dates", without: { ...conditions, from: null, to: null } });
  if (conditions.users.length > 0) found.push({ name: "users", without: { ...conditions, users: [] } });
  if (conditions.actions.length > 0) found.push({ name: "actions", without: { ...conditions, actions: [] } });
  if (conditions.outcomes.length > 0) found.push({ name: "outcomes", without: { ...conditions, outcomes: [] } });
  if (conditions.query.trim() !== "") found.push({ name: "other conditions", without: { ...conditions, query: "" } });
  return found;
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The call that asks for the same, as a curl command; `endpoint` gives the address of a path. */
export function curlOf(conditions: Conditions, endpoint: (path: string) => string): string {
  const plain = toRequest(conditions);
  const path = plain === null ? "api/v1/exports" : "api/export-compliance-logs";
  const body = JSON.stringify(plain ?? toRunRequest(conditions)).replaceAll("'", `'\\''`);
  return `curl -X POST ${endpoint(path)} -H 'Content-Type: application/json' -d '${body}'`;
}

/** The command that makes the same file with its evidence. */
export function bundleCommand(conditions: Conditions, zone: string | null): string {
  const words = ["affidavit", "export", "--bundle"];
  if (conditions.from !== null) words.push("--from", conditions.from);
  if (conditions.to !== null) words.push("--to", conditions.to);
  for (const user of conditions.users) words.push("--user", quoted(user));
  for (const action of conditions.actions) words.push("--action", quoted(action));
  if (zone !== null) words.push("--timezone", quoted(zone));
  words.push("--format", conditions.format, "-o", "export.zip");
  return words.join(" ");
}
