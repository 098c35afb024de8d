import { useMemo, useSyncExternalStore } from "react";

/**
 * Where the reader is: `#/events/main/12?q=login` is page `events`, rest `["main", "12"]`, and a search.
 * In the fragment, so that no server, proxy or log of one ever sees what is asked for, and any mount prefix will do.
 */
export interface Place {
  page: string;
  rest: readonly string[];
  search: URLSearchParams;
}

export function placeOf(hash: string): Place {
  const [path = "", search = ""] = hash.replace(/^#?\/?/, "").split(/\?(.*)/s);
  const [page = "", ...rest] = path.split("/").map(decoded);
  return { page, rest: rest.filter((part) => part !== ""), search: new URLSearchParams(search) };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The address of a page, for a link: `href={address("events", { q: "login" })}`. Empty values are left out. */
export function address(page: string, search: Record<string, string> = {}, rest: readonly string[] = []): string {
  const path = [page, ...rest].map(encodeURIComponent).join("/");
  const given = new URLSearchParams(Object.entries(search).filter(([, value]) => value !== ""));
  return `#/${path}${given.size > 0 ? `?${given}` : ""}`;
}

/** Goes there; with `replace` without a step to go back to. */
export function navigate(to: string, { replace = false } = {}): void {
  if (to === location.hash) return;
  if (replace) history.replaceState(null, "", to);
  else history.pushState(null, "", to);
  dispatchEvent(new HashChangeEvent("hashchange"));
}

function subscribe(changed: () => void): () => void {
  addEventListener("hashchange", changed);
  addEventListener("popstate", changed);
  return () => {
    removeEventListener("hashchange", changed);
    removeEventListener("popstate", changed);
  };
}

export function usePlace(): Place {
  const hash = useSyncExternalStore(subscribe, () => location.hash);
  return useMemo(() => placeOf(hash), [hash]);
}
