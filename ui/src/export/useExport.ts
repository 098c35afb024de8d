import { useCallback, useEffect, useRef, useState } from "react";
import type { Client } from "../api/client.ts";
import { download, type Download, type Progress } from "../api/download.ts";
import { createRun } from "../api/runs.ts";
import { toRequest, toRunRequest, type Conditions } from "./conditions.ts";
import { explain, type Failure } from "./failure.ts";

export type Run =
  | { kind: "idle"; cancelled: boolean }
  | { kind: "running"; progress: Progress }
  /** `nth` tells one failure from the next. */
  | { kind: "failed"; failure: Failure; nth: number }
  | { kind: "done"; file: Download; url: string; conditions: Conditions; seconds: number }
  /** A run was asked for: the server goes on with it. */
  | { kind: "asked"; id: string };

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

/** 128 random bits, in hex; `randomUUID` is missing on insecure origins. */
function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** One export at a time: what the plain endpoint can give is fetched at once, all else is asked for as a run. */
export function useExport(client: Client, onRun?: (id: string) => void): Export {
  const [run, setRun] = useState<Run>({ kind: "idle", cancelled: false });
  const abort = useRef<AbortController | null>(null);
  // The key of what was asked last and got no answer: asking for the same again must not make two.
  const asked = useRef<{ body: string; key: string } | null>(null);
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
      const fetched = async (request: NonNullable<ReturnType<typeof toRequest>>) => {
        const file = await download(client, request, onProgress, mine.signal);
        if (mine.signal.aborted) return;
        const seconds = (performance.now() - began) / 1000;
        setRun({ kind: "done", file, url: URL.createObjectURL(file.blob), conditions, seconds });
      };
      const queued = async () => {
        const request = toRunRequest(conditions);
        const body = JSON.stringify(request);
        if (asked.current?.body !== body) asked.current = { body, key: newKey() };
        const { id } = await createRun(client, request, asked.current.key);
        asked.current = null;
        if (mine.signal.aborted) return;
        if (onRun === undefined) setRun({ kind: "asked", id });
        else onRun(id);
      };
      const plain = toRequest(conditions);
      (plain === null ? queued() : fetched(plain)).catch((error: unknown) => {
        if (!mine.signal.aborted) setRun(failed(explain(error)));
      });
    },
    [client, onRun],
  );
  const refuse = useCallback((failure: Failure) => setRun(failed(failure)), []);
  const reset = useCallback(() => {
    const cancelled = abort.current?.signal.aborted === false;
    abort.current?.abort();
    setRun({ kind: "idle", cancelled });
  }, []);
  return { run, start, refuse, reset };
}
