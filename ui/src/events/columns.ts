import { useSyncExternalStore } from "react";

/** What the table shows at first. `id` is asked for besides, and never shown by itself: ticked events are exported by it. */
export const FIRST_COLUMNS: readonly string[] = ["time", "actor", "action", "resource.type", "resource", "outcome"];
export const COLUMNS_MAX = 12;
export const ID = "id";

const STORED = "affidavit.events.columns";
/** Short names of the query language that columns are called by, and the fields they stand for. */
export const PATHS: Record<string, string> = { time: "at", actor: "actor.id", resource: "resource.id", subject: "subject.id", ip: "source.ip", app: "source.app", role: "actor.roles" };
const HEADS: Record<string, string> = {
  time: "Time",
  at: "Time",
  t: "Taken in",
  actor: "Actor",
  "actor.id": "Actor",
  "actor.name": "Actor’s name",
  "actor.roles": "Roles",
  "actor.type": "Actor’s type",
  "actor.mfa": "Second factor",
  "actor.session": "Session",
  "subject.type": "Subject’s type",
  action: "Action",
  outcome: "Outcome",
  "resource.type": "Type",
  resource: "Resource",
  "resource.id": "Resource",
  "resource.name": "Resource’s name",
  "subject.id": "Subject",
  "subject.name": "Subject’s name",
  "source.ip": "Address",
  "source.app": "Application",
  "source.user_agent": "User agent",
  id: "Id",
};

export function pathOf(column: string): string {
  return PATHS[column] ?? column;
}

/** "Actor", "Basis, lawful basis", "Details". */
export function headOf(column: string): string {
  const known = HEADS[column];
  if (known !== undefined) return known;
  const words = column.split(".").map((part) => part.replaceAll("_", " ")).join(", ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const listeners = new Set<() => void>();
let chosen: readonly string[] | null = null;

function stored(): readonly string[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(STORED) ?? "null");
    if (Array.isArray(found) && found.length > 0 && found.length <= COLUMNS_MAX && found.every((each) => typeof each === "string")) return found;
  } catch {
    // Nothing kept, or nothing that can be used.
  }
  return FIRST_COLUMNS;
}

function current(): readonly string[] {
  chosen ??= stored();
  return chosen;
}

export function chooseColumns(columns: readonly string[]): void {
  chosen = columns;
  try {
    localStorage.setItem(STORED, JSON.stringify(columns));
  } catch {
    // They hold until the page is left.
  }
  for (const tell of listeners) tell();
}

function subscribe(tell: () => void): () => void {
  listeners.add(tell);
  return () => listeners.delete(tell);
}

/** The columns chosen on this device. */
export function useColumns(): readonly string[] {
  return useSyncExternalStore(subscribe, current);
}
