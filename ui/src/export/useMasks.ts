import { useEffect, useState } from "react";
import { answerOf, api } from "../api/api.ts";
import type { Client } from "../api/client.ts";

/** The mask of each field under a profile, by path; fields shown as they are, are not in it. */
export type Masks = ReadonlyMap<string, string>;

const NONE: Masks = new Map();

export function useMasks(client: Client, profile: string): Masks {
  const [found, setFound] = useState<{ profile: string; masks: Masks }>({ profile: "", masks: NONE });
  useEffect(() => {
    const abort = new AbortController();
    const ask = async () => {
      try {
        const { fields } = await answerOf(api(client).GET("/api/v1/fields", { params: { query: { profile } }, signal: abort.signal }));
        setFound({ profile, masks: new Map(fields.filter(({ mask }) => mask !== "").map(({ path, mask }) => [path, mask])) });
      } catch {
        // Tokens are told by their form; the rest of the preview stands without the names of masks.
      }
    };
    void ask();
    return () => abort.abort();
  }, [client, profile]);
  return found.profile === profile ? found.masks : NONE;
}
