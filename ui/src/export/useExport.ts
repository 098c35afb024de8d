import { useCallback, useEffect, useRef, useState } from "react";
import type { Client } from "../api/client.ts";
import { download, type Download, type Progress } from "../api/download.ts";
import { toRequest, type Conditions } from "./conditions.ts";
import { explain, type Failure } from "./failure.ts";

export type Run =
  | { kind: "idle"; cancelled: boolean }
  | { kind: "running"; progress: Progress }
  /** `nth` tells one failure from the next. */
  | { kind: "failed"; failure: Failure; nth: number }
  | { kind: "done"; file: Download; url: string; conditions: Conditions; seconds: number };

export interface Export {
  run: Run;
  start: (conditions: Conditions) => void;
  /** Shows a failure found before anything was asked of the server. */
  refuse: (failure: Failure) => void;
  /** Stops a running export, or leaves a finished one. */
  reset: () => void;
}

const WAITING: Progress = { bytes: 0, totalBytes: null, rows: null };

function failed(failure: Failure): (before: Run) => Run {
  return (before) => ({ kind: "failed", failure, nth: before.kind === "failed" ? before.nth + 1 : 0 });
}

/** One export at a time: running, cancelled, failed or done. */
export function useExport(client: Client): Export {
  const [run, setRun] = useState<Run>({ kind: "idle", cancelled: false });
  const abort = useRef<AbortController | null>(null);
  useEffect(() => () => abort.current?.abort(), []);
  // The file stays in memory until its address is given back.
  const url = run.kind === "done" ? run.url : null;
  useEffect(() => () => void (url !== null && URL.revokeObjectURL(url)), [url]);

  const start = useCallback(
    (conditions: Conditions) => {
      abort.current?.abort();
      const mine = new AbortController();
      abort.current = mine;
      const began = performance.now();
      setRun({ kind: "running", progress: WAITING });
      const onProgress = (progress: Progress) => setRun({ kind: "running", progress });
      const work = async () => {
        try {
          const file = await download(client, toRequest(conditions), onProgress, mine.signal);
          if (mine.signal.aborted) return;
          const seconds = (performance.now() - began) / 1000;
          setRun({ kind: "done", file, url: URL.createObjectURL(file.blob), conditions, seconds });
        } catch (error) {
          if (!mine.signal.aborted) setRun(failed(explain(error)));
        }
      };
      void work();
    },
    [client],
  );
  const refuse = useCallback((failure: Failure) => setRun(failed(failure)), []);
  const reset = useCallback(() => {
    const cancelled = abort.current?.signal.aborted === false;
    abort.current?.abort();
    setRun({ kind: "idle", cancelled });
  }, []);
  return { run, start, refuse, reset };
}
