import { useEffect, useState } from "react";
import type { Client } from "../api/client.ts";
import { readValues, type HeldValue, type ValueField } from "../api/values.ts";

const PAUSE_MS = 150;

export interface HeldValues {
  values: readonly HeldValue[];
  state: "loading" | "ready" | "failed";
}

/** Suggestions for `text`, asked for once the field has been touched. A server that gives none leaves the field usable. */
export function useHeldValues(client: Client, field: ValueField, text: string, touched: boolean): HeldValues {
  const [found, setFound] = useState<HeldValues>({ values: [], state: "loading" });
  const query = text.trim();
  useEffect(() => {
    if (!touched) return;
    const abort = new AbortController();
    const ask = async () => {
      try {
        setFound({ values: await readValues(client, field, query, abort.signal), state: "ready" });
      } catch {
        if (!abort.signal.aborted) setFound({ values: [], state: "failed" });
      }
    };
    const timer = setTimeout(() => void ask(), query === "" ? 0 : PAUSE_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [client, field, query, touched]);
  // What is there is narrowed at once, so that the list never shows what the text has already left behind.
  const needle = query.toLowerCase();
  return { ...found, values: found.values.filter((held) => held.value.toLowerCase().includes(needle)) };
}
