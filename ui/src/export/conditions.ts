/** What the form asks for. Dates are `YYYY-MM-DD` in the tenant's zone; both days are included whole. */
export interface Conditions {
  from: string | null;
  to: string | null;
  users: readonly string[];
  actions: readonly string[];
  format: Format;
}

export type Format = "csv" | "json";

/** The body of POST /api/export-compliance-logs. Null means open, an empty list means all. */
export interface ExportRequest {
  start_date: string | null;
  end_date: string | null;
  user_ids: readonly string[];
  actions: readonly string[];
  format: Format;
}

export type FieldName = keyof ExportRequest;

/** Each field's label, as errors and the empty state name it. */
export const LABELS: Record<FieldName, string> = {
  start_date: "From",
  end_date: "Up to and including",
  user_ids: "Users",
  actions: "Actions",
  format: "Format",
};

export const EVERYTHING: Conditions = { from: null, to: null, users: [], actions: [], format: "csv" };

export function toRequest(conditions: Conditions): ExportRequest {
  return {
    start_date: conditions.from,
    end_date: conditions.to,
    user_ids: conditions.users,
    actions: conditions.actions,
    format: conditions.format,
  };
}

/** Adds what is new in `texts`, trimmed, in order; nothing twice. */
export function withValues(values: readonly string[], texts: readonly string[]): readonly string[] {
  const added = texts.map((text) => text.trim()).filter((text) => text !== "");
  return [...new Set([...values, ...added])];
}

/** A set of conditions that can be dropped together, for telling which of them leaves no event. */
export interface Droppable {
  name: "dates" | "users" | "actions";
  without: Conditions;
}

export function droppable(conditions: Conditions): Droppable[] {
  const found: Droppable[] = [];
  if (conditions.from !== null || conditions.to !== null) found.push({ name: "dates", without: { ...conditions, from: null, to: null } });
  if (conditions.users.length > 0) found.push({ name: "users", without: { ...conditions, users: [] } });
  if (conditions.actions.length > 0) found.push({ name: "actions", without: { ...conditions, actions: [] } });
  return found;
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
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
