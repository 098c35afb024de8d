import { useEffect, useState } from "react";
import { answerOf, api } from "../api/api.ts";
import type { Client } from "../api/client.ts";

const PAUSE_MS = 250;

export interface Parsed {
  /** Null while it is not known, or there is nothing to say. */
  valid: boolean | null;
  fault: string | null;
}

const UNKNOWN: Parsed = { valid: null, fault: null };

/** What the server says of a query, a moment after the last key. */
export function useParsed(client: Client, text: string): Parsed {
  const [answer, setAnswer] = useState<{ to: string; parsed: Parsed }>({ to: "", parsed: UNKNOWN });
  const asked = text.trim();
  useEffect(() => {
    if (asked === "") return;
    const abort = new AbortController();
    const ask = async () => {
      try {
        const found = await answerOf(api(client).POST("/api/v1/queries/parse", { body: { text: asked }, signal: abort.signal }));
        setAnswer({ to: asked, parsed: found.message === "" ? { valid: true, fault: null } : { valid: false, fault: faultOf(found) } });
      } catch {
        // Not told: the export itself is refused, with the same words, where the query can't be read.
      }
    };
    const timer = setTimeout(() => void ask(), PAUSE_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [client, asked]);
  return asked !== "" && answer.to === asked ? answer.parsed : UNKNOWN;
}

function faultOf({ column, message, hint }: { column: number | null; message: string; hint: string }): string {
  const where = column === null ? "" : `Column ${column}: `;
  return where + [message, hint].filter((part) => part !== "").map(ended).join(" ");
}

function ended(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
