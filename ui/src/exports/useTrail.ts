import { useCallback, useEffect, useState } from "react";
import type { Client } from "../api/client.ts";
import { readTrail, type Mark } from "../api/runs.ts";

export interface KnownTrail {
  marks: readonly Mark[] | null;
  failed: boolean;
  reload: () => void;
}

/** What the log holds about a run. */
export function useTrail(client: Client, id: string): KnownTrail {
  const [marks, setMarks] = useState<readonly Mark[] | null>(null);
  const [failed, setFailed] = useState(false);
  const [asked, setAsked] = useState(0);
  useEffect(() => {
    const abort = new AbortController();
    const ask = async () => {
      try {
        const found = await readTrail(client, id, abort.signal);
        setMarks(found);
        setFailed(false);
      } catch {
        if (!abort.signal.aborted) setFailed(true);
      }
    };
    void ask();
    return () => abort.abort();
    // The count is there to ask anew.
    // oxlint-disable-next-line react/exhaustive-effect-dependencies
  }, [client, id, asked]);
  const reload = useCallback(() => setAsked((times) => times + 1), []);
  return { marks, failed, reload };
}
