import { useCallback, useEffect, useState } from "react";
import type { Client } from "../api/client.ts";
import { ENDED, followRun, readRun, type Run } from "../api/runs.ts";

const AGAIN_MS = 3000;

export interface FollowedRun {
  run: Run | null;
  error: Error | null;
  /** Asks anew, after a fault or a change. */
  reload: () => void;
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, AGAIN_MS);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Reads a run, then follows it until it has ended; what comes on the way lacks scope and outcome, so the end is read anew. */
async function follow(client: Client, id: string, tell: (run: Run) => void, signal: AbortSignal): Promise<void> {
  let last = await readRun(client, id, signal);
  tell(last);
  while (!ENDED.has(last.state) && !signal.aborted) {
    const scope = last.scope ?? null;
    // One line after the other, each until it ends or breaks; whether the server is there, the next read tells.
    // oxlint-disable-next-line no-await-in-loop
    await followRun(client, id, (news) => !ENDED.has(news.state) && tell({ ...news, scope }), signal).catch(() => undefined);
    if (signal.aborted) return;
    // oxlint-disable-next-line no-await-in-loop
    last = await readRun(client, id, signal);
    tell(last);
    // oxlint-disable-next-line no-await-in-loop
    if (!ENDED.has(last.state)) await pause(signal);
  }
}

/** One run, live while it goes on. */
export function useRun(client: Client, id: string): FollowedRun {
  const [state, setState] = useState<{ id: string; run: Run | null; error: Error | null }>({ id, run: null, error: null });
  const [asked, setAsked] = useState(0);
  useEffect(() => {
    const abort = new AbortController();
    follow(client, id, (run) => !abort.signal.aborted && setState({ id, run, error: null }), abort.signal).catch((error: unknown) => {
      if (!abort.signal.aborted) setState((before) => ({ id, run: before.id === id ? before.run : null, error: error instanceof Error ? error : new Error(String(error)) }));
    });
    return () => abort.abort();
    // The count is there to ask anew.
    // oxlint-disable-next-line react/exhaustive-effect-dependencies
  }, [client, id, asked]);
  const reload = useCallback(() => setAsked((times) => times + 1), []);
  const mine = state.id === id;
  return { run: mine ? state.run : null, error: mine ? state.error : null, reload };
}
