import { useEffect, useSyncExternalStore } from "react";

/** What the dialog under `?` lists. Pages act on their own keys through `useShortcuts`. */
export const SHORTCUTS: readonly { keys: readonly string[]; does: string }[] = [
  { keys: ["?"], does: "This list" },
  { keys: ["E"], does: "New export" },
  { keys: ["/"], does: "Events: to the query" },
  { keys: ["J", "K"], does: "Events: next and previous row" },
  { keys: ["Enter"], does: "Events: open the row" },
  { keys: ["X"], does: "Events: tick the row" },
  { keys: ["Esc"], does: "Close what is open" },
];

const STORED = "affidavit.shortcuts";
const listeners = new Set<() => void>();
let on = read();

function read(): boolean {
  try {
    return localStorage.getItem(STORED) !== "off";
  } catch {
    return true; // a browser that stores nothing
  }
}

export function setShortcuts(next: boolean): void {
  on = next;
  try {
    localStorage.setItem(STORED, next ? "on" : "off");
  } catch {
    // It holds until the page is left.
  }
  for (const tell of listeners) tell();
}

function subscribe(tell: () => void): () => void {
  listeners.add(tell);
  return () => listeners.delete(tell);
}

export function useShortcutsOn(): boolean {
  return useSyncExternalStore(subscribe, () => on);
}

/** Whether a key pressed here is meant as text, or belongs to something open above the page. */
function isElsewhere(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return true;
  const target = event.target;
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || target.closest("input, textarea, select, [role=spinbutton], [role=dialog][aria-modal], [role=menu], [role=listbox]") !== null;
}

/** Single keys of a page, by lower-case letter or sign. Off where the reader has switched them off. */
export function useShortcuts(keys: Record<string, () => void>): void {
  const active = useShortcutsOn();
  useEffect(() => {
    if (!active) return;
    const press = (event: KeyboardEvent) => {
      const act = keys[event.key.toLowerCase()];
      if (act === undefined || isElsewhere(event)) return;
      event.preventDefault();
      act();
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [active, keys]);
}
